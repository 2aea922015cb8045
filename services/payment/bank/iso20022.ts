/**
 * Reads what a bank sends: pain.002.001.12, camt.054.001.08, camt.053.001.08, camt.029.001.10. Strict where money hangs on it: the namespace, the account, the currency,
 * an element that must be there once. No entities: a document type declaration is refused before anything is parsed.
 */
import { XMLParser } from "fast-xml-parser";
import { dayOf, isDay } from "../../values/days.ts";
import { fenOf, MAX_FEN } from "../../values/money.ts";
import { wordsOf } from "../../values/thrown.ts";
import type { ReportedTransaction, StatusReport } from "../domain/answer.ts";
import type { StatementEntry } from "../domain/reconcile.ts";
import { BadBankMessage, type BankMessage, evidenceOf, limitEntries, saysOfCase, textOf } from "./message.ts";

const MAX_DEPTH = 40;
const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:";

type Xml = string | XmlElement;
interface XmlElement {
  readonly [name: string]: Xml | readonly Xml[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
});

/** Throws BadBankMessage. Camt messages must be about the given account. */
export function readIso20022(bytes: Uint8Array, accountNumber: string): BankMessage {
  const text = textOf(bytes);
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new BadBankMessage("a document type declaration is not accepted");
  const namespace = /<(?:([\w.-]+):)?Document\b[^>]*?\sxmlns(?::([\w.-]+))?\s*=\s*["']([^"']*)["']/.exec(text);
  const root = parse(text);
  const names = Object.keys(root);
  if (names.length !== 1 || names[0] !== "Document" || !namespace || namespace[1] !== namespace[2])
    throw new BadBankMessage("the root is not one Document with its namespace");
  const document = one(root, "Document");
  switch (namespace[3]) {
    case `${NAMESPACE}pain.002.001.12`:
      return readStatusReport(one(document, "CstmrPmtStsRpt"));
    case `${NAMESPACE}camt.054.001.08`:
      return readNotification(one(document, "BkToCstmrDbtCdtNtfctn"), accountNumber);
    case `${NAMESPACE}camt.053.001.08`:
      return readStatement(one(document, "BkToCstmrStmt"), accountNumber);
    case `${NAMESPACE}camt.029.001.10`:
      return readResolution(one(document, "RsltnOfInvstgtn"));
    default:
      throw new BadBankMessage(
        `namespace ${namespace[3]?.slice(0, 80)} is none of pain.002.001.12, camt.054.001.08, camt.053.001.08, camt.029.001.10`,
      );
  }
}

function parse(text: string): XmlElement {
  try {
    return parser.parse(text, true) as XmlElement;
  } catch (error) {
    throw new BadBankMessage(`it is no well-formed XML: ${wordsOf(error)}`, { cause: error });
  }
}

/** A report without transactions may carry its status on the payment information, of which a batch has exactly one. */
function readStatusReport(message: XmlElement): BankMessage {
  const messageId = identifier(one(message, "GrpHdr"), "MsgId");
  const group = one(message, "OrgnlGrpInfAndSts");
  const payments = all(message, "OrgnlPmtInfAndSts");
  const [payment] = payments;
  const status = word(group, "GrpSts") || (payment && payments.length === 1 ? word(payment, "PmtInfSts") : "");
  const transactions = payments.flatMap((information) => all(information, "TxInfAndSts")).map(readTransaction);
  limitEntries(transactions);
  const report: StatusReport = {
    messageId,
    originalMessageId: identifier(group, "OrgnlMsgId"),
    groupStatus: status,
    groupReason: reasonOf(group) || (payment ? reasonOf(payment) : ""),
    transactions,
  };
  return { kind: "pain.002", messageId, report };
}

function readTransaction(transaction: XmlElement): ReportedTransaction {
  const reference = optional(transaction, "OrgnlTxRef");
  const amount = reference && optional(reference, "Amt");
  const status = word(transaction, "TxSts");
  if (status === "") throw new BadBankMessage("TxSts is missing");
  return {
    endToEndId: identifier(transaction, "OrgnlEndToEndId"),
    status,
    reason: reasonOf(transaction),
    on: (reference && dayIn(reference, "IntrBkSttlmDt")) || "",
    ...(amount && amount.InstdAmt !== undefined ? { amountFen: money(amount, "InstdAmt") } : {}),
  };
}

function readNotification(message: XmlElement, accountNumber: string): BankMessage {
  const messageId = identifier(one(message, "GrpHdr"), "MsgId");
  const entries = all(message, "Ntfctn").flatMap((notification) => {
    checkAccount(notification, accountNumber);
    return entriesOf(notification);
  });
  limitEntries(entries);
  return { kind: "camt.054", messageId, evidence: evidenceOf(entries) };
}

