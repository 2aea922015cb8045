import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { firstOrder, type Order } from "../../../services/mesh/order.ts";
import { Pair } from "../../../services/mesh/pair.ts";
import type { Presence } from "../../../services/mesh/presence.ts";
import { Weather } from "../../../services/mesh/store.ts";
import type { TwinBeat } from "../../../services/mesh/wiring.ts";
import { holdTime, pass, passUntil } from "../../harness/held-time.ts";
import { type MemoryStore, memoryStore } from "../../harness/memory-store.ts";
import { AT_MS, SILENT } from "../../harness/mesh-parts.ts";

interface Seen {
  beat: Partial<TwinBeat> | undefined;
  dead: boolean;
}

let store: MemoryStore;
let pairs: Pair[];

const PLAIN: Order = firstOrder({ mode: "hot-standby", takeover: "automatic", failback: "never", preferred: "a" });

function presenceOf(peer: Seen): Presence & { die(): void; follow(): void } {
  let handedOver: (service: string, twin: string) => void = () => undefined;
  let told: (service: string, twin: string, atHand: undefined) => void = () => undefined;
  return {
    beats: () => [],
    last: () => peer.beat as TwinBeat | undefined,
    silenceMs: () => undefined,
    isDead: () => peer.dead,
    onDeath: (listener) => {
      told = listener;
    },
    onFollow: (listener) => {
      handedOver = listener;
    },
    close: () => undefined,
    follow() {
      peer.beat = { ...peer.beat, epoch: 0 };
      handedOver("till", "b");
    },
    die() {
      peer.dead = true;
      told("till", "b", undefined);
    },
  };
}

function open(
  peer: Seen,
  more: { twin?: string; order?: Partial<Order>; nowMs?: () => number; fault?: () => string } = {},
): { pair: Pair; led: (number | string)[]; presence: ReturnType<typeof presenceOf>; give(order: Partial<Order>): void } {
  let order = { ...PLAIN, ...more.order };
  const led: (number | string)[] = [];
  const presence = presenceOf(peer);
  const pair = new Pair({
    store,
    presence,
    service: "till",
    twin: more.twin ?? "a",
    instance: "one",
    order: () => order,
    fault: () => more.fault?.() ?? "",
    clock: { nowMs: more.nowMs ?? (() => AT_MS), monotonicMs: () => performance.now() },
    log: SILENT,
    onLead: (epoch) => void led.push(epoch),
    onFollow: () => void led.push(0),
    settle: async () => void led.push("settled"),
    onHandedOver: () => void led.push("handed over"),
  });
  pairs.push(pair);
  pair.start();
  const give = (next: Partial<Order>) => {
    order = { ...order, ...next, version: order.version + 1 };
    pair.ordered();
  };
  return { pair, led, presence, give };
}

beforeEach(() => {
  holdTime();
  store = memoryStore();
  pairs = [];
});

afterEach(async () => {
  store.fault = () => undefined;
  await Promise.all(pairs.map((pair) => pair.close()));
  vi.useRealTimers();
});

