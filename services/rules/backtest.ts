/**
 * What a book of rules would have found in stored claims: person by person, each claim beside those that were there before it, whatever stage a rule is of. Pure; its memory is bounded by the
 * number of invoices that it keeps to find one again with another person.
 */
import { invoiceMarks } from "./forms.ts";
import { judgeBy } from "./judge.ts";
import type { Case, Finding, Rule, RuleBill } from "./rule.ts";

/** Invoices that are remembered across persons; about 300 bytes each. */
const MAX_MARKS = 1_000_000;
const MAX_EXAMPLES = 5;

export interface StoredClaim {
  readonly bill: RuleBill;
  readonly county: string;
  readonly level: Case["level"];
  readonly uncoveredDays: readonly string[];
  readonly submittedAtMs: number;
  /** It stands: neither refused nor taken back. One that does not is judged, and stands beside no other. */
  readonly stands: boolean;
  /** In a reviewer's word: refused or cut, or passed in full; undefined where nobody has looked. */
  readonly faulty: boolean | undefined;
  /** Where it is known what is wrong with it: the rules that should find it. */
  readonly truth?: readonly string[];
  /** Left out of the figures, and only there for others to stand beside. */
  readonly background?: boolean;
}

/** All claims of one person, or of a newborn under its mother. */
export interface Holder {
  readonly claims: readonly StoredClaim[];
  readonly person?: Case["person"];
}

export interface RuleReport {
  readonly rule: Rule;
  /** Claims in which it found something. */
  hits: number;
  /** Of these: what reviewers found at fault, what they passed, and what nobody has looked at. */
  right: number;
  wrong: number;
  unknown: number;
  /** Claims that it should have found and did not; only where that is known. */
  missed: number;
  /** What the claims found were billed for, and what would have been taken off. */
  billedFen: bigint;
  excessFen: bigint;
  readonly examples: { readonly claimId: string; readonly zh: string; readonly en: string }[];
}

export interface Backtest {
  readonly reports: readonly RuleReport[];
  /** Claims judged. */
  readonly claims: number;
  /** Invoices that were not remembered any more: one that comes again with another person is not found. */
  readonly forgotten: number;
  add(holder: Holder, onFound?: (claim: StoredClaim, findings: readonly Finding[]) => void): void;
}

export function openBacktest(rules: readonly Rule[], priceLimitFen: Case["priceLimitFen"]): Backtest {
  const reports = rules.map(
    (rule): RuleReport => ({ rule, hits: 0, right: 0, wrong: 0, unknown: 0, missed: 0, billedFen: 0n, excessFen: 0n, examples: [] }),
  );
  const marks = new Map<string, RuleBill>();
  let claims = 0;
  let forgotten = 0;

  /** Claims of other persons with one of its invoices. */
  const elsewhere = ({ bill }: StoredClaim): RuleBill[] =>
    invoiceMarks(bill).flatMap((mark) => {
      const known = marks.get(mark);
      return known && known.personId !== bill.personId ? [known] : [];
    });

  const remember = ({ bill, stands }: StoredClaim): void => {
    if (!stands) return;
    for (const mark of invoiceMarks(bill)) {
      if (marks.has(mark)) continue;
      if (marks.size >= MAX_MARKS) forgotten += 1;
      else marks.set(mark, { ...bill, lines: [] });
    }
  };

  return {
    reports,
    get claims() {
      return claims;
    },
    get forgotten() {
      return forgotten;
    },
    add({ claims: all, person }, onFound) {
      for (const claim of all) {
        if (claim.background) continue;
        claims += 1;
        const before = all.filter((one) => one.stands && one !== claim && isEarlier(one, claim)).map(({ bill }) => bill);
        const { bill, county, level, uncoveredDays } = claim;
        const others = [...before, ...elsewhere(claim)];
        const one: Case = { bill, county, level, uncoveredDays, others, priceLimitFen, ...(person ? { person } : {}) };
        const findings: Finding[] = [];
        for (const report of reports) {
          const finding = judgeBy(report.rule, one, findings);
          if (finding) findings.push(finding);
          count(report, claim, finding);
        }
        if (findings.length > 0) onFound?.(claim, findings);
      }
      for (const claim of all) remember(claim);
    },
  };
}

function isEarlier(a: StoredClaim, b: StoredClaim): boolean {
  return a.submittedAtMs === b.submittedAtMs ? a.bill.claimId < b.bill.claimId : a.submittedAtMs < b.submittedAtMs;
}

function count(report: RuleReport, { bill, truth, faulty }: StoredClaim, finding: Finding | undefined): void {
  const isTrue = truth ? truth.includes(report.rule.id) : faulty;
  if (!finding) {
    if (truth && isTrue) report.missed += 1;
    return;
  }
  report.hits += 1;
  if (isTrue === undefined) report.unknown += 1;
  else if (isTrue) report.right += 1;
  else report.wrong += 1;
  report.billedFen += bill.totalFen;
  report.excessFen += finding.excess.reduce((sum, { fen }) => sum + fen, 0n);
  if (report.examples.length < MAX_EXAMPLES) report.examples.push({ claimId: bill.claimId, zh: finding.zh, en: finding.en });
}

/** Basis points of the claims found that were at fault; undefined where nobody has looked at any. */
export function precisionBp({ right, wrong }: Pick<RuleReport, "right" | "wrong">): number | undefined {
  return right + wrong === 0 ? undefined : Math.round((right * 10_000) / (right + wrong));
}

/** Basis points of the claims at fault that were found; undefined where there was none, or none is known. */
export function recallBp({ right, missed }: Pick<RuleReport, "right" | "missed">): number | undefined {
  return right + missed === 0 ? undefined : Math.round((right * 10_000) / (right + missed));
}
