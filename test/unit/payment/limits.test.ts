import { describe, expect, test } from "vitest";
import { type Approve, approve } from "../../../services/payment/domain/approve.ts";
import type { Batch } from "../../../services/payment/domain/documents.ts";
import { type Limits, NO_LIMITS } from "../../../services/payment/domain/limits.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { batchIn, CHECKER, cutAll, done, putDue, putPayee, TERMS } from "./scene.ts";

const DIRECTOR = { ...CHECKER, name: "director.hai" };
const NOON_MS = Date.UTC(2011, 10, 25, 4);

function proposed(world: World, name: string, amountFen: bigint): Batch {
  putPayee(world, "H1");
  putDue(world, { payableId: name, payeeId: "H1", amountFen });
  const [batch] = cutAll(world, [name]);
  if (!batch) throw new Error("nothing was cut");
  return batch;
}

describe("what a checker may approve", () => {
  const limits: Limits = { batchFen: 1_000n, dayFen: 1_500n, checkers: { [DIRECTOR.name]: { batchFen: 5_000n, dayFen: 9_000n } } };
  const input = ({ batchId, contentHash }: Batch, more: Partial<Approve> = {}): Approve => ({
    batchId,
    expectedHash: contentHash,
    ...TERMS,
    limits,
    ...more,
  });

  test("is limited for one batch; another with a higher limit approves it", () => {
    const world = newWorld();
    const batch = proposed(world, "p1", 1_001n);
    const { result } = world.run(approve, input(batch), { caller: CHECKER });
    expect(result).toMatchObject({ code: "OVER_LIMIT", en: expect.stringContaining("10.00 yuan (10.01 in all)") });
    expect(batchIn(world, batch.batchId).state).toBe("PROPOSED");
    expect(done(world.run(approve, input(batch), { caller: DIRECTOR }))).toMatchObject({ state: "APPROVED", checker: DIRECTOR.name });
  });

  test("is limited for a day's batches together, and begins anew on the next", () => {
    const world = newWorld();
    const [first, second] = [proposed(world, "p1", 1_000n), proposed(world, "p2", 501n)];
    done(world.run(approve, input(first), { caller: CHECKER, atMs: NOON_MS }));
    const again = (atMs: number) => world.run(approve, input(second), { caller: CHECKER, atMs }).result;
    expect(again(NOON_MS)).toMatchObject({ code: "OVER_LIMIT", en: expect.stringContaining("15.00 yuan (15.01 in all)") });
    expect(again(NOON_MS + 86_400_000)).toMatchObject({ state: "APPROVED" });
  });

  test("counts each of two checkers' words", () => {
    const world = newWorld();
    const batch = proposed(world, "p1", 900n);
    const large = input(batch, { secondAboveFen: 100n });
    done(world.run(approve, large, { caller: CHECKER, atMs: NOON_MS }));
    done(world.run(approve, large, { caller: DIRECTOR, atMs: NOON_MS }));
    expect(world.all<{ county: string; checker: string; amountFen: bigint }>("approvedby")).toMatchObject([
      { checker: CHECKER.name, amountFen: 900n },
      { checker: DIRECTOR.name, amountFen: 900n },
    ]);
  });

  test("a name that every object has is nobody's limit", () => {
    const world = newWorld();
    const batch = proposed(world, "p1", 900n);
    expect(done(world.run(approve, input(batch), { caller: { ...CHECKER, name: "constructor" } }))).toMatchObject({ state: "APPROVED" });
    expect(NO_LIMITS.checkers).toEqual({});
  });
});
