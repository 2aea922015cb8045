/** Writes the bank's messages: pain.002.001.12, camt.053.001.08, camt.054.001.08. Strings put together, element by element in the order of the standard. */
import { startOfDayMs } from "../../../services/values/days.ts";
import { sum, yuan } from "../../../services/values/money.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Books } from "./books.ts";
import type { Booking, CaseRecord, FileRecord } from "./records.ts";
import { AS_IT_IS, accountDay, type Standing, type StatementManner, standingOf } from "./standing.ts";
import { escapeXml } from "./xml.ts";

const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;
const MAX_TEXT = 105;
/** Where there was no order: the element must be there. */
const NO_ID = "NOTPROVIDED";

/** ISO 8601 in Asia/Shanghai. */
function time(atMs: number): string {
  return new Date(atMs + SHANGHAI_MS).toISOString().replace("Z", "+08:00");
}

function document(message: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${message}">${body}</Document>\n`;
}

const cny = (fen: bigint) => `Ccy="CNY">${yuan(fen)}`;
const optional = (name: string, text: string) => (text === "" ? "" : `<${name}>${escapeXml(text)}</${name}>`);

/** The answer to a file as it now stands; the same bytes again while nothing has changed. */
export function statusReport(file: FileRecord, books: Books): string {
  const { messageId, atMs, groupStatus, transactions } = standingOf(file, books);
  const header = `<GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>${time(atMs)}</CreDtTm></GrpHdr>`;
  const reason =
    file.reason === ""
      ? ""
      : `<StsRsnInf><Rsn><Cd>${file.reason}</Cd></Rsn><AddtlInf>${escapeXml(file.why.slice(0, MAX_TEXT))}</AddtlInf></StsRsnInf>`;
  const totals =
    file.reason === ""
      ? `<OrgnlNbOfTxs>${file.transactions.length}</OrgnlNbOfTxs><OrgnlCtrlSum>${yuan(sum(file.transactions.map((one) => one.fen)))}</OrgnlCtrlSum>`
      : "";
  const group =
    `<OrgnlGrpInfAndSts><OrgnlMsgId>${escapeXml(file.of)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${totals}` +
    `<GrpSts>${groupStatus}</GrpSts>${reason}</OrgnlGrpInfAndSts>`;
  const payments = [...Map.groupBy(transactions, (one) => one.transaction.paymentInformationId)].map(
    ([id, ofPayment]) =>
      `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${escapeXml(id)}</OrgnlPmtInfId>${ofPayment.map(transactionStatus).join("")}</OrgnlPmtInfAndSts>`,
  );
  return document("pain.002.001.12", `<CstmrPmtStsRpt>${header}${group}${payments.join("")}</CstmrPmtStsRpt>`);
}

function transactionStatus({ transaction, status, reason: code, settledOn }: Standing): string {
  const reason = code === "" ? "" : `<StsRsnInf><Rsn><Cd>${code}</Cd></Rsn></StsRsnInf>`;
  const on = settledOn === "" ? "" : `<IntrBkSttlmDt>${settledOn}</IntrBkSttlmDt>`;
  return (
    `<TxInfAndSts>${optional("OrgnlInstrId", transaction.instructionId)}<OrgnlEndToEndId>${escapeXml(transaction.endToEndId)}</OrgnlEndToEndId>` +
    `<TxSts>${status}</TxSts>${reason}<OrgnlTxRef><Amt><InstdAmt ${cny(transaction.fen)}</InstdAmt></Amt>${on}</OrgnlTxRef></TxInfAndSts>`
  );
}

const account = (books: Books) => `<Acct><Id><Othr><Id>${escapeXml(books.account)}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>`;

/** One entry for each booking, or one for all bookings of a payment information that asked for batch booking, or of each where the bank books batches so. */
function entries(bookings: readonly Booking[], batches: Behaviour["bookBatches"]): string {
  const grouped = Map.groupBy(bookings, ({ direction, transaction, of }, index) =>
    direction === "DBIT" && (transaction.batchBooking || batches !== "asked") ? `${of}/${transaction.paymentInformationId}` : index,
  );
  return [...grouped.values()].map((some) => entry(some, batches)).join("");
}

function entry(bookings: readonly Booking[], batches: Behaviour["bookBatches"]): string {
  const [first] = bookings;
  if (!first) return "";
  const { atMs, day, direction, transaction, of } = first;
  const total = sum(bookings.map((booking) => booking.transaction.fen));
  const batch = (transaction.batchBooking || batches !== "asked") && direction === "DBIT";
  const summary = batch
    ? `<Btch><MsgId>${escapeXml(of)}</MsgId><PmtInfId>${escapeXml(transaction.paymentInformationId)}</PmtInfId><NbOfTxs>${bookings.length}</NbOfTxs></Btch>`
    : "";
  const code = direction === "DBIT" ? "DMCT" : "RRTN";
  return (
    `<Ntry><Amt ${cny(total)}</Amt><CdtDbtInd>${direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>${time(atMs)}</DtTm></BookgDt><ValDt><Dt>${day}</Dt></ValDt>` +
    `<BkTxCd>${domain(code)}</BkTxCd><NtryDtls>${summary}${batch && batches === "sum" ? "" : bookings.map(details).join("")}</NtryDtls></Ntry>`
  );
}

