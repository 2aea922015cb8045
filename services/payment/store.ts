/** What payment finds again beyond documents by their key: what waits, what is to be sent, what was settled on a day. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import { bankOf, bankPart, ofBank } from "../values/banks.ts";
import { batchCounter, FIRST_SERIAL } from "./domain/batch.ts";
import { MAX_DUES } from "./domain/cut.ts";
import {
  type Batch,
  type BatchState,
  batches,
  type Cancellation,
  cancellations,
  type Doubted,
  type Due,
  doubted,
  dues,
  type KnownAccount,
  knownAccounts,
  type Order,
  orders,
  type Schedule,
  type Statement,
  statements,
  TO_REISSUE,
} from "./domain/documents.ts";
import type { StatementContent } from "./domain/reconcile.ts";

const NOT_ENDED: readonly BatchState[] = ["PROPOSED", "APPROVED", "SENDING", "UNKNOWN", "ACCEPTED"];
const MAX_DAY_ORDERS = 20_000;
const MAX_WANTED = 10;
const MAX_CANCELLATIONS = 20;

export const indexes: Indexes = {
  dues: [
    { keys: { schedule: 1, dueAtMs: 1 }, partial: { state: "WAITING" } },
    { keys: { county: 1, payeeId: 1 }, partial: { state: "NO_ACCOUNT" } },
    { keys: { dueAtMs: 1 }, partial: { state: "ON_CHECK" } },
  ],
  payees: [],
  orders: [
    { keys: { settledOn: 1 }, partial: { settledOn: { $gt: "" } } },
    { keys: { returnedOn: 1 }, partial: { returnedOn: { $gt: "" } } },
    { keys: { orderId: 1 }, partial: { state: { $in: [...TO_REISSUE] } } },
  ],
  batches: [{ keys: { state: 1, serial: 1 } }],
  files: [],
  counters: [],
  statements: [{ keys: { state: 1, day: 1 } }],
  messages: [],
  cancellations: [{ keys: { askedOn: -1, caseId: -1 } }, { keys: { caseId: 1 }, partial: { state: { $in: ["ASKED", "PENDING"] } } }],
  knownaccounts: [{ keys: { on: 1 }, partial: { state: "DISPROVED" } }],
  approvedby: [],
  doubted: [{ keys: { firstAtMs: -1 } }],
  references: [],
};

/** Waiting dues of a schedule that fell due before an instant, oldest first, as many as one cut looks at. */
export function waitingBefore(reader: Reader, schedule: Schedule, beforeMs: number): Promise<readonly Due[]> {
  return reader.find(dues, { state: "WAITING", schedule, dueAtMs: { $lt: beforeMs } }, { sort: { dueAtMs: 1 }, limit: MAX_DUES });
}

/** Waiting dues of a schedule that fell due up to and with a day, oldest first, as many as one cut looks at. */
export function waitingUpTo(reader: Reader, schedule: Schedule, day: string): Promise<readonly Due[]> {
  return reader.find(dues, { state: "WAITING", schedule, dueOn: { $lte: day } }, { sort: { dueAtMs: 1 }, limit: MAX_DUES });
}

/** The number that the next batch will get, if nobody is faster. */
export async function nextSerial(reader: Reader): Promise<number> {
  return (await reader.get(batchCounter))?.next ?? FIRST_SERIAL;
}

/** The batches in any of these states, oldest first; of one bank, or with "" of all. */
export function batchesIn(reader: Reader, states: readonly BatchState[], limit: number, bank: string): Promise<readonly Batch[]> {
  const [only] = states;
  const filter = { state: states.length === 1 ? only : { $in: [...states] }, ...filterOf(bank) };
  return reader.find(batches, filter, { sort: { serial: 1 }, limit });
}

/** Batches that are not at their end and whose bank is none of these. */
export function strandedBatches(reader: Reader, banks: readonly string[], limit: number): Promise<readonly Batch[]> {
  const others = { $exists: true, $nin: [...banks] };
  return reader.find(batches, { state: { $in: [...NOT_ENDED] }, bank: others }, { sort: { serial: 1 }, limit });
}

function filterOf(bank: string) {
  return bank === "" ? {} : ofBank(bank);
}

/** A batch's orders in its order. */
export async function ordersOf(reader: Reader, batch: Batch): Promise<readonly Order[]> {
  const found = await reader.getAll(batch.orderIds.map((id) => orders.key(id)));
  return batch.orderIds.map((id) => found.get(id)).filter((order) => order !== undefined);
}

