/**
 * A stay from admission to discharge: 登记 → 明细 → 预结算 → 结算. One person has one open stay in the whole province; its fees come in pages that can be undone;
 * the claim that settles it has the admission's id, so that settling twice is settling once.
 *   nothing → OPEN → SETTLED | CANCELLED
 */
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { askOwner, isRefusal, isUnavailable, type Refusal } from "../../values/outcome.ts";
import { lineSumFault } from "./bill.ts";
import { canonical } from "./canonical.ts";
import { blockedFault, type CrossRegion, prefundKeys, rolloutFault } from "./cross-region.ts";
import {
  type Admission,
  admissions,
  type Bill,
  type BillLine,
  type Claim,
  claims,
  covers,
  fees,
  institutions,
  stays,
} from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { stretchesOf } from "./ground.ts";
import { refuse } from "./refusals.ts";
import { type Asked, type SubmitInput, submit } from "./submit.ts";
import { holderOf, overlapOf, yearKeys } from "./year.ts";

export type AdmissionForm = Pick<
  Admission,
  "admissionId" | "institutionId" | "personId" | "newborn" | "admittedOn" | "diagnosis" | "referralId" | "tcm" | "procedures"
>;

export interface AdmitInput {
  readonly form: AdmissionForm;
  /** Left out: every county takes part. */
  readonly crossRegion?: CrossRegion;
  readonly asked?: Asked;
}

/** Names an admission of an institution. */
export interface AdmissionInput {
  readonly institutionId: string;
  readonly admissionId: string;
}

export const admit: Decision<AdmitInput, Admission, ClaimsEvents> = {
  needs(input, loaded) {
    const { form } = input;
    const { institution, stretch } = groundsOf(input, loaded);
    return [
      admissions.key(form.admissionId),
      claims.key(form.admissionId),
      stays.key(holderOf(form)),
      covers.key(form.personId),
      institutions.key(form.institutionId),
      ...yearKeys(firstDayOf(form)),
      ...(institution && stretch ? prefundKeys({ home: stretch.county, treating: institution.county }) : []),
    ];
  },
  decide(input, state, change, context) {
    const { form, asked, crossRegion = "ALL" } = input;
    const { admissionId, institutionId, personId, admittedOn: day } = form;
    const stored = state.get(admissions.key(admissionId));
    if (stored) {
      const same = stored.institutionId === institutionId && canonical(stored.admitted) === canonical(form);
      return same ? stored : refuse("ADMISSION_EXISTS", { field: "admission.admission_id", admission: admissionId });
    }
    if (state.get(claims.key(admissionId))) return refuse("CLAIM_EXISTS", { field: "admission.admission_id", claim: admissionId });
    if (day > context.day) return refuse("FUTURE_DAY", { field: "admission.admitted_on", day, today: context.day });
    const cover = state.get(covers.key(personId));
    const { institution, stretch } = groundsOf(input, state);
    if (!asked && (!institution || !stretch)) return askOwner();
    if (!institution) return refuse("UNKNOWN_INSTITUTION", { field: "admission.institution_id", institution: institutionId });
    if (!cover && !asked?.personKnown) return refuse("UNKNOWN_PERSON", { field: "admission.person_id", person: personId });
    if (!stretch) return refuse("NOT_COVERED", { field: "admission.admitted_on", from: day, to: day });
    const busy = openStayFault("admission.admitted_on", form, "", state);
    if (busy) return busy;
    const bill = firstDayOf(form);
    const overlap = overlapOf(
      bill,
      yearKeys(bill).flatMap((key) => state.get(key)?.visits ?? []),
    );
    if (overlap) return refuse("OVERLAPPING_STAY", { field: "admission.admitted_on", from: overlap.from, to: overlap.to });
    const away = { home: stretch.county, treating: institution.county };
    const closed =
      rolloutFault("admission.institution_id", away, crossRegion) ?? blockedFault("admission.institution_id", away, state, change);
    if (closed) return closed;
    const admission: Admission = { county: stretch.county, ...form, admitted: form, state: "OPEN", pages: [], totalFen: 0n };
    change.put(admissions.key(admissionId), admission);
    change.put(stays.key(holderOf(form)), { county: stretch.county, admissionId, institutionId, admittedOn: day });
    change.about(admissionId);
    return admission;
  },
};

