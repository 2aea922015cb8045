import { describe, expect, test } from "vitest";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { reservations } from "../../../services/settlement/domain/documents.ts";
import { callOf, openCallOf, reservationIdOf, stateOf, usedOf } from "../../../services/settlement/domain/prefund.ts";
import { releasePrefund } from "../../../services/settlement/domain/release-prefund.ts";
import { setPrefund } from "../../../services/settlement/domain/set-prefund.ts";
import { prefundsOn } from "../../../services/settlement/forecast.ts";
import { isAskOwner, isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import {
  approval,
  bookOf,
  closed,
  expectContract,
  expectTrueBooks,
  HAIYUAN,
  JINGYUAN,
  limited,
  paid,
  promised,
  readerOf,
  reserve,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const LIMIT = { county: JINGYUAN, limitFen: 1n, yellowBp: 7_000n, redBp: 9_000n };
const release = (world: World, claimId: string) => world.run(releasePrefund, { reservationId: reservationIdOf(claimId), claimId });

describe("the prefund of the home county", () => {
  test.each([
    { fundFen: 300_000n, told: "PrefundReserved" },
    { fundFen: 300_001n, told: "PrefundRefused" },
  ])("of 300,000 asked for $fundFen says $told", ({ fundFen, told }) => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 300_000n } });
    const outcome = reserve(world, "C1", JINGYUAN, fundFen);
    expect(outcome.told.filter(({ name }) => name !== "PrefundChanged")).toEqual([
      { name: told, county: JINGYUAN, body: { reservationId: "claim/C1/reservation", claimId: "C1", homeCounty: JINGYUAN, fundFen } },
    ]);
    expectContract(outcome);
  });

  test("a refusal depends on the book that was looked at, and guards it", () => {
    const world = worldOf({ [JINGYUAN]: {} });
    expect(reserve(world, "C1", JINGYUAN, 1n).guarded).toEqual([`books:${JINGYUAN}`]);
  });

  test("counts what is reserved and what is committed", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n }, [ZHONGNING]: { fundsFen: 1_000n } });
    promised(world, "C1", JINGYUAN, ZHONGNING, 40n);
    reserve(world, "C2", JINGYUAN, 40n);
    expect(reserve(world, "C3", JINGYUAN, 21n).result).toEqual({ reserved: false });
    expect(reserve(world, "C4", JINGYUAN, 20n).result).toEqual({ reserved: true });
  });

  test("answers a request once, whatever came between", () => {
    const world = worldOf({ [JINGYUAN]: {} });
    reserve(world, "C1", JINGYUAN, 10n);
    limited(world, JINGYUAN, 100n);
    const again = reserve(world, "C1", JINGYUAN, 10n);
    expect([again.result, again.told]).toEqual([{ reserved: false }, []]);
    expect(() => reserve(world, "C1", JINGYUAN, 11n)).toThrow("was asked for 10 fen");
  });

  test("gets a reservation back once, and only what was reserved", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n }, [ZHONGNING]: { fundsFen: 1_000n } });
    expect(isUnavailable(release(world, "C1").result)).toBe(true);
    reserve(world, "C1", JINGYUAN, 60n);
    expect(release(world, "C1").result).toEqual({ released: true });
    expect(release(world, "C1").result).toEqual({ released: false });
    expect(bookOf(world, JINGYUAN).prefund).toMatchObject({ limitFen: 100n, reservedFen: 0n, committedFen: 0n });
    expect(world.get(reservations.key(reservationIdOf("C1")))?.state).toBe("RELEASED");
    promised(world, "C2", JINGYUAN, ZHONGNING, 30n);
    expect(release(world, "C2").result).toEqual({ released: false });
    expect(bookOf(world, JINGYUAN).prefund.committedFen).toBe(30n);
    reserve(world, "C3", JINGYUAN, 71n);
    expect(release(world, "C3").result).toEqual({ released: false });
  });

  test("set below what is promised takes nothing back, and stops new stays", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n } });
    reserve(world, "C1", JINGYUAN, 60n);
    expect(limited(world, JINGYUAN, 10n).result).toMatchObject({
      limitFen: 10n,
      reservedFen: 60n,
      committedFen: 0n,
    });
    expect(reserve(world, "C2", JINGYUAN, 1n).result).toEqual({ reserved: false });
  });

  test("of a county that is not registered is refused; a request for it waits", () => {
    const world = newWorld();
    expect(isAskOwner(limited(world, JINGYUAN, 1n).result)).toBe(true);
    const { result } = world.run(setPrefund, { ...LIMIT, countyKnown: false });
    expect(isRefusal(result) && result.code).toBe("UNKNOWN_COUNTY");
    expect(isUnavailable(reserve(world, "C1", JINGYUAN, 1n).result)).toBe(true);
  });
});

