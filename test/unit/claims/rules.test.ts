/** The province's review rules at a submission: held, blocked, deducted, flagged and sampled; their findings judged; looked at afterwards. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashOf } from "../../../services/claims/domain/canonical.ts";
import { type Claim, claims, covers } from "../../../services/claims/domain/documents.ts";
import { explain } from "../../../services/claims/domain/explain.ts";
import { closeLook, reportFindings } from "../../../services/claims/domain/look.ts";
import { review } from "../../../services/claims/domain/review.ts";
import type { Deduction } from "../../../services/claims/domain/review-documents.ts";
import { looks, publishRules, ruleScores } from "../../../services/claims/domain/rulebook.ts";
import { isSampled } from "../../../services/claims/domain/ruled.ts";
import { catalogues, schemes } from "../../../services/claims/domain/scheme.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { appointReviewer } from "../../../services/claims/domain/task.ts";
import { readRules } from "../../../services/rules/rules-file.ts";
import type { Options, World } from "../../harness/decide.ts";
import { bill, expectDone, line, PERSON, refusedWith, region, snapshot, submitted, visit, yearOf, ZHONGNING } from "./nx-ref.ts";

const REFERENCE = readFileSync(join(import.meta.dirname, "../../../services/rules/reference-rules.yaml"), "utf8");
const START = Date.parse("2011-11-25T10:00:00+08:00");
const by = (name: string): Options => ({ atMs: START, caller: { name, role: "REVIEWER", scope: ZHONGNING } });

function publish(world: World, document: string, day = "2010-12-01") {
  const read = readRules(document);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  const input = { book: read.book, document, contentHash: hashOf(read.book) };
  return world.run(publishRules, input, { atMs: Date.parse(`${day}T09:00:00+08:00`) });
}

function ruled(change: (document: string) => string = (document) => document): World {
  const world = region();
  expectDone(publish(world, change(REFERENCE.replace("sample_bp: 200", "sample_bp: 0"))));
  return world;
}

const found = ({ findings = [] }: Claim) => findings.map(({ ruleId, version, action }) => `${ruleId}/${version} ${action}`);

describe("at the settlement", () => {
  it("passes what no rule has found, and guards nothing more for it", () => {
    const claim = submitted(ruled(), bill());
    expect([claim.state, claim.findings, claim.deductions]).toEqual(["APPROVED", undefined, undefined]);
  });

  it("holds an injury with its evidence, and says so in both languages", () => {
    const claim = submitted(ruled(), bill({ diagnosis: "S72.0" }));
    expect(claim).toMatchObject({
      state: "IN_REVIEW",
      findings: [{ ruleId: "trauma", version: 1, action: "HOLD", values: [{ value: "S72.0" }] }],
    });
    expect(claim.reason).toMatch(/^规则 trauma\/1：.* \/ rule trauma\/1: /);
  });

  it("takes what is too much off, at once: the fund pays less, the hospital bears it, the patient's part stays", () => {
    const world = ruled();
    const plain = submitted(region(), bill({ claimId: "X", lines: [line("A", 900_000n)] }));
    const claim = submitted(world, bill({ claimId: "Y", lines: [line("A", 900_000n)] }));
    expect(claim).toMatchObject({
      state: "APPROVED",
      reviewed: false,
      deductions: [{ line: 1, deductedFen: 400_000n, reason: "OVER_PRICE", note: "price/1" }],
    });
    expect(claim.benefit.patientFen).toBe(plain.benefit.patientFen);
    expect(claim.benefit.hospitalFen).toBe(plain.benefit.fundFen - claim.benefit.fundFen);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(claim.benefit.fundFen);
    const document = world.get(schemes.key(ZHONGNING, 2011, 1));
    const catalogue = world.get(catalogues.key("NX"));
    if (!document || !catalogue) throw new Error("not published");
    expect(explain(claim, { home: document, treating: document, catalogue }).some(({ step }) => step === "DEDUCTION")).toBe(true);
  });

  it("blocks with the rule's name and place, and stores nothing", () => {
    const world = ruled((document) =>
      document.replace("form: TRAUMA, stage: TRIAL, action: HOLD", "form: TRAUMA, stage: TRIAL, action: BLOCK"),
    );
    const before = snapshot(world);
    expect(refusedWith(world, bill({ diagnosis: "S72.0" }))).toMatchObject({ code: "RULE_BLOCKS", field: "bill" });
    expect(snapshot(world)).toEqual(before);
  });

  it("tells a trial what is of its stage only", () => {
    const world = ruled((document) => document.replace("form: SPLIT_STAY, stage: SETTLE", "form: SPLIT_STAY, stage: TRIAL"));
    submitted(world, bill({ admittedOn: "2011-11-10", dischargedOn: "2011-11-12" }));
    const many = { ...line("B", 10_000n, "2011-11-14"), quantityE4: 200_000n, unitPriceFen: 500n };
    const input = { bill: bill({ admittedOn: "2011-11-14", dischargedOn: "2011-11-16", lines: [many] }) };
    const before = structuredClone(world.all("claims"));
    const tried = world.run(submit, { ...input, trial: true });
    expect(found(expectDone(tried))).toEqual(["split-stay/1 FLAG"]);
    const settled = ruled((document) => document.replace("form: SPLIT_STAY, stage: SETTLE", "form: SPLIT_STAY, stage: TRIAL"));
    for (const claim of before as Claim[]) submitted(settled, claim.bill);
    expect(found(submitted(settled, input))).toEqual(["course/1 DEDUCT", "split-stay/1 FLAG"]);
  });

  it("looks at the person's other claims: the same invoice elsewhere and a year ago, a stay that was split", () => {
    const world = ruled();
    submitted(world, bill({ admittedOn: "2011-03-01", dischargedOn: "2011-03-03", invoiceNumber: "AB-12" }));
    const claim = submitted(world, bill({ institutionId: "COUNTY-2", invoiceNumber: "ab12" }));
    expect(found(claim)).toEqual(["dup-invoice/1 HOLD"]);
    const split = submitted(
      world,
      bill({ institutionId: "COUNTY-2", admittedOn: "2011-11-23", dischargedOn: "2011-11-24", lines: [line("A", 1_000n, "2011-11-23")] }),
    );
    expect(found(split)).toEqual(["split-stay/1 FLAG"]);
    expect(world.get(looks.key(split.bill.claimId))).toMatchObject({ state: "OPEN", sampled: false, findings: [{ ruleId: "split-stay" }] });
  });

  it("counts what was done in the same hour, at whichever institution", () => {
    const world = ruled();
    const ct = { ...line("CT", 20_000n), time: "09:10" };
    expect(found(submitted(world, bill({ lines: [ct, { ...ct, time: "10:01" }] })))).toEqual([]);
    const other = visit("2011-10-20", 0n, { lines: [{ ...line("CT", 20_000n, "2011-10-20"), time: "08:00" }] });
    submitted(world, other);
    const again = visit("2011-10-20", 0n, { institutionId: "COUNTY-2", lines: [{ ...line("CT", 20_000n, "2011-10-20"), time: "08:40" }] });
    const claim = submitted(world, again);
    expect(claim.findings).toMatchObject([{ ruleId: "ct-per-hour", claims: [other.claimId], lines: [1] }]);
  });

  it("knows sex and age as enrolled", () => {
    const world = ruled();
    const cover = world.get(covers.key(PERSON));
    if (!cover) throw new Error("no cover");
    world.put(covers.key(PERSON), { ...cover, person: { sex: "MALE", bornOn: "1980-01-01" } });
    expect(found(submitted(world, bill({ diagnosis: "O80.9" })))).toEqual(["women-only/1 HOLD"]);
    expect(found(submitted(world, bill({ diagnosis: "P07.1", admittedOn: "2011-10-01", dischargedOn: "2011-10-02" })))).toEqual([
      "children-only/1 HOLD",
    ]);
  });

  it("asks for both levels above the book's amount", () => {
    const world = ruled((document) => document.replace("second_level_above_fund_fen: 2000000", "second_level_above_fund_fen: 100000"));
    expect(submitted(world, bill({ diagnosis: "S72.0", lines: [line("A", 400_000n)] })).task).toEqual({ level: "FIRST", twice: true });
    expect(submitted(world, bill({ diagnosis: "S72.0", admittedOn: "2011-10-01", dischargedOn: "2011-10-02" })).task).toBeUndefined();
  });

  it("draws the same sample by the claims' ids", () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => `H640521001-20111125-${index}`);
    const drawn = ids.filter((id) => isSampled(id, 200));
    expect(drawn.length).toBeGreaterThan(20);
    expect(drawn.length).toBeLessThan(70);
    expect(ids.filter((id) => isSampled(id, 200))).toEqual(drawn);
    expect(ids.filter((id) => isSampled(id, 400))).toEqual(expect.arrayContaining(drawn));
    expect([isSampled("x", 0), isSampled("x", 10_000)]).toEqual([false, true]);
    const world = ruled((document) => document.replace("sample_bp: 0", "sample_bp: 10000"));
    const claim = submitted(world, bill());
    expect(world.get(looks.key(claim.bill.claimId))).toMatchObject({ sampled: true, findings: [], bookVersion: 1 });
  });
});

describe("reviewers' words", () => {
  const held = (world: World) => submitted(world, bill({ diagnosis: "S72.0", lines: [line("A", 900_000n)] }));
  const decide = (
    world: World,
    claim: Claim,
    verdict: "APPROVE" | "REFUSE",
    words: { ruleId: string; bearing: "RIGHT" | "WRONG" }[] = [],
    deductions: Deduction[] = [],
  ) => world.run(review, { county: ZHONGNING, claimId: claim.bill.claimId, verdict, reason: "第三方责任", deductions, words }, by("ma"));
  const scoreOf = (world: World, rule: string) => {
    const { right, wrong } = world.get(ruleScores.key(rule, 1, ZHONGNING)) ?? { right: 0, wrong: 0 };
    return [right, wrong];
  };

  it.each([
    ["APPROVE", [], [0, 1]],
    ["REFUSE", [], [1, 0]],
    ["APPROVE", [{ ruleId: "trauma", bearing: "RIGHT" as const }], [1, 0]],
  ] as const)("%s with %j gives the rule %j", (verdict, words, scores) => {
    const world = ruled();
    expectDone(decide(world, held(world), verdict, [...words]));
    expect(scoreOf(world, "trauma")).toEqual(scores);
  });

  it("are on rules that have found something there", () => {
    const world = ruled();
    const claim = held(world);
    expect(decide(world, claim, "APPROVE", [{ ruleId: "overlap", bearing: "WRONG" }]).result).toMatchObject({
      code: "UNKNOWN_RULE",
      field: "words[0].rule_id",
    });
  });

  it("stand on a line in the place of what a rule has taken off it", () => {
    const world = ruled();
    const claim = held(world);
    expect(claim.deductions).toMatchObject([{ line: 1, deductedFen: 400_000n }]);
    const off: Deduction = { line: 1, deductedFen: 100_000n, reason: "OVER_PRICE", note: "" };
    const approved = expectDone(decide(world, claim, "APPROVE", [], [off]));
    expect(approved.deductions).toEqual([off]);
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(approved.benefit.fundFen);
    expect(approved.benefit.fundFen).toBeGreaterThan(claim.benefit.fundFen);
  });
});

describe("looking afterwards", () => {
  const sampled = () => {
    const world = ruled((document) => document.replace("sample_bp: 0", "sample_bp: 10000"));
    return { world, claim: submitted(world, bill({ lines: [line("A", 400_000n)] })) };
  };
  const close = (world: World, claim: Claim, verdict: "RIGHT" | "FAULTY", deductions: Deduction[] = [], name = "wang") =>
    world.run(
      closeLook,
      { county: ZHONGNING, claimId: claim.bill.claimId, verdict, note: verdict === "FAULTY" ? "多记" : "", deductions },
      by(name),
    );
  const finding = {
    ruleId: "overlap",
    version: 1,
    action: "FLAG",
    zh: "重叠",
    en: "overlap",
    claims: [],
    lines: [],
    values: [],
    excess: [],
  } as const;

  it("takes off what was found, by an entry of its own", () => {
    const { world, claim } = sampled();
    const off: Deduction = { line: 1, deductedFen: 100_000n, reason: "NO_RECORD", note: "" };
    const { result, told } = close(world, claim, "FAULTY", [off]);
    expect(result).toMatchObject({ state: "FAULTY", closedBy: "wang", deltaFen: -70_000n });
    expect(told).toMatchObject([
      { name: "ClaimAdjusted", body: { adjustmentId: `claim/${claim.bill.claimId}/correction/1`, deltaFen: -70_000n } },
    ]);
    expect(world.get(claims.key(claim.bill.claimId))?.corrected).toMatchObject({ fen: -70_000n, deductions: [off] });
    expect(yearOf(world)?.usedFen.YEAR_IP).toBe(claim.benefit.fundFen - 70_000n);
    expect(world.get(ruleScores.key("(sample)", 1, ZHONGNING))).toMatchObject({ right: 0, wrong: 1 });
    expect(close(world, claim, "FAULTY", [off]).result).toMatchObject({ state: "FAULTY" });
    expect(close(world, claim, "RIGHT", [], "li").result).toMatchObject({ code: "LOOK_CLOSED" });
  });

  it("scores the nightly rule that has found it, once, and looks again for what is new", () => {
    const { world, claim } = sampled();
    const { claimId } = claim.bill;
    const report = (version = 1, one: object = finding) =>
      world.run(reportFindings, { version, found: [{ claimId, findings: [{ ...finding, ...one }] }] }, { atMs: START + 1 });
    expectDone(close(world, claim, "RIGHT"));
    expect(report().result).toBe(1);
    expect(report().result).toBe(0);
    expect(world.get(looks.key(claimId))).toMatchObject({ state: "OPEN", findings: [{ ruleId: "overlap" }] });
    expect(report(2).result).toMatchObject({ code: "UNKNOWN_RULES" });
    expect(report(1, { ruleId: "trauma" }).result).toMatchObject({ code: "UNKNOWN_RULE", field: "found[0].findings[0].rule_id" });
    expect(world.run(reportFindings, { version: 1, found: [{ claimId: "none", findings: [finding] }] }).result).toMatchObject({
      code: "UNKNOWN_CLAIM",
    });
    expectDone(close(world, claim, "FAULTY", [], "zhao"));
    expect(world.get(ruleScores.key("overlap", 1, ZHONGNING))).toMatchObject({ right: 1, wrong: 0 });
  });

  it("refuses what is not to be looked at, and who decided the claim", () => {
    const { world, claim } = sampled();
    expect(
      world.run(closeLook, { county: "640424", claimId: claim.bill.claimId, verdict: "RIGHT", note: "", deductions: [] }, by("x")).result,
    ).toMatchObject({ code: "UNKNOWN_LOOK" });
    expect(close(world, claim, "FAULTY", [{ line: 9, deductedFen: 1n, reason: "OTHER", note: "x" }]).result).toMatchObject({
      code: "UNKNOWN_LINE",
    });
    world.put(claims.key(claim.bill.claimId), { ...claim, task: { level: "FIRST", twice: false, decidedBy: "ma" } });
    expect(close(world, claim, "RIGHT", [], "ma").result).toMatchObject({ code: "PASSED_BY_YOU" });
  });
});

describe("publishing", () => {
  it("is once and for all; a later book begins later, and a rule that changes has another version", () => {
    const world = region();
    const first = expectDone(publish(world, REFERENCE));
    expect(publish(world, REFERENCE).result).toEqual(first);
    expect(publish(world, REFERENCE.replace("sample_bp: 200", "sample_bp: 300")).result).toMatchObject({ code: "RULES_EXIST" });
    const next = REFERENCE.replace("version: 1\n", "version: 2\n").replace("2011-01-01", "2011-12-01");
    expect(publish(world, next, "2011-12-01").result).toMatchObject({ code: "TOO_EARLY", field: "from_day" });
    const changed = next.replace("per: DAY, items: [CT], most_e4: 20000", "per: DAY, items: [CT], most_e4: 30000");
    expect(publish(world, changed, "2011-11-25").result).toMatchObject({ code: "BAD_RULES", field: "rules[4].version" });
    expectDone(publish(world, changed.replace("id: ct-per-day, version: 1", "id: ct-per-day, version: 2"), "2011-11-25"));
    expect(found(expectDone(world.run(submit, { bill: bill({ diagnosis: "S72.0" }) })))).toEqual(["trauma/1 HOLD"]);
    expect(publish(region(), REFERENCE.replace("version: NX", "version: ZZ")).result).toMatchObject({
      code: "BAD_RULES",
      field: "catalogue_version",
    });
    expect(publish(region(), REFERENCE.replace("items: [B]", "items: [B, ZZ]")).result).toMatchObject({
      code: "BAD_RULES",
      field: "rules[6].items[1]",
    });
    expectDone(world.run(appointReviewer, { county: ZHONGNING, name: "x", level: "SECOND" }));
  });
});
