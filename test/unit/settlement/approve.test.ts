import { describe, expect, test } from "vitest";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { entries, payables, reservations } from "../../../services/settlement/domain/documents.ts";
import { knowCounty } from "../../../services/settlement/domain/know-county.ts";
import { reservationIdOf } from "../../../services/settlement/domain/prefund.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld } from "../../harness/decide.ts";
import {
  approval,
  balance,
  bookOf,
  expectContract,
  expectTrueBooks,
  JINGYUAN,
  promised,
  reserve,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

describe("a claim treated at home", () => {
  test("is a benefit of the fund and is owed to the institution, in one entry and one payable", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000_000n } });
    const outcome = world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 361_932n));
    expect(outcome.told).toEqual([
      {
        name: "PayableDue",
        county: ZHONGNING,
        body: {
          payableId: "claim/C1/decision/1",
          county: ZHONGNING,
          amountFen: 361_932n,
          payeeId: "H-640521",
          claimId: "C1",
          dueOn: "2011-11-25",
        },
      },
    ]);
    expect(outcome.about).toEqual(["C1"]);
    expect(balance(world, ZHONGNING, "5001-INPATIENT/2011")).toBe(361_932n);
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-361_932n);
    expect(world.get(entries.key("claim/C1/decision/1"))).toMatchObject({
      county: ZHONGNING,
      sequence: 2n,
      day: "2011-11-25",
      about: "C1",
    });
    expectContract(outcome);
    expectTrueBooks(world);
  });

  test("told twice is posted once and told to payment once", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n));
    const again = world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n), { id: "another/event" });
    expect(again.result).toEqual({ posted: false });
    expect(again.told).toEqual([]);
    expect(balance(world, ZHONGNING, "5001-INPATIENT/2011")).toBe(100n);
  });

  test("the same approval with another amount or payee is an alarm, not a second promise", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n));
    expect(() => world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 101n))).toThrow("was posted with 100 fen");
    expect(() => world.run(approve, { ...approval("C1", ZHONGNING, ZHONGNING, 100n), institutionId: "H9" })).toThrow("H9");
  });

  test("an appeal's decision is a promise of its own", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n));
    expect(world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 50n, 2)).told).toHaveLength(1);
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-150n);
  });

  test("of 0 fen has a payable that is paid, no entry, and no word to payment", () => {
    const world = worldOf({ [ZHONGNING]: {} });
    const outcome = world.run(approve, approval("C0", ZHONGNING, ZHONGNING, 0n));
    expect(outcome.told).toEqual([]);
    expect(world.get(payables.key("claim/C0/decision/1"))).toMatchObject({ amountFen: 0n, state: "PAID", paidBy: "" });
    expect(world.all("entries")).toEqual([]);
    expect(world.run(approve, approval("C0", ZHONGNING, ZHONGNING, 0n)).result).toEqual({ posted: false });
  });

  test("of a county that is not known yet waits for it", () => {
    const world = newWorld();
    expect(isUnavailable(world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n)).result)).toBe(true);
    expect(world.all("payables")).toEqual([]);
    world.run(knowCounty, { county: ZHONGNING, floorFen: 0n, countyVersion: 1n });
    expect(world.run(approve, approval("C1", ZHONGNING, ZHONGNING, 100n)).result).toEqual({ posted: true });
  });
});

describe("a claim treated elsewhere: the treating county advances, the home county owes", () => {
  const start = () => worldOf({ [JINGYUAN]: { fundsFen: 500_000n, prefundFen: 600_000n }, [ZHONGNING]: { fundsFen: 1_000_000n } });

  test("both books mirror each other and the treating county pays", () => {
    const world = start();
    const outcome = promised(world, "C8", JINGYUAN, ZHONGNING, 406_510n);
    expect(balance(world, JINGYUAN, "5001-INPATIENT/2011")).toBe(406_510n);
    expect(balance(world, JINGYUAN, `DUE_TO/${ZHONGNING}`)).toBe(-406_510n);
    expect(balance(world, ZHONGNING, `DUE_FROM/${JINGYUAN}`)).toBe(406_510n);
    expect(balance(world, ZHONGNING, "PAYABLE")).toBe(-406_510n);
    expect(balance(world, JINGYUAN, "PAYABLE")).toBe(0n);
    expect(outcome.told.map(({ name, county }) => `${name} ${county}`)).toEqual([`PayableDue ${ZHONGNING}`]);
    expect(bookOf(world, JINGYUAN).prefund).toMatchObject({ limitFen: 600_000n, reservedFen: 0n, committedFen: 406_510n });
    expect(world.get(reservations.key(reservationIdOf("C8")))?.state).toBe("COMMITTED");
    expectTrueBooks(world);
  });

  test("waits for its reservation, and for both counties", () => {
    const world = start();
    const early = world.run(approve, approval("C8", JINGYUAN, ZHONGNING, 406_510n));
    expect(isUnavailable(early.result) && early.result.reason).toContain("claim/C8/reservation");
    const elsewhere = world.run(approve, approval("C9", JINGYUAN, "640522", 5n));
    expect(isUnavailable(elsewhere.result) && elsewhere.result.reason).toContain("640522");
    expectTrueBooks(world);
  });

  test("is posted even where its reservation was refused: what was promised is owed", () => {
    const world = start();
    expect(reserve(world, "C7", JINGYUAN, 600_001n).result).toEqual({ reserved: false });
    expect(world.run(approve, approval("C7", JINGYUAN, ZHONGNING, 600_001n)).result).toEqual({ posted: true });
    expect(bookOf(world, JINGYUAN).prefund).toMatchObject({ reservedFen: 0n, committedFen: 600_001n });
    expectTrueBooks(world);
  });

  test("of 0 fen frees what was reserved and owes nothing", () => {
    const world = start();
    reserve(world, "C6", JINGYUAN, 300n);
    world.run(approve, approval("C6", JINGYUAN, ZHONGNING, 0n));
    expect(bookOf(world, JINGYUAN).prefund).toMatchObject({ reservedFen: 0n, committedFen: 0n });
    expect(world.all("windows")).toEqual([]);
    expect(world.run(approve, approval("C5", JINGYUAN, ZHONGNING, 0n)).result).toEqual({ posted: false });
  });
});
