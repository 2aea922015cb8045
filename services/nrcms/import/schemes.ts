/**
 * Benefit schemes (补助方案) from YAML: the list `schemes`, each in the shape of the contract's Scheme. Other keys at the top are the author's,
 * for parts that schemes share by anchor. A fault in a shared part is reported once, where it stands.
 */
import { basename } from "node:path";
import type { Scheme } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { MAX_ALIASES, parseYaml } from "../../mesh/yaml.ts";
import { among, type Fault, integer32, integer64, list, message, optional, pathText, type Shape, text } from "../../values/shape.ts";
import { readLines } from "./lines.ts";
import { type Problem, problemText, type ReadOptions, UnreadableFile } from "./problems.ts";

const VISITS = ["OUTPATIENT", "INPATIENT"] as const;
const LEVELS = ["VILLAGE", "TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE", "OUT_OF_PROVINCE"] as const;
const CATEGORIES = ["ORDINARY", "FIVE_GUARANTEES", "MINIMUM_LIVING"] as const;

const schemeShape: Shape<Scheme> = message({
  county: text,
  year: integer32,
  version: integer32,
  name: text,
  from_day: text,
  to_day: text,
  catalogue_version: text,
  rules: list(
    message({
      visit_kind: among(VISITS),
      level: among(LEVELS),
      deductible_fen: integer64,
      repeat_deductible_bp: optional(integer32, 10_000),
      rate_bp: integer32,
      no_referral_points_bp: optional(integer32, 0),
      tcm_points_bp: optional(integer32, 0),
    }),
  ),
  caps: list(message({ visit_kind: among(VISITS), cap_fen: integer64 })),
  classes: list(message({ class: text, self_first_bp: integer32 })),
  review: message({ above_fund_fen: integer64, diagnosis_prefixes: optional(list(text), []) }),
  deductible_waived: optional(list(among(CATEGORIES)), []),
});

/** The good schemes of the file. Throws what the file system says. */
export async function readSchemes(file: string, { onProblem }: ReadOptions): Promise<Scheme[]> {
  const name = basename(file);
  const content = await contentOf(file, name, onProblem);
  if (content === undefined) return [];
  const { document, placeOf } = parseYaml(content);
  for (const error of document.errors) {
    const [at] = error.linePos ?? [{ line: 1, col: 1 }];
    onProblem({ file: name, line: at.line, column: at.col, field: "", zh: "YAML 写法有误", en: `is no right YAML: ${error.code}` });
  }
  if (document.errors.length > 0) return [];
  const reported = new Set<string>();
  const report = ({ path, zh, en }: Fault) => {
    const problem: Problem = { file: name, ...placeOf(path), field: pathText(path), zh, en };
    const once = problemText({ ...problem, field: String(path.at(-1)) });
    if (!reported.has(once)) onProblem(problem);
    reported.add(once);
  };
  const whole: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  const given = typeof whole === "object" && whole !== null && "schemes" in whole ? whole.schemes : undefined;
  if (!Array.isArray(given)) {
    report({ path: ["schemes"], zh: "缺少方案列表 schemes", en: "the list of schemes is missing" });
    return [];
  }
  return given.flatMap((value, index) => {
    const faults: Fault[] = [];
    const scheme = schemeShape(value, ["schemes", index], faults);
    for (const fault of faults) report(fault);
    return scheme ? [scheme] : [];
  });
}

async function contentOf(file: string, name: string, onProblem: ReadOptions["onProblem"]): Promise<string | undefined> {
  const lines: string[] = [];
  try {
    for await (const line of readLines(file)) {
      if (line.badAfter !== undefined) {
        onProblem({
          file: name,
          line: line.number,
          column: line.badAfter + 1,
          field: "",
          zh: "含有不是 UTF-8 的字节",
          en: "holds bytes that are not UTF-8",
        });
        return undefined;
      }
      lines.push(line.text);
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    onProblem({ ...error.problem, file: name });
    return undefined;
  }
  return `${lines.join("\n")}\n`;
}
