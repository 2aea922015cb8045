/**
 * Whatever is wrong with what comes in: it gets its own refusal, with the field and the reason in Chinese and English, and no document changes.
 * What fails the contract at the door leaves nothing at all; a refusal leaves its entry in the journal, without a single event (protocols 9).
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Bill, RegisterReferralRequest, ReviewClaimRequest, SubmitClaimRequest } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { ReceiveFundsRequest } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { billsOfFile, moreBadBills } from "../harness/bad-bills.ts";
import {
  badRequests,
  goodReceipt,
  goodReferral,
  goodVerdict,
  RECEIVE,
  REFERRAL,
  REVIEW,
  type Setting,
  type Wanted,
} from "../harness/bad-requests.ts";
import { readContracts } from "../harness/contracts.ts";
import { changed, digest, newestEntries, type Stored, still } from "../harness/digest.ts";
import { type DoorCallers, doorCallers } from "../harness/door-callers.ts";
import { type DoorMesh, regionFor, sampleBills, startDoorMesh } from "../harness/door-mesh.ts";
import type { RawAnswer } from "../harness/raw-call.ts";

const START_LIMIT_MS = 240_000;
const HOSPITAL = "H640424001";
const COUNTY = "640424";
const SUBMIT = "nrcms.claims.v1.ClaimsService/SubmitClaim";
/** What is refused before it becomes an input, or is known already: nothing is stored. */
const AT_DOOR = ["BAD_REQUEST", "BAD_BANK_MESSAGE", "REQUEST_REUSED"];

const fileBills = billsOfFile();
const all = await sampleBills();
const stay = found(fileBills.find(({ code }) => code === "BILL_SUM")?.bill);
const visit = found(
  all.find((bill) => bill.institutionId === HOSPITAL && bill.visitKind === "OUTPATIENT" && bill.personId.startsWith(COUNTY)),
);
/** A good bill of the day: what others collide with. */
const good: Bill = { ...visit, invoiceNumber: found(fileBills.find(({ code }) => code === "DUPLICATE_INVOICE")?.bill).invoiceNumber };
const otherStay = found(
  all.find(
    (bill) =>
      bill.institutionId === HOSPITAL &&
      bill.visitKind === "INPATIENT" &&
      bill.personId.startsWith(COUNTY) &&
      bill.personId !== stay.personId,
  ),
);

const setting: Setting = { county: COUNTY, hospital: HOSPITAL, person: stay.personId, claim: good.claimId };

let mesh: DoorMesh;
let callers: DoorCallers;
/** All is done that the good bills brought about. */
let quiet: Stored;
let before: Stored;
let comments: ReadonlyMap<string, string>;

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the sample region has changed: look for another bill");
  return value;
}

beforeAll(async () => {
  const { services } = await readContracts();
  comments = new Map(
    services.flatMap(({ fullName, methods }) => methods.map((method) => [`${fullName}/${method.name}`, method.comment] as const)),
  );
  // Unknown persons and institutions stay unknown.
  const known = fileBills
    .map(({ bill }) => bill)
    .filter(({ institutionId, personId }) => all.some((bill) => bill.institutionId === institutionId && bill.personId === personId));
  mesh = await startDoorMesh({ region: await regionFor([...known, good, otherStay]) });
  callers = doorCallers(mesh);
  for (const bill of [good, otherStay]) expect((await submit(bill, bill.claimId)).status).toBe("OK");
  // The referral of the file's case belongs to another county; here one of its name belongs to another person.
  const strange = found(fileBills.find(({ code }) => code === "REFERRAL_MISMATCH")?.bill).referralId;
  const theirs = { ...goodReferral(setting), requestId: "strange", referralId: strange, personId: otherStay.personId };
  expect((await callers.as(`reviewer-${COUNTY}`).call(`/${REFERRAL}`, RegisterReferralRequest.encode(theirs).finish())).status).toBe("OK");
  quiet = await still(mesh.mongo);
}, START_LIMIT_MS);

afterAll(async () => {
  callers?.close();
  await mesh?.stop();
}, START_LIMIT_MS);