/** Where the stay is, and the cover that it begins under. */
function groundsOf({ form, asked }: AdmitInput, from: Loaded) {
  const { institutionId, personId, admittedOn: day } = form;
  const institution = from.get(institutions.key(institutionId)) ?? asked?.institution;
  const stretches = stretchesOf(from.get(covers.key(personId)), asked?.cover);
  return { institution, stretch: stretches.find(({ fromDay, toDay }) => fromDay <= day && day <= toDay) };
}

export interface ChangeInput extends AdmissionInput {
  readonly diagnosis: string;
  readonly referralId: string;
  readonly tcm: boolean;
  readonly procedures: readonly string[];
}

export const changeAdmission: Decision<ChangeInput, Admission, ClaimsEvents> = {
  needs: ({ admissionId }) => [admissions.key(admissionId)],
  decide({ institutionId, admissionId, ...news }, state, change) {
    const admission = openIn({ institutionId, admissionId }, state);
    if ("outcome" in admission) return admission;
    return put({ ...admission, ...news }, change);
  },
};

export const cancelAdmission: Decision<AdmissionInput, Admission, ClaimsEvents> = {
  needs: (input, loaded) => [admissions.key(input.admissionId), ...stayKeys(input, loaded)],
  decide(input, state, change) {
    const stored = admissionIn(input, state);
    if ("outcome" in stored || stored.state === "CANCELLED") return stored;
    const admission = openIn(input, state);
    if ("outcome" in admission) return admission;
    if (admission.pages.length > 0)
      return refuse("FEES_REMAIN", { field: "admission_id", admission: input.admissionId, pages: admission.pages.length });
    endStay(admission, state, change);
    return put({ ...admission, state: "CANCELLED" }, change);
  },
};

export interface UploadInput extends AdmissionInput {
  readonly page: number;
  readonly lines: readonly BillLine[];
}

export const uploadFees: Decision<UploadInput, Admission, ClaimsEvents> = {
  needs: ({ admissionId, page }) => [admissions.key(admissionId), fees.key(admissionId, page)],
  decide(input, state, change, context) {
    const admission = openIn(input, state);
    if ("outcome" in admission) return admission;
    const { admissionId, page, lines } = input;
    const key = fees.key(admissionId, page);
    if (admission.pages.some((one) => one.page === page)) {
      const same = canonical(state.get(key)?.lines) === canonical(lines);
      return same ? admission : refuse("PAGE_EXISTS", { field: "page", page, admission: admissionId });
    }
    const fault = linesFault(lines, admission.admittedOn, context);
    if (fault) return fault;
    const totalFen = sum(lines.map(({ billedFen }) => billedFen));
    change.put(key, { county: admission.county, lines });
    const pages = [...admission.pages, { page, lines: lines.length, totalFen }].sort((a, b) => a.page - b.page);
    return put({ ...admission, pages, totalFen: admission.totalFen + totalFen }, change);
  },
};

export interface UndoInput extends AdmissionInput {
  readonly page: number;
}

export const undoFees: Decision<UndoInput, Admission, ClaimsEvents> = {
  needs: ({ admissionId, page }) => [admissions.key(admissionId), fees.key(admissionId, page)],
  decide(input, state, change) {
    const admission = openIn(input, state);
    if ("outcome" in admission) return admission;
    const taken = admission.pages.find(({ page }) => page === input.page);
    if (!taken) return admission;
    change.put(fees.key(input.admissionId, input.page), { county: admission.county, lines: [] });
    const pages = admission.pages.filter((one) => one !== taken);
    return put({ ...admission, pages, totalFen: admission.totalFen - taken.totalFen }, change);
  },
};

export interface SettleInput extends AdmissionInput {
  readonly dischargedOn: string;
  readonly invoiceNumber: string;
  readonly totalFen: bigint;
  readonly asked?: Asked;
  readonly trial?: true;
}

