import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputQueue } from "../../../services/mesh/queue.ts";
import { inputOf, putting } from "../../harness/mesh-parts.ts";

const decision = putting("p", 1n);
const call = (more = {}) => inputOf(decision, more);
const event = (more = {}) => inputOf(decision, { from: "event", hash: "", ...more });
const nobody = () => false;

function filled(calls: number, events: number, queueLimit = 1000) {
  const queue = new InputQueue({ queueLimit, queueBytes: 1_000_000 });
  for (let count = 0; count < calls; count += 1) queue.enter(call());
  for (let count = 0; count < events; count += 1) queue.enter(event());
  return queue;
}

describe("protocols 6: overload", () => {
  test("full in number is Unavailable at once, with a time to come again", () => {
    const queue = filled(3, 0, 3);
    expect(queue.enter(call())).toMatchObject({ outcome: "unavailable", reason: "overloaded", retryAfterMs: 250 });
    queue.take(1, nobody);
    expect(queue.enter(call())).toBeUndefined();
  });

  test("full in bytes too, and the bytes are given back with the outcome", () => {
    const queue = new InputQueue({ queueLimit: 10, queueBytes: 1000 });
    const big = call({ bytes: new Uint8Array(1000) });
    expect(queue.enter(big)).toBeUndefined();
    expect(queue.enter(call())).toMatchObject({ reason: "overloaded" });
    queue.take(1, nobody);
    expect(queue.enter(call())).toMatchObject({ reason: "overloaded" });
    queue.finish(big);
    expect(queue.enter(call())).toBeUndefined();
  });

  test("requests that fill the queue take no room from events", () => {
    const queue = filled(3, 0, 3);
    expect(queue.room(400)).toBe(3);
    expect(queue.enter(event())).toBeUndefined();
  });

  test("a repeat joins the first and hears the same; other content is refused; repeats are bounded", () => {
    const queue = new InputQueue({ queueLimit: 10, queueBytes: 1000 });
    const first = call({ id: "x" });
    const again = call({ id: "x" });
    queue.enter(first);
    expect(queue.enter(again)).toBeUndefined();
    expect(queue.enter(call({ id: "x", hash: "other" }))).toMatchObject({ outcome: "refused", code: "REQUEST_REUSED" });
    for (let count = 1; count < 64; count += 1) expect(queue.enter(call({ id: "x" }))).toBeUndefined();
    expect(queue.enter(call({ id: "x" }))).toMatchObject({ outcome: "unavailable" });
    expect(queue.length).toBe(1);
    expect(queue.finish(first)).toHaveLength(65);
    expect(queue.finish(first)).toEqual([]);
  });
});

describe("protocols 6: requests first, events at least a quarter", () => {
  test.each([
    [400, 1000, 1000, 300],
    [400, 100, 1000, 100],
    [400, 1000, 10, 390],
    [4, 100, 100, 3],
  ])("of %i, with %i requests and %i events waiting, %i are requests", (limit, calls, events, requests) => {
    const taken = filled(calls, events, 2000).take(limit, nobody);
    expect(taken).toHaveLength(Math.min(limit, calls + events));
    expect(taken.filter((input) => input.from === "call")).toHaveLength(requests);
    expect(taken.findIndex((input) => input.from === "event")).toBe(requests);
  });

  test("in batches of one, every fourth is an event: neither starves", () => {
    const queue = filled(100, 100);
    const order = Array.from({ length: 40 }, () => queue.take(1, nobody)[0]?.from);
    expect(order.filter((from) => from === "event")).toHaveLength(10);
    expect(order.slice(0, 4)).toEqual(["call", "call", "call", "event"]);
  });

  test("over many batches of any size, events get their quarter and nothing is lost or doubled", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20, maxLength: 60 }), (limits) => {
        const queue = filled(600, 600);
        const taken = limits.flatMap((limit) => queue.take(limit, nobody));
        const events = taken.filter((input) => input.from === "event").length;
        expect(new Set(taken.map((input) => input.id)).size).toBe(limits.reduce((sum, limit) => sum + limit, 0));
        expect(events).toBeGreaterThanOrEqual(Math.floor(taken.length / 4));
        expect(events).toBeLessThanOrEqual(Math.ceil(taken.length / 4) + 1);
      }),
    );
  });
});

describe("protocols 7: one that must be alone is alone", () => {
  test("it ends the batch before it, and is a batch of its own", () => {
    const queue = new InputQueue({ queueLimit: 100, queueBytes: 1000 });
    for (const id of ["1", "2", "bad", "3", "4"]) queue.enter(call({ id }));
    const alone = (id: string) => id === "bad";
    expect([queue, queue, queue].map((one) => one.take(10, alone).map((input) => input.id))).toEqual([["1", "2"], ["bad"], ["3", "4"]]);
  });

  test("what is put back comes first, in its order", () => {
    const queue = new InputQueue({ queueLimit: 100, queueBytes: 1000 });
    for (const id of ["1", "2", "3", "4"]) queue.enter(call({ id }));
    const taken = queue.take(3, nobody);
    queue.putBack(taken.slice(0, 2));
    expect(queue.take(10, nobody).map((input) => input.id)).toEqual(["1", "2", "4"]);
  });
});

test("an id that came again after its deadline is another input: the old one's outcome is not told to it", () => {
  const queue = new InputQueue({ queueLimit: 10, queueBytes: 1000 });
  const old = call({ id: "x" });
  queue.enter(old);
  queue.take(1, nobody);
  expect(queue.finish(old)).toEqual([old]);
  const fresh = call({ id: "x", hash: "other" });
  expect(queue.enter(fresh)).toBeUndefined();
  expect(queue.has(old)).toBe(false);
  expect(queue.finish(old)).toEqual([]);
  expect(queue.finish(fresh)).toEqual([fresh]);
});
