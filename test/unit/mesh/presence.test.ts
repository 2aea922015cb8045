import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BEAT_MS, listen, type Presence, PULSE_MS, sendBeat, sendDeath, sendPulse } from "../../../services/mesh/presence.ts";
import type { TwinBeat } from "../../../services/mesh/wiring.ts";
import { type MemoryBus, memoryBus } from "../../harness/mesh-parts.ts";

let bus: MemoryBus;
let presence: Presence;

const beat = (more: Partial<TwinBeat> = {}): TwinBeat => ({
  service: "till",
  twin: "b",
  server: "server-b",
  mode: "hot-standby",
  active: true,
  ready: true,
  pid: 42,
  instance: "one",
  release: "0.1.0",
  epoch: 3,
  fault: "",
  order: 0,
  resting: false,
  waiting: 0,
  committed: 0,
  queued: 0,
  parked: 0,
  unpublished: 0,
  unheard: 0,
  damaged: 0,
  residentBytes: 0,
  everyMs: BEAT_MS,
  atMs: 0,
  ...more,
});
const notice = (body: string) => bus.publish("nrcms.death.till.b", new TextEncoder().encode(body));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance", "Date"] });
  bus = memoryBus();
  presence = listen(bus, { beats: "till.*", pulses: "till.b" });
});

afterEach(() => {
  presence.close();
  vi.useRealTimers();
});

/** Time passes as it does in a process that runs. */
const pass = (ms: number) => vi.advanceTimersByTime(ms);

test("a twin whose pair is no hot standby any more sends no pulses, and is not missed for it", () => {
  sendBeat(bus, beat());
  sendPulse(bus, beat());
  sendBeat(bus, beat({ mode: "dual-active" }));
  for (let passed = 0; passed < 3_000; passed += BEAT_MS) {
    pass(BEAT_MS);
    sendBeat(bus, beat({ mode: "dual-active" }));
    expect(presence.isDead("till", "b")).toBe(false);
  }
});

describe("protocols 16: beats and death notices", () => {
  test("a twin that was never heard is not known dead; four missed beats are a death", () => {
    expect([presence.isDead("till", "b"), presence.silenceMs("till", "b")]).toEqual([false, undefined]);
    pass(1_000);
    sendBeat(bus, beat());
    pass(4 * BEAT_MS);
    expect(presence.isDead("till", "b")).toBe(false);
    pass(30);
    expect(presence.isDead("till", "b")).toBe(true);
    sendBeat(bus, beat());
    expect(presence.isDead("till", "b")).toBe(false);
  });

  test("four missed pulses of one that leads are a death too; of one that leads no more, or has been started anew, they are not missed", () => {
    pass(1_000);
    const pulse = (instance = "one") => sendPulse(bus, { service: "till", twin: "b", instance });
    sendBeat(bus, beat());
    pulse();
    pass(4 * PULSE_MS);
    expect(presence.isDead("till", "b")).toBe(false);
    pass(30);
    expect(presence.isDead("till", "b")).toBe(true);
    pulse("another");
    expect(presence.isDead("till", "b")).toBe(true);
    pulse();
    expect(presence.isDead("till", "b")).toBe(false);
    for (const more of [{ epoch: 0 }, { instance: "two" }]) {
      sendBeat(bus, beat());
      pulse();
      sendBeat(bus, beat(more));
      pass(BEAT_MS + 4 * PULSE_MS);
      expect(presence.isDead("till", "b")).toBe(false);
    }
  });

  test("one that says that it leads while its peer leads under a newer epoch stands still: nobody need wait for its silence", () => {
    sendBeat(bus, beat());
    sendBeat(bus, beat({ twin: "a", epoch: 4 }));
    expect([presence.isDead("till", "b"), presence.isDead("till", "a")]).toEqual([true, false]);
    sendBeat(bus, beat({ epoch: 0 }));
    expect(presence.isDead("till", "b")).toBe(false);
  });

  test("a goodbye, a supervisor's word and a bare notice count at once, and the listeners hear it once", () => {
    const deaths: string[] = [];
    presence.onDeath((service, twin, atHand) => void deaths.push(`${service}.${twin} ${atHand}`));
    const word = () => notice('{"pid":42,"atHand":"x"}');
    const nonsense = () => notice(JSON.stringify({ atHand: "x".repeat(1_001) }));
    for (const say of [() => sendDeath(bus, "till", "b", "one"), word, () => notice(""), () => notice("null"), nonsense]) {
      pass(2_000);
      sendBeat(bus, beat());
      say();
      say();
      expect(presence.isDead("till", "b")).toBe(true);
    }
    expect(deaths).toEqual(["till.b undefined", "till.b x", ...Array(3).fill("till.b undefined")]);
  });

  test("a notice about a process that has been replaced is old news", () => {
    sendBeat(bus, beat({ instance: "two", pid: 43 }));
    sendDeath(bus, "till", "b", "one");
    notice('{"pid":42}');
    expect(presence.isDead("till", "b")).toBe(false);
  });

  test("a beat that was on its way when its process died does not raise it; the next process's does", () => {
    sendBeat(bus, beat());
    sendDeath(bus, "till", "b", "one");
    pass(BEAT_MS);
    sendBeat(bus, beat());
    expect(presence.isDead("till", "b")).toBe(true);
    sendBeat(bus, beat({ instance: "two", pid: 43 }));
    expect(presence.isDead("till", "b")).toBe(false);
  });

  test("a listener that stood still itself takes nobody for dead before it has listened again", () => {
    pass(1_000);
    sendBeat(bus, beat());
    vi.setSystemTime(Date.now());
    const before = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => before + 3_000); // frozen: no timer of ours ran meanwhile
    expect(presence.isDead("till", "b")).toBe(false);
    vi.restoreAllMocks();
  });

  test.each([
    "not json",
    "null",
    "7",
    '{"service":"till"}',
    '{"service":1,"twin":"b","epoch":0}',
    '{"service":"till","twin":"b"}',
    '{"service":"till","twin":"b","epoch":0}',
  ])("%s is no beat", (body) => {
    bus.publish("nrcms.beat.till.b", new TextEncoder().encode(body));
    expect(presence.beats()).toEqual([]);
  });
});
