import { describe, expect, test } from "vitest";
import { readIso20022 } from "../../../services/payment/bank/iso20022.ts";
import { BadBankMessage, MAX_ENTRIES } from "../../../services/payment/bank/message.ts";
import { camt053, camt054, DEBTOR, entryXml, pain002, xml } from "./scene.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (document: Uint8Array) => new TextDecoder().decode(document);
const read = (document: Uint8Array) => readIso20022(document, DEBTOR.accountNumber);
const E1 = "P20111125000001-000101";
const E2 = "P20111125000001-000201";

describe("a bank's message", () => {
  test("pain.002 is read order by order", () => {
    const document = pain002("B1", [
      { endToEndId: E1, status: "ACSC", amountFen: 12_345n },
      { endToEndId: E2, status: "RJCT", reason: "AC01" },
    ]);
    expect(read(document)).toEqual({
      kind: "pain.002",
      messageId: "SB1",
      report: {
        messageId: "SB1",
        originalMessageId: "B1",
        groupStatus: "",
        groupReason: "",
        transactions: [
          { endToEndId: E1, status: "ACSC", reason: "", on: "", amountFen: 12_345n },
          { endToEndId: E2, status: "RJCT", reason: "AC01", on: "" },
        ],
      },
    });
  });

  test("pain.002 may speak of the whole file, at the group or at its one payment information", () => {
    expect(read(pain002("B1", [], { status: "RJCT", reason: "AM04" }))).toMatchObject({
      report: { groupStatus: "RJCT", groupReason: "AM04" },
    });
    const moved = text(pain002("B1", [])).replace(
      "</CstmrPmtStsRpt>",
      "<OrgnlPmtInfAndSts><OrgnlPmtInfId>B1</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Prtry>X1</Prtry></Rsn></StsRsnInf></OrgnlPmtInfAndSts></CstmrPmtStsRpt>",
    );
    expect(read(bytes(moved))).toMatchObject({ report: { groupStatus: "RJCT", groupReason: "X1", transactions: [] } });
  });

  test("camt.054 gives debits and returns; other credits, and what is not booked yet, are no evidence", () => {
    const document = camt054("N1", [
      { endToEndId: E1, side: "DBIT", amountFen: 100n },
      { endToEndId: E2, side: "CRDT", amountFen: 200n, returned: "AC04" },
      { endToEndId: "CONTRIBUTION", side: "CRDT", amountFen: 300n },
      { endToEndId: E1, side: "DBIT", amountFen: 400n, status: "PDNG" },
    ]);
    expect(read(document)).toMatchObject({
      kind: "camt.054",
      evidence: [
        { endToEndId: E1, says: "SETTLED", on: "2011-11-25", amountFen: 100n },
        { endToEndId: E2, says: "RETURNED", reason: "AC04", amountFen: 200n },
      ],
    });
  });

  test("camt.053 keeps every booked entry, each transaction of a batch booking by itself, and one without details", () => {
    const details = (id: string, amount: string) =>
      `<TxDtls><Refs><EndToEndId>${id}</EndToEndId></Refs><Amt Ccy="CNY">${amount}</Amt></TxDtls>`;
    const batchBooked = entryXml({ endToEndId: "", side: "DBIT", amountFen: 300n }).replace(
      "</Ntry>",
      `<NtryDtls>${details(E1, "1.00")}${details(E2, "2.00")}</NtryDtls></Ntry>`,
    );
    const plain = camt053("ST1", [{ endToEndId: "", side: "DBIT", amountFen: 50n }], { openingFen: -1_000n });
    const message = read(bytes(text(plain).replace("<Ntry>", `${batchBooked}<Ntry>`)));
    expect(message).toMatchObject({ kind: "camt.053", content: { day: "2011-11-25", openingFen: -1_000n, closingFen: -1_050n } });
    expect(message.kind === "camt.053" && message.content.entries.map(({ endToEndId, amountFen }) => [endToEndId, amountFen])).toEqual([
      [E1, 100n],
      [E2, 200n],
      ["", 50n],
    ]);
  });

  test("camt.053 tells what else an entry names: our InstrId and PmtInfId, the bank's reference, the other account, and a batch that is booked as one", () => {
    const batch = entryXml({ endToEndId: "", side: "DBIT", amountFen: 300n }).replace(
      "</Ntry>",
      "<AcctSvcrRef>R1</AcctSvcrRef><NtryDtls><Btch><MsgId>B1</MsgId><PmtInfId>B1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls></Ntry>",
    );
    const references =
      "<Refs><AcctSvcrRef>R2</AcctSvcrRef><PmtInfId>B2</PmtInfId><InstrId>P1</InstrId><EndToEndId>NOTPROVIDED</EndToEndId></Refs>";
    const parties = "<RltdPties><CdtrAcct><Id><Othr><Id>62170000</Id></Othr></Id></CdtrAcct></RltdPties>";
    const one = entryXml({ endToEndId: "", side: "DBIT", amountFen: 50n }).replace(
      "</Ntry>",
      `<NtryDtls><TxDtls>${references}${parties}</TxDtls></NtryDtls></Ntry>`,
    );
    const plain = text(camt053("ST1", [{ endToEndId: "", side: "DBIT", amountFen: 1n }], { openingFen: 1_000n }));
    const with2 = plain.replace("<Ntry>", `${batch}${one}<Ntry>`);
    const message = read(bytes(with2));
    expect(message.kind === "camt.053" && message.content.entries).toEqual([
      {
        endToEndId: "",
        reference: "R1",
        paymentInformationId: "B1",
        transactions: 2,
        direction: "DEBIT",
        amountFen: 300n,
        returned: false,
        reason: "",
      },
      {
        endToEndId: "",
        instructionId: "P1",
        paymentInformationId: "B2",
        reference: "R2",
        account: "62170000",
        direction: "DEBIT",
        amountFen: 50n,
        returned: false,
        reason: "",
      },
      { endToEndId: "", direction: "DEBIT", amountFen: 1n, returned: false, reason: "" },
    ]);
    expect(() => read(bytes(with2.replace("<NbOfTxs>2<", "<NbOfTxs>two<")))).toThrow(/NbOfTxs/);
    const long = read(bytes(with2.replace("<AcctSvcrRef>R1<", `<AcctSvcrRef>${"R".repeat(36)}<`)));
    expect(long.kind === "camt.053" && long.content.entries[0]).not.toHaveProperty("reference");
  });

  test("may use a prefix for its namespace", () => {
    const prefixed = text(pain002("B1", []))
      .replaceAll(/<(\/?)([A-Z])/g, "<$1p:$2")
      .replace("xmlns=", "xmlns:p=");
    expect(read(bytes(prefixed))).toMatchObject({ kind: "pain.002" });
  });

  test("of another account is refused", () => {
    expect(() => readIso20022(camt054("N1", []), "6405000000000002")).toThrow("another account");
  });

  const good = text(pain002("B1", [{ endToEndId: E1, status: "ACSC", amountFen: 1n }]));
  const statement = text(camt053("ST1", [{ endToEndId: E1, side: "DBIT", amountFen: 1n }], { openingFen: 10n }));
  test.each([
    ["nothing", "", "well-formed"],
    ["no XML", "ACSC", "well-formed"],
    ["half of one", good.slice(0, -40), "well-formed"],
    ["a document type declaration", good.replace("<Document", `<!DOCTYPE d [<!ENTITY a "b">]><Document`), "document type"],
    ["an entity of its own", good.replace("<Document", `<!ENTITY a "b"><Document`), "document type"],
    ["two roots", `${good}<Document xmlns="urn:x"/>`, "Document is there 2 times"],
    ["another root", "<Envelope/>", "root"],
    ["a root without namespace", "<Document><CstmrPmtStsRpt/></Document>", "root"],
    ["an older version", good.replace("pain.002.001.12", "pain.002.001.03"), "namespace"],
    ["a namespace of another prefix", good.replace("xmlns=", "xmlns:p="), "root"],
    ["our own file", good.replace("pain.002.001.12", "pain.001.001.09"), "namespace"],
    ["another message than the namespace says", good.replaceAll("CstmrPmtStsRpt", "BkToCstmrStmt"), "CstmrPmtStsRpt is missing"],
    ["no MsgId", good.replace(/<MsgId>.*?<\/MsgId>/, ""), "MsgId is missing"],
    ["two MsgIds", good.replace("<MsgId>", "<MsgId>A</MsgId><MsgId>"), "MsgId is there 2 times"],
    ["a MsgId that is too long", good.replace("<MsgId>SB1", `<MsgId>${"S".repeat(36)}`), "longer than 35"],
    ["a MsgId with what parts our own keys", good.replace("<MsgId>SB1", "<MsgId>icbc|B1"), "MsgId has a character that no id has"],
    ["no OrgnlMsgId", good.replace(/<OrgnlMsgId>.*?<\/OrgnlMsgId>/, ""), "OrgnlMsgId is missing"],
    ["no EndToEndId", good.replace(/<OrgnlEndToEndId>.*?<\/OrgnlEndToEndId>/, ""), "OrgnlEndToEndId is missing"],
    ["no status", good.replace(/<TxSts>.*?<\/TxSts>/, ""), "TxSts is missing"],
    ["another currency", good.replace(`Ccy="CNY"`, `Ccy="USD"`), "CNY"],
    ["three decimals", good.replace("0.01", "0.001"), "no amount"],
    ["a negative amount", good.replace("0.01", "-0.01"), "no amount"],
    ["an amount in words", good.replace("0.01", "1e3"), "no amount"],
    ["two opening balances", statement.replace("CLBD", "OPBD"), "balance OPBD"],
    ["no closing balance", statement.replace("CLBD", "ITBD"), "balance CLBD"],
    ["a day that is none", statement.replaceAll("2011-11-25", "2011-02-30"), "no day"],
    ["a side that is none", statement.replace("DBIT", "BOTH"), "CdtDbtInd"],
    ["names that are the language's own", good.replace("<GrpHdr>", "<__proto__>x</__proto__><GrpHdr>"), "well-formed"],
    ["a hundred levels", good.replace("<GrpHdr>", `${"<a>".repeat(100)}${"</a>".repeat(100)}<GrpHdr>`), "well-formed"],
  ])("with %s is refused", (_, document, why) => {
    expect(() => read(bytes(document))).toThrow(BadBankMessage);
    expect(() => read(bytes(document))).toThrow(why);
  });

  test("in another encoding is refused", () => {
    expect(() => read(new Uint8Array([...bytes("<Document>"), 0xd2, 0xf8, 0xd0, 0xd0]))).toThrow("UTF-8");
  });

  test("with more entries than one may have is refused", () => {
    const many = xml(
      "pain.002.001.12",
      text(pain002("B1", [{ endToEndId: E1, status: "ACSC" }]))
        .replace(/^.*?<Document[^>]*>/s, "")
        .replace("</Document>", "")
        .replace(
          /<TxInfAndSts>.*<\/TxInfAndSts>/,
          `<TxInfAndSts><OrgnlEndToEndId>X</OrgnlEndToEndId><TxSts>A</TxSts></TxInfAndSts>`.repeat(MAX_ENTRIES + 1),
        ),
    );
    expect(() => read(many)).toThrow(`more than ${MAX_ENTRIES}`);
  });
});
