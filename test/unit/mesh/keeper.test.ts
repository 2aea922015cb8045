import { JetStreamApiError } from "@nats-io/jetstream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CHAIN_START, firstHead } from "../../../services/mesh/journal.ts";
import { type Checkpoint, keep, startOf } from "../../../services/mesh/keeper.ts";
import { Relay } from "../../../services/mesh/relay.ts";
import { holdTime, pass } from "../../harness/held-time.ts";
import { memoryStore } from "../../harness/memory-store.ts";
import { AT_MS, memoryBus, SILENT } from "../../harness/mesh-parts.ts";

const MINUTE_MS = 60_000;
/** One a minute; `passed` of them heard by all durables. */
function list(minutes: number, passed: number): Checkpoint[] {
  return Array.from({ length: minutes }, (_, minute) => ({
    atMs: minute * MINUTE_MS,
    sequence: minute * 100,
    entries: { a: minute * 10, b: minute },
    passed: minute < passed,
  }));
}

describe("protocols 14: where a rebuild begins", () => {
  test.each([
    ["nothing known: from the first entry", list(0, 0), {}],
    ["nothing heard by all: from the first entry", list(80, 0), {}],
    ["less than an hour known: from the first entry", list(50, 50), {}],
    ["an hour before the last that all had heard", list(90, 90), { a: 290, b: 29 }],
    ["an hour before the last that all had heard, not before the last", list(90, 70), { a: 90, b: 9 }],
  ])("%s", (_, checkpoints, entries) => {
    expect(startOf(checkpoints)).toEqual(entries);
  });
});

describe("protocols 14: a stream that is lost while its keeper publishes", () => {
  afterEach(() => void vi.useRealTimers());

  test("is made anew by that keeper, which does not wait for it to take a dead peer's event", async () => {
    holdTime();
    let stream: string | undefined = "one";
    const notFound = new JetStreamApiError({ code: 404, err_code: 10059, description: "stream not found" });
    const streams = {
      async info() {
        if (stream === undefined) throw notFound;
        return { config: { metadata: { nrcms_id: stream } }, state: { last_seq: 0 } };
      },
      async add({ metadata }: { metadata: { nrcms_id: string } }) {
        stream = metadata.nrcms_id;
        return { config: { metadata } };
      },
    };
    const bus = memoryBus();
    bus.jetstream = () => ({ client: undefined as never, manager: Promise.resolve({ streams } as never), hand: 0 });
    bus.answer = () => {
      // The first event that is published finds the stream gone.
      if (stream === "one") stream = undefined;
      if (stream === undefined) return { kind: "no responders" };
      return { kind: "reply", data: new TextEncoder().encode(JSON.stringify({ stream, seq: 1 })), header: () => "" };
    };
    const store = memoryStore();
    await store.setMark("stream", { id: "one" });
    const told = { number: 1, name: "Put", county: "640521", bytes: new Uint8Array([1]) };
    const about = { caller: "c", method: "Put", hash: "", outcome: "done", reply: new Uint8Array(), about: [], trace: "" } as const;
    store.journal.set("b/1", { ...about, id: "b/1", twin: "b", number: 1, atMs: AT_MS, events: [told], previous: CHAIN_START, chain: "c" });
    store.heads.set("b", { ...firstHead("b", "gone"), version: 1, number: 1, event: 1 });
    const relay = new Relay({ bus, store, service: "till", head: firstHead("a", "one"), log: SILENT });
    const presence = { silenceMs: () => undefined, isDead: () => true } as never;
    const stop = new AbortController();
    const kept = keep({ bus, store, relay, presence, service: "till", twin: "a", replicas: 1, log: SILENT }, stop.signal);
    await pass(20_000);
    stop.abort();
    await pass(5_000);
    await kept;
    expect(stream).not.toBe("one");
    expect(await store.mark("stream")).toEqual({ id: stream });
    expect(store.heads.get("b")).toMatchObject({ published: 1, publishedEntry: 1 });
  });
});