describe("the state of a prefund", () => {
  const prefund = { limitFen: 1_000n, reservedFen: 0n, committedFen: 0n };
  test.each([
    { usedFen: 0n, state: "ACTIVE", callFen: 0n },
    { usedFen: 699n, state: "ACTIVE", callFen: 0n },
    { usedFen: 700n, state: "YELLOW", callFen: 1n },
    { usedFen: 899n, state: "YELLOW", callFen: 285n },
    { usedFen: 900n, state: "RED", callFen: 286n },
    { usedFen: 999n, state: "RED", callFen: 428n },
    { usedFen: 1_000n, state: "BLOCKED_NEW", callFen: 429n },
    { usedFen: 1_001n, state: "BLOCKED_NEW", callFen: 431n },
  ])("with $usedFen of 1,000 in use is $state, and $callFen more make it ACTIVE", ({ usedFen, state, callFen }) => {
    const used = { ...prefund, reservedFen: usedFen };
    expect([stateOf(used), callOf(used)]).toEqual([state, callFen]);
    expect(stateOf({ ...used, limitFen: used.limitFen + callFen })).toBe("ACTIVE");
    if (callFen > 0n) expect(stateOf({ ...used, limitFen: used.limitFen + callFen - 1n })).not.toBe("ACTIVE");
  });

  test("nets what others owe the county, and never counts more of it than it owes itself", () => {
    expect(usedOf({ ...prefund, reservedFen: 5n, committedFen: 300n, incomingFen: 120n })).toBe(185n);
    expect(usedOf({ ...prefund, reservedFen: 5n, committedFen: 100n, incomingFen: 120n })).toBe(5n);
  });

  test("of a county without a limit is blocked, and nothing is proposed while nothing is used", () => {
    const none = { limitFen: 0n, reservedFen: 0n, committedFen: 0n };
    expect([stateOf(none), callOf(none), openCallOf(none)]).toEqual(["BLOCKED_NEW", 0n, 0n]);
  });

  test("may have other thresholds, by the settings in force when the limit is set", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n } });
    world.run(setPrefund, { county: JINGYUAN, limitFen: 100n, yellowBp: 5_000n, redBp: 6_000n });
    reserve(world, "C1", JINGYUAN, 50n);
    expect(stateOf(bookOf(world, JINGYUAN).prefund)).toBe("YELLOW");
  });

  test("is told when it changes, once, with its version; and whenever the limit is set", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n } });
    const states = (outcome: { told: readonly { name: string; body: { state: string; version: bigint; openCallFen: bigint } }[] }) =>
      outcome.told.filter(({ name }) => name === "PrefundChanged").map(({ body }) => [body.state, body.version, body.openCallFen]);
    expect(states(reserve(world, "C1", JINGYUAN, 60n))).toEqual([]);
    expect(states(reserve(world, "C2", JINGYUAN, 15n))).toEqual([["YELLOW", 2n, 0n]]);
    const blocked = reserve(world, "C3", JINGYUAN, 40n, true);
    expect(states(blocked)).toEqual([["BLOCKED_NEW", 3n, 15n]]);
    expectContract(blocked);
    expect(states(release(world, "C3"))).toEqual([["YELLOW", 4n, 0n]]);
    expect(states(limited(world, JINGYUAN, 1_000n))).toEqual([["ACTIVE", 5n, 0n]]);
    expect(states(limited(world, JINGYUAN, 1_000n))).toEqual([["ACTIVE", 6n, 0n]]);
  });
});

