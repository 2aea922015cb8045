/** Requests of clerks, reviewers, treasurers and the others that are wrong in one way each, with the refusal that each must get. */
import { RegisterInstitutionRequest } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { PublishSchemeRequest, RegisterReferralRequest, ReviewClaimRequest } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EndCoverRequest, EnrolHouseholdsRequest } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import {
  ApproveBatchRequest,
  CutBatchRequest,
  DeclineOrdersRequest,
  ReceiveBankMessageRequest,
} from "../../proto/generated/nrcms/payment/v1/payment.ts";
import {
  CloseWindowRequest,
  ConfirmRowsRequest,
  DisputeRowsRequest,
  ReceiveFundsRequest,
  RetractAnswerRequest,
  RuleDisputeRequest,
  SetPrefundRequest,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import type { Codec } from "../../services/mesh/wiring.ts";

/** gRPC status, code, field. */
export type Wanted = readonly [status: string, code: string, field: string];

export interface BadRequest {
  readonly title: string;
  /** A certificate of the sandbox, or a role and a scope for one of its own. */
  readonly who: string | { readonly role: string; readonly scope: string };
  /** nrcms.claims.v1.ClaimsService/ReviewClaim */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly wanted: Wanted;
}

export const ENROL = "nrcms.enrollment.v1.EnrollmentService/EnrolHouseholds";
export const END_COVER = "nrcms.enrollment.v1.EnrollmentService/EndCover";
export const RECEIVE = "nrcms.settlement.v1.SettlementService/ReceiveFunds";
export const PREFUND = "nrcms.settlement.v1.SettlementService/SetPrefund";
export const CLOSE = "nrcms.settlement.v1.SettlementService/CloseWindow";
const CONFIRM = "nrcms.settlement.v1.SettlementService/ConfirmRows";
const DISPUTE = "nrcms.settlement.v1.SettlementService/DisputeRows";
const RETRACT = "nrcms.settlement.v1.SettlementService/RetractAnswer";
const RULE = "nrcms.settlement.v1.SettlementService/RuleDispute";
export const INSTITUTION = "nrcms.administration.v1.AdministrationService/RegisterInstitution";
export const SCHEME = "nrcms.claims.v1.ClaimsService/PublishScheme";
export const REFERRAL = "nrcms.claims.v1.ClaimsService/RegisterReferral";
export const REVIEW = "nrcms.claims.v1.ClaimsService/ReviewClaim";
export const CUT = "nrcms.payment.v1.PaymentService/CutBatch";
export const DECLINE = "nrcms.payment.v1.PaymentService/DeclineOrders";
export const APPROVE = "nrcms.payment.v1.PaymentService/ApproveBatch";
export const BANK = "nrcms.payment.v1.PaymentService/ReceiveBankMessage";

/** A county's code in form, and no county. */
const NO_COUNTY = "640499";
const INT64_MOST = 2n ** 63n - 1n;

/** Where the requests come from: a county with a hospital, a person who is enrolled there, a claim that was decided. */
export interface Setting {
  readonly county: string;
  readonly hospital: string;
  readonly person: string;
  readonly claim: string;
}

/** A method with a good request; each bad one changes a part of it. */
function method<T extends { requestId: string }>(path: string, who: BadRequest["who"], codec: Codec<T>, good: T) {
  let serial = 0;
  return (title: string, changes: Partial<T>, wanted: Wanted, by = who): BadRequest => {
    serial += 1;
    const requestId = `${path.split("/")[1]}-${serial}`;
    return { title, who: by, path, bytes: codec.encode({ ...good, requestId, ...changes }).finish(), wanted };
  };
}

const invalid = (field: string): Wanted => ["INVALID_ARGUMENT", "BAD_REQUEST", field];
const precondition = (code: string, field: string): Wanted => ["FAILED_PRECONDITION", code, field];
const notFound = (code: string, field: string): Wanted => ["NOT_FOUND", code, field];

export function goodReceipt({ county }: Setting): ReceiveFundsRequest {
  return { requestId: "", county, source: "CENTRAL", amountFen: 1n, reference: "a-receipt" };
}

export function goodVerdict({ county, claim }: Setting): ReviewClaimRequest {
  return { requestId: "", county, claimId: claim, verdict: "REFUSE", reason: "不符", deductions: [], words: [] };
}

export function goodReferral({ county, hospital, person }: Setting): RegisterReferralRequest {
  return {
    requestId: "",
    county,
    referralId: "R-new",
    personId: person,
    toInstitutionId: hospital,
    fromDay: "2011-11-01",
    toDay: "2011-11-30",
  };
}

export function badRequests(setting: Setting): BadRequest[] {
  const { county } = setting;
  const stranger = `${county}9999999901`;
  const clerk = (scope: string) => ({ role: "CLERK", scope });
  const reviewer = { role: "REVIEWER", scope: county };
  const household = (of: string) => [
    {
      householdId: `${of}00099999`,
      township: "某镇",
      village: "某村",
      members: [
        {
          memberNo: "01",
          name: "张某",
          identityNumber: "640424196410196034",
          sex: "MALE",
          bornOn: "1964-10-19",
          head: true,
          category: "ORDINARY",
        } as const,
      ],
    },
  ];
  const account = { bankCode: "105871000019", accountNumber: "6405000000000001", accountName: "某账户" };
  const enrol = method(ENROL, clerk(county), EnrolHouseholdsRequest, {
    requestId: "",
    county,
    year: 2011,
    contributionFenPerHead: 3_000n,
    queueDuplicates: false,
    households: household(county),
  });
  const endCover = method(END_COVER, clerk(county), EndCoverRequest, {
    requestId: "",
    county,
    personId: stranger,
    lastDay: "2011-11-25",
    reason: "迁出",
  });
  const register = method(INSTITUTION, "administrator", RegisterInstitutionRequest, {
    requestId: "",
    institution: { institutionId: "H640499001", county: NO_COUNTY, name: "某院", level: "COUNTY", paySchedule: "DAILY", account },
  });
  const receive = method(RECEIVE, "treasurer", ReceiveFundsRequest, goodReceipt(setting));
  const prefund = method(PREFUND, "treasurer", SetPrefundRequest, { requestId: "", county, limitFen: 1n });
  const close = method(CLOSE, "treasurer", CloseWindowRequest, { requestId: "", windowId: "W1" });
  const answer = { requestId: "", windowId: "W99", county };
  const rowId = "claim/none/decision/1";
  const confirm = method(CONFIRM, "treasurer", ConfirmRowsRequest, { ...answer, rows: 1, owedFen: 1n });
  const dispute = method(DISPUTE, "treasurer", DisputeRowsRequest, { ...answer, rows: [{ rowId, reason: "有疑问" }] });
  const retract = method(RETRACT, "treasurer", RetractAnswerRequest, { ...answer, rowIds: [] });
  const rule = method(RULE, "treasurer", RuleDisputeRequest, { requestId: "", rowId, ruling: "UPHELD", reason: "依据充分" });
  const scheme = method(SCHEME, "administrator", PublishSchemeRequest, {
    requestId: "",
    schemeId: "640521/2011/9",
    contentHash: "",
    scheme: undefined,
  });
  const refer = method(REFERRAL, reviewer, RegisterReferralRequest, goodReferral(setting));
  const review = method(REVIEW, reviewer, ReviewClaimRequest, goodVerdict(setting));
  const cut = method(CUT, "maker", CutBatchRequest, { requestId: "", schedule: "DAILY", upToDay: "2011-11-25" });
  const approve = method(APPROVE, "checker", ApproveBatchRequest, {
    requestId: "",
    batchId: "B20111125999999",
    expectedHash: "0".repeat(64),
  });
  const decline = method(DECLINE, "checker", DeclineOrdersRequest, {
    requestId: "",
    batchId: "B20111125999999",
    expectedHash: "0".repeat(64),
    orderIds: [],
    reason: "户名不符",
  });
  const bank = method(BANK, "bank-client", ReceiveBankMessageRequest, { requestId: "", document: Buffer.alloc(0), signature: "" });
  const elsewhere = { county: "110101", households: household("110101") };
  const nowhere = { county: NO_COUNTY, households: household(NO_COUNTY) };
  return [
    enrol("a county that is not the province's", elsewhere, invalid("county"), clerk("110101")),
    enrol("an unknown county's households", nowhere, precondition("UNKNOWN_COUNTY", "county"), clerk(NO_COUNTY)),
    enrol("a negative contribution", { contributionFenPerHead: -1n }, invalid("contribution_fen_per_head")),
    enrol("a contribution beyond all bounds", { contributionFenPerHead: INT64_MOST }, invalid("contribution_fen_per_head")),
    enrol("nobody to enrol", { households: [] }, invalid("households")),
    enrol("a year before there was any scheme", { year: 1066 }, invalid("year")),
    endCover("the cover of an unknown person", {}, notFound("UNKNOWN_PERSON", "person_id")),
    endCover("the end of a cover without a reason", { reason: " " }, invalid("reason")),
    register("an unknown county's hospital", {}, precondition("UNKNOWN_COUNTY", "institution.county")),
    register("no hospital", { institution: undefined }, invalid("institution")),
    receive("an unknown county's money", { county: NO_COUNTY }, precondition("UNKNOWN_COUNTY", "county")),
    receive("no money", { amountFen: 0n }, invalid("amount_fen")),
    receive("negative money", { amountFen: -1n }, invalid("amount_fen")),
    receive("money beyond all bounds", { amountFen: INT64_MOST }, invalid("amount_fen")),
    receive("a receipt again with another amount", { reference: "subsidy-2011" }, ["ALREADY_EXISTS", "RECEIPT_EXISTS", "reference"]),
    prefund("a negative prefund", { limitFen: -1n }, invalid("limit_fen")),
    prefund("a prefund beyond all bounds", { limitFen: INT64_MOST }, invalid("limit_fen")),
    close("a window that is not open", { windowId: "W99" }, precondition("NO_OPEN_WINDOW", "window_id")),
    close("a window of no number", { windowId: "next" }, invalid("window_id")),
    confirm("a window that is not there", {}, notFound("UNKNOWN_WINDOW", "window_id")),
    confirm("less than nothing", { owedFen: -1n }, invalid("owed_fen")),
    dispute("rows of a window that is not there", {}, notFound("UNKNOWN_WINDOW", "window_id")),
    dispute("no rows", { rows: [] }, invalid("rows")),
    retract("what was never said", {}, notFound("UNKNOWN_WINDOW", "window_id")),
    rule("a row that nobody disputes", {}, precondition("NOT_DISPUTED", "row_id")),
    rule("neither the one nor the other", { ruling: "DISPUTED" }, invalid("ruling")),
    scheme("a scheme that nobody drafted", {}, notFound("UNKNOWN_SCHEME", "scheme_id")),
    scheme("a scheme by no id", { schemeId: "640521" }, invalid("scheme_id")),
    refer("a referral of an unknown person", { personId: stranger }, notFound("UNKNOWN_PERSON", "person_id")),
    refer("a referral to nowhere", { toInstitutionId: "H640521999" }, precondition("UNKNOWN_INSTITUTION", "to_institution_id")),
    refer("a referral that ends before it begins", { toDay: "2011-10-01" }, invalid("to_day")),
    review("a verdict on an unknown claim", { claimId: "nothing" }, notFound("UNKNOWN_CLAIM", "claim_id")),
    review("a verdict on a claim that does not wait", {}, precondition("NOT_IN_REVIEW", "claim_id")),
    review("a refusal without a reason", { reason: "" }, invalid("reason")),
    cut("no schedule to gather for", { schedule: "UNSPECIFIED" }, invalid("schedule")),
    cut("a day that is none", { upToDay: "today" }, invalid("up_to_day")),
    approve("the approval of an unknown batch", {}, notFound("UNKNOWN_BATCH", "batch_id")),
    approve("an approval of nothing in particular", { expectedHash: "" }, invalid("expected_hash")),
    decline("the declining of an unknown batch", {}, notFound("UNKNOWN_BATCH", "batch_id")),
    decline("a declining without a reason", { reason: " " }, invalid("reason")),
    bank("a bank's message of no bytes", {}, invalid("document")),
  ];
}
