/** Any interleaving of what settlement can hear keeps its books true. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { LEDGER, type Payable } from "../../../services/settlement/domain/documents.ts";
import { recallAnswered } from "../../../services/settlement/domain/recall-answered.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { sum } from "../../../services/values/money.ts";
import type { Outcome } from "../../harness/decide.ts";
import {
  adjusted,
  balance,
  closed,
  expectContract,
  expectFloors,
  expectTrueBooks,
  HAIYUAN,
  JINGYUAN,
  paid,
  promised,
  returned,
  tick,
  worldOf,
  ZHONGNING,
} from "./ledger-world.ts";

const COUNTIES = [JINGYUAN, ZHONGNING, HAIYUAN] as const;
const county = fc.constantFrom(...COUNTIES);
const pick = fc.nat({ max: 1_000 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("approve" as const), claim: fc.nat({ max: 30 }), home: county, treating: county }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("pay" as const), county, pick, many: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("return" as const), county, pick }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("payAgain" as const), county, pick }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("close" as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("receive" as const), county, fen: fc.bigInt({ min: 1n, max: 2_000n }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("tick" as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("answer" as const), pick, withdrawn: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("adjust" as const), pick, percent: fc.integer({ min: -100, max: 30 }) }) },
);

/** The claim's own content: a claim told twice is told the same. */
function contentOf(claim: number, home: string, treating: string) {
  return { id: `C${String(claim).padStart(2, "0")}-${home}-${treating}`, fundFen: BigInt((claim * 37) % 400) };
}

test("entries balance, control accounts end at zero, floors hold, and each payable is told and paid once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), fc.bigInt({ min: 0n, max: 300n }), async (steps, floorFen) => {
      const fund = { fundsFen: 1_500n, floorFen, prefundFen: 5_000n };
      const world = worldOf(Object.fromEntries(COUNTIES.map((code) => [code, fund])));
      const told = new Map<string, number>();
      let doubledOrTransferBack = false;
      let serial = 0;
      const hear = (outcome: Outcome<unknown>) => {
        expectContract(outcome);
        for (const { name, body } of outcome.told) if (name === "PayableDue") told.set(body.payableId, (told.get(body.payableId) ?? 0) + 1);
      };
      const inState = (code: string, state: string) => {
        const found = world
          .all<Payable>("payables")
          .filter((payable) => payable.county === code && payable.state === state && payable.amountFen > 0n);
        return found.map((payable) => payable.payableId).sort();
      };
      const from = (ids: readonly string[], at: number, many: number) =>
        ids.length === 0 ? [] : [...ids, ...ids].slice(at % ids.length).slice(0, Math.min(many, ids.length));

      for (const doing of steps) {
        serial += 1;
        if (doing.act === "approve") {
          const { id, fundFen } = contentOf(doing.claim, doing.home, doing.treating);
          hear(promised(world, id, doing.home, doing.treating, fundFen));
        } else if (doing.act === "pay") {
          const ids = from(inState(doing.county, "DUE"), doing.pick, doing.many);
          if (ids.length > 0) hear(paid(world, `S${serial}`, doing.county, ids));
        } else if (doing.act === "payAgain") {
          const ids = from(inState(doing.county, "PAID"), doing.pick, 1);
          doubledOrTransferBack ||= ids.length > 0;
          if (ids.length > 0) hear(paid(world, `S${serial}`, doing.county, ids));
        } else if (doing.act === "return") {
          const ids = from(inState(doing.county, "PAID"), doing.pick, 1);
          doubledOrTransferBack ||= ids.some((id) => id.startsWith("window/"));
          if (ids.length > 0) hear(returned(world, `R${serial}`, doing.county, ids));
        } else if (doing.act === "close") {
          hear(closed(world, `W${world.get(LEDGER)?.openWindow ?? 1}`));
        } else if (doing.act === "receive") {
          hear(world.run(receiveFunds, { county: doing.county, source: "PROVINCE", amountFen: doing.fen, reference: `F${serial}` }));
        } else if (doing.act === "adjust") {
          const owed = world.all<Payable>("payables").filter((payable) => payable.claimId !== "");
          const payable = owed[doing.pick % Math.max(1, owed.length)];
          // At most what is left of the promise is taken back.
          const leftFen = payable ? payable.amountFen + (payable.setOffFen ?? 0n) + (payable.adjustedFen ?? 0n) : 0n;
          const deltaFen = (leftFen * BigInt(doing.percent)) / 100n;
          const [, home = "", treating = ""] = payable?.claimId.split("-") ?? [];
          if (payable && deltaFen !== 0n) hear(adjusted(world, payable.claimId, home, treating, deltaFen, `correction/${serial}`));
        } else if (doing.act === "answer") {
          const asked = world.all<Payable>("payables").filter((payable) => payable.recall === "ASKED");
          const payable = asked[doing.pick % Math.max(1, asked.length)];
          // What has been paid is not withdrawn any more.
          const withdrawn = doing.withdrawn && payable?.state === "DUE";
          if (payable) hear(world.run(recallAnswered, { payableId: payable.payableId, withdrawn }));
        } else {
          for (const outcome of await tick(world)) hear(outcome);
        }
        expectTrueBooks(world);
        // Money that the bank moved on its own may leave a fund short; what settlement lets go never does.
        if (!doubledOrTransferBack) expectFloors(world);
      }

      // Then money comes, everything is released and paid, and the last window closes.
      for (let round = 0; round < 12; round += 1) {
        for (const code of COUNTIES)
          hear(world.run(receiveFunds, { county: code, source: "CENTRAL", amountFen: 1_000_000n, reference: `end-${round}` }));
        for (const outcome of await tick(world)) hear(outcome);
        for (const code of COUNTIES) {
          const due = inState(code, "DUE");
          if (due.length > 0) hear(paid(world, `end-${round}-${code}`, code, due));
        }
        if (round === 0) hear(closed(world, `W${world.get(LEDGER)?.openWindow ?? 1}`));
      }
      expectTrueBooks(world);
      const all = world.all<Payable>("payables").filter((payable) => payable.amountFen > 0n);
      // What was called back was told and withdrawn, or held back and never told.
      expect(all.every(({ state }) => state === "PAID" || state === "CANCELLED")).toBe(true);
      const paidNow = all.filter(({ state }) => state === "PAID");
      for (const { payableId } of paidNow) expect([payableId, told.get(payableId)]).toEqual([payableId, 1]);
      for (const [payableId, times] of told) expect([payableId, times]).toEqual([payableId, 1]);
      for (const code of COUNTIES) {
        for (const account of ["CLEARING", "PAYABLE", "PAYABLE-COUNTY"]) expect(balance(world, code, account)).toBe(0n);
        const surplus = world.all<Payable>("payables").filter((payable) => payable.county === code);
        const suspended = balance(world, code, "1101");
        const arrived = world.all<Payable>("payables").filter((payable) => payable.payee === code && payable.claimId === "");
        expect(suspended).toBe(sum(surplus.map((payable) => payable.surplusFen)) - sum(arrived.map((payable) => payable.surplusFen)));
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