async function submit(bill: Bill, requestId: string): Promise<RawAnswer> {
  const identity = callers.certified(`hospital-${bill.institutionId}`, [`nrcms://HOSPITAL/${bill.institutionId}`]);
  return await callers.as(identity).call(`/${SUBMIT}`, SubmitClaimRequest.encode({ requestId, bill }).finish());
}

/** The refusal as it must be, and that nothing was left behind but, where the decision refused, its entry in that service's journal. */
async function refused(answer: RawAnswer, [status, code, field]: Wanted, path: string): Promise<void> {
  expect(answer.details?.refused, answer.words).toMatchObject({ status, code, field });
  expect(answer.status).toBe(status);
  const { "zh-CN": zh, en } = answer.details?.localized ?? {};
  expect(zh).toMatch(/\p{Script=Han}/u);
  expect(en).toMatch(/^[^\p{Script=Han}]{5,}$/u);
  expect(answer.details?.violations.map((violation) => violation.field)).toEqual(field === "" ? [] : [field]);
  const comment = comments.get(path) ?? "";
  expect(
    [comment.includes(code), code === "BAD_REQUEST" && comment.includes("INVALID_ARGUMENT")],
    `${path} says ${code}: ${comment}`,
  ).toContain(true);

  const after = await digest(mesh.mongo);
  const service = path.split(".")[1] ?? "";
  const atDoor = AT_DOOR.includes(code);
  expect(changed(before, after)).toEqual(atDoor ? [] : [`${service}.journal`]);
  if (!atDoor) {
    expect(after.entries[service]).toBe((before.entries[service] ?? 0) + 1);
    expect(await newestEntries(mesh.mongo, service, 1)).toMatchObject([{ outcome: "refused", events: [], method: path.split("/")[1] }]);
  }
}

beforeEach(async () => {
  before = await digest(mesh.mongo);
});

describe("a bill that is wrong", () => {
  test.each(fileBills)("$title: $code $field", async ({ title, bill, status, code, field }) => {
    await refused(await submit(bill, `file ${title}`.replaceAll(/\W/g, "-")), [status, code, field], SUBMIT);
  });

  test.each(moreBadBills(stay, { ...visit, personId: stay.personId }))(
    "$title: $code $field",
    async ({ title, bill, status, code, field }) => {
      await refused(await submit(bill, `more ${title}`.replaceAll(/\W/g, "-")), [status, code, field], SUBMIT);
    },
  );

  test("a claim id again with other content", async () => {
    const again = { ...good, diagnosis: "K35.9", tcm: !good.tcm };
    await refused(await submit(again, "other-request"), ["ALREADY_EXISTS", "CLAIM_EXISTS", "bill.claim_id"], SUBMIT);
  });

  test("a request id again with other content", async () => {
    const again = { ...good, claimId: `${good.claimId}-2`, invoiceNumber: "other" };
    await refused(await submit(again, good.claimId), ["ALREADY_EXISTS", "REQUEST_REUSED", "request_id"], SUBMIT);
  });

  test("a stay on days on which the person lay in hospital", async () => {
    const overlap = { ...otherStay, claimId: `${otherStay.claimId}-2`, invoiceNumber: "other" };
    await refused(await submit(overlap, "overlap"), ["FAILED_PRECONDITION", "OVERLAPPING_STAY", "bill.admitted_on"], SUBMIT);
  });

  test("no bill at all", async () => {
    const answer = await callers
      .as(`hospital-${HOSPITAL}`)
      .call(`/${SUBMIT}`, SubmitClaimRequest.encode({ requestId: "none", bill: undefined }).finish());
    expect(["BAD_REQUEST", "WRONG_SCOPE"]).toContain(answer.details?.reason);
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);
  });

  test.each([
    ["none", ""],
    ["65 characters", "x".repeat(65)],
    ["a space", "a b"],
    ["Chinese", "请求"],
  ])("a request id that is %s", async (_, requestId) => {
    await refused(await submit({ ...good, claimId: "fresh" }, requestId), ["INVALID_ARGUMENT", "BAD_REQUEST", "request_id"], SUBMIT);
  });
});

/** A message with one more field: an enum's number that nobody gave a meaning. */
function numbered(message: { finish(): Uint8Array }, field: number): Uint8Array {
  return Buffer.concat([message.finish(), Buffer.from([field << 3, 99])]);
}

