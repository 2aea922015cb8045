import { beforeEach, describe, expect, test } from "vitest";
import type { Headers, Reply } from "../../../services/mesh/bus.ts";
import { type Entry, eventId, firstHead, type Head } from "../../../services/mesh/journal.ts";
import { Relay } from "../../../services/mesh/relay.ts";
import type { Outgoing } from "../../../services/mesh/round.ts";
import { againId } from "../../../services/mesh/seal.ts";
import { Weather } from "../../../services/mesh/store.ts";
import { type MemoryStore, memoryStore } from "../../harness/memory-store.ts";
import { AT_MS, type MemoryBus, memoryBus, type Sent, SILENT } from "../../harness/mesh-parts.ts";

let bus: MemoryBus;
let store: MemoryStore;
/** What the stream has stored, by Nats-Msg-Id, in order. */
let stored: string[];
/** What the stream does with a request before it stores: undefined lets it through. */
let weather: (sent: Sent) => Reply | undefined;

const reply = (body: object): Reply => ({ kind: "reply", data: new TextEncoder().encode(JSON.stringify(body)), header: () => "" });

beforeEach(() => {
  bus = memoryBus();
  store = memoryStore();
  stored = [];
  weather = () => undefined;
  const known = new Set<string>();
  const put = (id: string) => {
    stored.push(id);
    known.add(id);
  };
  const idOf = (headers: Headers) => headers["Nats-Msg-Id"] ?? "";
  const batches = new Map<string, string[]>();
  bus.publish = (_subject, _data, headers = {}) => {
    const batch = headers["Nats-Batch-Id"] ?? "";
    batches.set(batch, [...(batches.get(batch) ?? []), idOf(headers)]);
  };
  bus.answer = (sent) => {
    const bad = weather(sent);
    if (bad) return bad;
    const id = idOf(sent.headers);
    const batch = sent.headers["Nats-Batch-Id"];
    if (!batch) {
      const duplicate = known.has(id);
      if (!duplicate) put(id);
      return reply({ stream: "NRCMS_TILL", seq: stored.length, ...(duplicate ? { duplicate } : {}) });
    }
    const parts = [...(batches.get(batch) ?? []), id];
    // As nats-server does: one known id, and nothing of the batch is stored.
    if (parts.some((part) => known.has(part))) return reply({ error: { code: 400, err_code: 10201 } });
    for (const part of parts) put(part);
    return reply({ stream: "NRCMS_TILL", seq: stored.length, batch, count: parts.length });
  };
});

function entry(twin: string, number: number, events: number[]): Entry {
  return {
    id: `${twin}/${number}`,
    twin,
    number,
    atMs: AT_MS,
    caller: "treasurer",
    method: "Put",
    hash: "",
    outcome: "done",
    reply: new Uint8Array(),
    events: events.map((event) => ({ number: event, name: "Put", county: "640521", bytes: new Uint8Array([event]) })),
    about: [],
    trace: "",
    previous: "",
    chain: "",
  };
}

/** Puts entries into the journal, each with its events, and gives the twin's head. */
function journal(twin: string, events: number[][], marks: Partial<Head> = {}): Head {
  events.forEach((numbers, index) => {
    const row = entry(twin, index + 1, numbers);
    store.journal.set(row.id, row);
  });
  const head = { ...firstHead(twin, "one"), version: 1, number: events.length, event: events.flat().at(-1) ?? 0, ...marks };
  store.heads.set(twin, head);
  return head;
}

function outgoing(row: Entry): Outgoing {
  return { entryNumber: row.number, events: row.events.map((event) => ({ atMs: row.atMs, trace: "", event })) };
}

const ids = (twin: string, ...numbers: number[]) => numbers.map((number) => eventId("till", twin, number));
const open = (head: Head) => new Relay({ bus, store, service: "till", head, log: SILENT });

