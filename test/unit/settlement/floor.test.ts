import { describe, expect, test } from "vitest";
import { payables } from "../../../services/settlement/domain/documents.ts";
import { knowCounty } from "../../../services/settlement/domain/know-county.ts";
import { receiveContributions } from "../../../services/settlement/domain/receive-contributions.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { release, releaseId } from "../../../services/settlement/domain/release.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import { balance, bookOf, expectFloors, expectTrueBooks, paid, promised, returned, tick, worldOf, ZHONGNING } from "./ledger-world.ts";

const at = (claim: string) => `claim/${claim}/decision/1`;

describe("a fund's floor", () => {
  test.each([
    { fundFen: 899n, goes: "PayableDue" },
    { fundFen: 900n, goes: "PayableDue" },
    { fundFen: 901n, goes: "PayableHeld" },
  ])("1,000 fen above a floor of 100: $fundFen is told as $goes", ({ fundFen, goes }) => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n, floorFen: 100n } });
    const outcome = promised(world, "C1", ZHONGNING, ZHONGNING, fundFen);
    expect(outcome.told.map((told) => told.name)).toEqual([goes]);
    // Posted either way.
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-fundFen);
    expectTrueBooks(world);
    expectFloors(world);
  });

  test("counts what is with the payment centre as gone, though the bank still has it", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 700n);
    expect(promised(world, "C2", ZHONGNING, ZHONGNING, 400n).told[0]?.name).toBe("PayableHeld");
    paid(world, "S1", ZHONGNING, [at("C1")]);
    expect(bookOf(world, ZHONGNING)).toMatchObject({ bankFen: 300n, dueFen: 0n, heldFen: 400n });
  });

  test("lets nobody overtake: a small claim waits behind a held one", async () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 2_000n);
    expect(promised(world, "C2", ZHONGNING, ZHONGNING, 1n).told[0]?.name).toBe("PayableHeld");
    expect(await tick(world)).toEqual([]);
    world.run(receiveFunds, { county: ZHONGNING, source: "COUNTY", amountFen: 1_000n, reference: "R1" });
    const released = await tick(world);
    expect(released.flatMap((outcome) => outcome.told.map((told) => told.body.payableId))).toEqual([at("C1")]);
    expect(world.get(payables.key(at("C2")))?.state).toBe("HELD");
  });

  test("money that comes in releases in ascending order, each once, never beyond the floor", async () => {
    const world = worldOf({ [ZHONGNING]: { floorFen: 50n } });
    for (const claim of ["C3", "C1", "C2", "C4"]) promised(world, claim, ZHONGNING, ZHONGNING, 100n);
    world.run(receiveContributions, {
      receiptId: "contributions/640521/r1",
      county: ZHONGNING,
      contributionsFen: 299n,
      source: "INDIVIDUAL",
      receivedOn: "2011-11-25",
    });
    const first = await tick(world);
    expect(first.flatMap((outcome) => outcome.told.map((told) => `${told.name} ${told.body.payableId} ${told.body.dueOn}`))).toEqual([
      `PayableDue ${at("C1")} 2011-11-25`,
      `PayableDue ${at("C2")} 2011-11-25`,
    ]);
    expect(await tick(world)).toEqual([]);
    expect(bookOf(world, ZHONGNING)).toMatchObject({ heldPayables: 2, heldFen: 200n, duePayables: 2, dueFen: 200n });
    expectFloors(world);
    expectTrueBooks(world);
    expect(world.run(release, { payableId: at("C1") }).result).toEqual({ released: false });
  });

  test("a release that was overtaken stores nothing, so that its id can be tried again", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 10n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 100n);
    expect(isUnavailable(world.run(release, { payableId: at("C1") }, { id: releaseId(at("C1")) }).result)).toBe(true);
    expect(world.get(payables.key(at("C1")))?.state).toBe("HELD");
  });

  test("a release looks at the room, not at the bank: the floor and what is with the payment centre are not free", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 300n, floorFen: 50n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 100n);
    promised(world, "C2", ZHONGNING, ZHONGNING, 151n);
    expect(isUnavailable(world.run(release, { payableId: at("C2") }).result)).toBe(true);
    world.run(receiveFunds, { county: ZHONGNING, source: "COUNTY", amountFen: 1n, reference: "R1" });
    expect(world.run(release, { payableId: at("C2") }).result).toEqual({ released: true });
    expectFloors(world);
  });

  test("money that comes back from the bank is still spoken for", async () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 100n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 100n);
    paid(world, "S1", ZHONGNING, [at("C1")]);
    promised(world, "C2", ZHONGNING, ZHONGNING, 50n);
    returned(world, "R1", ZHONGNING, [at("C1")]);
    expect(await tick(world)).toEqual([]);
    expectTrueBooks(world);
  });

  test("lowered by the county releases; an older version of the county changes nothing", async () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 100n, floorFen: 100n } });
    promised(world, "C1", ZHONGNING, ZHONGNING, 60n);
    world.run(knowCounty, { county: ZHONGNING, floorFen: 40n, countyVersion: 3n });
    world.run(knowCounty, { county: ZHONGNING, floorFen: 90n, countyVersion: 2n });
    expect(bookOf(world, ZHONGNING)).toMatchObject({ floorFen: 40n, countyVersion: 3n });
    expect((await tick(world)).map((outcome) => outcome.result)).toEqual([{ released: true }]);
  });
});
