/**
 * Invariant 5: what the bank's statements say is what the payment orders and the ledger say, or a break on the reconciliation list says why not.
 */
import type { Findings } from "./findings.ts";
import type { Flight, Records, StatementView } from "./records.ts";
import { newTally, type Tally } from "./tally.ts";

export const BANK_TITLE = {
  invariant: 5,
  zh: "银行对账单与账簿银行存款一致，差异均列入对账清单并注明原因",
  en: "What the bank's statements say and what the ledger's bank accounts say is the same, or is on the reconciliation list with its reason",
} as const;

export async function checkBank(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const orders = await settledOrders(records);
  await checkStatements(records, orders.byDay, findings);
  await checkPaid(records, orders.standingFen, flight, findings);
}

interface SettledOrders {
  /** Day of the bank's debit → what the orders of that day carry. */
  readonly byDay: Tally;
  /** What the bank has paid and not sent back. */
  readonly standingFen: bigint;
}

async function settledOrders(records: Records): Promise<SettledOrders> {
  const byDay = newTally();
  let standingFen = 0n;
  for await (const { state, amountFen, settledOn } of records.orders()) {
    if (settledOn !== "") byDay.add(settledOn, amountFen);
    if (state === "SETTLED") standingFen += amountFen;
  }
  return { byDay, standingFen };
}

/** Orders may settle on a day after its statement was booked; what the statement has, they must have. */
async function checkStatements(records: Records, orders: Tally, findings: Findings): Promise<void> {
  let last: StatementView | undefined;
  for await (const statement of records.statements()) {
    const { state, day, openingFen, creditsFen, debitsFen, closingFen, breaks } = statement;
    if (state !== "BOOKED") continue;
    findings.look();
    checkContinuity(statement, last, findings);
    last = statement;
    const listed = breaks.some(({ kind }) => kind === "STATEMENT_SUM");
    const sums = openingFen + creditsFen - debitsFen === closingFen;
    findings.hold(
      sums || listed,
      () => `statement ${day}: ${openingFen} + ${creditsFen} - ${debitsFen} is not ${closingFen}, and no break says so`,
    );
    const known = debitsFen <= orders.of(day);
    findings.hold(
      known || breaks.length > 0,
      () => `statement ${day} has debits of ${debitsFen} fen, the orders of ${orders.of(day)}, and no break says why`,
    );
    for (const { kind, zh, en } of breaks) findings.hold(zh !== "" && en !== "", () => `statement ${day}: a break ${kind} has no reason`);
  }
}

/** It opens with what the one before closed with. A gap is on the list of the later one; where the earlier one contradicts itself, on its own. */
function checkContinuity({ day, openingFen, breaks }: StatementView, last: StatementView | undefined, findings: Findings): void {
  if (!last) return;
  const listed = breaks.some(({ kind }) => kind === "BALANCE_GAP") || last.breaks.some(({ kind }) => kind === "STATEMENT_SUM");
  findings.hold(
    openingFen === last.closingFen || listed,
    () => `statement ${day} opens with ${openingFen}, that of ${last.day} closed with ${last.closingFen}, and no break says so`,
  );
}

/** What the ledger's bank entries have paid, less what came back, is what the bank has. While events are on their way the two may differ. */
async function checkPaid(records: Records, standingFen: bigint, flight: Flight, findings: Findings): Promise<void> {
  let postedFen = 0n;
  for await (const { _id, payables = [] } of records.bankEntries()) {
    const sign = _id.startsWith("returned/") ? -1n : 1n;
    findings.look();
    for (const { fen } of payables) postedFen += sign * fen;
  }
  findings.look();
  const same = postedFen === standingFen;
  findings.hold(
    same || !flight.settled,
    () => `the ledger has paid ${postedFen} fen from the bank, the settled orders sum to ${standingFen}`,
  );
}
