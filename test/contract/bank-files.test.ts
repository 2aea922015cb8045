/** What goes between us and a bank is valid against the standard's own schemas, and a reader that never saw our code finds in it what we put there. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { statement, statusReport } from "../../deploy/sandbox/bank/iso20022.ts";
import { pain001 } from "../../services/payment/domain/pain001.ts";
import { accountFault } from "../../services/values/account.ts";
import { MAX_FEN } from "../../services/values/money.ts";
import { DAY, documents, openBank, orderFile, type Shown } from "../parsers/documents.ts";
import { goPlaces, mavenPlaces } from "../parsers/packages.ts";
import { difference } from "../parsers/reading.ts";
import { messageOf, validate } from "../parsers/schemas.ts";
import { readWithPython } from "../parsers/strangers.ts";
import { type BankProcess, type Gateway, newRun, type RunDirectory, startBank, startGateway, until } from "../unit/sandbox/bank.ts";

const FETCH_LIMIT_MS = 240_000;

let shown: readonly Shown[];
beforeAll(async () => {
  shown = await documents();
  for (const { xml } of shown) await validate(xml, messageOf(xml)); // Fetches the schemas where they are not there yet.
}, FETCH_LIMIT_MS);

const faults = async (xml: string) => await validate(xml, messageOf(xml));
const first = (kind: string) => shown.find(({ what }) => what.startsWith(kind))?.xml ?? "";

describe("the schemas", () => {
  test("hold every kind of document that we and the bank write", async () => {
    expect(new Set(shown.map(({ xml }) => messageOf(xml)))).toEqual(
      new Set(["pain.001.001.09", "pain.002.001.12", "camt.053.001.08", "camt.054.001.08", "camt.056.001.09", "camt.029.001.10"]),
    );
    for (const { what, xml } of shown) expect(await faults(xml), what).toEqual([]);
  });

  test("hold whatever names, amounts and numbers of orders there are, and the bank's answers to them", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 140 })
      .filter(
        (accountName) =>
          accountFault("account", { bankCode: "105871000016", accountNumber: "2987330000000017", accountName }) === undefined,
      );
    const transfer = fc.record({ name, fen: fc.bigInt(1n, MAX_FEN), account: fc.stringMatching(/^[0-9A-Za-z]{6,34}$/) });
    await fc.assert(
      fc.asyncProperty(fc.array(transfer, { minLength: 1, maxLength: 20 }), async (transfers) => {
        const file = pain001(orderFile(1, transfers));
        const { books, take } = await openBank();
        for (const xml of [file, statusReport(await take(file), books), statement(DAY, books)]) expect(await faults(xml)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["a number of transactions that is none", (xml: string) => xml.replace(/<NbOfTxs>\d+</, "<NbOfTxs>x<"), /NbOfTxs/],
    ["an id that is too long", (xml: string) => xml.replace(/<EndToEndId>[^<]*</, `<EndToEndId>${"9".repeat(36)}<`), /EndToEndId/],
    ["no id", (xml: string) => xml.replace(/<EndToEndId>[^<]*<\/EndToEndId>/, ""), /EndToEndId/],
    ["a currency that is none", (xml: string) => xml.replace('Ccy="CNY"', 'Ccy="RMBY"'), /Ccy/],
    ["an amount below zero", (xml: string) => xml.replace(/Ccy="CNY">/, 'Ccy="CNY">-'), /InstdAmt/],
    ["an empty name", (xml: string) => xml.replace(/<Cdtr><Nm>[^<]*</, "<Cdtr><Nm><"), /Nm/],
    ["elements out of order", (xml: string) => xml.replace(/(<PmtMtd>.*?<\/PmtMtd>)(<BtchBookg>.*?<\/BtchBookg>)/, "$2$1"), /BtchBookg/],
    ["a file that ends too soon", (xml: string) => xml.slice(0, -20), /./],
  ])("refuse %s", async (_, bend, why) => {
    const xml = first("pain.001: one order");
    expect(bend(xml)).not.toBe(xml);
    expect((await faults(bend(xml))).join("\n")).toMatch(why);
  });
});

describe("the bank as it runs", () => {
  let run: RunDirectory;
  let bank: BankProcess;
  let gateway: Gateway;
  beforeAll(async () => {
    run = await newRun();
    gateway = await startGateway(run, "a");
    bank = await startBank(run, { atMs: Date.parse(`${DAY}T10:00:00+08:00`) });
  });
  afterAll(async () => {
    await bank?.end("SIGTERM");
    await gateway?.close();
    run?.remove();
  });

  test("answers, tells and lists in valid documents", async () => {
    await bank.control({ answerTwice: 1 });
    const said = [(await bank.call("POST", "/pain.001", pain001(orderFile(1, [{}, { account: "2987330000009901" }])))).body];
    await bank.control({ mode: "deferred", delayMs: 20, returnAccounts: { "2987330000000018": { reason: "AC06", afterMs: 20 } } });
    said.push((await bank.call("POST", "/pain.001", pain001(orderFile(2, [{ account: "2987330000000018" }, {}])))).body);
    expect(await until(async () => (await bank.books()).returns.length === 1 && gateway.documents.length === 3)).toBe(true);
    for (const path of [`/camt.053?day=${DAY}`, "/camt.053?day=2011-11-24", "/pain.001/B20111125000002/status"])
      said.push((await bank.call("GET", path)).body);
    for (const xml of [...said, ...gateway.documents]) expect(await faults(xml), xml).toEqual([]);
    expect(gateway.documents.map(messageOf).sort()).toEqual(["camt.054.001.08", "camt.054.001.08", "pain.002.001.12"]);
  });
});

describe("a reader of another make", () => {
  test(
    "finds in every document the ids, amounts, days and reasons that we wrote or read",
    async () => {
      const theirs = await readWithPython(shown.map(({ xml }) => xml));
      for (const [index, { what, reading }] of shown.entries()) {
        const other = theirs[index];
        expect(other && difference(reading, other), what).toBeUndefined();
        // A comparison that could not fail would say the same.
        expect(other && difference({ ...reading, head: { ...reading.head, more: "" } }, other), what).toMatch(/more/);
      }
    },
    FETCH_LIMIT_MS,
  );
});

test("modules and jars come from the mirror that is set, else from where Go and Maven look by themselves", () => {
  expect(goPlaces({ GOPROXY: "https://mirror.example/go,direct" })).toEqual(["https://mirror.example/go"]);
  expect(goPlaces({ GOPROXY: "off" })).toEqual([]);
  expect(goPlaces({})).toHaveLength(1);
  expect(mavenPlaces({ MAVEN_MIRROR: "https://mirror.example/maven" })).toEqual(["https://mirror.example/maven"]);
});
