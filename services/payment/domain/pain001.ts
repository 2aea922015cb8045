/**
 * The order file for the bank: ISO 20022 customer credit transfer initiation, pain.001.001.09. Pure: the same order list gives the same bytes,
 * which are stored once and repeated as they are. One debit a transfer (BtchBookg false), so that every entry of the statement names its order.
 */

import type { BankAccount } from "../../values/account.ts";
import { sum, yuan } from "../../values/money.ts";
import type { PaymentFileParts } from "./batch.ts";
import type { Order } from "./documents.ts";

/** The statement's and the parties' names are cut at the standard's Max140Text. */
const MAX_NAME = 140;

export function pain001({ batchId, debtor, orders, createdAtMs, day }: PaymentFileParts): string {
  const count = orders.length;
  const total = yuan(sum(orders.map((order) => order.amountFen)));
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>`,
    `<GrpHdr><MsgId>${escapeXml(batchId)}</MsgId><CreDtTm>${shanghaiTime(createdAtMs)}</CreDtTm><NbOfTxs>${count}</NbOfTxs>` +
      `<CtrlSum>${total}</CtrlSum><InitgPty><Nm>${nameOf(debtor)}</Nm></InitgPty></GrpHdr>`,
    `<PmtInf><PmtInfId>${escapeXml(batchId)}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>false</BtchBookg><NbOfTxs>${count}</NbOfTxs>` +
      `<CtrlSum>${total}</CtrlSum><PmtTpInf><CtgyPurp><Cd>GOVT</Cd></CtgyPurp></PmtTpInf><ReqdExctnDt><Dt>${day}</Dt></ReqdExctnDt>` +
      `<Dbtr><Nm>${nameOf(debtor)}</Nm></Dbtr><DbtrAcct>${accountId(debtor)}<Ccy>CNY</Ccy></DbtrAcct><DbtrAgt>${agent(debtor)}</DbtrAgt>`,
    ...orders.map(transfer),
    `</PmtInf></CstmrCdtTrfInitn></Document>`,
  ].join("\n");
}

function transfer({ orderId, endToEndId, amountFen, account }: Order): string {
  return (
    `<CdtTrfTxInf><PmtId><InstrId>${escapeXml(orderId)}</InstrId><EndToEndId>${escapeXml(endToEndId)}</EndToEndId></PmtId>` +
    `<Amt><InstdAmt Ccy="CNY">${yuan(amountFen)}</InstdAmt></Amt><CdtrAgt>${agent(account)}</CdtrAgt>` +
    `<Cdtr><Nm>${nameOf(account)}</Nm></Cdtr><CdtrAcct>${accountId(account)}</CdtrAcct><Purp><Cd>HLTI</Cd></Purp></CdtTrfTxInf>`
  );
}

export function agent(account: BankAccount): string {
  const member = escapeXml(account.bankCode);
  return `<FinInstnId><ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId><MmbId>${member}</MmbId></ClrSysMmbId></FinInstnId>`;
}

function accountId(account: BankAccount): string {
  return `<Id><Othr><Id>${escapeXml(account.accountNumber)}</Id></Othr></Id>`;
}

export function nameOf(account: BankAccount): string {
  return escapeXml([...account.accountName].slice(0, MAX_NAME).join(""));
}

/** ISO 8601 with milliseconds and the offset of Asia/Shanghai. */
export function shanghaiTime(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().replace("Z", "+08:00");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text for XML 1.0. A character that XML cannot carry at all becomes a space. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, " ")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