/** Bills what the pages hold, as `submit` bills any stay. */
export const settleAdmission: Decision<SettleInput, Claim, ClaimsEvents> = {
  needs(input, loaded, context) {
    const keys: Key[] = [admissions.key(input.admissionId), claims.key(input.admissionId)];
    const admission = loaded.get(admissions.key(input.admissionId));
    if (!admission) return keys;
    keys.push(stays.key(holderOf(admission)), ...admission.pages.map(({ page }) => fees.key(input.admissionId, page)));
    return [...keys, ...submit.needs(submitted(admission, input, loaded), loaded, context)];
  },
  decide(input, state, change, context) {
    const admission = admissionIn(input, state);
    if ("outcome" in admission) return admission;
    if (admission.state === "CANCELLED") return notOpen(admission);
    if (admission.state === "OPEN" && admission.pages.length === 0)
      return refuse("NO_FEES", { field: "admission_id", admission: input.admissionId });
    const claim = submit.decide(submitted(admission, input, state), state, change, context);
    if (isRefusal(claim) || isUnavailable(claim)) return claim;
    if (admission.state === "OPEN") {
      endStay(admission, state, change);
      put({ ...admission, state: "SETTLED" }, change);
    }
    return claim;
  },
};

/** The bill that settles a stay. */
function submitted(admission: Admission, input: SettleInput, from: Loaded): SubmitInput {
  const { admissionId, institutionId, personId, newborn, admittedOn, diagnosis, referralId, tcm, procedures, pages } = admission;
  const { dischargedOn, invoiceNumber, totalFen, asked, trial } = input;
  const bill: Bill = {
    claimId: admissionId,
    institutionId,
    personId,
    newborn,
    visitKind: "INPATIENT",
    diagnosis,
    procedures,
    admittedOn,
    dischargedOn,
    invoiceNumber,
    referralId,
    tcm,
    lines: pages.flatMap(({ page }) => from.get(fees.key(admissionId, page))?.lines ?? []),
    totalFen,
  };
  return { bill, admitted: true, ...(asked ? { asked } : {}), ...(trial ? { trial } : {}) };
}

/** The person is in hospital already, under another id than `admissionId`. */
function openStayFault(field: string, who: { personId: string; newborn: number }, admissionId: string, state: Loaded): Refusal | undefined {
  const stay = state.get(stays.key(holderOf(who)));
  if (!stay?.admissionId || stay.admissionId === admissionId) return undefined;
  return refuse("ALREADY_ADMITTED", { field, institution: stay.institutionId, since: stay.admittedOn });
}

function stayKeys({ admissionId }: AdmissionInput, loaded: Loaded): Key[] {
  const admission = loaded.get(admissions.key(admissionId));
  return admission ? [stays.key(holderOf(admission))] : [];
}

/** Nobody else's: an admission of another institution is not known to this one. */
function admissionIn({ institutionId, admissionId }: AdmissionInput, state: Loaded): Admission | Refusal {
  const admission = state.get(admissions.key(admissionId));
  if (admission?.institutionId !== institutionId) return refuse("UNKNOWN_ADMISSION", { field: "admission_id", admission: admissionId });
  return admission;
}

function openIn(input: AdmissionInput, state: Loaded): Admission | Refusal {
  const admission = admissionIn(input, state);
  return "outcome" in admission || admission.state === "OPEN" ? admission : notOpen(admission);
}

function notOpen({ admissionId, state }: Admission): Refusal {
  return refuse("NOT_OPEN", { field: "admission_id", admission: admissionId, state });
}

function put(admission: Admission, change: Change<ClaimsEvents>): Admission {
  change.put(admissions.key(admission.admissionId), admission);
  change.about(admission.admissionId);
  return admission;
}

function endStay(admission: Admission, state: State, change: Change<ClaimsEvents>): void {
  const key = stays.key(holderOf(admission));
  change.put(key, { ...state.must(key), admissionId: "" });
}

/** The lines' days and sums, as of the day on which they come. */
function linesFault(lines: readonly BillLine[], from: string, { day: today }: Context): Refusal | undefined {
  for (const [index, line] of lines.entries()) {
    const field = `lines[${index}]`;
    const { day } = line;
    if (day > today) return refuse("FUTURE_DAY", { field: `${field}.day`, day, today });
    if (day < from) return refuse("LINE_OUTSIDE_STAY", { field: `${field}.day`, day, from, to: today });
    const fault = lineSumFault(field, line);
    if (fault) return fault;
  }
  return undefined;
}

/** The admission's first day as a bill: what the rules of overlap look at. */
function firstDayOf({ admissionId, admittedOn, ...form }: AdmissionForm): Bill {
  return {
    ...form,
    claimId: admissionId,
    visitKind: "INPATIENT",
    admittedOn,
    dischargedOn: admittedOn,
    invoiceNumber: "",
    lines: [],
    totalFen: 0n,
  };
}