function readStatement(message: XmlElement, accountNumber: string): BankMessage {
  const messageId = identifier(one(message, "GrpHdr"), "MsgId");
  const statement = one(message, "Stmt");
  checkAccount(statement, accountNumber);
  const balance = (code: string): XmlElement => {
    const found = all(statement, "Bal").filter((balance) => word(one(one(balance, "Tp"), "CdOrPrtry"), "Cd") === code);
    const [only] = found;
    if (!only || found.length > 1) throw new BadBankMessage(`balance ${code} is there ${found.length} times, not once`);
    return only;
  };
  const opening = balance("OPBD");
  const closing = balance("CLBD");
  const day = dayIn(closing, "Dt");
  if (day === "") throw new BadBankMessage("the closing balance has no day");
  const entries = entriesOf(statement).map(({ entry }) => entry);
  limitEntries(entries);
  return { kind: "camt.053", messageId, content: { messageId, day, openingFen: signed(opening), closingFen: signed(closing), entries } };
}

/** The answer to one cancellation, of one order. */
function readResolution(message: XmlElement): BankMessage {
  const messageId = identifier(one(message, "Assgnmt"), "Id");
  const transaction = one(one(message, "CxlDtls"), "TxInfAndSts");
  const status = word(transaction, "TxCxlSts") || word(one(message, "Sts"), "Conf");
  const information = optional(transaction, "CxlStsRsnInf");
  const resolution = {
    caseId: identifier(transaction, "CxlStsId"),
    endToEndId: identifier(transaction, "OrgnlEndToEndId"),
    says: saysOfCase(status),
    reason: information ? reasonIn(information) : "",
  };
  return { kind: "camt.029", messageId, resolution };
}

/** Booked entries, one for each transaction of a batch booking that lists them; one without details is kept, with what it names of its batch. */
function entriesOf(parent: XmlElement): { readonly on: string; readonly entry: StatementEntry }[] {
  return all(parent, "Ntry")
    .filter((entry) => word(one(entry, "Sts"), "Cd") === "BOOK")
    .flatMap((entry) => {
      const on = dayIn(entry, "BookgDt");
      const direction = directionOf(entry);
      const reversal = word(entry, "RvslInd") === "true";
      const details = all(entry, "NtryDtls").flatMap((detail) => all(detail, "TxDtls"));
      const own = ownKeys(entry);
      if (details.length === 0)
        return [{ on, entry: { endToEndId: "", ...own, direction, amountFen: money(entry, "Amt"), returned: false, reason: "" } }];
      const amountFen = (detail: XmlElement) =>
        detail.Amt !== undefined || details.length > 1 ? money(detail, "Amt") : money(entry, "Amt");
      return details.map((detail) => {
        const references = optional(detail, "Refs");
        const information = optional(detail, "RtrInf");
        const told = references && references.EndToEndId !== undefined ? identifier(references, "EndToEndId") : "";
        const endToEndId = told === NO_ID ? "" : told;
        const named = { endToEndId, ...(details.length === 1 ? own : {}), ...detailKeys(detail, references) };
        const returned = direction === "CREDIT" && (information !== undefined || (reversal && endToEndId !== ""));
        return {
          on,
          entry: { ...named, direction, amountFen: amountFen(detail), returned, reason: information ? reasonIn(information) : "" },
        };
      });
    });
}

/** What stands for an EndToEndId that the customer has not given. */
const NO_ID = "NOTPROVIDED";

/** What an entry itself names: the bank's reference, and the batch that it books as one. */
function ownKeys(entry: XmlElement): Partial<StatementEntry> {
  const [detail] = all(entry, "NtryDtls");
  const batch = detail && optional(detail, "Btch");
  const count = batch ? word(batch, "NbOfTxs") : "";
  if (count !== "" && !/^\d{1,6}$/.test(count)) throw new BadBankMessage(`NbOfTxs is no number: ${count.slice(0, 30)}`);
  return {
    ...keyed("reference", word(entry, "AcctSvcrRef")),
    ...keyed("paymentInformationId", batch ? word(batch, "PmtInfId") : ""),
    ...(count === "" ? {} : { transactions: Number(count) }),
  };
}

