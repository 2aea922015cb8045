import { describe, expect, test } from "vitest";
import { reservations } from "../../../services/settlement/domain/documents.ts";
import { reservationIdOf } from "../../../services/settlement/domain/prefund.ts";
import { releasePrefund } from "../../../services/settlement/domain/release-prefund.ts";
import { setPrefund } from "../../../services/settlement/domain/set-prefund.ts";
import { isAskOwner, isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { bookOf, expectContract, JINGYUAN, promised, reserve, worldOf, ZHONGNING } from "./ledger-world.ts";

const release = (world: World, claimId: string) => world.run(releasePrefund, { reservationId: reservationIdOf(claimId), claimId });

describe("the prefund of the home county", () => {
  test.each([
    { fundFen: 300_000n, told: "PrefundReserved" },
    { fundFen: 300_001n, told: "PrefundRefused" },
  ])("of 300,000 asked for $fundFen says $told", ({ fundFen, told }) => {
    const world = worldOf({ [JINGYUAN]: { prefundFen: 300_000n } });
    const outcome = reserve(world, "C1", JINGYUAN, fundFen);
    expect(outcome.told).toEqual([
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
    world.run(setPrefund, { county: JINGYUAN, limitFen: 100n });
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
    expect(bookOf(world, JINGYUAN).prefund).toEqual({ limitFen: 100n, reservedFen: 0n, committedFen: 0n });
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
    expect(world.run(setPrefund, { county: JINGYUAN, limitFen: 10n }).result).toEqual({
      limitFen: 10n,
      reservedFen: 60n,
      committedFen: 0n,
    });
    expect(reserve(world, "C2", JINGYUAN, 1n).result).toEqual({ reserved: false });
  });

  test("of a county that is not registered is refused; a request for it waits", () => {
    const world = newWorld();
    expect(isAskOwner(world.run(setPrefund, { county: JINGYUAN, limitFen: 1n }).result)).toBe(true);
    const { result } = world.run(setPrefund, { county: JINGYUAN, limitFen: 1n, countyKnown: false });
    expect(isRefusal(result) && result.code).toBe("UNKNOWN_COUNTY");
    expect(isUnavailable(reserve(world, "C1", JINGYUAN, 1n).result)).toBe(true);
  });
});
