/** JSON lines, and bills from them: each line the contract's Bill in snake_case, amounts as whole fen. A bad line spoils no other. */
import { basename } from "node:path";
import type { Bill } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { parseYaml } from "../../mesh/yaml.ts";
import { among, type Fault, integer32, integer64, list, message, optional, pathText, type Shape, text, truth } from "../../values/shape.ts";
import { type Line, readLines } from "./lines.ts";
import { type ReadOptions, UnreadableFile } from "./problems.ts";

/** A bill as it is written in a file. */
export const billShape: Shape<Bill> = message({
  claim_id: text,
  institution_id: text,
  person_id: text,
  visit_kind: among(["OUTPATIENT", "INPATIENT"]),
  diagnosis: text,
  admitted_on: text,
  discharged_on: text,
  invoice_number: text,
  referral_id: optional(text, ""),
  tcm: optional(truth, false),
  procedures: optional(list(text), []),
  newborn: optional(integer32, 0),
  lines: list(message({ item_code: text, day: text, quantity_e4: integer64, unit_price_fen: integer64, billed_fen: integer64 })),
  total_fen: integer64,
});

/** The good bills of the file, in its order. Throws what the file system says. */
export function readBills(file: string, options: ReadOptions): Promise<Bill[]> {
  return readJsonLines(file, billShape, options);
}

/** What is good of a shape in the file, in its order. Throws what the file system says. */
export async function readJsonLines<T>(file: string, shape: Shape<T>, { onProblem }: ReadOptions): Promise<T[]> {
  const name = basename(file);
  const found: T[] = [];
  try {
    for await (const line of readLines(file)) {
      if (line.text.trim() === "") continue;
      const one = readLine(name, line, shape, onProblem);
      if (one !== undefined) found.push(one);
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    onProblem({ ...error.problem, file: name });
    return [];
  }
  return found;
}

function readLine<T>(file: string, line: Line, shape: Shape<T>, onProblem: ReadOptions["onProblem"]): T | undefined {
  const report = (column: number, field: string, zh: string, en: string) => onProblem({ file, line: line.number, column, field, zh, en });
  if (line.badAfter !== undefined) {
    report(line.badAfter + 1, "", "含有不是 UTF-8 的字节", "holds bytes that are not UTF-8");
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const column = parseYaml(line.text).document.errors[0]?.linePos?.[0].col ?? 1;
    if (line.cut) report(column, "", "文件在最后一行中断", "the file is cut off in its last line");
    else report(column, "", "不是一条完整的 JSON", "is not one whole piece of JSON");
    return undefined;
  }
  const faults: Fault[] = [];
  const read = shape(value, [], faults);
  if (faults.length === 0) return read;
  const { placeOf } = parseYaml(line.text);
  for (const { path, zh, en } of faults) report(placeOf(path).column, pathText(path), zh, en);
  return undefined;
}