describe("protocols 16: takeover", () => {
  test("a twin alone leads; given back at its end, the epoch has moved on and nobody holds it", async () => {
    const { pair, led } = open({ beat: undefined, dead: false });
    await passUntil("it leads", () => pair.epoch === 1, 20_000);
    await pair.close();
    expect(led).toEqual([1, 0]);
    expect(store.holder).toMatchObject({ epoch: 2, holder: "" });
  });

  test("while the leader's beat is fresh and its lease moves, the standby stays closed", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const renewing = setInterval(() => void store.renew(7), 200);
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
    await passUntil("it leads", () => pair.epoch === 8, 5_000);
  });

  test("a leader that beats but whose lease stands still has lost it: after five seconds of watching without a gap", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 3 };
    const { pair } = open({ beat: { instance: "two", epoch: 7 }, dead: false });
    await pass(4_500);
    expect(pair.epoch).toBe(0);
    await passUntil("it leads", () => pair.epoch === 8, 20_000);
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
    const renewing = setInterval(() => void store.renew(7), 600);
    await pass(4_000);
    clearInterval(renewing);
    expect([pair.epoch, led]).toEqual([0, []]);
  });

  test("a leader that cannot renew while MongoDB is away goes on leading, and renews when it is back", async () => {
    const { pair } = open({ beat: undefined, dead: false });
    await passUntil("it leads", () => pair.epoch === 1, 20_000);
    store.fault = () => {
      throw new Weather("no primary");
    };
    await pass(7_000);
    expect(pair.epoch).toBe(1);
    store.fault = () => undefined;
    const before = store.holder?.renewals ?? 0;
    await passUntil("it renews", () => (store.holder?.renewals ?? 0) > before, 5_000);
  });

  test("one that has lost the lease follows at once, and at most once in two seconds takes it back", async () => {
    const { pair, led } = open({ beat: undefined, dead: false });
    await passUntil("it leads", () => pair.epoch === 1, 20_000);
    store.holder = { epoch: 2, holder: "b:two", renewals: 0 };
    pair.lost(1, "a commit found another epoch");
    expect([pair.epoch, led]).toEqual([0, [1, 0]]);
    await pass(1_500);
    expect(pair.epoch).toBe(0);
    await passUntil("it leads again", () => pair.epoch === 3, 20_000);
  });

  test("an old batch's lost epoch does not end a newer one", async () => {
    const { pair } = open({ beat: undefined, dead: false });
    await passUntil("it leads", () => pair.epoch === 1, 20_000);
    pair.lost(0, "an older batch");
    expect(pair.epoch).toBe(1);
  });

  test("a peer that said it follows, and has taken the lease since, is not robbed of it", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const renewing = setInterval(() => void store.renew(7), 200);
    const { pair } = open({ beat: { instance: "two", epoch: 0 }, dead: false });
    await pass(3_000);
    clearInterval(renewing);
    expect(pair.epoch).toBe(0);
  });

  test("where both follow, exactly one leads", async () => {
    const a = open({ beat: { instance: "two", epoch: 0 }, dead: false }, { twin: "a" });
    const b = open({ beat: { instance: "one", epoch: 0 }, dead: false }, { twin: "b" });
    await passUntil("one leads", () => a.pair.epoch + b.pair.epoch > 0, 20_000);
    expect([a.pair.epoch, b.pair.epoch].filter((epoch) => epoch > 0)).toHaveLength(1);
  });
});

