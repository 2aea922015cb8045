/**
 * Invariant 5: what the bank's statements say is what the payment orders and the ledger say, or a break on the reconciliation list says why not.
 */
import { addDays } from "../values/days.ts";
import type { Findings } from "./findings.ts";
import type { BankDayView, Flight, Records, StatementView } from "./records.ts";
import { newTally, type Tally } from "./tally.ts";

export const BANK_TITLE = {
  invariant: 5,
  zh: "银行对账单与账簿银行存款一致，差异均列入对账清单并注明原因",
  en: "What the bank's statements say and what the ledger's bank accounts say is the same, or is on the reconciliation list with its reason",
} as const;

export async function checkBank(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const orders = await settledOrders(records);
  const late = await checkStatements(records, orders.byDay, findings);
  const posted = await checkPaid(records, orders.standingFen, flight, findings);
  await checkLedgerBeside(records, posted, late, flight, findings);
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

/** Orders may settle on a day after its statement was booked; what the statement has, they must have. Gives how much has been settled on each day since. */
async function checkStatements(records: Records, orders: Tally, findings: Findings): Promise<Tally> {
  const late = newTally();
  let last: StatementView | undefined;
  for await (const statement of records.statements()) {
    const { state, day, openingFen, creditsFen, debitsFen, closingFen, breaks, sums: compared } = statement;
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
    if (!compared) continue;
    const lateFen = orders.of(day) - compared.ordersFen - compared.missingDebitsFen;
    findings.hold(
      lateFen >= 0n,
      () =>
        `statement ${day} was compared with orders of ${compared.ordersFen + compared.missingDebitsFen} fen, of that day there are ${orders.of(day)}`,
    );
    late.add(day, lateFen);
  }
  return late;
}

/** What the ledger's bank entries of each day have paid and taken back. */
interface Posted {
  readonly paid: Tally;
  readonly returned: Tally;
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
async function checkPaid(records: Records, standingFen: bigint, flight: Flight, findings: Findings): Promise<Posted> {
  const [paid, returned] = [newTally(), newTally()];
  let postedFen = 0n;
  for await (const { _id, day, payables = [] } of records.bankEntries()) {
    const sign = _id.startsWith("returned/") ? -1n : 1n;
    findings.look();
    for (const { fen } of payables) {
      postedFen += sign * fen;
      (sign > 0n ? paid : returned).add(day, fen);
    }
  }
  findings.look();
  const same = postedFen === standingFen;
  findings.hold(
    same || !flight.settled,
    () => `the ledger has paid ${postedFen} fen from the bank, the settled orders sum to ${standingFen}`,
  );
  return { paid, returned };
}

/** A difference is on the list this long after its statement was told: what was on its way has then had its time, and been looked at. */
const LISTED_AFTER_MS = 600_000;

/** Each statement beside the ledger: recomputed from the entries and the statements, and what does not agree is on the list. */
async function checkLedgerBeside(records: Records, posted: Posted, late: Tally, flight: Flight, findings: Findings): Promise<void> {
  let before: BankDayView | undefined;
  let listed = true;
  let unlisted: (readonly [day: string, fen: bigint])[] = [];
  for await (const day of records.bankDays()) {
    findings.look();
    const { found, openSinceMs } = day;
    if (!found) {
      findings.hold(flight.nowMs - day.heardAtMs < LISTED_AFTER_MS, () => `statement ${day.day} was never compared with the ledger`);
      before = undefined;
      continue;
    }
    checkCompared(day, before, findings);
    const isNext = !before || addDays(before.day, 1) === day.day;
    if (flight.settled && isNext && openSinceMs === undefined) checkPosted(day, posted, late, findings);
    listed = found.standingFen === 0n || found.isOpen || (listed && found.differenceFen === 0n);
    // An evening that agrees is the end of what the ones before it lacked.
    if (found.standingFen === 0n) unlisted = [];
    else if (!listed && flight.nowMs - day.heardAtMs >= LISTED_AFTER_MS) unlisted.push([day.day, found.standingFen]);
    before = day;
  }
  for (const [day, fen] of unlisted)
    findings.hold(false, () => `statement ${day} and the ledger differ by ${fen} fen, and no break says so`);
}

/** What the comparison came to follows from what it was made of. */
function checkCompared({ day, statement, found }: BankDayView, before: BankDayView | undefined, findings: Findings): void {
  if (!found) return;
  const { ledger, differenceFen, standingFen, pendingFen } = found;
  const pendingBefore = before?.found?.pendingFen ?? 0n;
  const bankFen = statement.closingFen - (before?.statement.closingFen ?? statement.openingFen);
  const listedFen = statement.otherCreditsFen - statement.otherDebitsFen + statement.missingDebitsFen - statement.missingReturnsFen;
  const stray = (fen: bigint) => (fen < 0n ? -fen : 0n);
  const expectedFen = ledger.returnedFen - ledger.paidFen + listedFen - stray(pendingFen) + stray(pendingBefore);
  const follows =
    bankFen - expectedFen === differenceFen &&
    (before?.found?.standingFen ?? 0n) + differenceFen === standingFen &&
    pendingBefore + ledger.receiptsFen - statement.otherCreditsFen === pendingFen;
  findings.hold(
    follows,
    () => `statement ${day} moved ${bankFen} fen and should have moved ${expectedFen}; the comparison says ${differenceFen}`,
  );
}

/** What it was made of is what the entries of the day are, apart from what was settled since. */
function checkPosted({ day, found }: BankDayView, { paid, returned }: Posted, late: Tally, findings: Findings): void {
  const paidFen = (found?.ledger.paidFen ?? 0n) + late.of(day);
  findings.hold(
    paid.of(day) === paidFen && returned.of(day) >= (found?.ledger.returnedFen ?? 0n),
    () =>
      `statement ${day} was compared with ${paidFen} fen paid and ${found?.ledger.returnedFen} come back; the entries of that day have ${paid.of(day)} and ${returned.of(day)}`,
  );
}
