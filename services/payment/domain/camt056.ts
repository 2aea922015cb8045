/** The request to cancel one order: ISO 20022 camt.056.001.09. Pure, and repeated as it stands until it is answered. */
import { yuan } from "../../values/money.ts";
import type { CancellationParts } from "./batch.ts";
import { agent, escapeXml, nameOf, shanghaiTime } from "./pain001.ts";

/** Max105Text. */
const MAX_TEXT = 105;

export function camt056({ caseId, order, debtor, reason, createdAtMs }: CancellationParts): string {
  const id = escapeXml(caseId);
  const parties = `<Assgnr><Pty><Nm>${nameOf(debtor)}</Nm></Pty></Assgnr>` + `<Assgne><Agt>${agent(debtor)}</Agt></Assgne>`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.09"><FIToFIPmtCxlReq>`,
    `<Assgnmt><Id>${id}</Id>${parties}<CreDtTm>${shanghaiTime(createdAtMs)}</CreDtTm></Assgnmt>`,
    `<Undrlyg><TxInf><CxlId>${id}</CxlId>` +
      `<OrgnlGrpInf><OrgnlMsgId>${escapeXml(order.batchId)}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf>` +
      `<OrgnlInstrId>${escapeXml(order.orderId)}</OrgnlInstrId><OrgnlEndToEndId>${escapeXml(order.endToEndId)}</OrgnlEndToEndId>` +
      `<OrgnlIntrBkSttlmAmt Ccy="CNY">${yuan(order.amountFen)}</OrgnlIntrBkSttlmAmt>` +
      `<CxlRsnInf><Rsn><Cd>CUST</Cd></Rsn><AddtlInf>${escapeXml([...reason].slice(0, MAX_TEXT).join(""))}</AddtlInf></CxlRsnInf></TxInf></Undrlyg>`,
    `</FIToFIPmtCxlReq></Document>`,
  ].join("\n");
}