describe("a limit strands nobody who was admitted", () => {
  test("such a stay is reserved in any case; somebody new is not; what is beyond the limit is the open call", () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 100n }, [ZHONGNING]: { fundsFen: 1_000n } });
    reserve(world, "C1", JINGYUAN, 90n);
    expect(reserve(world, "C2", JINGYUAN, 30n).result).toEqual({ reserved: false });
    const admitted = reserve(world, "C3", JINGYUAN, 30n, true);
    expect(admitted.told.map(({ name }) => name)).toEqual(["PrefundChanged", "PrefundReserved"]);
    expect(openCallOf(bookOf(world, JINGYUAN).prefund)).toBe(20n);
    expect(world.run(approve, approval("C3", JINGYUAN, ZHONGNING, 30n)).result).toEqual({ posted: true });
    expect(openCallOf(bookOf(world, JINGYUAN).prefund)).toBe(20n);
    expectTrueBooks(world);
  });

  test("the netting example: owing 456,510 and owed 120,000 on a prefund of 300,000 is a call of 36,510", async () => {
    const fund = { fundsFen: 1_000_000n, prefundFen: 1_000_000n };
    const world = worldOf({ [JINGYUAN]: { ...fund, prefundFen: 300_000n }, [ZHONGNING]: fund, [HAIYUAN]: fund });
    for (const [claimId, home, treating, fen] of [
      ["C1", JINGYUAN, ZHONGNING, 406_510n],
      ["C2", ZHONGNING, JINGYUAN, 120_000n],
      ["C3", JINGYUAN, HAIYUAN, 50_000n],
      ["C4", HAIYUAN, ZHONGNING, 210_300n],
    ] as const) {
      reserve(world, claimId, home, fen, true);
      world.run(approve, approval(claimId, home, treating, fen));
    }
    const { prefund } = bookOf(world, JINGYUAN);
    expect(prefund).toMatchObject({ committedFen: 456_510n, incomingFen: 120_000n });
    expect([usedOf(prefund), openCallOf(prefund), stateOf(prefund)]).toEqual([336_510n, 36_510n, "BLOCKED_NEW"]);
    // As the call is paid in, so is the state; a fen less leaves it below.
    limited(world, JINGYUAN, 336_509n);
    expect(openCallOf(bookOf(world, JINGYUAN).prefund)).toBe(1n);
    limited(world, JINGYUAN, 336_511n);
    expect(stateOf(bookOf(world, JINGYUAN).prefund)).toBe("RED");
    limited(world, JINGYUAN, 300_000n);
    // And whatever it is, it is what the netting orders beyond the prefund.
    expect(closed(world, "W1").result).toMatchObject({ transfers: [{ fromCounty: JINGYUAN, amountFen: 300_000n + 36_510n }, {}] });
    const [row] = await prefundsOn(readerOf(world), JINGYUAN, "2011-11-25", 30);
    expect(row).toMatchObject({ usedFen: 336_510n, openCallFen: 36_510n, state: "BLOCKED_NEW", exhaustedOn: "2011-11-25" });
    expectTrueBooks(world);
  });
});

describe("the forecast", () => {
  test("averages what the county came to owe over the last days, and says when nothing is left", async () => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 1_000n }, [ZHONGNING]: { fundsFen: 1_000n, prefundFen: 500n } });
    promised(world, "C1", JINGYUAN, ZHONGNING, 60n);
    promised(world, "C2", JINGYUAN, ZHONGNING, 40n);
    const [row, other] = await prefundsOn(readerOf(world), "", "2011-11-25", 10);
    // 900 left at 10 a day: the 91st day from then does not suffice.
    expect(row).toMatchObject({ county: JINGYUAN, dailyUseFen: 10n, usedFen: 100n, exhaustedOn: "2012-02-24", proposedCallFen: 0n });
    expect(other).toMatchObject({ county: ZHONGNING, dailyUseFen: 0n, exhaustedOn: "", state: "ACTIVE" });
    // Netting debits the debts, and is no use of the prefund.
    closed(world, "W1");
    expect((await prefundsOn(readerOf(world), JINGYUAN, "2011-11-25", 10))[0]?.dailyUseFen).toBe(10n);
    expect((await prefundsOn(readerOf(world), JINGYUAN, "2011-12-10", 10))[0]?.dailyUseFen).toBe(0n);
  });

  test("proposes twice the monthly average of last year's clearing", async () => {
    const world = worldOf({ [JINGYUAN]: { fundsFen: 100_000n, prefundFen: 1_000n }, [ZHONGNING]: { fundsFen: 100_000n } });
    promised(world, "C1", JINGYUAN, ZHONGNING, 900n);
    closed(world, "W1");
    reserve(world, "C2", JINGYUAN, 11_100n, true);
    world.run(approve, approval("C2", JINGYUAN, ZHONGNING, 11_100n));
    closed(world, "W2");
    const [row] = await prefundsOn(readerOf(world), JINGYUAN, "2012-01-05", 30);
    expect(row?.targetFen).toBe(2_000n);
    // More than that is in use.
    expect(row?.proposedCallFen).toBe(16_143n);
    const [later] = await prefundsOn(readerOf(world), JINGYUAN, "2013-01-05", 30);
    expect(later?.targetFen).toBe(0n);
    for (const payableId of ["W1", "W2"])
      paid(world, `S-${payableId}`, JINGYUAN, [`window/${payableId}/transfer/${JINGYUAN}/${ZHONGNING}`]);
    const [settled] = await prefundsOn(readerOf(world), JINGYUAN, "2012-01-05", 30);
    expect(settled).toMatchObject({ usedFen: 0n, targetFen: 2_000n, proposedCallFen: 1_000n });
  });
});
