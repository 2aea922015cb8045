/** A machine's disk: an ext4 file system in a file, so that it can lose its power, fill up, fail and become read-only like a real one. */
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { sh, succeeds } from "./shell.ts";

const SIZE = "3G";
const UNMOUNT_ROUNDS = 100;
const UNMOUNT_PAUSE_MS = 50;
const FILL_BYTES = 4 * 1024 * 1024;
/** EXT4_IOC_SHUTDOWN without flushing the log: what was not synced is gone, and everything after is EIO. */
const SHUTDOWN = "import fcntl,os,struct,sys\nfd=os.open(sys.argv[1],os.O_RDONLY)\nfcntl.ioctl(fd,0x8004587d,struct.pack('I',2))\n";

export class Disk {
  readonly folder: string;
  readonly #image: string;

  /** Makes the disk `<lab>/<name>.img`, to be seen at `<lab>/<name>` once it is mounted. */
  constructor(lab: string, name: string) {
    this.folder = join(lab, name);
    this.#image = join(lab, `${name}.img`);
    mkdirSync(this.folder, { recursive: true });
    sh("truncate", "-s", SIZE, this.#image);
    sh("mkfs.ext4", "-q", "-F", "-m", "0", this.#image);
  }

  /** As after a machine's start: the journal is replayed, what was broken is checked. */
  mount(): void {
    sh("sh", "-c", 'e2fsck -p "$1" > /dev/null; [ $? -le 1 ]', "e2fsck", this.#image);
    sh("mount", "-o", "loop,errors=remount-ro", this.#image, this.folder);
  }

  /** What was killed a moment ago may still be on its way out. */
  unmount(): void {
    for (let round = 0; round < UNMOUNT_ROUNDS; round += 1) {
      if (succeeds("umount", this.folder)) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, UNMOUNT_PAUSE_MS);
    }
    sh("umount", this.folder);
  }

  /** The power is cut, or the disk has died: un-synced data vanishes, every later access is an I/O error. */
  cutPower(): void {
    sh("python3", "-c", SHUTDOWN, this.folder);
  }

  /** The file system finds itself broken and takes no more writes. */
  becomeReadOnly(): void {
    const device = basename(sh("findmnt", "-n", "-o", "SOURCE", this.folder).trim());
    sh("sh", "-c", `echo 1 > /sys/fs/ext4/${device}/trigger_fs_error`);
  }

  /** Fills what is free, to the last block. Returns the function that empties it again. */
  fill(): () => void {
    const file = join(this.folder, "ballast");
    // All but the last blocks at once: whoever fills them is the load's process as well, and must not stand still.
    sh("fallocate", "-l", `${Math.max(FILL_BYTES, this.freeBytes() - FILL_BYTES)}`, file);
    const handle = openSync(file, "a");
    const block = Buffer.alloc(FILL_BYTES, 1);
    try {
      for (let size = FILL_BYTES; size >= 4_096; ) {
        try {
          writeSync(handle, block, 0, size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          size /= 2;
        }
      }
    } finally {
      closeSync(handle);
    }
    return () => {
      rmSync(file, { force: true });
      sh("sync", "-f", this.folder); // Or it is there again after a power cut.
    };
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }
}

/** Why this machine cannot have such disks; empty where it can. */
export function whyNoDisks(): string {
  for (const tool of ["mkfs.ext4", "e2fsck", "losetup", "mount", "findmnt", "fallocate", "python3"])
    if (!succeeds("sh", "-c", `command -v ${tool}`)) return `${tool} is not installed`;
  return succeeds("losetup", "-f") ? "" : "there are no loop devices";
}
