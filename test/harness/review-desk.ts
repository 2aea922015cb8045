/** One stay through a county's review desk on a whole mesh: held by a rule, taken, asked about, attached to, cut at two levels, appealed; and the rules tried on what is stored. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Bill, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import { waitFor } from "../../services/nrcms/day.ts";
import {
  answerQuestion,
  appealClaim,
  appoint,
  giveVerdict,
  releaseTask,
  returnClaim,
  ruleAppeal,
  takeTask,
  worklist,
} from "../../services/nrcms/review.ts";
import { backtestFile, closeLook, looksOf, publishRules, rulesOn, runNight } from "../../services/nrcms/rules.ts";
import type { DoorMesh } from "./door-mesh.ts";
import { EICAR, JPEG } from "./pictures.ts";

const NIGHT_LIMIT_MS = 60_000;

/** A book over the mesh's own catalogue: one rule holds the diagnosis of this bill, a nightly one flags its hospital's level. */
function bookFor(bill: Bill, catalogueVersion: string): string {
  return [
    "version: 1",
    "from_day: 2011-01-01",
    `catalogue_version: ${catalogueVersion}`,
    "second_level_above_fund_fen: 1",
    "rules:",
    `  - { id: third-party, version: 1, name: 第三方责任, name_en: third party, form: TRAUMA, stage: SETTLE, action: HOLD, diagnoses: ["${bill.diagnosis}"] }`,
    "  - { id: levels, version: 1, name: 级别, name_en: levels, form: UNREFERRED_HIGH_LEVEL, stage: NIGHTLY, action: FLAG, levels: [VILLAGE] }",
  ].join("\n");
}

