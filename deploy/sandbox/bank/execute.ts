/**
 * What the bank does with a file: once per MsgId, once per EndToEndId, for ever. Same MsgId and same bytes: the same answer again; other bytes: AM05.
 * Decides only; the books remember.
 */
import { createHash } from "node:crypto";
import type { Behaviour, Return } from "./behaviour.ts";
import type { Books } from "./books.ts";
import { type Order, type PaymentFileReader, type Reading, readPaymentFile } from "./pain001.ts";
import type { FileRecord, Transaction } from "./records.ts";

/** Account numbers are 8 to 32 letters and digits; all others are refused with AC01. */
const ACCOUNT = /^[0-9A-Za-z]{8,32}$/;
/** Endings of account numbers that force an outcome, like test cards. */
export const MAGIC_REFUSALS: Readonly<Record<string, string>> = { "9901": "AC01", "9904": "AC04" };
export const MAGIC_RETURN = { ending: "9977", reason: "AC04", afterMs: 2_000 };
const ENDING = 4;
export const DUPLICATE = "AM05";

export type Execution =
  /** Nothing that an answer could name. */
  | { readonly kind: "unreadable"; readonly why: string }
  /** The file as it was executed, now or before. */
  | { readonly kind: "file"; readonly file: FileRecord; readonly fresh: boolean }
  /** The MsgId is in use for other content; nothing is entered. */
  | { readonly kind: "reused"; readonly file: FileRecord };

/** Reads and executes one file against the books. What is fresh must be appended to the books by the caller, in the same turn. */
export function execute(bytes: Uint8Array, books: Books, behaviour: Behaviour, read: PaymentFileReader = readPaymentFile): Execution {
  const reading = read(bytes);
  if (reading.kind === "unreadable") return reading;
  const of = reading.kind === "file" ? reading.file.messageId : reading.messageId;
  const hash = createHash("sha256").update(bytes).digest("hex");
  const known = books.files.get(of);
  if (known)
    return known.hash === hash ? { kind: "file", file: known, fresh: false } : { kind: "reused", file: reused(known, hash, books.now()) };
  const atMs = books.now();
  const { reason, why } = fault(reading, books);
  const transactions = reading.kind === "file" && reason === "" ? settle(reading.file.orders, books, behaviour) : [];
  const pending = transactions.some((transaction) => transaction.status === "PDNG");
  const file: FileRecord = {
    kind: "file",
    atMs,
    messageId: books.nextMessageId(),
    of,
    hash,
    reason,
    why,
    answerTwice: behaviour.answerTwice > 0,
    settleAtMs: pending ? atMs + behaviour.delayMs : 0,
    transactions,
  };
  return { kind: "file", file, fresh: true };
}

/** What is wrong with the file as a whole; reason is empty where nothing is. */
function fault(reading: Exclude<Reading, { kind: "unreadable" }>, books: Books): { reason: string; why: string } {
  if (reading.kind === "rejected") return { reason: reading.reason, why: reading.why };
  const foreign = reading.file.debtorAccounts.find((account) => account !== books.account);
  return foreign === undefined ? { reason: "", why: "" } : { reason: "AC02", why: `DbtrAcct ${foreign} is not the customer's account` };
}

function reused(known: FileRecord, hash: string, atMs: number): FileRecord {
  const messageId = `RE${hash.slice(0, 30)}`;
  return { ...known, atMs, messageId, hash, reason: DUPLICATE, why: "this MsgId is in use for other content", transactions: [] };
}

function settle(orders: readonly Order[], books: Books, behaviour: Behaviour): Transaction[] {
  const here = new Set<string>();
  let leftFen = books.balanceFen;
  return orders.map((order): Transaction => {
    const reason = refusalOf(order, leftFen, here.has(order.endToEndId) || books.transactionOf(order.endToEndId) !== undefined, behaviour);
    here.add(order.endToEndId);
    if (reason === "") leftFen -= order.fen;
    const back = reason === "" ? returnOf(order.account, behaviour) : undefined;
    const status = reason !== "" ? "RJCT" : behaviour.mode === "deferred" ? "PDNG" : "ACSC";
    return { ...order, status, reason, returnReason: back?.reason ?? "", returnAfterMs: back?.afterMs ?? 0 };
  });
}

/** AM05 used before · AC01 no account · AC04 closed · RC01 no bank code · AM04 not enough money; empty where it is paid. */
function refusalOf({ account, bankCode, fen }: Order, leftFen: bigint, used: boolean, behaviour: Behaviour): string {
  if (used) return DUPLICATE;
  const told = behaviour.rejectAccounts.get(account) ?? MAGIC_REFUSALS[account.slice(-ENDING)];
  if (told !== undefined) return told;
  if (!ACCOUNT.test(account)) return "AC01";
  if (!/^\d{12}$/.test(bankCode)) return "RC01";
  return fen > leftFen ? "AM04" : "";
}

function returnOf(account: string, behaviour: Behaviour): Return | undefined {
  return behaviour.returnAccounts.get(account) ?? (account.endsWith(MAGIC_RETURN.ending) ? MAGIC_RETURN : undefined);
}
