/**
 * A bill on paper (手工报销单据) from a file: one YAML document, or one piece of JSON, which YAML contains. Its form is the contract's, flat, in snake_case, amounts as whole fen:
 * the bill without its institution and invoice, the hospital (`institution_id`, or `name`, `city` and `level` in words), the invoices, and the day on the paper.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { BankAccount } from "../../../proto/generated/nrcms/administration/v1/administration.ts";
import { ConfirmedBy, type SubmitPaperClaimRequest } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { LEVELS, type Level } from "../../benefit/words.ts";
import { parseYaml } from "../../mesh/yaml.ts";
import { among, type Fault, integer32, integer64, list, message, optional, pathText, type Shape, text, truth } from "../../values/shape.ts";
import { readJsonLines } from "./bills.ts";
import type { Problem, ReadOptions } from "./problems.ts";

/** What a desk hands in; whose county it is says the command. */
export type PaperFile = Required<Pick<SubmitPaperClaimRequest, "bill" | "paper">>;

const MAX_BYTES = 1024 * 1024;
const ONE_E4 = 10_000n;

/** A number of digits only would lose its leading zeros: YAML reads it as an amount. */
const digits: Shape<string> = (value, path, faults) => {
  if (typeof value !== "bigint" && typeof value !== "number") return text(value, path, faults);
  faults.push({ path, zh: "号码须加引号", en: "must be in quotes: it is a number's name, not an amount" });
  return undefined;
};

/** In YAML `8210.00` is a number with a point, whatever follows it: somebody meant yuan. */
const fen: Shape<bigint> = (value, path, faults) => {
  if (typeof value !== "number") return integer64(value, path, faults);
  faults.push({ path, zh: "须为整数分，不得有小数点", en: "must be whole fen, without a point" });
  return undefined;
};

const formOf = (amount: Shape<bigint>) =>
  message({
    claim_id: digits,
    person_id: digits,
    visit_kind: among(["OUTPATIENT", "INPATIENT"]),
    diagnosis: text,
    admitted_on: text,
    discharged_on: text,
    referral_id: optional(digits, ""),
    tcm: optional(truth, false),
    procedures: optional(list(digits), []),
    newborn: optional(integer32, 0),
    lines: list(
      message({ item_code: digits, day: text, quantity_e4: optional(integer64, ONE_E4), unit_price_fen: amount, billed_fen: amount }),
    ),
    total_fen: amount,
    hospital: message({
      institution_id: optional(digits, ""),
      name: optional(text, ""),
      city: optional(text, ""),
      level: optional<Level | "UNSPECIFIED">(among(LEVELS), "UNSPECIFIED"),
    }),
    issued_on: text,
    invoices: list(message({ invoice_number: digits, total_fen: amount })),
  });

function paperShape(amount: Shape<bigint>): Shape<PaperFile> {
  const form = formOf(amount);
  return (value, path, faults) => {
    const read = form(value, path, faults);
    if (!read) return undefined;
    const { hospital, issuedOn, invoices, ...bill } = read;
    return {
      bill: { ...bill, institutionId: "", invoiceNumber: "" },
      paper: { ...hospital, issuedOn, invoices, submittedBy: "", confirmation: undefined },
    };
  };
}

const written = paperShape(fen);

export type PaperRead = { readonly paper: PaperFile } | { readonly problems: readonly Problem[] };

/** Reads a paper's file. What is wrong comes with line and column. Throws what the file system says. */
export function readPaper(path: string): PaperRead {
  const file = basename(path);
  const whole = (zh: string, en: string): PaperRead => ({ problems: [{ file, line: 1, column: 0, field: "", zh, en }] });
  if (!existsSync(path)) return whole("文件不存在", "there is no such file");
  const bytes = readFileSync(path);
  if (bytes.length > MAX_BYTES) return whole(`文件过大，上限 ${MAX_BYTES} 字节`, `is larger than ${MAX_BYTES} bytes`);
  const content = bytes.toString("utf8");
  if (!Buffer.from(content, "utf8").equals(bytes)) return whole("不是 UTF-8 文本", "is not UTF-8 text");
  const { document, placeOf } = parseYaml(content);
  if (document.errors.length > 0)
    return {
      problems: document.errors.map(({ linePos, code }) => {
        const { line = 1, col: column = 1 } = linePos?.[0] ?? {};
        return { file, line, column, field: "", zh: `YAML 或 JSON 写法有误（${code}）`, en: `is no right YAML or JSON: ${code}` };
      }),
    };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    // The one thing that it throws for.
    return whole("不得使用 YAML 引用", "must have no YAML aliases");
  }
  const faults: Fault[] = [];
  const paper = written(value, [], faults);
  if (paper) return { paper };
  return { problems: faults.map(({ path: at, zh, en }) => ({ file, ...placeOf(at), field: pathText(at), zh, en })) };
}

/** A sample day's paper: handed in where, paid on which account, and what its hospital will say. */
export interface PaperCase {
  readonly county: string;
  readonly account: BankAccount;
  readonly says: { readonly askedBy: ConfirmedBy; readonly answeredBy: string; readonly code: string; readonly denied?: string };
  readonly file: PaperFile;
}

const caseForm = message({
  county: text,
  account: message({ bank_code: text, account_number: text, account_name: text }),
  hospital_says: message({
    asked_by: among([ConfirmedBy.PHONE, ConfirmedBy.FAX, ConfirmedBy.NETWORK]),
    answered_by: text,
    code: text,
    denied: text,
  }),
  // JSON has one kind of number.
  paper: paperShape(integer64),
});

const caseShape: Shape<PaperCase> = (value, path, faults) => {
  const read = caseForm(value, path, faults);
  if (!read) return undefined;
  const { county, account, paper, hospitalSays } = read;
  const { denied, ...says } = hospitalSays;
  return { county, account, file: paper, says: { ...says, ...(denied === "" ? {} : { denied }) } };
};

/** papers.jsonl. Throws what the file system says. */
export function readPaperCases(file: string, options: ReadOptions): Promise<PaperCase[]> {
  return readJsonLines(file, caseShape, options);
}

/** How the hospital was asked, as a person types it. */
export const ASKED: Readonly<Record<string, ConfirmedBy>> = {
  phone: ConfirmedBy.PHONE,
  fax: ConfirmedBy.FAX,
  network: ConfirmedBy.NETWORK,
};
