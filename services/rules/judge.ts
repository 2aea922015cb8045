/** Judges one claim by a book's rules: in their order, each silent where one that it names has found something. */
import { lesser } from "../values/money.ts";
import { LOOKS } from "./forms.ts";
import { type Case, type Excess, type Finding, isJudgedAt, type Rule, type Stage } from "./rule.ts";

/** Evidence that is kept of one finding: a stay has at most 300 lines, a year 400 claims. */
const MAX_EVIDENCE = 20;

/** What the rules of a stage find. Rules stand after those that silence them (rules-check.ts). */
export function judge(one: Case, rules: readonly Rule[], stage: Stage): Finding[] {
  const findings: Finding[] = [];
  for (const rule of rules) {
    if (!isJudgedAt(rule, stage)) continue;
    const finding = judgeBy(rule, one, findings);
    if (finding) findings.push(finding);
  }
  return findings;
}

/** What one rule finds, where none that silences it has. */
export function judgeBy(rule: Rule, one: Case, before: readonly Finding[]): Finding | undefined {
  if (rule.counties.length > 0 && !rule.counties.includes(one.county)) return undefined;
  if (rule.unless.length > 0 && before.some(({ ruleId }) => rule.unless.includes(ruleId))) return undefined;
  const found = LOOKS[rule.form](rule, one);
  if (!found) return undefined;
  const { zh, en, claims = [], lines = [], values = [], excess = [] } = found;
  const { id: ruleId, version, action } = rule;
  return { ruleId, version, action, zh, en, claims: claims.slice(0, MAX_EVIDENCE), lines: lines.slice(0, MAX_EVIDENCE), values, excess };
}

/** What findings that deduct take off each line together: never more than it has. */
export function excessByLine(
  findings: readonly Finding[],
  billedFen: (line: number) => bigint,
): (Excess & { readonly ruleId: string; readonly version: number })[] {
  const taken = new Map<number, Excess & { ruleId: string; version: number }>();
  for (const { action, excess, ruleId, version } of findings) {
    if (action !== "DEDUCT") continue;
    for (const { line, fen } of excess) {
      const before = taken.get(line);
      // Two rules about one line: the larger excess holds the smaller.
      if (before && before.fen >= fen) continue;
      taken.set(line, { line, fen: lesser(fen, billedFen(line)), ruleId, version });
    }
  }
  return [...taken.values()].filter(({ fen }) => fen > 0n).sort((a, b) => a.line - b.line);
}
