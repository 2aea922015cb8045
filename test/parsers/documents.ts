/** The documents that are shown to strangers: order files of ours in many shapes, and all that the sandbox's bank writes about them, from its real books. */
import { readBehaviour } from "../../deploy/sandbox/bank/behaviour.ts";
import { Books } from "../../deploy/sandbox/bank/books.ts";
import { decideCase } from "../../deploy/sandbox/bank/cancel.ts";
import { execute } from "../../deploy/sandbox/bank/execute.ts";
import { notification, resolution, statement, statusReport } from "../../deploy/sandbox/bank/iso20022.ts";
import { readCancellation } from "../../deploy/sandbox/bank/pain001.ts";
import { bookingOf, type FileRecord } from "../../deploy/sandbox/bank/records.ts";
import { camt056 } from "../../services/payment/domain/camt056.ts";
import { caseIdOf } from "../../services/payment/domain/cancel.ts";
import type { Order } from "../../services/payment/domain/documents.ts";
import { pain001 } from "../../services/payment/domain/pain001.ts";
import type { BankAccount } from "../../services/values/account.ts";
import { MAX_FEN } from "../../services/values/money.ts";
import { heard, type OrderFile, ordered, type Reading } from "./reading.ts";

export const DEBTOR: BankAccount = { bankCode: "105871000019", accountNumber: "6405000000000001", accountName: "宁夏新农合集中支付中心" };
export const DAY = "2011-11-25";
const CREATED_AT = Date.parse(`${DAY}T10:00:00.123+08:00`);
const NEXT_DAY = "2011-11-26";
const OPENING_FEN = 1_000_000_000_000n;

export interface Shown {
  readonly what: string;
  readonly xml: string;
  /** What we wrote into it, or read in it. */
  readonly reading: Reading;
}

export interface Transfer {
  readonly name?: string;
  readonly fen?: bigint;
  readonly account?: string;
}

/** An order as the payment centre cuts it, with the ids that it would have. */
function order(serial: number, index: number, { name = "中宁县人民医院", fen = 35_520n, account = "2987330000000017" }: Transfer): Order {
  const orderId = `P20111125${String(serial).padStart(6, "0")}-${String(index + 1).padStart(4, "0")}`;
  return {
    county: "640521",
    orderId,
    batchId: `B20111125${String(serial).padStart(6, "0")}`,
    payeeId: "H640521001",
    account: { bankCode: "105871000016", accountNumber: account, accountName: name },
    amountFen: fen,
    attempt: 1,
    endToEndId: `${orderId}01`,
    state: "OPEN",
    reason: "",
    payables: [],
    replaces: "",
    replacedBy: "",
    settledOn: "",
    returnedOn: "",
    contradiction: "",
  };
}

export function orderFile(serial: number, transfers: readonly Transfer[]): OrderFile {
  const orders = transfers.map((one, index) => order(serial, index, one));
  return { batchId: `B20111125${String(serial).padStart(6, "0")}`, debtor: DEBTOR, orders, createdAtMs: CREATED_AT, day: DAY };
}

/** Names that a registrar could have let in, and that are hard on whoever writes or reads XML. */
export const HARD_NAMES = [
  `</Nm><Amt>&"'<![CDATA[`,
  "]]>--><?xml?>",
  "&#x0;&amp;&lt;",
  "𠮷".repeat(140),
  "长".repeat(140),
  "宁夏回族自治区中卫市中宁县人民医院（分院）",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,-()/='+:?!\"%&*<>;{@#_",
  "é\u0301à\u200b",
];

const FILES: readonly (readonly [string, readonly Transfer[]])[] = [
  ["one order", [{}]],
  ["names that are hard on XML", HARD_NAMES.map((name) => ({ name }))],
  ["two hundred orders", Array.from({ length: 200 }, (_, index) => ({ fen: BigInt(index * index + 1) }))],
  ["the smallest and the largest amount", [{ fen: 1n }, { fen: MAX_FEN }]],
  ["accounts that the bank refuses", [{ account: "2987330000009901" }, {}, { account: "2987330000009904" }, { account: "29 873" }]],
  ["accounts whose money comes back", [{ account: "2987330000009977" }, { fen: 70_007n }]],
];

