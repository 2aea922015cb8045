/**
 * Reads the files that a bank's front-end machine (前置机) gives back (`formats.md`): results, notices, statements. A file without its END line, or whose
 * END line does not seal what stands before it, is half a file or a changed one.
 */
import { isDay } from "../../values/days.ts";
import { fenOf, MAX_FEN } from "../../values/money.ts";
import { SEPARATOR, sealOf } from "../domain/batch-text.ts";
import type { StatementEntry } from "../domain/reconcile.ts";
import { BadBankMessage, type BankMessage, evidenceOf, limitEntries, saysOfCase, textOf } from "./message.ts";

const VERSION = "1";
const MAX_ID = 35;

/** The file stops before its END line: it may still be being written. */
export class HalfWritten extends BadBankMessage {}

export function readText(bytes: Uint8Array, accountNumber: string): BankMessage {
  const [head, ...rows] = linesOf(textOf(bytes));
  if (!head) throw new BadBankMessage("line 1: there is none");
  limitEntries(rows);
  const kind = head.text(0);
  if (head.text(1) !== VERSION) throw head.fault(`version ${head.text(1).slice(0, 10)} is not ${VERSION}`);
  const messageId = head.id(2);
  if (kind === "NRCMS-RESULT") {
    const [originalMessageId, groupStatus, groupReason] = [head.id(3), head.code(4), head.code(5)];
    const transactions = rows.map((row, index) => {
      row.number(index + 1);
      const amount = row.text(5);
      const status = row.code(2);
      if (status === "") throw row.fault("field 3: the status is missing");
      return {
        endToEndId: row.id(1),
        status,
        reason: row.code(3),
        on: row.text(4) === "" ? "" : row.day(4),
        ...(amount === "" ? {} : { amountFen: row.money(5) }),
      };
    });
    return { kind: "pain.002", messageId, report: { messageId, originalMessageId, groupStatus, groupReason, transactions } };
  }
  if (kind === "NRCMS-RESOLUTION") {
    const resolution = { caseId: head.id(3), endToEndId: head.id(4), says: saysOfCase(head.code(5)), reason: head.code(6) };
    return { kind: "camt.029", messageId, resolution };
  }
  if (kind !== "NRCMS-NOTICE" && kind !== "NRCMS-STATEMENT")
    throw head.fault(`${kind.slice(0, 20)} is none of NRCMS-RESULT, NRCMS-NOTICE, NRCMS-STATEMENT, NRCMS-RESOLUTION`);
  if (head.text(3) !== accountNumber) throw head.fault("field 4: another account than the payment centre's");
  const entries = rows.map((row, index) => {
    row.number(index + 1);
    return { on: row.day(1), entry: entryOf(row) };
  });
  if (kind === "NRCMS-NOTICE") return { kind: "camt.054", messageId, evidence: evidenceOf(entries) };
  const content = {
    messageId,
    day: head.day(4),
    openingFen: head.money(5),
    closingFen: head.money(6),
    entries: entries.map(({ entry }) => entry),
  };
  return { kind: "camt.053", messageId, content };
}

/** n|day|D or C|amount|EndToEndId|R where it gives back|reason */
function entryOf(row: Line): StatementEntry {
  const direction = row.text(2);
  if (direction !== "D" && direction !== "C") throw row.fault(`field 3: ${direction.slice(0, 10)} is neither D nor C`);
  return {
    endToEndId: row.text(4) === "" ? "" : row.id(4),
    direction: direction === "D" ? "DEBIT" : "CREDIT",
    amountFen: row.money(3),
    returned: direction === "C" && row.text(5) === "R",
    reason: row.code(6),
  };
}

/** The head and the rows, once the END line was found true. */
function linesOf(text: string): Line[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  if (lines.pop() !== "") throw new HalfWritten("the last line has no end");
  const [end, rows, seal] = (lines.pop() ?? "").split(SEPARATOR);
  if (end !== "END") throw new HalfWritten("there is no END line");
  const body = lines.map((line) => `${line}\n`).join("");
  if (rows !== String(lines.length - 1)) throw new BadBankMessage(`END says ${rows?.slice(0, 10)} rows, there are ${lines.length - 1}`);
  if (seal !== sealOf(body)) throw new BadBankMessage("END's digest is not that of the lines before it");
  return lines.map((line, index) => new Line(index + 1, line.split(SEPARATOR)));
}

/** One line's fields, from 0; its faults name the line and the field from 1. */
class Line {
  readonly #number: number;
  readonly #fields: readonly string[];

  constructor(number: number, fields: readonly string[]) {
    this.#number = number;
    this.#fields = fields;
  }

  fault(why: string): BadBankMessage {
    return new BadBankMessage(`line ${this.#number}: ${why}`);
  }

  text(field: number): string {
    return (this.#fields[field] ?? "").trim();
  }

  /** The row's own number, so that a row that was lost or moved is seen where it happened. */
  number(expected: number): void {
    if (this.text(0) !== String(expected)) throw this.fault(`field 1: ${this.text(0).slice(0, 10)} is not ${expected}`);
  }

  id(field: number): string {
    const text = this.text(field);
    if (text === "" || text.length > MAX_ID) throw this.fault(`field ${field + 1}: must be 1 to ${MAX_ID} characters`);
    return text;
  }

  code(field: number): string {
    const text = this.text(field);
    if (!/^[A-Z0-9]{0,4}$/.test(text))
      throw this.fault(`field ${field + 1}: ${text.slice(0, 10)} is no code of at most 4 letters or digits`);
    return text;
  }

  day(field: number): string {
    const text = this.text(field);
    if (!isDay(text)) throw this.fault(`field ${field + 1}: ${text.slice(0, 20)} is no day YYYY-MM-DD`);
    return text;
  }

  /** Fen; below zero only for a balance. */
  money(field: number): bigint {
    const text = this.text(field);
    const negative = text.startsWith("-");
    const fen = fenOf(negative ? text.slice(1) : text);
    if (fen === undefined || fen > MAX_FEN) throw this.fault(`field ${field + 1}: ${text.slice(0, 20)} is no amount in yuan`);
    return negative ? -fen : fen;
  }
}
