/**
 * A CSV file as rows of values. One line is one row: a quotation mark that is never closed spoils its own line and swallows no other.
 * Columns are found by the names in the first line, in any order. Empty lines are passed over.
 */
import { basename } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { type Camel, camel, type Reason } from "../../values/shape.ts";
import type { Column } from "./columns.ts";
import { type Encoding, type Line, readLines } from "./lines.ts";
import { type OnProblem, type Place, type ReadOptions, UnreadableFile } from "./problems.ts";

export type Columns = Readonly<Record<string, Column<unknown>>>;

export type ValueOf<C extends Columns> = { readonly [K in keyof C & string as Camel<K>]: C[K] extends Column<infer T> ? T : never };

export interface Row<C extends Columns> {
  readonly line: number;
  /** Undefined where the row has a problem, which has been reported. */
  readonly value: ValueOf<C> | undefined;
  /** Its cells stand under their columns: false where it is damaged or has too few or too many. */
  readonly whole: boolean;
  /** What the cell says, also in a row with problems; undefined where the row does not reach it. */
  text(name: keyof C & string): string | undefined;
  place(name: keyof C & string): Place;
}

/** Hands over each row in order. False where the file as a whole is of no use: what was handed over is to be thrown away. Throws what the file system says. */
export async function readTable<C extends Columns>(
  file: string,
  columns: C,
  onProblem: OnProblem,
  onRow: (row: Row<C>) => void,
): Promise<boolean> {
  const rows = tableRows(file, columns, onProblem);
  for (;;) {
    const { done, value } = await rows.next();
    if (done) return value;
    onRow(value);
  }
}

/** Gives each row in order, one after the other, and in the end what `readTable` says of the whole. Throws what the file system says. */
export async function* tableRows<C extends Columns>(
  file: string,
  columns: C,
  onProblem: OnProblem,
  encoding: Encoding = "utf-8",
): AsyncGenerator<Row<C>, boolean> {
  const name = basename(file);
  let header: readonly string[] | undefined;
  try {
    for await (const line of readLines(file, encoding)) {
      if (line.text.trim() === "") continue;
      if (header) {
        const row = readRow(name, line, header, columns, onProblem);
        if (row) yield row;
        continue;
      }
      header = readHeader(name, line, Object.keys(columns), onProblem);
      if (!header) return false;
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    onProblem({ ...error.problem, file: name });
    return false;
  }
  if (!header) onProblem({ file: name, line: 1, column: 0, field: "", zh: "文件是空的", en: "the file is empty" });
  return header !== undefined;
}

/** The rows of a small table, without those that are wrong or that repeat another's `key` columns. */
export async function readUnique<C extends Columns>(
  file: string,
  columns: C,
  key: readonly (keyof C & string)[],
  { onProblem }: ReadOptions,
  wrongRow: (value: ValueOf<C>) => (Reason & { readonly at: keyof C & string }) | undefined = () => undefined,
): Promise<ValueOf<C>[]> {
  const seen = new Map<string, number>();
  const values: ValueOf<C>[] = [];
  const [first] = key;
  const usable = await readTable(file, columns, onProblem, (row) => {
    if (!row.whole) return;
    const id = key.map((name) => row.text(name)).join("\u0000");
    const before = seen.get(id);
    if (before === undefined) seen.set(id, row.line);
    else if (first) onProblem({ ...row.place(first), zh: `与第 ${before} 行重复`, en: `the same as in line ${before}` });
    const wrong = row.value && wrongRow(row.value);
    if (wrong) onProblem({ ...row.place(wrong.at), zh: wrong.zh, en: wrong.en });
    if (row.value && before === undefined && !wrong) values.push(row.value);
  });
  return usable ? values : [];
}

function readHeader(file: string, line: Line, wanted: readonly string[], onProblem: OnProblem): readonly string[] | undefined {
  const cells = cellsOf(line.text) ?? [];
  const report = (column: number, field: string, zh: string, en: string) => onProblem({ file, line: line.number, column, field, zh, en });
  const found = cells.filter((cell) => wanted.includes(cell));
  if (found.length === 0) {
    report(0, "", `第一行不是表头；应为 ${wanted.join(",")}`, `the first line is no header; wanted is ${wanted.join(",")}`);
    return undefined;
  }
  let right = true;
  for (const [index, cell] of cells.entries()) {
    const unknown = !wanted.includes(cell);
    if (!unknown && cells.indexOf(cell) === index) continue;
    right = false;
    if (unknown) report(index + 1, "", "表头中有不认识的列", "the header has a column that is not known");
    else report(index + 1, cell, "表头中该列重复", "the header has this column twice");
  }
  for (const name of wanted) {
    if (cells.includes(name)) continue;
    right = false;
    report(0, name, "表头缺少该列", "the header lacks this column");
  }
  return right ? cells : undefined;
}

function readRow<C extends Columns>(
  file: string,
  line: Line,
  header: readonly string[],
  columns: C,
  onProblem: OnProblem,
): Row<C> | undefined {
  const cells = cellsOf(line.text);
  if (cells?.length === header.length && cells.every((cell) => cell === "")) return undefined;
  const place = (name: string): Place => ({ file, line: line.number, column: header.indexOf(name) + 1, field: name });
  const text = (name: string) => cells?.[header.indexOf(name)];
  const fault = lineFault(line, cells, header);
  if (fault) onProblem({ file, line: line.number, column: fault.column, field: header[fault.column - 1] ?? "", ...fault.reason });
  let right = !fault;
  const value: Record<string, unknown> = {};
  for (const [name, read] of fault ? [] : Object.entries(columns)) {
    const cell = read(text(name) ?? "");
    if ("value" in cell) value[camel(name)] = cell.value;
    else {
      right = false;
      onProblem({ ...place(name), ...cell.wrong });
    }
  }
  return { line: line.number, value: right ? (value as ValueOf<C>) : undefined, whole: cells?.length === header.length, text, place };
}

const NOT_UTF8 = { zh: "含有不是 UTF-8 的字节", en: "holds bytes that are not UTF-8" };
const NOT_GB18030 = { zh: "含有不是 GB18030 的字节", en: "holds bytes that are not GB18030" };

/** What is wrong with a line before its cells are looked at. */
function lineFault(
  line: Line,
  cells: readonly string[] | undefined,
  header: readonly string[],
): { column: number; reason: Reason } | undefined {
  if (line.badAfter !== undefined) {
    const column = line.text.slice(0, line.badAfter).split(",").length;
    return { column, reason: line.encoding === "utf-8" ? NOT_UTF8 : NOT_GB18030 };
  }
  if (!cells)
    return {
      column: 0,
      reason: { zh: "引号不成对；一行一条记录，单元格内不能换行", en: "a quotation mark is not closed or out of place; a row is one line" },
    };
  if (cells.length !== header.length && line.cut)
    return { column: cells.length, reason: { zh: "文件在最后一行中断", en: "the file is cut off in its last line" } };
  if (cells.length !== header.length)
    return {
      column: Math.min(cells.length, header.length),
      reason: { zh: `有 ${cells.length} 列，应为 ${header.length} 列`, en: `has ${cells.length} columns in place of ${header.length}` },
    };
  if (line.cut)
    return {
      column: cells.length,
      reason: {
        zh: "文件末尾没有换行，可能被截断；请核对最后一行并补上换行",
        en: "the file does not end with a line break and may be cut off; check the last line and add one",
      },
    };
  return undefined;
}

/** The cells of one line; undefined where its quotation marks are wrong. */
function cellsOf(text: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(",");
  try {
    return parse(text, { relax_column_count: true })[0] ?? [];
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
