import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Pair } from "../../../services/mesh/pair.ts";
import type { Presence } from "../../../services/mesh/presence.ts";
import { Weather } from "../../../services/mesh/store.ts";
import type { TwinBeat } from "../../../services/mesh/wiring.ts";
import { type MemoryStore, memoryStore } from "../../harness/memory-store.ts";
import { AT_MS, SILENT } from "../../harness/mesh-parts.ts";
import { until } from "../../harness/twins.ts";

/** A faster world: spans that the pair measures pass ten times as fast. */
const SPEED = 10;

interface Seen {
  beat: { instance: string; epoch: number } | undefined;
  dead: boolean;
}

let store: MemoryStore;
let pairs: Pair[];

function presenceOf(peer: Seen): Presence & { die(): void } {
  let told: (service: string, twin: string) => void = () => undefined;
  return {
    beats: () => [],
    last: () => peer.beat as TwinBeat | undefined,
    silenceMs: () => undefined,
    isDead: () => peer.dead,
    onDeath: (listener) => {
      told = listener;
    },
    close: () => undefined,
    die() {
      peer.dead = true;
      told("till", "b");
    },
  };
}

function open(
  peer: Seen,
  more: { twin?: string; preferred?: boolean } = {},
): { pair: Pair; led: number[]; presence: ReturnType<typeof presenceOf> } {
  const led: number[] = [];
  const presence = presenceOf(peer);
  const pair = new Pair({
    store,
    presence,
    service: "till",
    twin: more.twin ?? "a",
    instance: "one",
    preferred: more.preferred ?? true,
    clock: { nowMs: () => AT_MS, monotonicMs: () => performance.now() * SPEED },
    log: SILENT,
    onLead: (epoch) => void led.push(epoch),
    onFollow: () => void led.push(0),
  });
  pairs.push(pair);
  pair.start();
  return { pair, led, presence };
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms / SPEED));

beforeEach(() => {
  store = memoryStore();
  pairs = [];
});

afterEach(async () => {
  store.fault = () => undefined;
  await Promise.all(pairs.map((pair) => pair.close()));
});

describe("protocols 16: takeover", () => {
  test("a twin alone leads; given back at its end, the epoch has moved on and nobody holds it", async () => {
    const { pair, led } = open({ beat: undefined, dead: false });
    await until("it leads", () => pair.epoch === 1, 2_000);
    await pair.close();
    expect(led).toEqual([1, 0]);
    expect(store.holder).toMatchObject({ epoch: 2, holder: "" });
  });

  test("while the leader's beat is fresh and its lease moves, the standby stays closed", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const renewing = setInterval(() => void store.renew(7), 20);
    const { led } = open({ beat: { instance: "two", epoch: 7 }, dead: false });
    await pass(9_000);
    clearInterval(renewing);
    expect(led).toEqual([]);
  });

  test("on a death notice, at once", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const { pair, presence } = open({ beat: { instance: "two", epoch: 7 }, dead: false });
    await pass(1_000);
    presence.die();
    await until("it leads", () => pair.epoch === 8, 1_000);
  });

  test("a leader that beats but whose lease stands still has lost it: after five seconds of watching without a gap", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 3 };
    const { pair } = open({ beat: { instance: "two", epoch: 7 }, dead: false });
    await pass(4_500);
    expect(pair.epoch).toBe(0);
    await until("it leads", () => pair.epoch === 8, 2_000);
  });

  test("losing MongoDB for a while deposes nobody: a lease that could not be watched did not stand still", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 3 };
    const { pair, led } = open({ beat: { instance: "two", epoch: 7 }, dead: false });
    await pass(2_500);
    store.fault = () => {
      throw new Weather("no primary");
    };
    await pass(8_000);
    store.fault = () => undefined;
    const renewing = setInterval(() => void store.renew(7), 60);
    await pass(4_000);
    clearInterval(renewing);
    expect([pair.epoch, led]).toEqual([0, []]);
  });

  test("a leader that cannot renew while MongoDB is away goes on leading, and renews when it is back", async () => {
    const { pair } = open({ beat: undefined, dead: false });
    await until("it leads", () => pair.epoch === 1, 2_000);
    store.fault = () => {
      throw new Weather("no primary");
    };
    await pass(7_000);
    expect(pair.epoch).toBe(1);
    store.fault = () => undefined;
    const before = store.holder?.renewals ?? 0;
    await until("it renews", () => (store.holder?.renewals ?? 0) > before, 1_000);
  });

  test("one that has lost the lease follows at once, and at most once in two seconds takes it back", async () => {
    const { pair, led } = open({ beat: undefined, dead: false });
    await until("it leads", () => pair.epoch === 1, 2_000);
    store.holder = { epoch: 2, holder: "b:two", renewals: 0 };
    pair.lost(1, "a commit found another epoch");
    expect([pair.epoch, led]).toEqual([0, [1, 0]]);
    await pass(1_500);
    expect(pair.epoch).toBe(0);
    await until("it leads again", () => pair.epoch === 3, 2_000);
  });

  test("an old batch's lost epoch does not end a newer one", async () => {
    const { pair } = open({ beat: undefined, dead: false });
    await until("it leads", () => pair.epoch === 1, 2_000);
    pair.lost(0, "an older batch");
    expect(pair.epoch).toBe(1);
  });

  test("a peer that said it follows, and has taken the lease since, is not robbed of it", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const renewing = setInterval(() => void store.renew(7), 20);
    const { pair } = open({ beat: { instance: "two", epoch: 0 }, dead: false });
    await pass(3_000);
    clearInterval(renewing);
    expect(pair.epoch).toBe(0);
  });

  test("where both follow, exactly one leads", async () => {
    const a = open({ beat: { instance: "two", epoch: 0 }, dead: false }, { twin: "a" });
    const b = open({ beat: { instance: "one", epoch: 0 }, dead: false }, { twin: "b", preferred: false });
    await until("one leads", () => a.pair.epoch + b.pair.epoch > 0, 2_000);
    expect([a.pair.epoch, b.pair.epoch].filter((epoch) => epoch > 0)).toHaveLength(1);
  });
});
