/** Requests as they come: through the contract's codecs, the door, the decision and back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { ClaimsServiceDefinition as definition, Scheme } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { admissionCalls } from "../../../services/claims/admission-calls.ts";
import { applicationCalls } from "../../../services/claims/application-calls.ts";
import { attachmentCalls } from "../../../services/claims/attachment-calls.ts";
import { calls } from "../../../services/claims/calls.ts";
import { claimsConfig } from "../../../services/claims/config.ts";
import { coverCalls } from "../../../services/claims/cover-calls.ts";
import { type Claim, claims } from "../../../services/claims/domain/documents.ts";
import { estimateCalls } from "../../../services/claims/estimate-calls.ts";
import { messages } from "../../../services/claims/messages.ts";
import { paperCalls } from "../../../services/claims/paper-calls.ts";
import { reportCalls } from "../../../services/claims/report-calls.ts";
import { reviewCalls } from "../../../services/claims/review-calls.ts";
import { ruleCalls } from "../../../services/claims/rule-calls.ts";
import { schemeCalls } from "../../../services/claims/scheme-calls.ts";
import { secondCalls } from "../../../services/claims/second-calls.ts";
import { indexes } from "../../../services/claims/store.ts";
import { rehearse } from "../../../services/mesh/rehearse.ts";
import { RefusedError } from "../../../services/mesh/rpc.ts";
import type { Ask, CommandCall, Method, QueryCall, Reader, TrialCall } from "../../../services/mesh/wiring.ts";
import type { Caller, Doc } from "../../../services/values/decision.ts";
import { isAskOwner, isRefusal, refusals } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { bill, ITEMS, JINGYUAN, line, NO_BODY, PERSON, region, scheme, schemeIn, snapshot, submitted, ZHONGNING } from "./nx-ref.ts";

const { methods } = definition;
const HOSPITAL: Caller = { name: "COUNTY-1", role: "HOSPITAL", scope: "COUNTY-1" };

let world: World;
const owners = { persons: new Map<string, object>(), institutions: [] as object[], counties: [] as object[], asked: [] as string[] };

const unknownPerson = refusals({ UNKNOWN_PERSON: { status: "NOT_FOUND", zh: "没有", en: "none" } });

/** The owners' answers, by method. */
const ask: Ask = async (_, name, request) => {
  owners.asked.push(name);
  if (name === "listInstitutions") return { institutions: owners.institutions } as never;
  if (name === "listCounties") return { counties: owners.counties } as never;
  const cover = owners.persons.get((request as { personId: string }).personId);
  if (!cover) throw new RefusedError(unknownPerson("UNKNOWN_PERSON"));
  return { covered: true, cover, maskedName: "张*" } as never;
};

const reader: Reader = {
  get: async (key) => world.get(key),
  getAll: async (keys) => new Map(keys.flatMap((key) => (world.get(key) ? [[key.id, world.get(key)]] : [])) as never),
  count: async () => 0,
  find: async <D extends Doc>(kind: { readonly name: string }, filter: Readonly<Record<string, unknown>>, options?: { limit?: number }) =>
    world
      .all<D>(kind.name)
      .filter((doc) =>
        Object.entries(filter).every(
          ([field, value]) => typeof value === "object" || (doc as unknown as Record<string, unknown>)[field] === value,
        ),
      )
      .slice(0, options?.limit),
};

const served = () => [
  ...calls({ reader, ask, settings: {} }),
  ...schemeCalls({ reader, ask }),
  ...admissionCalls({ reader, ask, settings: {} }),
  ...secondCalls({ reader }),
  ...paperCalls({ ask, reader }),
  ...coverCalls({ reader }),
  ...applicationCalls({ reader, ask }),
  ...reportCalls({ reader, ask, settings: {} }),
  ...reviewCalls({ reader }),
  ...ruleCalls({ reader }),
  ...attachmentCalls({ reader, files: { put: async () => undefined, get: async () => undefined } }),
  ...estimateCalls({ reader, ask, uri: "", today: () => "2011-11-25", run: () => Promise.reject(new Error("not here")) }),
];

// biome-ignore lint/suspicious/noExplicitAny: one door for every method.
function command(method: Method<any, any>, request: object, by: Caller = HOSPITAL): any {
  const call = served().find((entry): entry is CommandCall => entry.act === "command" && entry.method === method);
  if (!call) throw new Error(`${method.name} is not served`);
  const body = method.requestType.decode(method.requestType.encode(request).finish());
  const refused = call.check(body, by);
  if (refused) return refused;
  const { result } = world.run(call.decision, call.input(body, by), { caller: by });
  if (isAskOwner(result)) {
    return call.ask?.(body, by).then((input) => answer(call, world.run(call.decision, input, { caller: by }).result));
  }
  return answer(call, result);
}

function answer(call: CommandCall, result: unknown) {
  if (isRefusal(result)) return result;
  const bytes = call.method.responseType.encode(call.reply(result)).finish();
  return { ...call.method.responseType.decode(bytes), pending: call.pending(result) };
}

// biome-ignore lint/suspicious/noExplicitAny: one door for every method.
function query(method: Method<any, any>, request: object, caller: Caller): Promise<any> {
  const call = served().find((entry): entry is QueryCall => entry.act === "query" && entry.method === method);
  if (!call) throw new Error(`${method.name} is not served`);
  return call.answer(request, caller);
}

/** As the mesh tries it. */
// biome-ignore lint/suspicious/noExplicitAny: one door for every method.
async function tried(method: Method<any, any>, request: object): Promise<any> {
  const call = served().find((entry): entry is TrialCall => entry.act === "trial" && entry.method === method);
  if (!call) throw new Error(`${method.name} is not served`);
  const refused = call.check(request, HOSPITAL);
  if (refused) return refused;
  const atMs = Date.parse("2011-11-25T10:00:00+08:00");
  const context = { id: "", atMs, day: "2011-11-25", caller: HOSPITAL, traceId: "0".repeat(32), epoch: 0 };
  let result = await rehearse(call.decision, call.input(request, HOSPITAL), reader, context);
  if (isAskOwner(result)) result = await rehearse(call.decision, await call.ask?.(request, HOSPITAL), reader, context);
  return isRefusal(result) ? result : call.reply(result);
}

beforeEach(() => {
  world = region();
  owners.persons.clear();
  owners.institutions = [];
  owners.counties = [];
  owners.asked = [];
});

it("every method of the contract is served", () => {
  const names = served().map((call) => call.method.name);
  expect(names.toSorted()).toEqual(
    Object.values(methods)
      .map((method) => method.name)
      .toSorted(),
  );
});