/** Returns what the fund pays on the claim in the end. */
export async function throughTheDesk({ people, topology }: DoorMesh, county: string, bill: Bill, today: string): Promise<bigint> {
  const folder = mkdtempSync(join(tmpdir(), "nrcms-rules-"));
  const file = join(folder, "rules.yaml");
  const [reviewer, senior, hospital] = [
    people.as(`reviewer-${county}`),
    people.as(`senior-${county}`),
    people.as(`hospital-${bill.institutionId}`),
  ];
  const { schemes } = await reviewer.call(ClaimsServiceDefinition, "listSchemes", { county });
  const { scheme } = await reviewer.call(ClaimsServiceDefinition, "getScheme", {
    schemeId: schemes.find(({ state }) => state === "PUBLISHED")?.schemeId ?? "",
  });
  const version = /catalogue_version: *"?([\w.-]+)/.exec(scheme?.document ?? "")?.[1] ?? "";
  try {
    writeFileSync(file, bookFor(bill, version));
    const span = { uri: mongoUri(topology), county, fromDay: "2011-01-01", toDay: today, most: 100_000, onProgress: () => undefined };
    const { backtest: before } = await backtestFile(file, span);
    writeFileSync(join(folder, "bad.yaml"), bookFor(bill, version).replace(`"${bill.diagnosis}"`, '"U99.9"'));
    await expect(backtestFile(join(folder, "bad.yaml"), span)).rejects.toThrow(/bad\.yaml:6:\d+ rules\[0\]\.diagnoses\[0\]/);
    await publishRules(people.as("administrator"), file);

    const { claim } = await hospital.call(ClaimsServiceDefinition, "submitClaim", { requestId: bill.claimId, bill });
    expect(claim).toMatchObject({ state: "IN_REVIEW", task: { level: "FIRST", twice: true }, findings: [{ ruleId: "third-party" }] });
    const { claimId } = bill;
    await takeTask(reviewer, county, claimId);
    const verdict = { county, claimId, verdict: "APPROVE", reason: "", deductions: [] } as const;
    await expect(giveVerdict(senior, { ...verdict, deductions: [] })).rejects.toMatchObject({ code: "TASK_HELD" });
    expect((await worklist(reviewer, county, "MINE")).map((one) => one.bill?.claimId)).toEqual([claimId]);
    await releaseTask(reviewer, county, claimId);
    await returnClaim(reviewer, county, claimId, "第三方？");
    await expect(giveVerdict(reviewer, { ...verdict, deductions: [] })).rejects.toMatchObject({ code: "WITH_HOSPITAL" });

    const picture = { kind: "THIRD_PARTY", mediaType: "JPEG", name: "责任认定.jpg", content: JPEG } as const;
    const attach = (requestId: string, over: object = {}) =>
      hospital.call(ClaimsServiceDefinition, "attachToClaim", {
        requestId,
        institutionId: bill.institutionId,
        claimId,
        attachment: { ...picture, ...over },
      });
    await expect(attach("eicar", { mediaType: "PDF", content: EICAR })).rejects.toMatchObject({ code: "INFECTED" });
    const { attachment } = await attach("picture");
    expect((await attach("picture-again")).attachment).toEqual(attachment);
    const contentHash = attachment?.contentHash ?? "";
    expect(
      Buffer.from((await reviewer.call(ClaimsServiceDefinition, "getAttachment", { claimId, contentHash })).content).equals(JPEG),
    ).toBe(true);
    await answerQuestion(hospital, bill.institutionId, claimId, "见附件");

    const off = { line: 1, deductedFen: bill.lines[0]?.billedFen ?? 0n, reason: "NO_RECORD", note: "" } as const;
    await giveVerdict(reviewer, { ...verdict, deductions: [off] });
    await expect(giveVerdict(reviewer, { ...verdict, deductions: [] })).rejects.toMatchObject({ code: "PASSED_BY_YOU" });
    await expect(giveVerdict(senior, { ...verdict, deductions: [] })).rejects.toMatchObject({ code: "ABOVE_YOUR_LEVEL" });
    await appoint(people.as("administrator"), county, `senior-${county}`, "SECOND");
    await appoint(people.as("administrator"), county, `reviewer-${county}`, "SECOND");
    const cut = await giveVerdict(senior, { ...verdict, deductions: [] });
    expect(cut).toMatchObject({ state: "APPROVED", deductions: [off] });
    expect((await rulesOn(people.as("operator"), today)).scores).toMatchObject([{ ruleId: "third-party", right: 1, wrong: 0 }, {}]);

    await appealClaim(hospital, bill.institutionId, claimId, "有记录");
    await expect(ruleAppeal(senior, { county, claimId, verdict: "GRANT", reason: "复核", lines: [] })).rejects.toMatchObject({
      code: "PASSED_BY_YOU",
    });
    // Both have had a part in it: the county's third person decides.
    await expect(ruleAppeal(reviewer, { county, claimId, verdict: "GRANT", reason: "复核", lines: [] })).rejects.toMatchObject({
      code: "PASSED_BY_YOU",
    });

    // The leading twin runs the night by itself, as soon as there is a nightly rule; what came since is for the operator's hand.
    const lastNight = async () => (await rulesOn(reviewer, today)).lastNight;
    expect(await waitFor(async () => (await lastNight()) !== undefined, NIGHT_LIMIT_MS)).toBe(true);
    const night = await lastNight();
    expect(night).toMatchObject({ day: today, version: 1, left: 0, fault: "" });
    const { reported } = await runNight(people.as("operator"), today, span);
    expect((night?.found ?? 0) + reported).toBeGreaterThan(0);
    expect((await runNight(people.as("operator"), today, span)).reported).toBe(0);
    expect((await looksOf(reviewer, county)).map((look) => look.claimId)).toContain(claimId);
    await expect(closeLook(senior, county, claimId, false, "")).rejects.toMatchObject({ code: "PASSED_BY_YOU" });
    // The same book once more, now that the claim is stored and cut.
    const { backtest: after } = await backtestFile(file, span);
    expect(after.claims).toBe(before.claims + 1);
    const rightOf = ({ reports }: typeof after) => reports.find(({ rule }) => rule.id === "third-party")?.right ?? 0;
    expect(rightOf(after)).toBe(rightOf(before) + 1);
    return cut.benefit?.fundFen ?? 0n;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