function detailKeys(detail: XmlElement, references: XmlElement | undefined): Partial<StatementEntry> {
  const parties = optional(detail, "RltdPties");
  const account = parties && optional(parties, "CdtrAcct");
  const identity = account && one(account, "Id");
  const number = identity && (identity.IBAN !== undefined ? word(identity, "IBAN") : word(one(identity, "Othr"), "Id"));
  return {
    ...keyed("instructionId", references ? word(references, "InstrId") : ""),
    ...keyed("paymentInformationId", references ? word(references, "PmtInfId") : ""),
    ...keyed("reference", references ? word(references, "AcctSvcrRef") : ""),
    ...keyed("account", number ?? ""),
  };
}

/** Left out where it is empty; what is longer than an id may be, or has what no id has, is none of ours. */
function keyed<N extends string>(name: N, text: string): { readonly [K in N]?: string } {
  return text === "" || text.length > MAX_ID || text.includes("|") ? {} : ({ [name]: text } as { readonly [K in N]?: string });
}

const MAX_ID = 35;

function checkAccount(parent: XmlElement, accountNumber: string): void {
  const identity = one(one(parent, "Acct"), "Id");
  const number = identity.IBAN !== undefined ? word(identity, "IBAN") : word(one(identity, "Othr"), "Id");
  if (number !== accountNumber) throw new BadBankMessage("Acct is another account than the payment centre's");
}

function directionOf(parent: XmlElement): StatementEntry["direction"] {
  const indicator = word(parent, "CdtDbtInd");
  if (indicator === "DBIT") return "DEBIT";
  if (indicator === "CRDT") return "CREDIT";
  throw new BadBankMessage(`CdtDbtInd is ${indicator.slice(0, 10) || "missing"}`);
}

function signed(balance: XmlElement): bigint {
  const amount = money(balance, "Amt");
  return directionOf(balance) === "DEBIT" ? -amount : amount;
}

function money(parent: XmlElement, name: string): bigint {
  const amount = parent[name];
  const currency = typeof amount === "object" && !Array.isArray(amount) ? (amount as XmlElement)["@Ccy"] : undefined;
  if (currency !== "CNY") throw new BadBankMessage(`${name} is not one amount in CNY`);
  const fen = fenOf(word(parent, name));
  if (fen === undefined || fen < 0n || fen > MAX_FEN * 1000n)
    throw new BadBankMessage(`${name} is no amount: ${word(parent, name).slice(0, 30)}`);
  return fen;
}

/** A day element: Dt, DtTm, or the day itself; empty where it is not there. */
function dayIn(parent: XmlElement, name: string): string {
  if (parent[name] === undefined) return "";
  const element = parent[name];
  const text = typeof element === "string" ? element : word(one(parent, name), "Dt") || word(one(parent, name), "DtTm");
  const zoned = /T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  const day = Number.isFinite(zoned) ? dayOf(zoned) : text.slice(0, 10);
  if (!isDay(day)) throw new BadBankMessage(`${name} is no day: ${text.slice(0, 30)}`);
  return day;
}

function reasonOf(parent: XmlElement): string {
  const [first] = all(parent, "StsRsnInf");
  return first ? reasonIn(first) : "";
}

function reasonIn(information: XmlElement): string {
  const reason = optional(information, "Rsn");
  return reason ? (word(reason, "Cd") || word(reason, "Prtry")).slice(0, 35) : "";
}

/** Max35Text, not empty, without what parts our own keys (`|` is not of the SWIFT set). */
function identifier(parent: XmlElement, name: string): string {
  const text = word(parent, name);
  if (text === "" || text.length > 35) throw new BadBankMessage(`${name} is ${text === "" ? "missing" : "longer than 35 characters"}`);
  if (text.includes("|")) throw new BadBankMessage(`${name} has a character that no id has`);
  return text;
}

/** An element's text; empty where it is not there. */
function word(parent: XmlElement, name: string): string {
  const element = parent[name];
  if (element === undefined) return "";
  if (typeof element === "string") return element.trim();
  if (Array.isArray(element)) throw new BadBankMessage(`${name} is there ${element.length} times, not once`);
  const text = (element as XmlElement)["#text"];
  return typeof text === "string" ? text.trim() : "";
}

function one(parent: XmlElement, name: string): XmlElement {
  const element = optional(parent, name);
  if (!element) throw new BadBankMessage(`${name} is missing`);
  return element;
}

function optional(parent: XmlElement, name: string): XmlElement | undefined {
  const found = all(parent, name);
  if (found.length > 1) throw new BadBankMessage(`${name} is there ${found.length} times, not once`);
  return found[0];
}

function all(parent: XmlElement, name: string): XmlElement[] {
  const element = parent[name];
  if (element === undefined) return [];
  const list = Array.isArray(element) ? element : [element];
  return list.map((item: Xml) => (typeof item === "string" ? { "#text": item } : item));
}