describe("SubmitClaim", () => {
  it("answers with the whole claim", async () => {
    const stay = bill();
    const { claim, pending } = await command(methods.submitClaim, { requestId: "r1", bill: stay });
    expect(claim).toMatchObject({ state: "APPROVED", homeCounty: ZHONGNING, treatingCounty: ZHONGNING, decision: 1, paidAtMs: 0n });
    expect(claim.bill).toEqual(stay);
    expect(claim.benefit).toMatchObject({ totalFen: 100_000n, fundFen: 49_000n, patientFen: 51_000n, overCapFen: 0n, rateBp: 7_000 });
    expect(pending).toBeUndefined();
    expect(owners.asked).toEqual([]);
  });

  it("names a claim to ask for while its prefund is being reserved", async () => {
    const stay = bill({ institutionId: "ELSEWHERE-1" });
    expect(await command(methods.submitClaim, { requestId: "r1", bill: stay })).toMatchObject({
      pending: stay.claimId,
      claim: { state: "PENDING" },
    });
  });

  it("refuses at the door what is no bill", () => {
    expect(command(methods.submitClaim, { requestId: "r1" })).toMatchObject({ code: "BAD_REQUEST", field: "bill" });
    const form = { requestId: "r1", bill: bill({ claimId: "no good" }) };
    expect(command(methods.submitClaim, form)).toMatchObject({ code: "BAD_REQUEST", field: "bill.claim_id" });
  });

  it("asks the owners once for what the projections lack", async () => {
    owners.persons.set(NO_BODY, { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "UNSPECIFIED" });
    owners.institutions = [{ institutionId: "NEW-1", county: ZHONGNING, level: "COUNTY" }];
    const stay = bill({ personId: NO_BODY, institutionId: "NEW-1" });
    expect(await command(methods.submitClaim, { requestId: "r1", bill: stay })).toMatchObject({ claim: { state: "APPROVED" } });
    expect(owners.asked.toSorted()).toEqual(["checkEligibility", "listInstitutions"]);
  });

  it.each([
    ["UNKNOWN_PERSON", { personId: NO_BODY }],
    ["UNKNOWN_INSTITUTION", { institutionId: "NEW-1" }],
    ["NOT_COVERED", { admittedOn: "2010-05-01", dischargedOn: "2010-05-02" }],
  ])("%s is the owners' word", async (code, change) => {
    owners.persons.set(PERSON, { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY" });
    const refusal = await command(methods.submitClaim, { requestId: "r1", bill: bill(change) });
    expect(refusal).toMatchObject({ outcome: "refused", code });
  });
});

describe("TrialClaim", () => {
  it("answers what the settlement then answers, with its steps, and stores nothing", async () => {
    submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-03", lines: [line("A", 500_000n, "2011-10-01")] }));
    const stay = bill({ lines: [line("A", 412_000n), line("B", 150_050n), line("OUT", 72_730n)] });
    const before = snapshot(world);
    const { claim, steps } = await tried(methods.trialClaim, { bill: stay });
    expect(snapshot(world)).toEqual(before);
    expect(steps.map(({ step }: { step: string }) => step)).toContain("DEDUCTIBLE");
    const { claim: settled } = await command(methods.submitClaim, { requestId: "r1", bill: stay });
    expect(claim.benefit).toEqual(settled.benefit);
    expect(claim.state).toBe(settled.state);
    // The second compensated stay of the year.
    expect(claim.benefit.deductibleFen).toBe(15_000n);
  });

  it("of a claim that stands already answers that claim, and never tempts anybody to settle it again", async () => {
    const stood = submitted(world, bill());
    expect((await tried(methods.trialClaim, { bill: stood.bill })).claim.decidedAtMs).toBe(BigInt(stood.decidedAtMs));
  });

  it("asks the owners as the settlement does, and refuses as it does", async () => {
    owners.persons.set(NO_BODY, { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "UNSPECIFIED" });
    owners.institutions = [{ institutionId: "COUNTY-1", county: ZHONGNING, level: "COUNTY" }];
    expect((await tried(methods.trialClaim, { bill: bill({ personId: NO_BODY }) })).claim.benefit.fundFen).toBe(49_000n);
    expect(await tried(methods.trialClaim, { bill: bill({ totalFen: 1n }) })).toMatchObject({ code: "BILL_SUM" });
    expect(await tried(methods.trialClaim, { bill: undefined })).toMatchObject({ code: "BAD_REQUEST", field: "bill" });
    expect(await tried(methods.trialClaim, { bill: bill({ lines: [line("NONE", 1n)] }) })).toMatchObject({ code: "UNKNOWN_ITEM" });
  });
});

describe("GetBenefitYear", () => {
  const asked = (request: object) =>
    query(methods.getBenefitYear, { personId: PERSON, day: "2011-11-25", newborn: 0, ...request }, HOSPITAL);

  it("tells what is used and left under each cap", async () => {
    submitted(world, bill({ lines: [line("A", 300_000n)] }));
    expect(await asked({})).toEqual({
      schemeId: `${ZHONGNING}/2011/1`,
      caps: [
        { code: "YEAR_IP", capFen: 5_000_000n, usedFen: 189_000n, leftFen: 4_811_000n },
        { code: "YEAR_OP", capFen: 12_000n, usedFen: 0n, leftFen: 12_000n },
      ],
      compensatedStays: 1,
      borneFen: 111_000n,
      accountFen: 0n,
    });
    // A newborn shares its mother's cap and counts its own stays.
    expect(await asked({ newborn: 1 })).toMatchObject({ caps: [{ usedFen: 189_000n }, {}], compensatedStays: 0, borneFen: 0n });
  });

  it.each([
    [{ personId: "1" }, "BAD_REQUEST", "person_id"],
    [{ day: "today" }, "BAD_REQUEST", "day"],
    [{ newborn: 10 }, "BAD_REQUEST", "newborn"],
    [{ personId: NO_BODY }, "UNKNOWN_PERSON", "person_id"],
    [{ day: "2012-01-01" }, "NOT_COVERED", "day"],
  ])("%j is %s", async (request, code, field) => {
    expect(await asked(request)).toMatchObject({ code, field });
  });
});

const caller = (role: string, scope: string): Caller => ({ name: "someone", role, scope });

describe("GetClaim", () => {
  it.each([
    ["HOSPITAL", "ELSEWHERE-1", true],
    ["HOSPITAL", "COUNTY-1", false],
    ["HOSPITAL", ZHONGNING, false],
    ["REVIEWER", ZHONGNING, true],
    ["REVIEWER", JINGYUAN, true],
    ["REVIEWER", "640181", false],
    ["REVIEWER", "ELSEWHERE-1", false],
    ["SUPERVISOR", "640000", true],
    ["SUPERVISOR", "640181", false],
    ["OPERATOR", "640000", true],
    ["SERVICE", "640000", true],
  ])("%s of %s sees the claim of another county's patient: %s", async (role, scope, sees) => {
    const { claimId } = submitted(world, bill({ institutionId: "ELSEWHERE-1" })).bill;
    const result = await query(methods.getClaim, { claimId }, caller(role, scope));
    if (sees) expect(result.claim.bill.claimId).toBe(claimId);
    else expect(result).toMatchObject({ code: "UNKNOWN_CLAIM", status: "NOT_FOUND" });
  });

  it("says the same of a claim that does not exist", async () => {
    expect(await query(methods.getClaim, { claimId: "C-none" }, HOSPITAL)).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(await query(methods.getClaim, { claimId: "" }, HOSPITAL)).toMatchObject({ code: "BAD_REQUEST", field: "claim_id" });
  });
});

describe("the review desk", () => {
  it("lists what waits in its county, within one answer's size, and decides", async () => {
    world = region([scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } })]);
    const { claimId } = submitted(world, bill()).bill;
    const { claims } = await query(methods.listReviewTasks, { county: ZHONGNING }, HOSPITAL);
    expect(claims.map((claim: { bill: Claim["bill"] }) => claim.bill.claimId)).toEqual([claimId]);
    expect((await query(methods.listReviewTasks, { county: JINGYUAN }, HOSPITAL)).claims).toEqual([]);
    const verdict = { requestId: "r", county: ZHONGNING, claimId, reason: "", deductions: [], words: [] };
    expect(command(methods.reviewClaim, { ...verdict, verdict: "UNSPECIFIED" })).toMatchObject({ field: "verdict" });
    expect(command(methods.reviewClaim, { ...verdict, verdict: "REFUSE" })).toMatchObject({ field: "reason" });
    const off = { line: 1, deductedFen: 40_000n, reason: "OVER_QUANTITY", note: "" };
    const deducted = (...deductions: object[]) => command(methods.reviewClaim, { ...verdict, verdict: "APPROVE", deductions });
    expect(command(methods.reviewClaim, { ...verdict, verdict: "REFUSE", reason: "不符", deductions: [off] })).toMatchObject({
      field: "deductions",
    });
    expect(deducted({ ...off, line: 0 })).toMatchObject({ field: "deductions[0].line" });
    expect(deducted(off, off)).toMatchObject({ field: "deductions[1].line" });
    expect(deducted({ ...off, deductedFen: 0n })).toMatchObject({ field: "deductions[0].deducted_fen" });
    expect(deducted({ ...off, deductedFen: -1n })).toMatchObject({ field: "deductions[0].deducted_fen" });
    expect(deducted({ ...off, reason: "UNSPECIFIED" })).toMatchObject({ field: "deductions[0].reason" });
    expect(deducted({ ...off, reason: "OTHER" })).toMatchObject({ field: "deductions[0].note" });
    expect(deducted({ ...off, line: 2 })).toMatchObject({ code: "UNKNOWN_LINE", field: "deductions[0].line" });
    expect(deducted(off)).toMatchObject({
      claim: {
        state: "APPROVED",
        decision: 1,
        deductions: [off],
        benefit: { fundFen: 21_000n, patientFen: 51_000n, hospitalFen: 28_000n },
      },
    });
  });

  it("takes tasks, questions and appeals at the door", async () => {
    world = region([scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } })]);
    const { claimId } = submitted(world, bill()).bill;
    const by = (name: string): Caller => ({ name, role: "REVIEWER", scope: ZHONGNING });
    const task = { requestId: "t", county: ZHONGNING, claimId };
    expect(command(methods.takeReviewTask, { ...task, county: "1" }, by("ma"))).toMatchObject({ field: "county" });
    expect(command(methods.takeReviewTask, { ...task, claimId: "" }, by("ma"))).toMatchObject({ field: "claim_id" });
    expect(command(methods.takeReviewTask, task, by("ma"))).toMatchObject({ claim: { task: { heldBy: "ma", level: "FIRST" } } });
    expect(command(methods.releaseReviewTask, task, by("li"))).toMatchObject({ code: "TASK_HELD" });
    expect(command(methods.releaseReviewTask, task, by("ma"))).toMatchObject({ claim: { task: { heldBy: "" } } });
    expect(command(methods.returnClaim, { ...task, question: " " }, by("ma"))).toMatchObject({ field: "question" });
    expect(command(methods.returnClaim, { ...task, question: "病历？" }, by("ma"))).toMatchObject({
      claim: { task: { question: "病历？" } },
    });
    const own = { requestId: "a", institutionId: "COUNTY-1", claimId };
    expect(command(methods.answerQuestion, { ...own, answer: "" })).toMatchObject({ field: "answer" });
    expect(command(methods.answerQuestion, { ...own, answer: "见附件" })).toMatchObject({ claim: { task: { answer: "见附件" } } });
    const off = { line: 1, deductedFen: 40_000n, reason: "OVER_QUANTITY", note: "" };
    const verdict = { ...task, verdict: "APPROVE", reason: "", deductions: [off], words: [] };
    expect(command(methods.reviewClaim, verdict, by("ma"))).toMatchObject({ claim: { state: "APPROVED" } });
    expect(command(methods.appealClaim, { ...own, reason: "" })).toMatchObject({ field: "reason" });
    expect(command(methods.appealClaim, { ...own, reason: "有指征" })).toMatchObject({ appeal: { state: "OPEN", deductions: [off] } });
    expect((await query(methods.listAppeals, { county: ZHONGNING }, by("ma"))).appeals).toMatchObject([{ claimId }]);
    expect(command(methods.appointReviewer, { requestId: "p", county: ZHONGNING, name: "王", level: "SECOND" })).toMatchObject({
      field: "name",
    });
    const appointed = { requestId: "p", county: ZHONGNING, name: "wang", level: "SECOND" };
    expect(command(methods.appointReviewer, appointed)).toMatchObject({ name: "wang", level: "SECOND" });
    const ruling = { ...task, verdict: "GRANT", reason: "复核", lines: [] };
    expect(command(methods.decideAppeal, { ...ruling, verdict: "UNSPECIFIED" }, by("wang"))).toMatchObject({ field: "verdict" });
    expect(command(methods.decideAppeal, { ...ruling, lines: [1, 1] }, by("wang"))).toMatchObject({ field: "lines" });
    expect(command(methods.decideAppeal, { ...ruling, verdict: "DISMISS", lines: [1] }, by("wang"))).toMatchObject({ field: "lines" });
    expect(command(methods.decideAppeal, { ...ruling, lines: [0] }, by("wang"))).toMatchObject({ field: "lines[0]" });
    expect(command(methods.decideAppeal, ruling, by("wang"))).toMatchObject({ appeal: { state: "GRANTED", deltaFen: 28_000n } });
  });

  it("takes books of rules, findings and looks at the door, with their places", async () => {
    const document = readFileSync(join(import.meta.dirname, "../../../services/rules/reference-rules.yaml"), "utf8");
    const admin: Caller = { name: "administrator", role: "ADMINISTRATOR", scope: "640000" };
    const publish = (text: string) => command(methods.publishRules, { requestId: "p", document: text }, admin);
    expect(publish(document.replace("form: TRAUMA", "form: SCRIPT"))).toMatchObject({ code: "BAD_RULES", field: "rules[11].form" });
    expect(publish(document.replace("form: TRAUMA", "form: SCRIPT")).en).toMatch(/^\d+:\d+ must be one of/);
    const unknown = document.replace("items: [B]", "items: [ZZ]");
    const { faults } = await query(methods.checkRules, { document: unknown }, admin);
    expect(faults).toMatchObject([{ field: "rules[6].items[0]", en: "the catalogue has no item ZZ" }]);
    expect((await query(methods.checkRules, { document }, admin)).faults).toEqual([]);
    expect(publish(document)).toMatchObject({ version: 1 });
    expect(await query(methods.getRules, { day: "2011-11-25" }, admin)).toMatchObject({ version: 1, document, scores: { length: 13 } });
    expect(await query(methods.getRules, { day: "2010-01-01" }, admin)).toMatchObject({ code: "UNKNOWN_RULES" });
    const claim = submitted(world, bill());
    const finding = { ruleId: "overlap", version: 1, action: "FLAG", zh: "重叠", en: "overlap", claimIds: [], lines: [], values: [] };
    const report = (over: object) => {
      const findings = [{ ...finding, ...over }];
      return command(methods.reportFindings, { requestId: "n", version: 1, found: [{ claimId: claim.bill.claimId, findings }] });
    };
    expect(report({ zh: "" })).toMatchObject({ field: "found[0].findings[0].zh" });
    expect(report({ claimIds: ["?"] })).toMatchObject({ field: "found[0].findings[0].claim_ids[0]" });
    expect(report({})).toMatchObject({ claims: 1 });
    const { looks } = await query(methods.listLooks, { county: ZHONGNING }, admin);
    expect(looks).toMatchObject([{ claimId: claim.bill.claimId, findings: [{ ruleId: "overlap" }] }]);
    const closing = { requestId: "c", county: ZHONGNING, claimId: claim.bill.claimId, state: "FAULTY", note: "多记", deductions: [] };
    expect(command(methods.closeLook, { ...closing, state: "OPEN" })).toMatchObject({ field: "state" });
    expect(command(methods.closeLook, { ...closing, note: "" })).toMatchObject({ field: "note" });
    const off = { line: 1, deductedFen: 1n, reason: "NO_RECORD", note: "" };
    expect(command(methods.closeLook, { ...closing, state: "RIGHT", deductions: [off] })).toMatchObject({ field: "deductions" });
    expect(command(methods.closeLook, closing)).toMatchObject({ look: { state: "FAULTY" } });
  });

  it("takes applications at the door, and shows them to those whom they concern", async () => {
    const form = {
      applicationId: "R-9",
      county: ZHONGNING,
      institutionId: "COUNTY-1",
      personId: PERSON,
      kind: "REFERRAL",
      toInstitutionId: "PREFECTURE-1",
      disease: "",
      diagnosis: "C34.1",
      fromDay: "2011-11-01",
      toDay: "2011-12-31",
      note: "本院无放疗设备",
    };
    const applied = (change: object) => command(methods.apply, { requestId: "r", application: { ...form, ...change } });
    expect(command(methods.apply, { requestId: "r" })).toMatchObject({ field: "application" });
    for (const [change, field] of [
      [{ kind: "UNSPECIFIED" }, "kind"],
      [{ toInstitutionId: "" }, "to_institution_id"],
      [{ disease: "CHRONIC" }, "disease"],
      [{ kind: "DISEASE" }, "to_institution_id"],
      [{ diagnosis: "lung" }, "diagnosis"],
      [{ toDay: "2011-10-01" }, "to_day"],
      [{ note: "" }, "note"],
    ] as const)
      expect(applied(change)).toMatchObject({ code: "BAD_REQUEST", field: `application.${field}` });
    expect(applied({})).toMatchObject({ application: { state: "APPLIED", application: form } });
    const named = { county: ZHONGNING, applicationId: "R-9" };
    const got = (by: Caller) => query(methods.getApplication, named, by);
    expect(await got(HOSPITAL)).toMatchObject({ application: { state: "APPLIED" } });
    expect(await got(caller("HOSPITAL", "COUNTY-2"))).toMatchObject({ code: "UNKNOWN_APPLICATION" });
    expect(await got(caller("REVIEWER", JINGYUAN))).toMatchObject({ code: "UNKNOWN_APPLICATION" });
    const { applications } = await query(methods.listApplications, { county: ZHONGNING }, HOSPITAL);
    expect(applications).toHaveLength(1);
    const decided = (change: object) => command(methods.decideApplication, { requestId: "d", ...named, reason: "", ...change });
    expect(decided({ verdict: "UNSPECIFIED" })).toMatchObject({ field: "verdict" });
    expect(decided({ verdict: "REFUSE" })).toMatchObject({ field: "reason" });
    expect(decided({ verdict: "APPROVE" })).toMatchObject({ application: { state: "APPROVED" } });
    expect(await got(caller("REVIEWER", ZHONGNING))).toMatchObject({ application: { state: "APPROVED" } });
  });

  it("registers referrals", () => {
    const referral = {
      county: ZHONGNING,
      referralId: "R1",
      personId: PERSON,
      toInstitutionId: "PREFECTURE-1",
      fromDay: "2011-11-01",
      toDay: "2011-11-30",
    };
    expect(command(methods.registerReferral, { requestId: "r", ...referral })).toMatchObject({ referralId: "R1" });
    expect(command(methods.registerReferral, { requestId: "r", ...referral, toDay: "2011-10-31" })).toMatchObject({ field: "to_day" });
  });
});