describe("protocols 10: the relay", () => {
  test("publishes a batch's events in order, and marks them when they are acknowledged, not before", async () => {
    const relay = open(journal("a", []));
    const gate = Promise.withResolvers<Reply | undefined>();
    const answer = bus.answer;
    bus.answer = async (sent) => (await gate.promise) ?? answer(sent);
    const published = relay.publish(outgoing(entry("a", 1, [1, 2, 3])));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(relay.mark).toEqual({ event: 0, entry: 0 });
    gate.resolve(undefined);
    await published;
    expect(stored).toEqual(ids("a", 1, 2, 3));
    expect(relay.mark).toEqual({ event: 3, entry: 1 });
    await relay.close(10);
  });

  test("an atomic batch that holds a known id goes out one by one under the same ids", async () => {
    await bus.request("s", new Uint8Array(), { "Nats-Msg-Id": eventId("till", "a", 2) }, 100);
    const relay = open(journal("a", []));
    await relay.publish(outgoing(entry("a", 1, [1, 2, 3])));
    expect(stored).toEqual(ids("a", 2, 1, 3));
    expect(relay.mark.event).toBe(3);
  });

  test("at start it publishes what the former process left above the mark, and only that, before anything new", async () => {
    const head = journal("a", [[1, 2], [], [3], [4, 5]], { published: 2, publishedEntry: 1 });
    const relay = open(head);
    relay.begin(head);
    await relay.publish(outgoing(entry("a", 5, [6])));
    expect(stored).toEqual(ids("a", 3, 4, 5, 6));
    expect(relay.mark).toEqual({ event: 6, entry: 5 });
  });

  test("what a commit of unknown result told goes out from the journal, and nothing newer is marked before it", async () => {
    const relay = open(firstHead("a", "one"));
    journal("a", [[1, 2], [3]]);
    const before = relay.publishStored(2);
    await relay.publish(outgoing(entry("a", 3, [4])));
    await before;
    expect(stored).toEqual(ids("a", 1, 2, 3, 4));
    expect(relay.mark).toEqual({ event: 4, entry: 3 });
  });

  test("while the journal cannot be read nothing newer goes out, and nothing is marked over the gap", async () => {
    const head = journal("a", [[1], [2]]);
    let failures = 2;
    store.fault = (step) => {
      if (step === "entriesAfter" && failures-- > 0) throw new Weather("no primary");
    };
    const relay = open(head);
    relay.begin(head);
    const published = relay.publish(outgoing(entry("a", 3, [3])));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(relay.mark).toEqual({ event: 0, entry: 0 });
    expect(stored).toEqual([]);
    await published;
    expect(stored).toEqual(ids("a", 1, 2, 3));
  });

  test.each([
    ["no responders", { kind: "no responders" } as const],
    ["a time-out", { kind: "timeout", hand: 0 } as const],
    ["an error", reply({ error: { code: 503, err_code: 10077 } })],
    ["an answer that is none", { kind: "reply", data: new TextEncoder().encode("<html>"), header: () => "" } as const],
  ])("%s is tried again until the stream has it", async (_, answer) => {
    let failures = 4;
    weather = () => (failures-- > 0 ? answer : undefined);
    const relay = open(journal("a", []));
    await relay.publish(outgoing(entry("a", 1, [1, 2])));
    expect(stored).toEqual(ids("a", 1, 2));
  });

  test("more than fits into memory is read from the journal when its turn comes, in order and whole", async () => {
    const perEntry = 500;
    const entries = Array.from({ length: 130 }, (_, index) =>
      entry(
        "a",
        index + 1,
        Array.from({ length: perEntry }, (_one, event) => index * perEntry + event + 1),
      ),
    );
    for (const row of entries) store.journal.set(row.id, row);
    const relay = open({ ...firstHead("a", "one"), version: 1 });
    let open_ = false;
    weather = () => (open_ ? undefined : { kind: "no responders" });
    const all = entries.map((row) => relay.publish(outgoing(row)));
    expect(relay.backlog).toBeLessThanOrEqual(50_000);
    open_ = true;
    await Promise.all(all);
    expect(stored).toHaveLength(65_000);
    expect(stored).toEqual(stored.toSorted());
    expect(relay.mark).toEqual({ event: 65_000, entry: 130 });
    expect(relay.backlog).toBe(0);
  });

  test("stopped while the stream is away, it marks nothing that is not out", async () => {
    weather = () => ({ kind: "no responders" });
    const relay = open(journal("a", []));
    let told = false;
    void relay.publish(outgoing(entry("a", 1, [1]))).then(() => {
      told = true;
    });
    await relay.close(50);
    expect([told, relay.mark]).toEqual([false, { event: 0, entry: 0 }]);
  });
});

describe("protocols 10: for a dead peer, and for one who misses a number", () => {
  test("publishes what lies above the peer's mark, and says how far it came", async () => {
    const relay = open(journal("a", []));
    const peer = journal("b", [[1], [2, 3], [4]], { published: 1, publishedEntry: 1 });
    expect(await relay.catchUp(peer, AbortSignal.timeout(1000))).toEqual({ event: 4, entry: 3, published: 3 });
    expect(stored).toEqual(ids("b", 2, 3, 4));
    expect(relay.mark).toEqual({ event: 0, entry: 0 });
  });

  test("aborted half-way it claims only what is acknowledged", async () => {
    const relay = open(journal("a", []));
    const peer = journal("b", [[1], [2]]);
    weather = () => ({ kind: "no responders" });
    expect(await relay.catchUp(peer, AbortSignal.timeout(60))).toEqual({ event: 0, entry: 0, published: 0 });
  });

  test("publishes a span again whatever the mark says", async () => {
    const relay = open(journal("a", []));
    journal("b", [[1], [2], [3], [4]], { published: 4, publishedEntry: 4 });
    expect(await relay.again("b", 1, 3, AbortSignal.timeout(1000))).toBe(2);
    expect(stored).toEqual(ids("b", 2, 3));
  });

  test("publishes numbers anew though the stream knows their ids, and no more than was asked for", async () => {
    const relay = open(journal("a", []));
    const peer = journal("b", [[1], [2, 3], [], [4, 5], [6]]);
    await relay.catchUp(peer, AbortSignal.timeout(1000));
    stored.length = 0;
    expect(await relay.anew("b", 3, 5, "now", AbortSignal.timeout(1000))).toBe(3);
    expect(stored).toEqual(ids("b", 3, 4, 5).map((id) => againId(id, "now")));
    expect(await relay.anew("b", 3, 5, "now", AbortSignal.timeout(1000))).toBe(3);
    expect(stored).toHaveLength(3);
    expect(await relay.anew("b", 6, 99, "now", AbortSignal.timeout(1000))).toBe(1);
    expect(await relay.anew("b", 7, 99, "now", AbortSignal.timeout(1000))).toBe(0);
  });
});
