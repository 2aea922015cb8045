import { describe, expect, test } from "vitest";
import { type Checkpoint, startOf } from "../../../services/mesh/keeper.ts";

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
