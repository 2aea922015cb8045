/**
 * Invariant 5: what each bank's statements say is what the payment orders and the ledger say, or a break on the reconciliation list says why not.
 */
import { bankOf, bankPart } from "../values/banks.ts";
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
  const posted = await checkPaid(records, orders.standing, flight, findings);
  await checkLedgerBeside(records, posted, late, flight, findings);
}

interface SettledOrders {
  /** Bank and day of its debit → what the orders of that day carry. */
  readonly byDay: Tally;
  /** What each bank has paid and not sent back. */
  readonly standing: Tally;
}

async function settledOrders(records: Records): Promise<SettledOrders> {
  const byDay = newTally();
  const standing = newTally();
  for await (const order of records.orders()) {
    const { state, amountFen, settledOn } = order;
    if (settledOn !== "") byDay.add(bankPart(bankOf(order), settledOn), amountFen);
    if (state === "SETTLED") standing.add(bankOf(order), amountFen);
  }
  return { byDay, standing };
}

/** How a bank's day is called. */
function nameOf(one: StatementView | BankDayView): string {
  return bankPart(bankOf(one), one.day);
}

/** Orders may settle on a day after its statement was booked; what the statement has, they must have. Gives how much has been settled on each bank's day since. */
async function checkStatements(records: Records, orders: Tally, findings: Findings): Promise<Tally> {
  const late = newTally();
  const lasts = new Map<string, StatementView>();
  for await (const statement of records.statements()) {
    const { state, openingFen, creditsFen, debitsFen, closingFen, breaks, sums: compared } = statement;
    if (state !== "BOOKED") continue;
    findings.look();
    const day = nameOf(statement);
    checkContinuity(statement, lasts.get(bankOf(statement)), findings);
    lasts.set(bankOf(statement), statement);
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

/** What the ledger's bank entries of each bank's day have paid and taken back. */
interface Posted {
  readonly paid: Tally;
  readonly returned: Tally;
}

/** It opens with what the one before closed with. A gap is on the list of the later one; where the earlier one contradicts itself, on its own. */
function checkContinuity(statement: StatementView, last: StatementView | undefined, findings: Findings): void {
  if (!last) return;
  const { openingFen, breaks } = statement;
  const listed = breaks.some(({ kind }) => kind === "BALANCE_GAP") || last.breaks.some(({ kind }) => kind === "STATEMENT_SUM");
  findings.hold(
    openingFen === last.closingFen || listed,
    () =>
      `statement ${nameOf(statement)} opens with ${openingFen}, that of ${last.day} closed with ${last.closingFen}, and no break says so`,
  );
}

/** What the ledger's entries of a bank have paid, less what came back, is what the bank has. While events are on their way the two may differ. */
async function checkPaid(records: Records, standing: Tally, flight: Flight, findings: Findings): Promise<Posted> {
  const [paid, returned] = [newTally(), newTally()];
  const posted = newTally();
  for await (const entry of records.bankEntries()) {
    const bank = bankOf(entry);
    const sign = entry._id.startsWith("returned/") ? -1n : 1n;
    findings.look();
    for (const { fen } of entry.payables ?? []) {
      posted.add(bank, sign * fen);
      (sign > 0n ? paid : returned).add(bankPart(bank, entry.day), fen);
    }
  }
  for (const bank of new Set([...posted.names(), ...standing.names()])) {
    findings.look();
    const [postedFen, standingFen] = [posted.of(bank), standing.of(bank)];
    findings.hold(
      postedFen === standingFen || !flight.settled,
      () => `the ledger has paid ${postedFen} fen from bank ${bank}, its settled orders sum to ${standingFen}`,
    );
  }
  return { paid, returned };
}

/** A difference is on the list this long after its statement was told: what was on its way has then had its time, and been looked at. */
const LISTED_AFTER_MS = 600_000;

/** A bank's days so far. */
interface Chain {
  before: BankDayView | undefined;
  listed: boolean;
  unlisted: (readonly [day: string, fen: bigint])[];
}

/** Each statement beside the ledger: recomputed from the entries and the statements, and what does not agree is on the list. */
async function checkLedgerBeside(records: Records, posted: Posted, late: Tally, flight: Flight, findings: Findings): Promise<void> {
  const chains = new Map<string, Chain>();
  for await (const day of records.bankDays()) {
    findings.look();
    const { found, openSinceMs } = day;
    const chain = chains.get(bankOf(day)) ?? { before: undefined, listed: true, unlisted: [] };
    chains.set(bankOf(day), chain);
    if (!found) {
      findings.hold(flight.nowMs - day.heardAtMs < LISTED_AFTER_MS, () => `statement ${nameOf(day)} was never compared with the ledger`);
      chain.before = undefined;
      continue;
    }
    const { before } = chain;
    checkCompared(day, before, findings);
    const isNext = !before || addDays(before.day, 1) === day.day;
    if (flight.settled && isNext && openSinceMs === undefined) checkPosted(day, posted, late, findings);
    chain.listed = found.standingFen === 0n || found.isOpen || (chain.listed && found.differenceFen === 0n);
    // An evening that agrees is the end of what the ones before it lacked.
    if (found.standingFen === 0n) chain.unlisted = [];
    else if (!chain.listed && flight.nowMs - day.heardAtMs >= LISTED_AFTER_MS) chain.unlisted.push([nameOf(day), found.standingFen]);
    chain.before = day;
  }
  for (const [day, fen] of [...chains.values()].flatMap(({ unlisted }) => unlisted))
    findings.hold(false, () => `statement ${day} and the ledger differ by ${fen} fen, and no break says so`);
}

/** What the comparison came to follows from what it was made of. */
function checkCompared(day: BankDayView, before: BankDayView | undefined, findings: Findings): void {
  const { statement, found } = day;
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
    () => `statement ${nameOf(day)} moved ${bankFen} fen and should have moved ${expectedFen}; the comparison says ${differenceFen}`,
  );
}

/** What it was made of is what the entries of the day are, apart from what was settled since. */
function checkPosted(one: BankDayView, { paid, returned }: Posted, late: Tally, findings: Findings): void {
  const { found } = one;
  const day = nameOf(one);
  const paidFen = (found?.ledger.paidFen ?? 0n) + late.of(day);
  findings.hold(
    paid.of(day) === paidFen && returned.of(day) >= (found?.ledger.returnedFen ?? 0n),
    () =>
      `statement ${day} was compared with ${paidFen} fen paid and ${found?.ledger.returnedFen} come back; the entries of that day have ${paid.of(day)} and ${returned.of(day)}`,
  );
}
