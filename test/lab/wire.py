"""A bad cable: carries frames between a machine's port and the switch, loses some, and keeps each for a while that changes.

    wire.py offload <device>                     lets the kernel finish its frames itself (checksums, segments)
    wire.py carry <port> <tap> <loss> <jitter>   until it is ended; loss in per cent, jitter in milliseconds: the delay wanders between 0 and that; prints "ready" first
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # ETHTOOL_STXCSUM, STSO, SGSO, SGRO
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
EVERY_PROTOCOL = 0x0003
OUTGOING = 4
FRAME = 65_536
WANDER_S = 0.1


def offload(device):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for command in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(asking, SIOCETHTOOL, struct.pack("16sP8x", device.encode(), ctypes.addressof(value)))


class Line:
    """One direction: what is sent arrives in its order, later, or not at all."""

    def __init__(self, deliver, loss, jitter_s):
        self.deliver, self.loss, self.jitter_s = deliver, loss, jitter_s
        self.delay, self.until, self.last = 0.0, 0.0, 0.0

    def due(self, now):
        if now >= self.until:
            self.delay, self.until = random.random() * self.jitter_s, now + WANDER_S * (0.5 + random.random())
        self.last = max(self.last, now + self.delay)
        return self.last


def carry(port, tap, loss, jitter_s):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
    raw.bind((port, 0))
    raw.setblocking(False)

    def give(write):
        def deliver(frame):
            try:
                write(frame)
            except OSError:
                pass  # The device is down or full: a cable tells nobody.

        return deliver

    to_switch = Line(give(lambda frame: os.write(tun, frame)), loss, jitter_s)
    to_machine = Line(give(raw.send), loss, jitter_s)
    waiting, serial = [], 0
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, line, frame = heapq.heappop(waiting)
            line.deliver(frame)
        pause = max(0.0, waiting[0][0] - now) if waiting else 1.0
        for ready in select.select([tun, raw], [], [], pause)[0]:
            while True:
                try:
                    if ready is raw:
                        frame, address = raw.recvfrom(FRAME)
                        if address[2] == OUTGOING:
                            continue
                        line = to_switch
                    else:
                        frame, line = os.read(tun, FRAME), to_machine
                except OSError:
                    break
                if random.random() < line.loss:
                    continue
                serial += 1
                heapq.heappush(waiting, (line.due(time.monotonic()), serial, line, frame))


if sys.argv[1] == "offload":
    offload(sys.argv[2])
else:
    random.seed(f"{sys.argv[2]} {sys.argv[4]} {sys.argv[5]}")
    carry(sys.argv[2], sys.argv[3], float(sys.argv[4]) / 100, float(sys.argv[5]) / 1000)
