/** A back-test over a seeded year with planted cases: each rule finds what it can see, nothing else but what looks the same, and its report says so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { backtestText } from "../../../services/nrcms/rules.ts";
import { openBacktest, precisionBp, recallBp } from "../../../services/rules/backtest.ts";
import { readRules } from "../../../services/rules/rules-file.ts";
import { PLANTED_RULES, plantedFor, ruleYear } from "../../harness/rule-year.ts";

const SEED = 7;
const PLAIN = 2_000;

const read = readRules(readFileSync(join(import.meta.dirname, "../../../services/rules/reference-rules.yaml"), "utf8"));
if ("faults" in read) throw new Error("the reference rules have faults");
const { rules } = read.book;

it(`finds in a year of seed ${SEED} what was planted, and tells precision and recall of each rule`, () => {
  const backtest = openBacktest(rules, () => 0n);
  for (const holder of ruleYear(SEED, PLAIN)) backtest.add(holder);
  console.log(`seed ${SEED}, ${backtest.claims} claims\n${backtestText(backtest)}`);
  expect(backtest.reports.map(({ rule }) => rule.id).toSorted()).toEqual([...PLANTED_RULES].sort());
  for (const report of backtest.reports) {
    const { rule, hits, right, wrong, missed } = report;
    const { found, unseen, innocent } = plantedFor(rule.id);
    expect({ rule: rule.id, right, missed, wrong, hits }).toEqual({
      rule: rule.id,
      right: found,
      missed: unseen,
      wrong: innocent,
      hits: found + innocent,
    });
    expect(precisionBp(report)).toBe(Math.round((found * 10_000) / (found + innocent)));
    expect(recallBp(report)).toBe(Math.round((found * 10_000) / (found + unseen)));
  }
});

it("counts by the reviewers' words where nothing else is known, and by nobody's where there are none", () => {
  const [holder] = ruleYear(SEED, 1);
  if (!holder) throw new Error("no year");
  const injured = holder.claims.slice(0, 1).map((claim) => ({ ...claim, bill: { ...claim.bill, diagnosis: "S72.0" } }));
  const of = (faulty: boolean | undefined) => {
    const backtest = openBacktest(
      rules.filter(({ id }) => id === "trauma"),
      () => 0n,
    );
    backtest.add({ claims: injured.map(({ truth: _, ...claim }) => ({ ...claim, faulty })) });
    const [report] = backtest.reports;
    return report && [report.right, report.wrong, report.unknown, precisionBp(report), recallBp(report)];
  };
  expect(of(true)).toEqual([1, 0, 0, 10_000, 10_000]);
  expect(of(false)).toEqual([0, 1, 0, 0, undefined]);
  expect(of(undefined)).toEqual([0, 0, 1, undefined, undefined]);
});
