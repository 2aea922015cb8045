/** One bill on paper to the fen, from the county's desk through the ledger to the household's account and back: the decisions of three services, joined by the contract's messages. */
import { expect, test } from "vitest";
import { confirmPaper } from "../../../services/claims/domain/confirm-paper.ts";
import { claims } from "../../../services/claims/domain/documents.ts";
import { review } from "../../../services/claims/domain/review.ts";
import { voidClaim } from "../../../services/claims/domain/void-claim.ts";
import { messages as claimsHears, tells as claimsTells } from "../../../services/claims/messages.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import { dues, orders, payees } from "../../../services/payment/domain/documents.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import { messages as paymentHears, tells as paymentTells } from "../../../services/payment/messages.ts";
import { books } from "../../../services/settlement/domain/documents.ts";
import { knowCounty } from "../../../services/settlement/domain/know-county.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { messages as settlementHears, tells as settlementTells } from "../../../services/settlement/messages.ts";
import { newWorld, type Told, type World } from "../../harness/decide.ts";
import { balance } from "../settlement/ledger-world.ts";
import { bill, expectDone, line, PERSON, region, submitted, ZHONGNING } from "./nx-ref.ts";

const HOUSEHOLD = PERSON.slice(0, 14);
const CODECS = { ...claimsTells, ...settlementTells, ...paymentTells } as Record<
  string,
  { encode(body: unknown): { finish(): Uint8Array } }
>;

/** Events through the contract's bytes to whoever hears them. */
function hear(world: World, heard: typeof claimsHears, told: readonly Told[]): Told[] {
  return told.flatMap(({ name, body }) => {
    const message = heard.find((one) => one.event === name);
    const bytes = CODECS[name]?.encode(body).finish();
    if (!message || !bytes) return [];
    return world.run(message.decision, message.input(message.codec.decode(bytes), { atMs: 0 } as never)).told;
  });
}

test("6b: 12,500 yuan outside of the province without a referral: 4,025 to the household, once it has named its account", () => {
  const desk = region();
  const ledger = newWorld();
  const centre = newWorld();
  ledger.run(knowCounty, { county: ZHONGNING, floorFen: 0n, countyVersion: 1n });
  ledger.run(receiveFunds, { county: ZHONGNING, source: "CENTRAL", amountFen: 1_000_000n, reference: "opening" });
  const handIn = (claimId: string, day: string, number: string) => {
    const stay = bill({
      claimId,
      institutionId: "",
      invoiceNumber: number,
      admittedOn: day,
      dischargedOn: day,
      lines: [line("A", 1_250_000n, day)],
    });
    const invoices = [{ invoiceNumber: number, totalFen: 1_250_000n }];
    const form = { institutionId: "", name: "西安某医院", city: "西安", level: "OUT_OF_PROVINCE" as const, invoices, issuedOn: day };
    submitted(desk, { bill: stay, paper: { county: ZHONGNING, form } }, { caller: { name: "clerk", role: "CLERK", scope: ZHONGNING } });
    const answer = { confirmed: true, askedBy: "PHONE", answeredBy: "医保办", code: "XA-1" } as const;
    expectDone(desk.run(confirmPaper, { county: ZHONGNING, claimId, answer, reason: "" }));
    return desk.run(review, { county: ZHONGNING, claimId, verdict: "APPROVE", reason: "", deductions: [] }).told;
  };

  const dueTold = hear(ledger, settlementHears, handIn("P1", "2011-10-01", "A1"));
  expect(balance(ledger, ZHONGNING, "PAYABLE-HOUSEHOLD")).toBe(-402_500n);
  hear(centre, paymentHears, dueTold);
  const payableId = "paper/P1/decision/1";
  expect(centre.get(dues.key(payableId))).toMatchObject({ state: "NO_ACCOUNT", payeeId: HOUSEHOLD, amountFen: 402_500n });

  const account = { bankCode: "103871000027", accountNumber: "6228480000000017", accountName: "张三" };
  centre.run(payeeChanged, { county: ZHONGNING, payeeId: HOUSEHOLD, account, schedule: "IMMEDIATE", stateVersion: 1n });
  expect(centre.get(payees.key(HOUSEHOLD))?.waiting).toBeUndefined();
  centre.run(cut, { countyBanks: {}, payableIds: [payableId], schedule: "IMMEDIATE", maker: "rule", serial: 0 });
  const orderId = centre.get(dues.key(payableId))?.orderId ?? "";
  expect(centre.get(orders.key(orderId))).toMatchObject({ account, amountFen: 402_500n, payeeId: HOUSEHOLD });

  const part = { payableId, claimId: "P1", orderId, amountFen: 402_500n };
  const body = {
    settlementId: "S1",
    batchId: "B1",
    county: ZHONGNING,
    payables: [part],
    amountFen: 402_500n,
    settledOn: "2011-11-25",
    settledAtMs: 1n,
  };
  const settled: Told = { name: "PaymentsSettled", county: ZHONGNING, body };
  hear(ledger, settlementHears, [settled]);
  hear(desk, claimsHears, [settled]);
  expect(desk.get(claims.key("P1"))).toMatchObject({ state: "PAID", paidBy: orderId });
  expect([balance(ledger, ZHONGNING, "1003"), balance(ledger, ZHONGNING, "PAYABLE-HOUSEHOLD")]).toEqual([597_500n, 0n]);

  // Found out afterwards: the household owes it, and its next paper is less by it.
  hear(ledger, settlementHears, desk.run(voidClaim, { county: ZHONGNING, claimId: "P1", reason: "重复报销" }).told);
  expect(ledger.get(books.key(ZHONGNING))?.debts).toEqual({ [HOUSEHOLD]: 402_500n });
  const setOff = hear(ledger, settlementHears, handIn("P2", "2011-11-01", "A2"));
  expect(setOff).toMatchObject([{ name: "PayableSetOff", body: { claimId: "P2", setOffFen: 402_500n } }]);
  hear(desk, claimsHears, setOff);
  expect(desk.get(claims.key("P2"))?.state).toBe("PAID");
  expect(ledger.get(books.key(ZHONGNING))?.debts).toBeUndefined();
});