const domain = (code: string) => `<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>${code}</SubFmlyCd></Fmly></Domn>`;

function details({ direction, transaction, of, returnReason }: Booking): string {
  const { paymentInformationId, instructionId, endToEndId, fen, name, account: number } = transaction;
  const to = number === "" ? "" : `<CdtrAcct><Id><Othr><Id>${escapeXml(number)}</Id></Othr></Id></CdtrAcct>`;
  const back =
    returnReason === "" ? "" : `<RtrInf><OrgnlBkTxCd>${domain("DMCT")}</OrgnlBkTxCd><Rsn><Cd>${returnReason}</Cd></Rsn></RtrInf>`;
  return (
    `<TxDtls><Refs>${optional("MsgId", of)}${optional("PmtInfId", paymentInformationId)}${optional("InstrId", instructionId)}` +
    `<EndToEndId>${escapeXml(endToEndId || NO_ID)}</EndToEndId></Refs><Amt ${cny(fen)}</Amt><CdtDbtInd>${direction}</CdtDbtInd>` +
    `<RltdPties><Cdtr><Pty><Nm>${escapeXml(name)}</Nm></Pty></Cdtr>${to}</RltdPties>${back}</TxDtls>`
  );
}

/** What was booked and when the customer is told of it: debits of a deferred file, or the credit of a return. */
export function notification(
  messageId: string,
  atMs: number,
  bookings: readonly Booking[],
  books: Books,
  batches: Behaviour["bookBatches"] = "asked",
): string {
  return document(
    "camt.054.001.08",
    `<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>${time(atMs)}</CreDtTm></GrpHdr>` +
      `<Ntfctn><Id>${messageId}</Id><CreDtTm>${time(atMs)}</CreDtTm>${account(books)}${entries(bookings, batches)}</Ntfctn></BkToCstmrDbtCdtNtfctn>`,
  );
}

/** The statement of a day, which may still be under way. */
export function statement(
  day: string,
  books: Books,
  { bookBatches: batches, wrongClosingFen: overFen }: StatementManner = AS_IT_IS,
): string {
  const { messageId, atMs, openingFen, closingFen, bookings } = accountDay(day, books, overFen);
  const balance = (code: string, fen: bigint) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt ${cny(fen < 0n ? -fen : fen)}</Amt><CdtDbtInd>${fen < 0n ? "DBIT" : "CRDT"}</CdtDbtInd><Dt><Dt>${day}</Dt></Dt></Bal>`;
  return document(
    "camt.053.001.08",
    `<BkToCstmrStmt><GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>${time(atMs)}</CreDtTm></GrpHdr><Stmt><Id>${messageId}</Id><CreDtTm>${time(atMs)}</CreDtTm>` +
      `<FrToDt><FrDtTm>${time(startOfDayMs(day))}</FrDtTm><ToDtTm>${time(startOfDayMs(day) + DAY_MS - 1)}</ToDtTm></FrToDt>` +
      `${account(books)}${balance("OPBD", openingFen)}${balance("CLBD", closingFen)}${entries(bookings, batches)}</Stmt></BkToCstmrStmt>`,
  );
}

/** The answer to a wish to cancel an order. */
export function resolution({ messageId, atMs, caseId, endToEndId, granted, reason }: CaseRecord, books: Books): string {
  const why = reason === "" ? "" : `<CxlStsRsnInf><Rsn><Cd>${reason}</Cd></Rsn></CxlStsRsnInf>`;
  const party = `<Pty><Id><OrgId><Othr><Id>${escapeXml(books.account)}</Id></Othr></OrgId></Id></Pty>`;
  return document(
    "camt.029.001.10",
    `<RsltnOfInvstgtn><Assgnmt><Id>${messageId}</Id><Assgnr>${party}</Assgnr><Assgne>${party}</Assgne><CreDtTm>${time(atMs)}</CreDtTm></Assgnmt>` +
      `<Sts><Conf>${granted ? "CNCL" : "RJCR"}</Conf></Sts><CxlDtls><TxInfAndSts><CxlStsId>${escapeXml(caseId)}</CxlStsId>` +
      `<OrgnlEndToEndId>${escapeXml(endToEndId)}</OrgnlEndToEndId><TxCxlSts>${granted ? "ACCR" : "RJCR"}</TxCxlSts>${why}</TxInfAndSts></CxlDtls></RsltnOfInvstgtn>`,
  );
}
