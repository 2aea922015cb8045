/** The simulator's parts that strangers and crashes reach: its XML reader, its books on disk, its behaviour file. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BadBehaviour, control, readBehaviour } from "../../../deploy/sandbox/bank/behaviour.ts";
import { Books, DamagedBooks } from "../../../deploy/sandbox/bank/books.ts";
import { execute } from "../../../deploy/sandbox/bank/execute.ts";
import { readPaymentFile } from "../../../deploy/sandbox/bank/pain001.ts";
import { escapeXml, readXml, XmlFault } from "../../../deploy/sandbox/bank/xml.ts";
import { DEBTOR, payFile } from "./bank.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");

describe("the XML reader", () => {
  test("gives back any text that was escaped, in elements and attributes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
        const root = readXml(bytes(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`));
        expect(bytes(root.text)).toEqual(bytes(root.attributes.get("b") ?? ""));
        expect(root.text).toBe(text.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, " "));
      }),
    );
  });

  test("knows namespaces by prefix and by default, comments and character data", () => {
    const root = readXml(
      bytes(
        '\ufeff<?xml version="1.0" encoding="utf-8"?><!-- x --><p:a xmlns:p="u:p" xmlns="u:d"><b/><p:c>1<!-- 2 --><![CDATA[<3>&amp;]]></p:c></p:a>\n',
      ),
    );
    expect([root.name, root.namespace]).toEqual(["a", "u:p"]);
    expect(root.children.map((child) => [child.name, child.namespace, child.text])).toEqual([
      ["b", "u:d", ""],
      ["c", "u:p", "1<3>&amp;"],
    ]);
  });

  test.each([
    ["two roots", "<a/><b/>"],
    ["crossed elements", "<a><b></a></b>"],
    ["an open element", "<a><b></b>"],
    ["an attribute twice", '<a x="1" x="2"/>'],
    ["an attribute without quotes", "<a x=1/>"],
    ["a prefix without a namespace", "<p:a/>"],
    ["a document type", "<!DOCTYPE a><a/>"],
    ["an entity of one's own", "<a>&b;</a>"],
    ["a bare ampersand", "<a>b & c</a>"],
    ["a character that is none", "<a>&#0;</a>"],
    ["a surrogate by number", "<a>&#xD800;</a>"],
    ["a processing instruction", "<a><?php ?></a>"],
    ["another encoding", '<?xml version="1.0" encoding="GBK"?><a/>'],
    ["a comment without an end", "<a><!-- </a>"],
    ["nothing", "  \n"],
  ])("refuses %s", (_, text) => {
    expect(() => readXml(bytes(text))).toThrow(XmlFault);
  });

  test("never does anything but read or refuse, however a payment file is bent", () => {
    const file = bytes(payFile("F1", [{ endToEndId: "F1-1" }]));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.uint8Array({ maxLength: 12 }), fc.nat(40), (at, inserted, cut) => {
        const bent = Buffer.concat([file.subarray(0, at), inserted, file.subarray(Math.min(file.length, at + cut))]);
        expect(["file", "rejected", "unreadable"]).toContain(readPaymentFile(bent).kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads eight megabytes of hostile repetition in bounded time", () => {
    const started = performance.now();
    for (const text of [
      "<a ".repeat(2_000_000),
      `<a${" ".repeat(7_900_000)}`,
      `<a>${"&amp;".repeat(1_500_000)}</a>`,
      `<r>${"<a/>".repeat(1_900_000)}</r>`,
      `<a x="${"y".repeat(7_900_000)}"/>`,
    ])
      expect(["unreadable"]).toContain(readPaymentFile(bytes(text)).kind);
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});

describe("the books", () => {
  let folder: string;
  let path: string;
  const opening = { account: DEBTOR, fen: 1_000_000n };
  const behaviour = () => readBehaviour(join(folder, "none.json")).behaviour;
  const pay = async (books: Books, id: string, fen = 100) => {
    const execution = execute(bytes(payFile(id, [{ endToEndId: `${id}-1`, fen }])), books, behaviour());
    if (execution.kind !== "file" || !execution.fresh) throw new Error(`${id} was not executed`);
    await books.append(execution.file);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nrcms-books-"));
    path = join(folder, "books.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("say after a restart what they said before, whatever a crash left of the last line", async () => {
    const books = await Books.open(path, Date.now, opening);
    await Promise.all([pay(books, "A"), pay(books, "B"), pay(books, "C")]);
    await books.close();
    for (const torn of ["", '{"kind":"file","of":"D"', '{"kind":"delivered","messageId":"x"}']) {
      appendFileSync(path, torn);
      const again = await Books.open(path, Date.now, opening);
      expect([...again.files.keys()]).toEqual(["A", "B", "C"]);
      expect(again.balanceFen).toBe(999_700n);
      await pay(again, `after${torn.length}`, 1);
      await again.close();
      const third = await Books.open(path, Date.now, opening);
      expect(third.files.has(`after${torn.length}`)).toBe(true);
      await third.close();
      writeFileSync(
        path,
        readFileSync(path, "utf8")
          .split("\n")
          .slice(0, 4)
          .map((line) => `${line}\n`)
          .join(""),
      );
    }
  });

  test("that are damaged in the middle, doubled, or another account's are not gone on with", async () => {
    const books = await Books.open(path, Date.now, opening);
    await pay(books, "A");
    await books.close();
    await expect(Books.open(path, Date.now, { ...opening, account: "1" })).rejects.toThrow(DamagedBooks);
    const lines = readFileSync(path, "utf8");
    writeFileSync(path, `${lines}${lines.split("\n")[1]}\n`);
    await expect(Books.open(path, Date.now, opening)).rejects.toThrow(/line 3: file A is there twice/);
    writeFileSync(path, lines.replace("{", "["));
    await expect(Books.open(path, Date.now, opening)).rejects.toThrow(/line 1/);
  });

  test("never let the clock turn back", async () => {
    let now = 2_000_000_000_000;
    const books = await Books.open(path, () => now, opening);
    await pay(books, "A");
    now -= 86_400_000;
    expect(books.now()).toBe(2_000_000_000_000);
    await books.close();
    const again = await Books.open(path, () => now, opening);
    expect(again.now()).toBe(2_000_000_000_000);
    await again.close();
  });

  test("pay no more than there is, pending money included", async () => {
    const books = await Books.open(path, Date.now, opening);
    const deferred = { ...behaviour(), mode: "deferred" as const };
    const first = execute(bytes(payFile("A", [{ endToEndId: "A-1", fen: 600_000 }])), books, deferred);
    if (first.kind !== "file") throw new Error("A was not executed");
    await books.append(first.file);
    const second = execute(
      bytes(
        payFile("B", [
          { endToEndId: "B-1", fen: 400_001 },
          { endToEndId: "B-2", fen: 400_000 },
          { endToEndId: "B-3", fen: 1 },
        ]),
      ),
      books,
      deferred,
    );
    if (second.kind !== "file") throw new Error("B was not executed");
    expect(second.file.transactions.map((one) => one.reason)).toEqual(["AM04", "", "AM04"]);
    await books.close();
  });
});

describe("the behaviour", () => {
  test("names every wrong field, and a wrong change changes nothing", () => {
    const { behaviour } = readBehaviour("/nonexistent");
    expect(() => control(behaviour, '{"mode":"evil","down":true,"unknown":1}')).toThrow(/mode.*unknown|unknown.*mode/s);
    expect(() => control(behaviour, "{")).toThrow(BadBehaviour);
    expect(() => control(behaviour, '{"openingFen":1}')).toThrow(/openingFen/);
    expect(behaviour.down).toBe(false);
    control(behaviour, '{"rejectAccounts":["1"],"returnAccounts":{"2":{"reason":"AC04","afterMs":5}}}');
    expect([behaviour.rejectAccounts.get("1"), behaviour.returnAccounts.get("2")]).toEqual(["AC01", { reason: "AC04", afterMs: 5 }]);
  });
});
