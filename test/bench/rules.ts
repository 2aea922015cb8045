/** The review rules alone, on one core: a back-test of the reference book over a seeded year with planted cases, and how many claims a second it judges. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { backtestText } from "../../services/nrcms/rules.ts";
import { openBacktest } from "../../services/rules/backtest.ts";
import { readRules } from "../../services/rules/rules-file.ts";
import { ruleYear } from "../harness/rule-year.ts";

const SEED = 7;

export function benchRules(persons: number): void {
  const read = readRules(readFileSync(join(import.meta.dirname, "../../services/rules/reference-rules.yaml"), "utf8"));
  if ("faults" in read) throw new Error("the reference rules have faults");
  const year = ruleYear(SEED, persons);
  const backtest = openBacktest(read.book.rules, () => 0n);
  const before = process.cpuUsage();
  for (const holder of year) backtest.add(holder);
  const { user, system } = process.cpuUsage(before);
  const microseconds = (user + system) / backtest.claims;
  console.log(backtestText(backtest));
  console.log(
    `seed ${SEED}: ${backtest.claims} claims, ${(1e6 / microseconds).toFixed(0)} a second, ${microseconds.toFixed(1)} µs each; CPU time, not wall time`,
  );
}
