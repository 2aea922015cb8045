/** Estimates over a year that a mesh has lived through: at the gateway as a person asks for them, and apart. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "vitest";
import {
  type Bill,
  ClaimsServiceDefinition,
  type EstimateProgress,
  type EstimateReport,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { readScheme } from "../../services/benefit/scheme-file.ts";
import { hashOf } from "../../services/claims/domain/canonical.ts";
import { estimateApart } from "../../services/claims/estimate/apart.ts";
import { waitFor } from "../../services/nrcms/day.ts";
import { type EstimateAsked, estimateText, runEstimate } from "../../services/nrcms/estimate.ts";
import { chartsOf, writeTables } from "../../services/nrcms/estimate-files.ts";
import type { People } from "../../services/nrcms/people.ts";
import { REGION } from "../../services/nrcms/run.ts";

const WAIT_LIMIT_MS = 120_000;
const COUNTY = "640521";
const NEW_YEAR = "2012-01-20";

const NOTHING_SUPPOSED: EstimateAsked = {
  year: 2011,
  counties: [],
  stepBp: 0,
  stepFen: 0n,
  withoutMargins: false,
  growth: [],
  shifts: [],
  contributions: [],
  headsBp: 0,
};

/** The year's scheme over its own year is what was paid; a dearer draft costs more; what is wrong is refused, and what is cancelled is gone. */
export async function estimatesAtDoor(people: People, bills: readonly Bill[]): Promise<void> {
  const reviewer = people.as(`reviewer-${COUNTY}`);
  const claims = await Promise.all(bills.map(({ claimId }) => reviewer.call(ClaimsServiceDefinition, "getClaim", { claimId })));
  const paidFen = claims.reduce((sum, { claim }) => sum + (claim?.state === "REFUSED" ? 0n : (claim?.benefit?.fundFen ?? 0n)), 0n);
  const words: EstimateProgress[] = [];
  const own = await runEstimate(reviewer, `${COUNTY}/2011/1`, NOTHING_SUPPOSED, { onProgress: (word) => words.push(word) });
  const cost = (report: EstimateReport, scenario: string) => report.costs.find((row) => row.scenario === scenario)?.fundFen ?? 0n;
  expect(paidFen).toBeGreaterThan(0n);
  expect(cost(own, "PAID")).toBe(paidFen);
  expect(cost(own, "CURRENT")).toBe(paidFen + own.differingFen);
  expect(cost(own, "DRAFT")).toBe(cost(own, "CURRENT"));
  expect(own.heads).toBeGreaterThan(0n);
  expect(own.margins.length).toBeGreaterThan(10);
  expect(words.every(({ households, householdsTotal }) => households <= householdsTotal)).toBe(true);

  const folder = mkdtempSync(join(tmpdir(), "nrcms-estimate-"));
  try {
    const published = readFileSync(join(REGION, "schemes", `${COUNTY}-2011-1.yaml`), "utf8");
    const draft = join(folder, "draft.yaml");
    // Its golden cases say nothing of stays in townships.
    writeFileSync(draft, published.replace("rate_bp: 8500", "rate_bp: 9000"));
    const growth = [{ visitKind: "INPATIENT", level: "UNSPECIFIED", visitsBp: 10_000, costBp: 0 }] as const;
    const dearer = await runEstimate(people.as("supervisor"), draft, { ...NOTHING_SUPPOSED, growth: [...growth] });
    expect(cost(dearer, "DRAFT")).toBeGreaterThan(cost(dearer, "CURRENT"));
    expect(cost(dearer, "SUPPOSED")).toBeGreaterThan(cost(dearer, "DRAFT"));
    expect(estimateText(dearer)).toContain("benefits[0].levels[0].rate_bp");
    expect(writeTables(join(folder, "tables"), dearer).map((file) => basename(file))).toContain("margins.csv");
    expect(chartsOf(dearer).charts.map(({ id }) => id)).toContain("cost-by-month");

    const refused = (who: string, scheme: string, change: Partial<EstimateAsked> = {}) =>
      expect(runEstimate(people.as(who), scheme, { ...NOTHING_SUPPOSED, ...change })).rejects;
    await refused(`reviewer-${COUNTY}`, draft, { counties: ["640424"] }).toMatchObject({ code: "WRONG_SCOPE", field: "counties[0]" });
    await refused("maker", draft).toMatchObject({ code: "WRONG_ROLE" });
    await refused("treasurer", draft, { year: 2009 }).toMatchObject({ code: "NO_HISTORY", field: "year" });
    writeFileSync(draft, published.replaceAll("rate_bp: 7000", "rate_bp: 70000"));
    await refused("treasurer", draft).toMatchObject({
      code: "BAD_SCHEME",
      field: "benefits[0].levels[1].rate_bp",
      zh: expect.stringMatching(/^第 \d+ 行/),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }

  const cancelled = new AbortController();
  const half = runEstimate(reviewer, `${COUNTY}/2011/1`, NOTHING_SUPPOSED, { signal: cancelled.signal });
  setTimeout(() => cancelled.abort(), 300);
  await expect(half).rejects.toMatchObject({ code: "CANCELLED" });
  // Nothing of it is left, on neither twin: as many at once as there are twins find nobody else at work.
  const again = async () => {
    const answers = await Promise.allSettled([1, 2].map(() => runEstimate(reviewer, `${COUNTY}/2011/1`, NOTHING_SUPPOSED)));
    return answers.some((answer) => answer.status === "fulfilled" && cost(answer.value, "PAID") === paidFen);
  };
  expect(await waitFor(again, WAIT_LIMIT_MS)).toBe(true);
}

/** On one thread or several it is the same to the fen; and what nobody waits for any more is killed with its threads. */
export async function estimatesApart(uri: string): Promise<void> {
  const read = readScheme(readFileSync(join(REGION, "schemes", `${COUNTY}-2011-1.yaml`), "utf8"));
  if ("faults" in read) throw new Error("the region's scheme has faults");
  const wanted = {
    uri,
    counties: [COUNTY],
    year: 2011,
    today: NEW_YEAR,
    draft: { county: COUNTY, scheme: read.scheme, contentHash: hashOf(read.scheme) },
    supposition: { growth: [], shifts: [], contributions: [], headsBp: 0 },
    steps: { stepBp: 100, stepFen: 10_000n },
    margins: true,
    background: false,
  };
  const [one, three] = await Promise.all([1, 3].map((threads) => estimateApart({ ...wanted, threads })));
  expect([one?.threads, three?.threads]).toEqual([1, 3]);
  expect(one?.report?.claimants).toBeGreaterThan(0);
  expect(three?.report).toEqual(one?.report);
  let pid = 0;
  const unwanted = new AbortController();
  const onStart = (started: number) => {
    pid = started;
    unwanted.abort();
  };
  await expect(estimateApart({ ...wanted, threads: 2, signal: unwanted.signal, onStart })).rejects.toThrow("nobody waits for it");
  expect(pid).toBeGreaterThan(0);
  expect(() => process.kill(pid, 0)).toThrow();
}