function unknownVisitKind(): Uint8Array {
  const bill = numbered(Bill.encode({ ...good, claimId: "numbered" }), 4);
  return new BinaryWriter().uint32(10).string("numbered").uint32(18).bytes(bill).finish();
}

describe("bytes that are no request", () => {
  const whole = Buffer.from(SubmitClaimRequest.encode({ requestId: "bytes", bill: { ...good, claimId: "bytes" } }).finish());
  test.each([
    ["noise", Buffer.from("ffffffffffffffffffff", "hex")],
    ["cut off in the middle", whole.subarray(0, whole.length - 7)],
    ["a length beyond the end", Buffer.from("0aff7f", "hex")],
    ["a group that never ends", Buffer.from("0b0b0b", "hex")],
    ["text", Buffer.from('{"request_id": "json"}')],
  ])("%s", async (_, bytes) => {
    const answer = await callers.as(`hospital-${HOSPITAL}`).call(`/${SUBMIT}`, bytes);
    await refused(answer, ["INVALID_ARGUMENT", "BAD_REQUEST", ""], SUBMIT);
  });

  test("a field of another type than the contract's", async () => {
    const answer = await callers.as(`hospital-${HOSPITAL}`).call(`/${SUBMIT}`, Buffer.from("0801", "hex"));
    expect(["BAD_REQUEST"]).toContain(answer.details?.reason);
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);
  });

  /** The decoder stops at such a number, before there is a field to name: the kind of thing is named instead. */
  test.each([
    ["kind of visit", `hospital-${HOSPITAL}`, SUBMIT, unknownVisitKind(), "VisitKind"],
    ["source of money", "treasurer", RECEIVE, numbered(ReceiveFundsRequest.encode(goodReceipt(setting)), 3), "FundSource"],
    ["verdict", `reviewer-${COUNTY}`, REVIEW, numbered(ReviewClaimRequest.encode(goodVerdict(setting)), 4), "Verdict"],
    ["state", "checker", "nrcms.payment.v1.PaymentService/ListBatches", numbered(new BinaryWriter(), 1), "BatchState"],
  ])("a %s that the contract does not number", async (_, who, path, bytes, named) => {
    const answer = await callers.as(who).call(`/${path}`, bytes);
    await refused(answer, ["INVALID_ARGUMENT", "BAD_REQUEST", ""], path);
    expect(answer.words).toContain(named);
  });

  test("10 MB, and 30 MB", async () => {
    const diagnosis = (bytes: number) =>
      SubmitClaimRequest.encode({ requestId: "large", bill: { ...good, diagnosis: "X".repeat(bytes) } }).finish();
    const hospital = callers.as(`hospital-${HOSPITAL}`);
    const answer = await hospital.call(`/${SUBMIT}`, diagnosis(10_000_000));
    expect(answer).toMatchObject({
      status: "RESOURCE_EXHAUSTED",
      details: { refused: { code: "TOO_LARGE", status: "RESOURCE_EXHAUSTED" } },
    });
    expect(answer.details?.localized).toEqual({ "zh-CN": expect.stringMatching(/过大/), en: expect.stringMatching(/too large/) });
    expect((await hospital.call(`/${SUBMIT}`, diagnosis(30_000_000))).status).toBe("RESOURCE_EXHAUSTED");
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);
  });
});

describe("what others send", () => {
  test.each(badRequests(setting))("$title: $wanted.1 $wanted.2", async ({ who, path, bytes, wanted }) => {
    const identity =
      typeof who === "string" ? who : callers.certified(`${who.role}-${who.scope}`.toLowerCase(), [`nrcms://${who.role}/${who.scope}`]);
    await refused(await callers.as(identity).call(`/${path}`, bytes), wanted, path);
  });
});

test("after all of it no document has changed, then or later, and the mesh still takes a good bill", async () => {
  const { documents } = await still(mesh.mongo);
  expect(documents).toEqual(quiet.documents);
  const fresh = { ...good, claimId: `${good.claimId}-fresh`, invoiceNumber: "fresh" };
  const answer = await submit(fresh, "fresh");
  expect(answer.status, answer.words).toBe("OK");
});
