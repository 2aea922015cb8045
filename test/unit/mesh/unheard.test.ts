import { beforeEach, describe, expect, test } from "vitest";
import { eventId } from "../../../services/mesh/journal.ts";
import type { Progress } from "../../../services/mesh/stream.ts";
import { Search, type SearchParts, stretches } from "../../../services/mesh/unheard.ts";
import { told } from "../../../services/mesh/wiring.ts";
import { memoryStore } from "../../harness/memory-store.ts";
import { putting, SILENT } from "../../harness/mesh-parts.ts";
import { codec } from "../../harness/till.ts";

const rules = (record: "entry" | "own" = "entry") => [
  told("till", "Deposited", codec<object>(), { input: (body) => body, decision: putting("p", 1n), record }),
];

/** Entry n of twin a told event n. */
let published: number;
let known: Set<string>;
let waiting: Set<string>;
let progress: Progress;
let asked: string[];
let pages: number;
let search: Search;

const parts = (more: Partial<SearchParts> = {}): SearchParts => {
  const store = memoryStore();
  return {
    store: {
      mark: (name) => store.mark(name),
      setMark: (name, value) => store.setMark(name, value),
      heardAmong: async (ids) => new Set(ids.filter((id) => known.has(id))),
    },
    messages: rules(),
    heard: undefined,
    async told(_source, _twin, after) {
      pages += 1;
      const to = Math.min(published, after + 1_000);
      return { entry: to, events: Array.from({ length: to - after }, (_, index) => after + 1 + index) };
    },
    async republish(source, twin, from, to) {
      asked.push(`${source}.${twin} ${from}-${to}`);
      return to - from + 1;
    },
    progress: async () => progress,
    isWaiting: (id) => waiting.has(id),
    isBusy: () => false,
    onUnheard: () => undefined,
    log: SILENT,
    ...more,
  };
};
const hear = (from: number, to: number) => {
  for (let number = from; number <= to; number += 1) known.add(eventId("till", "a", number));
};
const look = async (times: number) => {
  for (let time = 0; time < times; time += 1) await search.look(new AbortController().signal);
};

beforeEach(() => {
  published = 10;
  known = new Set();
  waiting = new Set();
  progress = { last: 10, delivered: 10, pending: 0 };
  asked = [];
  pages = 0;
  search = new Search(parts(), { source: "till", twin: "a", rules: rules() });
});

describe("protocols 14: what was told and is not heard is published again", () => {
  test("a number that is missing at two looks is asked for, then ever more rarely, until it is heard", async () => {
    hear(1, 6);
    hear(9, 10);
    await look(1);
    expect(asked).toEqual([]);
    await look(1);
    expect(asked).toEqual(["till.a 7-8"]);
    await look(4);
    expect(asked).toHaveLength(3);
    hear(7, 8);
    await look(8);
    expect(asked).toHaveLength(3);
  });

  test("where it cannot be had just now it is asked for at the next look", async () => {
    hear(2, 10);
    let weather = true;
    const republish = async () => {
      asked.push("asked");
      if (weather) throw new Error("neither twin answers");
      return 1;
    };
    search = new Search(parts({ republish }), { source: "till", twin: "a", rules: rules() });
    await look(1);
    for (let time = 0; time < 3; time += 1) await expect(look(1)).rejects.toThrow("neither");
    weather = false;
    await look(2);
    expect(asked).toHaveLength(4);
  });

  test("a new leader goes on with what is missing, and knows what has been asked for", async () => {
    hear(2, 10);
    const both = parts();
    search = new Search(both, { source: "till", twin: "a", rules: rules() });
    await look(1);
    search = new Search(both, { source: "till", twin: "a", rules: rules() });
    await look(1);
    expect(asked).toEqual(["till.a 1-1"]);
    search = new Search(both, { source: "till", twin: "a", rules: rules() });
    await look(1);
    expect(asked).toHaveLength(2);
    await look(1);
    expect(asked).toHaveLength(2);
  });

  test("what has been heard is never looked for again", async () => {
    hear(1, 10);
    await look(1);
    known.clear();
    await look(3);
    expect(asked).toEqual([]);
  });

  test("what waits for what it follows has been heard", async () => {
    hear(1, 9);
    waiting.add(eventId("till", "a", 10));
    await look(5);
    expect(asked).toEqual([]);
    waiting.clear();
    await look(1);
    expect(asked).toEqual(["till.a 10-10"]);
  });

  test("what stands in a backlog that moves is on its way; where it has been passed, or nothing moves, it is lost", async () => {
    progress = { last: 10, delivered: 1, pending: 9 };
    await look(1);
    for (const delivered of [3, 5, 7]) {
      progress = { last: 20, delivered, pending: 20 - delivered };
      await look(1);
    }
    expect(asked).toEqual([]);
    await look(1);
    expect(asked).toEqual(["till.a 1-10"]);
  });

  test("a long journal is gone through in pages; a busy twin takes fewer at a time", async () => {
    published = 50_000;
    hear(1, 50_000);
    await look(1);
    expect(pages).toBe(10);
    search = new Search(parts({ isBusy: () => true }), { source: "till", twin: "a", rules: rules() });
    pages = 0;
    await look(1);
    expect(pages).toBe(2);
  });

  test("a service that keeps no entry for each event says itself what it has heard", async () => {
    const heard = async (_source: string, _twin: string, numbers: readonly number[]) => new Set(numbers.filter((number) => number !== 4));
    search = new Search(parts({ heard }), { source: "till", twin: "a", rules: rules("own") });
    await look(2);
    expect(asked).toEqual(["till.a 4-4"]);
  });

  test.each([
    [[], []],
    [[3], [{ from: 3, to: 3 }]],
    [
      [9, 3, 4, 5, 10],
      [
        { from: 3, to: 5 },
        { from: 9, to: 10 },
      ],
    ],
  ])("%j as stretches", (numbers, expected) => expect(stretches(numbers)).toEqual(expected));
});