/** Orders that wait for a maker, oldest first. */
export function ordersToReissue(reader: Reader, limit: number): Promise<readonly Order[]> {
  return reader.find(orders, { state: { $in: [...TO_REISSUE] } }, { sort: { orderId: 1 }, limit });
}

/** The ids of a bank's orders that were settled, or returned, on a day. */
export async function orderIdsBookedOn(reader: Reader, bank: string, day: string): Promise<readonly string[]> {
  const [settled, returned] = await Promise.all([
    reader.find(orders, { settledOn: day, ...ofBank(bank) }, { limit: MAX_DAY_ORDERS }),
    reader.find(orders, { returnedOn: day, ...ofBank(bank) }, { limit: MAX_DAY_ORDERS }),
  ]);
  return [...new Set([...settled, ...returned].map((order) => order.orderId))];
}

/** The day of a bank's last statement that was booked before this day's; empty where there is none. */
export async function bookedBefore(reader: Reader, bank: string, day: string): Promise<string> {
  const [last] = await reader.find(statements, { state: "BOOKED", day: { $lt: day }, ...ofBank(bank) }, { sort: { day: -1 }, limit: 1 });
  return last?.day ?? "";
}

/** The day of the bank's statement that was booked next after a day; empty where there is none. */
export async function bookedAfter(reader: Reader, bank: string, day: string): Promise<string> {
  const [next] = await reader.find(statements, { state: "BOOKED", day: { $gt: day }, ...ofBank(bank) }, { sort: { day: 1 }, limit: 1 });
  return next?.day ?? "";
}

/** The statements that do not agree with the orders or the ledger, oldest first; of one bank, or with "" of all. One a day and bank: few enough to be looked through. */
export async function statementsWithBreaks(reader: Reader, limit: number, bank: string): Promise<readonly Statement[]> {
  const [orders, ledger] = await Promise.all([
    reader.find(statements, { breaks: { $ne: [] }, ...filterOf(bank) }, { sort: { day: 1 }, limit }),
    reader.find(statements, { "ledger.isOpen": true, ...filterOf(bank) }, { sort: { day: 1 }, limit }),
  ]);
  const byDay = new Map([...orders, ...ledger].map((statement) => [bankPart(bankOf(statement), statement.day), statement]));
  return [...byDay.values()].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(0, limit);
}

const MAX_OPEN_BATCHES = 100;

/** A bank's orders that may have no outcome yet, which an entry that names none could be of; none where every entry of the statement names one. */
export async function openOrderIds(reader: Reader, bank: string, { entries }: StatementContent): Promise<readonly string[]> {
  if (!entries.some(({ endToEndId, direction }) => direction === "DEBIT" && endToEndId === "")) return [];
  const open = await batchesIn(reader, ["SENDING", "UNKNOWN", "ACCEPTED"], MAX_OPEN_BATCHES, bank);
  return open.flatMap(({ orderIds }) => orderIds);
}

/** Dues whose payee's account the bank has disproved, oldest first. */
export function duesOnCheck(reader: Reader, limit: number): Promise<readonly Due[]> {
  return reader.find(dues, { state: "ON_CHECK" }, { sort: { dueAtMs: 1 }, limit });
}

/** Accounts that the bank has disproved and nobody has confirmed since, oldest first. */
export function disprovedAccounts(reader: Reader, limit: number): Promise<readonly KnownAccount[]> {
  return reader.find(knownAccounts, { state: "DISPROVED" }, { sort: { on: 1 }, limit });
}

/** Cancellations that a bank has not decided yet, oldest first. */
export function openCancellations(reader: Reader, bank: string): Promise<readonly Cancellation[]> {
  return reader.find(
    cancellations,
    { state: { $in: ["ASKED", "PENDING"] }, ...ofBank(bank) },
    { sort: { caseId: 1 }, limit: MAX_CANCELLATIONS },
  );
}

/** The newest cancellations. */
export function newestCancellations(reader: Reader, limit: number): Promise<readonly Cancellation[]> {
  return reader.find(cancellations, {}, { sort: { askedOn: -1, caseId: -1 }, limit });
}

export function doubtedMessages(reader: Reader, limit: number): Promise<readonly Doubted[]> {
  return reader.find(doubted, {}, { sort: { firstAtMs: -1 }, limit });
}

export function wantedStatements(reader: Reader, bank: string): Promise<readonly Statement[]> {
  return reader.find(statements, { state: "WANTED", ...ofBank(bank) }, { sort: { day: 1 }, limit: MAX_WANTED });
}
