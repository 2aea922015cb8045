import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Aside, type AsideParts, hearAside } from "../../../services/mesh/aside.ts";
import { eventId } from "../../../services/mesh/journal.ts";
import { hearStill, sayingStill } from "../../../services/mesh/still.ts";
import type { EventMessage } from "../../../services/mesh/stream.ts";
import { told } from "../../../services/mesh/wiring.ts";
import { pass } from "../../harness/held-time.ts";
import { memoryStore } from "../../harness/memory-store.ts";
import { memoryBus, putting, SILENT } from "../../harness/mesh-parts.ts";
import { codec } from "../../harness/till.ts";

const rules = [told("till", "Deposited", codec<object>(), { input: (body) => body, decision: putting("p", 1n) })];
const idOf = (number: number) => eventId("till", "a", number);
const numberOf = ({ headers }: EventMessage) => Number(headers.number);

/** Entry n of twin a told event n. */
let published: number;
let known: Set<string>;
/** What has to wait for what it follows. */
let early: Set<number>;
let still: boolean;
let room: number;
let asked: number[];
let handed: number[];
let parts: AsideParts;
let aside: Aside;

beforeEach(async () => {
  const store = memoryStore();
  await store.setMark("heard.till.a", { entry: 4, missing: [], delivered: 0 });
  published = 10;
  known = new Set([1, 2, 3, 4, 5].map(idOf));
  early = new Set();
  still = true;
  room = 256;
  asked = [];
  handed = [];
  parts = {
    store: {
      mark: (name) => store.mark(name),
      setMark: (name, value) => store.setMark(name, value),
      heardAmong: async (ids) => new Set(ids.filter((id) => known.has(id))),
    },
    messages: rules,
    heard: undefined,
    async events(_source, _twin, after) {
      asked.push(after);
      const to = Math.min(published, after + 200);
      const numbers = Array.from({ length: to - after }, (_, index) => after + 1 + index);
      const messageOf = (number: number) => ({
        subject: "nrcms.till.640521.Deposited",
        data: new Uint8Array(),
        headers: { number: `${number}` },
      });
      return { entry: to, events: numbers.map((number) => ({ number, message: messageOf(number) })) };
    },
    isStill: () => still,
    isBusy: () => room === 0,
    room: () => room,
    async handOver(_source, message) {
      const number = numberOf(message);
      if (early.has(number)) return false;
      handed.push(number);
      known.add(idOf(number));
      return true;
    },
    log: SILENT,
  };
  aside = new Aside(parts, { source: "till", twin: "a", rules });
});

const look = async (times: number) => {
  for (let time = 0; time < times; time += 1) await aside.look();
};

describe("protocols 13: while a stream stands still, its events are asked for beside it", () => {
  test("from where all was heard, in order, and only those that were not heard", async () => {
    await look(2);
    expect(asked).toEqual([4, 10]);
    expect(handed).toEqual([6, 7, 8, 9, 10]);
    published = 12;
    await look(2);
    expect(handed.slice(5)).toEqual([11, 12]);
    expect(await aside.look()).toBe(0);
  });

  test("what its stream brings in the meantime is not handed over", async () => {
    expect(await aside.look()).toBe(0);
    for (const number of [6, 7, 8]) known.add(idOf(number));
    expect(await aside.look()).toBe(2);
    expect(handed).toEqual([9, 10]);
  });

  test("nothing is asked for while it flows; each time that it stands still, all is looked at anew", async () => {
    vi.useFakeTimers();
    const stop = new AbortController();
    still = false;
    const hearing = hearAside(parts, stop.signal);
    await pass(2_000);
    expect(asked).toEqual([]);
    still = true;
    await pass(800);
    // Both twins of the source; nothing of twin b has been heard yet.
    expect(asked.slice(0, 2)).toEqual([4, 0]);
    expect(handed).toEqual(expect.arrayContaining([6, 7, 8, 9, 10]));
    still = false;
    await pass(2_000);
    const before = asked.length;
    await pass(2_000);
    expect(asked).toHaveLength(before);
    still = true;
    await pass(400);
    expect(asked.slice(before, before + 2)).toEqual([4, 0]);
    stop.abort();
    await pass(2_000);
    await hearing;
    vi.useRealTimers();
  });

  test("what comes too early waits for what it follows", async () => {
    early = new Set([7]);
    await look(2);
    expect(handed).toEqual([6, 8, 9, 10]);
    early.clear();
    await look(1);
    expect(handed.at(-1)).toBe(7);
  });

  test("no more at once than there is room for, and none where the service is busy", async () => {
    room = 0;
    await look(1);
    expect(asked).toEqual([]);
    room = 2;
    await look(2);
    expect(handed).toEqual([6, 7]);
    await look(1);
    expect(handed).toEqual([6, 7, 8, 9]);
  });

  test("with too many that wait nothing else is asked for", async () => {
    published = 1_000;
    early = new Set(Array.from({ length: 1_000 }, (_, index) => index));
    await look(5);
    expect(asked).toEqual([4, 204]);
  });
});

describe("a service says that its stream takes no events", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("again and again while publishing takes longer than is usual, and not where it does not", async () => {
    const bus = memoryBus();
    const said: string[] = [];
    bus.tell = (subject) => void said.push(subject);
    await sayingStill(bus, "till", () => pass(900));
    expect(said).toEqual([]);
    await sayingStill(bus, "till", () => pass(3_100));
    expect(said).toEqual(["nrcms.still.till", "nrcms.still.till", "nrcms.still.till"]);
    await pass(5_000);
    expect(said).toHaveLength(3);
  });

  test("it is believed for a little longer than it is said", () => {
    const bus = memoryBus();
    let ms = 0;
    const listeners = new Map<string, (message: never) => void>();
    bus.hear = (subject, handler) => {
      listeners.set(subject, handler);
      return { stop: () => void listeners.delete(subject) };
    };
    const heard = hearStill(bus, ["till", "tally"], { monotonicMs: () => ms });
    expect(heard.is("till")).toBe(false);
    listeners.get("nrcms.still.till")?.(undefined as never);
    expect([heard.is("till"), heard.is("tally")]).toEqual([true, false]);
    ms = 2_600;
    expect(heard.is("till")).toBe(false);
    heard.close();
    expect(listeners.size).toBe(0);
  });
});
