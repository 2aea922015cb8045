/** What an account has seen, and how a book stood in the evening of a day. */
import { describe, expect, test } from "vitest";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { balancesOn, type StatementAsked, statement } from "../../../services/settlement/statement.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { approval, balance, readerOf, worldOf, ZHONGNING } from "./ledger-world.ts";

const BENEFITS = "5001-INPATIENT/2011";

/** A subsidy on 25 November, promises on the 23rd, 25th and 26th; that of the 23rd is heard last. */
function someDays(): World {
  const world = worldOf({ [ZHONGNING]: { fundsFen: 100_000n } });
  const promise = (claimId: string, fundFen: bigint, approvedOn: string) =>
    world.run(approve, { ...approval(claimId, ZHONGNING, ZHONGNING, fundFen), approvedOn });
  promise("C1", 300n, "2011-11-25");
  promise("C2", 40n, "2011-11-26");
  promise("C3", 5n, "2011-11-23");
  return world;
}

async function seen(world: World, change: Partial<StatementAsked> = {}) {
  const asked = { county: ZHONGNING, account: BENEFITS, fromDay: "2011-11-01", toDay: "2011-11-30", after: "", ...change };
  const found = await statement(readerOf(world), asked);
  if (isRefusal(found)) throw new Error(`${found.code} ${found.field}`);
  return found;
}

describe("a statement", () => {
  test("has the balance before and after, and every entry by its day", async () => {
    const { openingFen, closingFen, rows, next } = await seen(someDays());
    expect([openingFen, closingFen, next]).toEqual([0n, 345n, ""]);
    expect(rows.map(({ day, about, debitFen, creditFen }) => [day, about, debitFen, creditFen])).toEqual([
      ["2011-11-23", "C3", 5n, 0n],
      ["2011-11-25", "C1", 300n, 0n],
      ["2011-11-26", "C2", 40n, 0n],
    ]);
  });

  test("of some days begins with what was there before and ends with what was there after", async () => {
    const { openingFen, closingFen, rows } = await seen(someDays(), { fromDay: "2011-11-25", toDay: "2011-11-25" });
    expect([openingFen, closingFen, rows.length]).toEqual([5n, 305n, 1]);
  });

  test("goes on behind the place where a page ended", async () => {
    const world = someDays();
    const { rows } = await seen(world);
    const [first] = rows;
    const rest = await seen(world, { after: `${first?.day}/${first?.sequence}` });
    expect(rest.rows).toEqual(rows.slice(1));
  });

  test("has pages of 500 rows, which together are the account", async () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000_000n } });
    for (let index = 1; index <= 501; index += 1) world.run(approve, approval(`C${index}`, ZHONGNING, ZHONGNING, BigInt(index)));
    const first = await seen(world);
    expect([first.rows.length, first.next]).toEqual([500, `2011-11-25/${first.rows.at(-1)?.sequence}`]);
    const second = await seen(world, { after: first.next });
    expect([second.rows.length, second.next]).toEqual([1, ""]);
    const sum = [...first.rows, ...second.rows].reduce((total, row) => total + row.debitFen, 0n);
    expect(sum).toBe(balance(world, ZHONGNING, BENEFITS));
  });

  test.each([
    [{ account: "9999" }, "UNKNOWN_ACCOUNT account"],
    [{ fromDay: "today" }, "BAD_REQUEST from_day"],
    [{ toDay: "2011-10-31" }, "BAD_REQUEST to_day"],
    [{ toDay: "2012-11-01" }, "BAD_REQUEST to_day"],
    [{ after: "page 2" }, "BAD_REQUEST after"],
    [{ after: "2011-13-01/1" }, "BAD_REQUEST after"],
  ])("refuses %j", async (change, says) => {
    await expect(seen(someDays(), change)).rejects.toThrow(says);
  });
});

describe("the balances of an evening", () => {
  test("are those of now less what came after, and sum to zero", async () => {
    const world = someDays();
    world.run(
      receiveFunds,
      { county: ZHONGNING, source: "COUNTY", amountFen: 7n, reference: "late" },
      { atMs: Date.parse("2011-12-01T09:00:00+08:00") },
    );
    for (const [day, benefitsFen, bankFen] of [
      ["2011-11-22", 0n, 0n],
      ["2011-11-23", 5n, 0n],
      ["2011-11-25", 305n, 100_000n],
      ["2011-11-30", 345n, 100_000n],
      ["2011-12-01", 345n, 100_007n],
    ] as const) {
      const then = await balancesOn(readerOf(world), "", day);
      if (isRefusal(then)) throw new Error(then.code);
      const of = (account: string) => then.accounts.find((row) => row.account === account)?.balanceFen;
      expect([day, of(BENEFITS), of("1003")]).toEqual([day, benefitsFen, bankFen]);
      expect(then.accounts.reduce((total, row) => total + row.balanceFen, 0n)).toBe(0n);
    }
  });

  test("ask for a day", async () => {
    expect(await balancesOn(readerOf(someDays()), "", "2011-02-30")).toMatchObject({ code: "BAD_REQUEST", field: "day" });
  });
});