describe("orders", () => {
  const FIT = { instance: "two", epoch: 0, ready: true, fault: "" };

  test("an ordered successor is given the lead: no new work, what is in hand ends, the lease is free, the peer knows at once", async () => {
    const { pair, led, give } = open({ beat: FIT, dead: false });
    await passUntil("it leads", () => pair.leads, 20_000);
    give({ successor: "b", overEpoch: 1 });
    await passUntil("it has handed over", () => led.includes("handed over"), 5_000);
    expect(led).toEqual([1, 0, "settled", "handed over"]);
    expect(store.holder).toMatchObject({ epoch: 2, holder: "" });
    await pass(2_500);
    expect(pair.epoch).toBe(0); // It is the peer's turn.
  });

  test("the successor takes the lead as soon as its peer has said that it follows", async () => {
    store.holder = { epoch: 2, holder: "", renewals: 9 };
    const { pair, presence } = open({ beat: { ...FIT, epoch: 1 }, dead: false }, { order: { successor: "a", overEpoch: 1 } });
    await pass(1_000);
    presence.follow();
    await passUntil("it leads", () => pair.epoch === 3, 1_000);
  });

  test("a successor that does not come loses its turn", async () => {
    const { pair, give } = open({ beat: FIT, dead: false });
    await passUntil("it leads", () => pair.leads, 20_000);
    give({ successor: "b", overEpoch: 1 });
    await passUntil("it has handed over", () => pair.epoch === 0, 5_000);
    await passUntil("it leads again", () => pair.epoch === 3, 20_000);
    expect(pair.leads).toBe(true); // And keeps it: the order was about an earlier epoch.
  });

  test.each([
    ["is not ready", { ...FIT, ready: false }, false],
    ["has a fault", { ...FIT, fault: "no space" }, false],
    ["is dead", FIT, true],
  ])("nothing is given to a peer that %s", async (_, beat, dead) => {
    const { pair, give } = open({ beat, dead });
    await passUntil("it leads", () => pair.leads, 20_000);
    give({ successor: "b", overEpoch: 1, resting: ["a"] });
    await pass(3_000);
    expect(pair.epoch).toBe(1);
  });

  test("an order about an earlier epoch is history", async () => {
    store.holder = { epoch: 7, holder: "", renewals: 0 };
    const { pair } = open({ beat: FIT, dead: false }, { order: { successor: "b", overEpoch: 5 } });
    await passUntil("it leads", () => pair.leads, 20_000);
    await pass(2_000);
    expect(pair.epoch).toBe(8);
  });

  test("a twin at rest gives the lead away and does not take it back, until its peer is gone", async () => {
    const peer: Seen = { beat: FIT, dead: false };
    const { pair, give, presence } = open(peer);
    await passUntil("it leads", () => pair.leads, 20_000);
    give({ resting: ["a"] });
    await passUntil("it has handed over", () => pair.epoch === 0, 5_000);
    await pass(6_000);
    expect(pair.epoch).toBe(0);
    presence.die();
    await passUntil("it leads", () => pair.leads, 5_000);
  });

  test("a twin that is not fit gives the lead away and does not take it back, until it is fit and its peer is gone", async () => {
    let fault = "";
    const peer: Seen = { beat: FIT, dead: false };
    const { pair, led, presence } = open(peer, { fault: () => fault });
    await passUntil("it leads", () => pair.leads, 20_000);
    fault = "no space";
    await passUntil("it has handed over", () => led.includes("handed over"), 5_000);
    await pass(6_000);
    expect(pair.epoch).toBe(0);
    presence.die(); // Better one that is not fit than nobody.
    await passUntil("it leads", () => pair.leads, 5_000);
  });

  test("where a takeover waits for a word, the standby says so and waits; the word is an order over that epoch", async () => {
    store.holder = { epoch: 7, holder: "b:two", renewals: 0 };
    const { pair, presence, give } = open({ beat: { ...FIT, epoch: 7 }, dead: false }, { order: { takeover: "confirm" } });
    await pass(1_000);
    presence.die();
    await passUntil("it says that it waits", () => pair.waiting === 7, 5_000);
    await pass(3_000);
    expect(pair.epoch).toBe(0);
    give({ successor: "a", overEpoch: 7 });
    await passUntil("it leads", () => pair.epoch === 8, 2_000);
    expect(pair.waiting).toBe(0);
  });

  test("what nobody holds, and what was one's own before a restart, needs no word", async () => {
    store.holder = { epoch: 7, holder: "a:before", renewals: 0 };
    const { pair } = open({ beat: undefined, dead: false }, { order: { takeover: "confirm" } });
    await passUntil("it leads", () => pair.epoch === 8, 20_000);
  });

  test("failback: never stays; automatic gives the lead back when the preferred twin has been well for a minute", async () => {
    const peer: Seen = { beat: FIT, dead: false };
    const stays = open(peer, { order: { preferred: "b" } });
    await passUntil("it leads", () => stays.pair.leads, 20_000);
    await pass(62_000);
    expect(stays.pair.epoch).toBe(1);
    stays.give({ failback: "automatic" });
    await passUntil("it has handed over", () => stays.led.includes("handed over"), 2_000);
  });

  test("failback: a twin that was unwell begins its minute again", async () => {
    const peer: Seen = { beat: FIT, dead: false };
    const { pair, led } = open(peer, { order: { preferred: "b", failback: "automatic" } });
    await passUntil("it leads", () => pair.leads, 20_000);
    await pass(40_000);
    peer.beat = { ...FIT, fault: "no space" };
    await pass(15_000);
    peer.beat = FIT;
    await pass(40_000);
    expect(led).not.toContain("handed over");
    await passUntil("it has handed over", () => led.includes("handed over"), 21_000);
  });

  test("failback at a time of the day, in Shanghai", async () => {
    let nowMs = Date.parse("2011-11-25T02:29:59+08:00");
    const { pair, led } = open({ beat: FIT, dead: false }, { order: { preferred: "b", failback: "02:30" }, nowMs: () => nowMs });
    await passUntil("it leads", () => pair.leads, 20_000);
    await pass(62_000);
    expect(led).not.toContain("handed over");
    nowMs += 1_000;
    await passUntil("it has handed over", () => led.includes("handed over"), 2_000);
  });
});