describe("publishing", () => {
  it("hashes the content: the same in another order is the same", () => {
    const first = command(methods.publishCatalogue, {
      requestId: "r",
      catalogueVersion: "NX2",
      items: [...ITEMS],
      diagnoses: ["J18.9", "A01"],
    });
    expect(first.contentHash).toMatch(/^[0-9a-f]{64}$/);
    const again = command(methods.publishCatalogue, {
      requestId: "s",
      catalogueVersion: "NX2",
      items: [...ITEMS].reverse(),
      diagnoses: ["A01", "J18.9"],
    });
    expect(again.contentHash).toBe(first.contentHash);
    const other = { requestId: "t", catalogueVersion: "NX2", items: ITEMS.slice(1), diagnoses: [] };
    expect(command(methods.publishCatalogue, other)).toMatchObject({ code: "CATALOGUE_EXISTS" });
  });

  const document = readFileSync(join(import.meta.dirname, "..", "benefit", "schemes", "nx-ref.yaml"), "utf8")
    .replace("version: 1", "version: 2")
    .replace("from_day: 2011-01-01", "from_day: 2011-11-26");
  const schemeId = `${ZHONGNING}/2011/2`;
  const person = (name: string): Caller => ({ name, role: "ADMINISTRATOR", scope: "640000" });

  it("takes a scheme's document from draft to law, and shows it", async () => {
    const { scheme: drafted } = command(methods.draftScheme, { requestId: "d", document }, person("li"));
    expect(drafted).toMatchObject({ schemeId, state: "DRAFT", draftedBy: "li", goldenCases: 11, document });
    const { contentHash } = drafted;
    expect(command(methods.simulateScheme, { requestId: "s", schemeId, contentHash })).toMatchObject({ scheme: { state: "SIMULATED" } });
    expect(command(methods.approveScheme, { requestId: "a", schemeId, contentHash: "" })).toMatchObject({
      code: "BAD_REQUEST",
      field: "content_hash",
    });
    command(methods.approveScheme, { requestId: "a", schemeId, contentHash }, person("li"));
    command(methods.approveScheme, { requestId: "b", schemeId, contentHash }, person("wang"));
    expect(command(methods.publishScheme, { requestId: "p", schemeId, contentHash: "" })).toMatchObject({
      schemeId,
      contentHash,
      scheme: { state: "PUBLISHED" },
    });
    const shown = await query(methods.getScheme, { schemeId }, person("li"));
    expect(shown.scheme).toMatchObject({ state: "PUBLISHED", approvedBy: ["li", "wang"], document });
    const { schemes } = await query(methods.listSchemes, { county: ZHONGNING }, person("li"));
    expect(schemes.map(({ state, document: text }: { state: string; document: string }) => [state, text])).toEqual([
      ["SUPERSEDED", ""],
      ["PUBLISHED", ""],
    ]);
  });

  it("hashes what a document says, not how it is written", () => {
    const hash = (text: string) => command(methods.draftScheme, { requestId: text.length, document: text }).scheme.contentHash;
    expect(hash(`# another comment\n${document.replace("version: 2\n", "").replace("year: 2011", "version: 2\nyear: 2011")}`)).toBe(
      hash(document),
    );
    expect(hash(document.replace("rate_bp: 7000", "rate_bp: 7001"))).not.toBe(hash(document));
  });

  it("tells the first fault of a document with line and column where it is drafted, and all where it is checked", async () => {
    const bad = document.replace("rate_bp: 7000", "rate_bp: 70000").replace("rate_bp: 6000", "rate_bp: 60000");
    expect(command(methods.draftScheme, { requestId: "d", document: bad })).toMatchObject({
      code: "BAD_SCHEME",
      field: "benefits[1].levels[1].rate_bp",
      en: "line 44, column 58: must be between 0 and 10000 (100 %)",
    });
    const faults = async (text: string) => (await query(methods.checkScheme, { document: text }, person("li"))).faults;
    expect((await faults(bad)).map(({ line }: { line: number }) => line)).toEqual([44, 45]);
    expect(await faults(document)).toEqual([]);
    expect(await faults(document.replace("fund_fen: 361932", "fund_fen: 361931"))).toMatchObject([{ field: "golden[3].expect.fund_fen" }]);
    expect(await faults(document.replace("catalogue_version: NX", "catalogue_version: NY"))).toMatchObject([
      { line: 19, field: "catalogue_version" },
    ]);
  });

  it.each([
    ["simulateScheme", { requestId: "r", schemeId: "640521/2011" }, "scheme_id"],
    ["approveScheme", { requestId: "r", schemeId, contentHash: "x" }, "content_hash"],
    ["publishScheme", { requestId: "r", schemeId, scheme: Scheme.decode(new Uint8Array()) }, "scheme"],
  ] as const)("%s names %j's fault", (name, request, field) => {
    expect(command(methods[name], request)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  it("asks administration for a county that is not known", async () => {
    const request = { requestId: "r", document: document.replace("county: 640521", "county: 640181") };
    expect(await command(methods.draftScheme, request)).toMatchObject({ code: "UNKNOWN_COUNTY" });
    owners.counties = [{ county: "640181" }];
    expect(await command(methods.draftScheme, request)).toMatchObject({ scheme: { schemeId: "640181/2011/2" } });
    expect(owners.asked).toEqual(["listCounties", "listCounties"]);
  });
});

describe("a stay from admission to discharge", () => {
  const id = { institutionId: "COUNTY-1", admissionId: "S-1" };
  const admission = {
    ...id,
    personId: PERSON,
    newborn: 0,
    admittedOn: "2011-11-20",
    diagnosis: "J18.9",
    referralId: "",
    tcm: false,
    procedures: [],
    state: "UNSPECIFIED",
    pages: [],
    totalFen: 0n,
  } as const;
  const ending = { ...id, dischargedOn: "2011-11-24", invoiceNumber: "N1", totalFen: 634_780n };

  it("is registered, changed, billed in pages, tried and settled: the trial is what the settlement is", async () => {
    expect(command(methods.registerAdmission, { requestId: "a", admission })).toMatchObject({ admission: { ...admission, state: "OPEN" } });
    const news = { diagnosis: "J18.0", referralId: "", tcm: false, procedures: ["P1"] };
    expect(command(methods.changeAdmission, { requestId: "b", ...id, ...news })).toMatchObject({ admission: news });
    const page = (number: number, ...lines: ReturnType<typeof line>[]) =>
      command(methods.uploadFees, { requestId: `p${number}`, ...id, page: number, lines });
    page(1, line("A", 412_000n));
    page(2, line("B", 150_050n), line("OUT", 72_730n));
    page(3, line("A", 1n));
    expect(command(methods.undoFees, { requestId: "u", ...id, page: 3 })).toMatchObject({ admission: { totalFen: 634_780n } });
    expect(await query(methods.getAdmission, id, HOSPITAL)).toMatchObject({ admission: { pages: [{ page: 1 }, { page: 2, lines: 2 }] } });
    const before = snapshot(world);
    const { claim, steps } = await tried(methods.trialAdmission, ending);
    expect(snapshot(world)).toEqual(before);
    expect(steps.length).toBeGreaterThan(6);
    const { claim: settled } = await command(methods.settleAdmission, { requestId: "s", ...ending });
    expect(settled.benefit).toEqual(claim.benefit);
    expect(settled.benefit).toMatchObject({ fundFen: 361_932n });
    expect(await query(methods.getAdmission, id, HOSPITAL)).toMatchObject({ admission: { state: "SETTLED" } });
    expect(command(methods.cancelAdmission, { requestId: "c", ...id })).toMatchObject({ code: "NOT_OPEN" });
  });

  it.each([
    ["registerAdmission", { admission: { ...admission, personId: "1" } }, "admission.person_id"],
    ["registerAdmission", { admission: { ...admission, diagnosis: "flu" } }, "admission.diagnosis"],
    ["registerAdmission", { admission: { ...admission, newborn: 10 } }, "admission.newborn"],
    ["registerAdmission", {}, "admission"],
    ["changeAdmission", { ...id, diagnosis: "J18", referralId: "a b", tcm: false, procedures: [] }, "referral_id"],
    ["cancelAdmission", { ...id, admissionId: "" }, "admission_id"],
    ["uploadFees", { ...id, page: 0, lines: [line("A", 1n)] }, "page"],
    ["uploadFees", { ...id, page: 21, lines: [line("A", 1n)] }, "page"],
    ["uploadFees", { ...id, page: 1, lines: [] }, "lines"],
    ["uploadFees", { ...id, page: 1, lines: Array.from({ length: 301 }, () => line("A", 1n)) }, "lines"],
    ["uploadFees", { ...id, page: 1, lines: [{ ...line("A", 1n), quantityE4: 0n }] }, "lines[0].quantity_e4"],
    ["undoFees", { ...id, page: -1 }, "page"],
    ["settleAdmission", { ...ending, invoiceNumber: "" }, "invoice_number"],
    ["settleAdmission", { ...ending, dischargedOn: "x" }, "discharged_on"],
  ] as const)("%s names what is wrong: %#", (name, request, field) => {
    expect(command(methods[name], { requestId: "r", ...request })).toMatchObject({ code: "BAD_REQUEST", field });
  });

  it("asks the owners at both ends", async () => {
    owners.persons.set(NO_BODY, { county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "UNSPECIFIED" });
    owners.institutions = [{ institutionId: "COUNTY-1", county: ZHONGNING, level: "COUNTY" }];
    await command(methods.registerAdmission, { requestId: "a", admission: { ...admission, personId: NO_BODY } });
    command(methods.uploadFees, { requestId: "p", ...id, page: 1, lines: [line("A", 100_000n)] });
    const { claim } = await command(methods.settleAdmission, { requestId: "s", ...ending, totalFen: 100_000n });
    expect(claim).toMatchObject({ state: "APPROVED", benefit: { fundFen: 49_000n } });
    expect(await query(methods.getAdmission, { ...id, institutionId: "COUNTY-2" }, HOSPITAL)).toMatchObject({ code: "UNKNOWN_ADMISSION" });
  });
});

describe("a bill on paper", () => {
  const CLERK: Caller = { name: "clerk", role: "CLERK", scope: ZHONGNING };
  const REVIEWER: Caller = { name: "reviewer", role: "REVIEWER", scope: ZHONGNING };
  const paper = () => ({
    institutionId: "",
    name: "西安某医院",
    city: "西安",
    level: "OUT_OF_PROVINCE" as const,
    invoices: [{ invoiceNumber: "0012345", totalFen: 1_250_000n }],
    issuedOn: "2011-11-22",
    submittedBy: "",
    confirmation: undefined,
  });
  const handedIn = (claimId: string, changes: object = {}, of: object = {}) => ({
    requestId: `p-${claimId}`,
    county: ZHONGNING,
    bill: bill({ claimId, institutionId: "", invoiceNumber: "", lines: [line("A", 1_250_000n)], ...of }),
    paper: { ...paper(), ...changes },
  });
  const confirmation = { askedBy: "PHONE", answeredBy: "医保办", code: "XA-778", enteredBy: "", enteredOn: "", confirmed: false } as const;
  const asked = { requestId: "q", county: ZHONGNING, claimId: "P1", answer: "CONFIRMED", confirmation, reason: "" } as const;

  it("is handed in, confirmed, approved and taken back", () => {
    const { claim } = command(methods.submitPaperClaim, handedIn("P1"), CLERK);
    expect(claim).toMatchObject({ state: "IN_REVIEW", treatingCounty: ZHONGNING, benefit: { fundFen: 402_500n, patientFen: 847_500n } });
    expect(claim.paper).toEqual({ ...paper(), submittedBy: "clerk" });
    expect(claim.bill).toMatchObject({ institutionId: "", invoiceNumber: "0012345" });
    const approval = {
      requestId: "a",
      county: ZHONGNING,
      claimId: "P1",
      verdict: "APPROVE",
      reason: "",
      deductions: [],
      words: [],
    } as const;
    expect(command(methods.reviewClaim, approval, REVIEWER)).toMatchObject({ code: "NOT_CONFIRMED", field: "claim_id" });
    const confirmed = command(methods.confirmPaperClaim, asked, REVIEWER).claim;
    expect(confirmed.paper.confirmation).toEqual({ ...confirmation, enteredBy: "reviewer", enteredOn: "2011-11-25", confirmed: true });
    expect(command(methods.reviewClaim, approval, REVIEWER)).toMatchObject({ claim: { state: "APPROVED" } });
    const back = { requestId: "v", county: ZHONGNING, claimId: "P1", reason: "重复" };
    expect(command(methods.voidPaperClaim, back, REVIEWER)).toMatchObject({ claim: { state: "VOIDED" } });
  });

  it("asks the owners of the person alone where the hospital is named in words, and of a networked one too", async () => {
    const cover = { personId: NO_BODY, county: ZHONGNING, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY" };
    owners.persons.set(NO_BODY, cover);
    await command(methods.submitPaperClaim, handedIn("P2", {}, { personId: NO_BODY }), CLERK);
    expect(owners.asked).toEqual(["checkEligibility"]);
    const networked = { institutionId: "NEW-1", name: "", city: "", level: "UNSPECIFIED" as const };
    const refused = await command(methods.submitPaperClaim, handedIn("P3", networked), CLERK);
    expect(owners.asked.slice(1).toSorted()).toEqual(["checkEligibility", "listInstitutions"]);
    expect(refused).toMatchObject({ code: "UNKNOWN_INSTITUTION", field: "paper.institution_id" });
  });

  it.each<[string, object, object]>([
    ["bill.institution_id", {}, { institutionId: "COUNTY-1" }],
    ["bill.invoice_number", {}, { invoiceNumber: "1" }],
    ["bill.lines", {}, { lines: [] }],
    ["bill.referral_id", {}, { referralId: "R1" }],
    ["paper.institution_id", { institutionId: "a b", name: "", city: "", level: "UNSPECIFIED" }, {}],
    ["paper.name", { name: "" }, {}],
    ["paper.name", { name: "——" }, {}],
    ["paper.name", { name: "x".repeat(101) }, {}],
    ["paper.name", { name: "医院\n" }, {}],
    ["paper.name", { institutionId: "COUNTY-1" }, {}],
    ["paper.city", { city: "" }, {}],
    ["paper.city", { institutionId: "COUNTY-1", name: "" }, {}],
    ["paper.level", { level: "UNSPECIFIED" }, {}],
    ["paper.level", { institutionId: "COUNTY-1", name: "", city: "" }, {}],
    ["paper.invoices", { invoices: [] }, {}],
    ["paper.invoices", { invoices: Array.from({ length: 21 }, (_, n) => ({ invoiceNumber: `${n}`, totalFen: 1n })) }, {}],
    ["paper.invoices[0].invoice_number", { invoices: [{ invoiceNumber: "a/b", totalFen: 1n }] }, {}],
    ["paper.invoices[0].invoice_number", { invoices: [{ invoiceNumber: "--", totalFen: 1n }] }, {}],
    ["paper.invoices[0].total_fen", { invoices: [{ invoiceNumber: "1", totalFen: -1n }] }, {}],
    [
      "paper.invoices[1].invoice_number",
      {
        invoices: [
          { invoiceNumber: "a1", totalFen: 1n },
          { invoiceNumber: "Ａ-1", totalFen: 1n },
        ],
      },
      {},
    ],
    ["paper.issued_on", { issuedOn: "2011-11-31" }, {}],
  ])("names %s", (field, changes, of) => {
    const before = snapshot(world);
    expect(command(methods.submitPaperClaim, handedIn("P1", changes, of), CLERK)).toMatchObject({ code: "BAD_REQUEST", field });
    expect(snapshot(world)).toEqual(before);
  });

  it.each<[string, object]>([
    ["county", { county: "110101" }],
    ["claim_id", { claimId: "" }],
    ["answer", { answer: "UNSPECIFIED" }],
    ["confirmation", { confirmation: undefined }],
    ["confirmation.asked_by", { confirmation: { ...confirmation, askedBy: "UNSPECIFIED" } }],
    ["confirmation.answered_by", { confirmation: { ...confirmation, answeredBy: " x" } }],
    ["confirmation.code", { confirmation: { ...confirmation, code: "" } }],
    ["confirmation.code", { confirmation: { ...confirmation, code: "--" } }],
    ["confirmation.code", { answer: "DENIED", reason: "查无此人", confirmation: { ...confirmation, code: "a b" } }],
    ["reason", { reason: "x" }],
    ["reason", { answer: "DENIED" }],
  ])("is not confirmed with a wrong %s", (field, changes) => {
    expect(command(methods.confirmPaperClaim, { ...asked, ...changes }, REVIEWER)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  it("is listed for its county's desk, by state where one is asked for", async () => {
    command(methods.submitPaperClaim, handedIn("P1"), CLERK);
    const listed = async (state: string) => (await query(methods.listPaperClaims, { county: ZHONGNING, state }, CLERK)).claims;
    expect(await listed("UNSPECIFIED")).toMatchObject([{ bill: { claimId: "P1" }, paper: { name: "西安某医院" } }]);
    expect((await listed("IN_REVIEW")).length).toBe(1);
    expect(await listed("PAID")).toEqual([]);
    expect(await query(methods.listPaperClaims, { county: "1", state: "PAID" }, CLERK)).toMatchObject({ field: "county" });
  });

  it("is handed in with both parts", () => {
    for (const field of ["bill", "paper"])
      expect(command(methods.submitPaperClaim, { ...handedIn("P1"), [field]: undefined }, CLERK)).toMatchObject({
        code: "BAD_REQUEST",
        field,
      });
    expect(command(methods.submitPaperClaim, { ...handedIn("P1"), county: "1" }, CLERK)).toMatchObject({ field: "county" });
    expect(command(methods.voidPaperClaim, { county: ZHONGNING, claimId: "P1", reason: "" }, REVIEWER)).toMatchObject({ field: "reason" });
  });
});

describe("VoidClaim", () => {
  const reviewer: Caller = { name: "reviewer", role: "REVIEWER", scope: ZHONGNING };
  const minutes = (count: number) => ({ atMs: Date.parse("2011-11-25T10:00:00+08:00") + count * 60_000 });

  it("takes a claim back; what later claims lose by it waits for the county, is listed, and posted by its word", async () => {
    const first = submitted(
      world,
      bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-03", lines: [line("A", 500_000n, "2011-10-01")] }),
      minutes(0),
    );
    const second = submitted(world, bill({ lines: [line("A", 300_000n)] }), minutes(1));
    const request = { requestId: "v", institutionId: "COUNTY-1", claimId: first.bill.claimId, reason: "录入有误" };
    expect(command(methods.voidClaim, request)).toMatchObject({ claim: { state: "VOIDED", reason: "录入有误" } });
    const { corrections } = await query(methods.listCorrections, { county: ZHONGNING }, reviewer);
    const { claimId } = second.bill;
    expect(corrections).toMatchObject([{ claimId, causedBy: [first.bill.claimId], toFen: 189_000n, deltaFen: -10_500n, state: "QUEUED" }]);
    const verdict = { requestId: "d", county: ZHONGNING, claimId, verdict: "POST" };
    expect(command(methods.decideCorrection, verdict, reviewer)).toMatchObject({ correction: { state: "POSTED" } });
    expect(await query(methods.getClaim, { claimId }, reviewer)).toMatchObject({
      claim: { correctedFen: -10_500n, benefit: { fundFen: 199_500n } },
    });
  });

  it.each([
    ["voidClaim", { institutionId: "COUNTY-1", claimId: "C1", reason: "" }, "reason"],
    ["voidClaim", { institutionId: "COUNTY-1", claimId: "a b", reason: "x" }, "claim_id"],
    ["decideCorrection", { county: "1", claimId: "C1", verdict: "POST" }, "county"],
    ["decideCorrection", { county: ZHONGNING, claimId: "C1", verdict: "UNSPECIFIED" }, "verdict"],
  ] as const)("%s names what is wrong: %#", (name, request, field) => {
    expect(command(methods[name], { requestId: "r", ...request })).toMatchObject({ code: "BAD_REQUEST", field });
  });
});

describe("RegisterDisease", () => {
  const request = {
    requestId: "r",
    county: ZHONGNING,
    registrationId: "TB-1",
    personId: PERSON,
    disease: "TB",
    fromDay: "2011-03-01",
    toDay: "2011-12-31",
  };
  const periods = () => region([{ ...schemeIn("nx-ref-periods"), golden: [] }, scheme({ county: JINGYUAN })]);
  const months = (...days: string[]) =>
    bill({
      visitKind: "OUTPATIENT",
      admittedOn: days.at(-1) ?? "",
      dischargedOn: days.at(-1) ?? "",
      lines: days.slice(-1).map((day) => line("A", 9_000n, day)),
    });

  it("opens the disease's own benefit from its first day on, a month's quota once", async () => {
    world = periods();
    expect(submitted(world, months("2011-02-28")).benefit).toMatchObject({ code: "OP", fundFen: 7_200n });
    expect(await command(methods.registerDisease, request)).toMatchObject({ registrationId: "TB-1" });
    expect(submitted(world, months("2011-03-02")).benefit).toMatchObject({ code: "TB", fundFen: 4_500n, patientFen: 4_500n });
    expect(submitted(world, months("2011-03-30")).benefit).toMatchObject({ code: "TB", fundFen: 0n });
    expect(submitted(world, months("2011-04-01")).benefit.fundFen).toBe(4_500n);
    const before = snapshot(world);
    expect(await command(methods.registerDisease, request)).toMatchObject({ registrationId: "TB-1" });
    expect(await command(methods.registerDisease, { ...request, disease: "DM" })).toMatchObject({ code: "REGISTRATION_EXISTS" });
    expect(snapshot(world)).toEqual(before);
  });

  it("is for one's own county's people, and asks enrollment before it refuses", async () => {
    expect(await command(methods.registerDisease, { ...request, personId: NO_BODY })).toMatchObject({ code: "UNKNOWN_PERSON" });
    expect(owners.asked).toEqual(["checkEligibility"]);
    expect(await command(methods.registerDisease, { ...request, county: JINGYUAN })).toMatchObject({ code: "UNKNOWN_PERSON" });
  });

  it.each([
    ["disease", { disease: "" }],
    ["to_day", { toDay: "2011-02-01" }],
    ["person_id", { personId: "x" }],
  ])("names %s", (field, change) => {
    expect(command(methods.registerDisease, { ...request, ...change })).toMatchObject({ code: "BAD_REQUEST", field });
  });
});

describe("ExplainClaim", () => {
  const home: Caller = { name: "reviewer", role: "REVIEWER", scope: ZHONGNING };

  it("computes the claim once more from stored documents, whatever has happened since, and says each step", async () => {
    const first = submitted(world, bill({ lines: [line("A", 300_000n)] }));
    submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-03", lines: [line("A", 500_000n, "2011-10-01")] }));
    const { claim, steps, treatingSchemeId } = await query(methods.explainClaim, { claimId: first.bill.claimId }, home);
    expect(claim.benefit).toMatchObject({ fundFen: 189_000n, code: "IP" });
    expect(treatingSchemeId).toBe(`${ZHONGNING}/2011/1`);
    expect(steps.map(({ step }: { step: string }) => step)).toEqual(["LINE", "ELIGIBLE", "DEDUCTIBLE", "RATE", "CAP", "PATIENT"]);
    expect(steps.at(-1)).toMatchObject({ outFen: 111_000n, zh: "个人支付 1110.00 元", en: "the patient pays 1110.00" });
  });

  it("is for those who may read the claim", async () => {
    const { claimId } = submitted(world, bill()).bill;
    const stranger: Caller = { name: "hospital", role: "HOSPITAL", scope: "TOWNSHIP-1" };
    expect(await query(methods.explainClaim, { claimId }, stranger)).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(await query(methods.explainClaim, { claimId: "a b" }, home)).toMatchObject({ code: "BAD_REQUEST" });
  });

  it("a stored benefit that does not follow is a fault, and never explained away", async () => {
    const claim = submitted(world, bill());
    world.put(claims.key(claim.bill.claimId), { ...claim, benefit: { ...claim.benefit, fundFen: claim.benefit.fundFen + 1n } });
    await expect(query(methods.explainClaim, { claimId: claim.bill.claimId }, home)).rejects.toThrow(
      /computed again gives another benefit/,
    );
  });
});

describe("wiring", () => {
  it("takes the claims out of a bank's answer and leaves transfers to others", () => {
    const settled = messages.find(({ event }) => event === "PaymentsSettled");
    const payable = { payableId: "claim/C-1/decision/1", claimId: "C-1", orderId: "O1", amountFen: 1n };
    const transfer = { payableId: "window/w/transfer/a/b", claimId: "", orderId: "O2", amountFen: 2n };
    const origin = { source: "payment", twin: "a", number: 1, atMs: 0, id: "x" };
    expect(settled?.input({ payables: [payable, transfer], settledAtMs: 5n }, origin)).toEqual({
      paid: [{ claimId: "C-1", payableId: "claim/C-1/decision/1", orderId: "O1" }],
      settledAtMs: 5,
    });
  });

  it("has a collection for every kind that decisions write", () => {
    const written = [
      "admissions",
      "appeals",
      "applications",
      "billpages",
      "billreports",
      "catalogues",
      "claims",
      "corrections",
      "counties",
      "coverlosses",
      "covers",
      "drafts",
      "fees",
      "households",
      "institutions",
      "invoices",
      "looks",
      "papercodes",
      "paperinvoices",
      "prefunds",
      "referrals",
      "registrations",
      "reviewers",
      "rulenights",
      "rulescores",
      "rulesets",
      "ruletimes",
      "schemes",
      "seconds",
      "shares",
      "stays",
      "timetables",
      "years",
    ];
    expect(Object.keys(indexes).toSorted()).toEqual(written);
  });

  it("checks its settings", () => {
    expect(claimsConfig({})).toEqual({
      pendingLimitMs: 600_000,
      reportBy: "09:00",
      rulesAt: "01:30",
      paidWithinDays: 10,
      crossRegion: "ALL",
    });
    expect(() => claimsConfig({ rulesAt: "25:00" })).toThrow(/rulesAt/);
    expect(claimsConfig({ crossRegion: [640521, "640424"] }).crossRegion).toEqual(["640521", "640424"]);
    for (const crossRegion of ["SOME", [], ["640000"], ["110101"]]) expect(() => claimsConfig({ crossRegion })).toThrow(/crossRegion/);
    expect(() => claimsConfig({ pendingLimitMs: 1, other: 2 })).toThrow(/pendingLimitMs[\s\S]*other/);
  });
});
