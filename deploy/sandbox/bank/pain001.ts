/**
 * Reads a pain.001.001.09 as a bank does. What has no readable MsgId cannot be answered by a pain.002 and is called unreadable;
 * what has one but is wrong gets a group rejection with an ISO 20022 reason code.
 */
import { isDay } from "../../../services/values/days.ts";
import { fenOf, MAX_FEN, sum, yuan } from "../../../services/values/money.ts";
import type { WishReading } from "./cancel.ts";
import { type Element, readXml, XmlFault } from "./xml.ts";

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
const CANCELLATION = "urn:iso:std:iso:20022:tech:xsd:camt.056.001.09";
const MAX_TRANSACTIONS = 10_000;
/** Max35Text in the SWIFT character set, which is what payment ids may be made of. */
const IDENTIFIER = /^[A-Za-z0-9/\-?:().,'+ ]{1,35}$/;
const MAX_NAME = 140;

export interface Order {
  readonly paymentInformationId: string;
  readonly batchBooking: boolean;
  readonly instructionId: string;
  readonly endToEndId: string;
  readonly fen: bigint;
  readonly bankCode: string;
  readonly account: string;
  readonly name: string;
}

export interface PaymentFile {
  readonly messageId: string;
  readonly count: number;
  readonly sumFen: bigint;
  readonly debtorAccounts: readonly string[];
  readonly orders: readonly Order[];
}

export type Reading =
  | { readonly kind: "file"; readonly file: PaymentFile }
  /** AM10 control sum, AM12 amount, AM18 number of transactions, AM03 currency, DT01 date, FF01 format. */
  | { readonly kind: "rejected"; readonly messageId: string; readonly reason: string; readonly why: string }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads an order file of one form. Never throws for what is in the bytes. */
export type PaymentFileReader = (bytes: Uint8Array) => Reading;

class Fault extends Error {
  readonly reason: string;
  constructor(reason: string, why: string) {
    super(why);
    this.reason = reason;
  }
}

/** Never throws for what is in the bytes. */
export function readPaymentFile(bytes: Uint8Array): Reading {
  let messageId: string | undefined;
  try {
    const root = readXml(bytes);
    if (root.name !== "Document" || root.namespace !== NAMESPACE)
      return {
        kind: "unreadable",
        why: `the root is ${root.name} of ${root.namespace.slice(0, 80) || "no namespace"}, not Document of ${NAMESPACE}`,
      };
    const initiation = one(root, "CstmrCdtTrfInitn");
    const header = one(initiation, "GrpHdr");
    messageId = identifier(header, "MsgId");
    return { kind: "file", file: readInitiation(messageId, header, initiation) };
  } catch (error) {
    if (error instanceof XmlFault) return { kind: "unreadable", why: error.message };
    if (!(error instanceof Fault)) throw error;
    return messageId === undefined
      ? { kind: "unreadable", why: error.message }
      : { kind: "rejected", messageId, reason: error.reason, why: error.message };
  }
}

/** Reads a camt.056.001.09 of one order. Never throws for what is in the bytes. */
export function readCancellation(bytes: Uint8Array): WishReading {
  try {
    const root = readXml(bytes);
    if (root.name !== "Document" || root.namespace !== CANCELLATION) return { kind: "unreadable", why: `it is no ${CANCELLATION}` };
    const transaction = one(one(one(root, "FIToFIPmtCxlReq"), "Undrlyg"), "TxInf");
    return { kind: "wish", wish: { caseId: identifier(transaction, "CxlId"), endToEndId: identifier(transaction, "OrgnlEndToEndId") } };
  } catch (error) {
    if (error instanceof XmlFault || error instanceof Fault) return { kind: "unreadable", why: error.message };
    throw error;
  }
}

function readInitiation(messageId: string, header: Element, initiation: Element): PaymentFile {
  text(header, "CreDtTm");
  one(header, "InitgPty");
  const payments = all(initiation, "PmtInf");
  if (payments.length === 0) throw new Fault("FF01", "PmtInf is missing");
  const orders: Order[] = [];
  const debtorAccounts: string[] = [];
  for (const payment of payments) {
    const own = readPayment(payment);
    checkTotals(payment, "PmtInf", own);
    debtorAccounts.push(accountIn(one(payment, "DbtrAcct")));
    orders.push(...own);
    if (orders.length > MAX_TRANSACTIONS) throw new Fault("AM18", `more than ${MAX_TRANSACTIONS} transactions`);
  }
  if (all(header, "NbOfTxs").length === 0) throw new Fault("AM18", "GrpHdr/NbOfTxs is missing");
  checkTotals(header, "GrpHdr", orders);
  return { messageId, count: orders.length, sumFen: sum(orders.map((order) => order.fen)), debtorAccounts, orders };
}

function readPayment(payment: Element): Order[] {
  const paymentInformationId = identifier(payment, "PmtInfId");
  if (text(payment, "PmtMtd") !== "TRF") throw new Fault("FF01", "PmtMtd is not TRF");
  const batchBooking = optionalText(payment, "BtchBookg") === "true";
  const day = text(one(payment, "ReqdExctnDt"), "Dt");
  if (!isDay(day)) throw new Fault("DT01", `ReqdExctnDt is no day: ${day.slice(0, 30)}`);
  const transfers = all(payment, "CdtTrfTxInf");
  if (transfers.length === 0) throw new Fault("FF01", "CdtTrfTxInf is missing");
  return transfers.map((transfer) => {
    const ids = one(transfer, "PmtId");
    const agent = all(transfer, "CdtrAgt")[0];
    const member = agent && all(one(agent, "FinInstnId"), "ClrSysMmbId")[0];
    return {
      paymentInformationId,
      batchBooking,
      instructionId: optionalText(ids, "InstrId").slice(0, 35),
      endToEndId: identifier(ids, "EndToEndId"),
      fen: amount(one(one(transfer, "Amt"), "InstdAmt")),
      bankCode: member ? text(member, "MmbId").slice(0, 35) : "",
      account: accountIn(one(transfer, "CdtrAcct")),
      name: [...text(one(transfer, "Cdtr"), "Nm")].slice(0, MAX_NAME).join(""),
    };
  });
}

/** NbOfTxs and CtrlSum, where they are given, must be right. */
function checkTotals(parent: Element, where: string, orders: readonly Order[]): void {
  const count = optionalText(parent, "NbOfTxs");
  if (count !== "" && (!/^\d{1,15}$/.test(count) || Number(count) !== orders.length))
    throw new Fault("AM18", `${where}/NbOfTxs is ${count.slice(0, 20)}, there are ${orders.length}`);
  const total = optionalText(parent, "CtrlSum");
  const actual = sum(orders.map((order) => order.fen));
  if (total !== "" && fenOf(total) !== actual)
    throw new Fault("AM10", `${where}/CtrlSum is ${total.slice(0, 20)}, the amounts sum to ${yuan(actual)}`);
}

function amount(element: Element): bigint {
  const currency = element.attributes.get("Ccy");
  if (currency !== "CNY") throw new Fault("AM03", `InstdAmt is in ${currency?.slice(0, 5) ?? "no currency"}, not CNY`);
  const fen = fenOf(element.text);
  if (fen === undefined || fen <= 0n || fen > MAX_FEN) throw new Fault("AM12", `InstdAmt is ${element.text.slice(0, 30)}`);
  return fen;
}

/** The account's number as it stands; whether it is one, the execution says. */
function accountIn(element: Element): string {
  const id = one(element, "Id");
  const other = all(id, "Othr")[0];
  return (other ? text(other, "Id") : text(id, "IBAN")).slice(0, 34);
}

function all(parent: Element, name: string): Element[] {
  return parent.children.filter((child) => child.name === name && child.namespace === parent.namespace);
}

function one(parent: Element, name: string): Element {
  const [first, second] = all(parent, name);
  if (!first || second) throw new Fault("FF01", `${parent.name}/${name} is ${second ? "there more than once" : "missing"}`);
  return first;
}

function text(parent: Element, name: string): string {
  const value = one(parent, name).text.trim();
  if (value === "") throw new Fault("FF01", `${parent.name}/${name} is empty`);
  return value;
}

function optionalText(parent: Element, name: string): string {
  return all(parent, name).length === 0 ? "" : text(parent, name);
}

function identifier(parent: Element, name: string): string {
  const value = text(parent, name);
  if (!IDENTIFIER.test(value)) throw new Fault("FF01", `${name} is not 1 to 35 characters of the SWIFT set: ${value.slice(0, 40)}`);
  return value;
}