/** The bank, whose books nobody opens again. */
export async function openBank(atMs = CREATED_AT) {
  const paper = {
    readFile: async () => Buffer.alloc(0),
    truncate: async () => undefined,
    write: async (bytes: Buffer, from: number) => ({ bytesWritten: bytes.length - from }),
    datasync: async () => undefined,
    close: async () => undefined,
  };
  const clock = { nowMs: atMs };
  const books = await Books.on(paper, "books", () => clock.nowMs, { account: DEBTOR.accountNumber, fen: OPENING_FEN });
  const { behaviour } = readBehaviour("");
  const take = async (xml: string): Promise<FileRecord> => {
    const execution = execute(Buffer.from(xml, "utf8"), books, behaviour);
    if (execution.kind === "unreadable") throw new Error(`the bank cannot read it: ${execution.why}`);
    if (execution.kind === "file" && execution.fresh) await books.append(execution.file);
    return execution.file;
  };
  return { books, behaviour, clock, take };
}

/** Every kind of document once or more, each as it goes over the wire. */
export async function documents(): Promise<Shown[]> {
  const bank = await openBank();
  const { books, behaviour } = bank;
  const shown: Shown[] = [];
  const says = (what: string, xml: string) => shown.push({ what, xml, reading: heard(xml, DEBTOR.accountNumber) });
  says("camt.053: a day without entries", statement(DAY, books));

  let serial = 0;
  let paid: string | undefined;
  for (const [what, transfers] of FILES) {
    serial += 1;
    const file = orderFile(serial, transfers);
    const xml = pain001(file);
    shown.push({ what: `pain.001: ${what}`, xml, reading: ordered(file) });
    const record = await bank.take(xml);
    paid ??= record.transactions.find((one) => one.status === "ACSC")?.endToEndId;
    says(`pain.002: ${what}`, statusReport(record, books));
    for (const transaction of record.transactions.filter((one) => one.returnReason !== "")) {
      const { endToEndId, returnReason: reason } = transaction;
      const messageId = books.nextMessageId();
      await books.append({ kind: "returned", atMs: books.now(), messageId, endToEndId, reason });
      const booking = bookingOf("CRDT", transaction, record.of, books.now(), reason);
      says("camt.054: money that came back", notification(messageId, books.now(), [booking], books));
    }
  }

  const other = pain001(orderFile(1, [{ fen: 1n }]));
  says("pain.002: a MsgId that was used", statusReport(await bank.take(other), books));
  const wrong = pain001(orderFile(90, [{}]));
  says("pain.002: a wrong sum", statusReport(await bank.take(wrong.replaceAll("<CtrlSum>355.20<", "<CtrlSum>355.21<")), books));
  const batched = pain001(orderFile(91, [{}, { fen: 9_999n }])).replace("<BtchBookg>false<", "<BtchBookg>true<");
  says("pain.002: a batch that is booked as one", statusReport(await bank.take(batched), books));

  behaviour.mode = "deferred";
  const deferred = await bank.take(pain001(orderFile(92, [{}, { account: "2987330000009904" }, { fen: 5n }])));
  says("pain.002: taken, not yet settled", statusReport(deferred, books));
  // One of them is cancelled before it is settled; one that was paid and one that nobody knows are not.
  for (const [index, of] of [deferred.transactions[2]?.endToEndId, paid, "P20111125000099-000101"].entries()) {
    const order = { ...orderFile(92, [{}]).orders[0], endToEndId: of ?? "" } as Order;
    const why = `金额 "${index}" & <户名> 有误`;
    const parts = { caseId: caseIdOf(order), order, debtor: DEBTOR, reason: why, createdAtMs: CREATED_AT };
    const xml = camt056(parts);
    const row = { endToEndId: order.endToEndId, orderId: order.orderId, batch: order.batchId, amountFen: `${order.amountFen}`, why };
    shown.push({ what: `camt.056: ${index}`, xml, reading: { id: parts.caseId, head: {}, rows: [row] } });
    const wish = readCancellation(Buffer.from(xml, "utf8"));
    if (wish.kind !== "wish") throw new Error(wish.why);
    const { found } = decideCase(wish.wish, books);
    await books.append(found);
    says(`camt.029: ${found.granted ? "granted" : `refused, ${found.reason}`}`, resolution(found, books));
  }
  const messageId = books.nextMessageId();
  await books.append({ kind: "settled", atMs: books.now(), messageId, of: deferred.of });
  const pending = deferred.transactions.filter((one) => one.status === "PDNG" && !books.isCancelled(one));
  const debits = pending.map((one) => bookingOf("DBIT", one, deferred.of, books.now(), ""));
  says("camt.054: settled later", notification(messageId, books.now(), debits, books));
  says("pain.002: settled later", statusReport(deferred, books));

  says("camt.053: a day with all of these", statement(DAY, books));
  says("camt.053: the day after", statement(NEXT_DAY, books));
  return shown;
}
