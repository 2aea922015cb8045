import fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { expect, test } from "vitest";
import type { Order } from "../../../services/payment/domain/documents.ts";
import { escapeXml, pain001 } from "../../../services/payment/domain/pain001.ts";
import { accountOf, DAY, DEBTOR, ZHONGNING } from "./scene.ts";

const CREATED = Date.parse("2011-11-25T10:00:00.123+08:00");

function order(n: number, amountFen: bigint, accountName = "泾源县人民医院"): Order {
  return {
    county: ZHONGNING,
    orderId: `P20111125000001-000${n}`,
    batchId: "B20111125000001",
    payeeId: "H1",
    account: { ...accountOf("H1"), accountName },
    amountFen,
    attempt: 1,
    endToEndId: `P20111125000001-000${n}01`,
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

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false });
const file = (orders: Order[]) => pain001({ batchId: "B20111125000001", debtor: DEBTOR, orders, createdAtMs: CREATED, day: DAY });

test("the file says who pays whom how much, and sums itself up", () => {
  const parsed = parser.parse(file([order(1, 100n), order(2, 1_234_567n)]), true);
  expect(parsed.Document["@_xmlns"]).toBe("urn:iso:std:iso:20022:tech:xsd:pain.001.001.09");
  const { GrpHdr, PmtInf } = parsed.Document.CstmrCdtTrfInitn;
  expect(GrpHdr).toEqual({
    MsgId: "B20111125000001",
    CreDtTm: "2011-11-25T10:00:00.123+08:00",
    NbOfTxs: "2",
    CtrlSum: "12346.67",
    InitgPty: { Nm: DEBTOR.accountName },
  });
  expect(PmtInf).toMatchObject({ PmtInfId: "B20111125000001", PmtMtd: "TRF", BtchBookg: "false", NbOfTxs: "2", CtrlSum: "12346.67" });
  expect(PmtInf.ReqdExctnDt).toEqual({ Dt: DAY });
  expect(PmtInf.DbtrAcct.Id.Othr.Id).toBe(DEBTOR.accountNumber);
  expect(PmtInf.DbtrAgt.FinInstnId.ClrSysMmbId).toEqual({ ClrSysId: { Cd: "CNAPS" }, MmbId: DEBTOR.bankCode });
  expect(PmtInf.CdtTrfTxInf).toHaveLength(2);
  expect(PmtInf.CdtTrfTxInf[1]).toEqual({
    PmtId: { InstrId: "P20111125000001-0002", EndToEndId: "P20111125000001-000201" },
    Amt: { InstdAmt: { "#text": "12345.67", "@_Ccy": "CNY" } },
    CdtrAgt: { FinInstnId: { ClrSysMmbId: { ClrSysId: { Cd: "CNAPS" }, MmbId: "103871000027" } } },
    Cdtr: { Nm: "泾源县人民医院" },
    CdtrAcct: { Id: { Othr: { Id: "620000000001" } } },
    Purp: { Cd: "HLTI" },
  });
});

test("the same orders give the same bytes", () => {
  expect(file([order(1, 100n)])).toBe(file([order(1, 100n)]));
});

test("a name of markup stays a name", () => {
  const name = `</Nm><Amt>&"'<![CDATA[`;
  const parsed = parser.parse(file([order(1, 100n, name)]), true);
  expect(parsed.Document.CstmrCdtTrfInitn.PmtInf.CdtTrfTxInf.Cdtr.Nm).toBe(name);
});

test("whatever the text, what comes out is a text that a parser gives back, without what XML cannot carry", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const carried = text.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, " ");
      const escaped = escapeXml(text);
      expect(escaped).not.toMatch(/[<>"']/);
      const back = escaped.replaceAll(
        /&(amp|lt|gt|quot|apos);/g,
        (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name] ?? "",
      );
      expect(back).toBe(carried);
    }),
  );
});

test("a name is cut at 140 characters, not in the middle of one", () => {
  const parsed = parser.parse(file([order(1, 100n, "𠮷".repeat(150))]), true);
  expect(parsed.Document.CstmrCdtTrfInitn.PmtInf.CdtTrfTxInf.Cdtr.Nm).toBe("𠮷".repeat(140));
});
