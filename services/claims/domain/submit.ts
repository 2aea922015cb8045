/**
 * Bills one stay or visit: the exact benefit, at once. The claim, the person's benefit year and the invoice are written; the cover is guarded.
 * A bill that was handed in on paper goes the same way as far as the review desk, and its household is paid from home.
 * At home the rules approve or the review desk decides; elsewhere the cap is reserved here and the prefund asked for (protocols 18).
 */
import type { Scheme } from "../../benefit/scheme.ts";
import type { Level } from "../../benefit/words.ts";
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { askOwner, type Refusal, type Unavailable, unavailable } from "../../values/outcome.ts";
import { billFault, sameBill } from "./bill.ts";
import { compute, type Documents } from "./compute.ts";
import { type CrossRegion, rolloutFault } from "./cross-region.ts";
import {
  type Bill,
  type Claim,
  claims,
  covers,
  institutions,
  type PaperForm,
  referrals,
  registrations,
  type Stretch,
  stays,
} from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { balanceOf, householdKey, usesAccount } from "./family-account.ts";
import { type Ground, groundOf, stretchesOf } from "./ground.ts";
import { invoicesOf, type KnownBy } from "./invoice-keys.ts";
import { lookLater } from "./look.ts";
import { lateFault, paperFault, samePaper } from "./paper.ts";
import { reasons } from "./reasons.ts";
import { refuse } from "./refusals.ts";
import { heldBy, ruled, ruleKeys } from "./ruled.ts";
import { catalogues, rowOf, type SchemeDocument, schemeIdOf, schemes, timetables } from "./scheme.ts";
import { hold, pass } from "./standing.ts";
import { beforeOf, capKeys, enterYears, holderOf, MAX_VISITS, overlapOf, visitDuringStay, yearKeys } from "./year.ts";

const COUNTY_DIGITS = 6;

/** What the owners answered where the projections could not say yes (protocols 15). */
export interface Asked {
  readonly institution?: Place;
  /** False where enrollment knows no such person. */
  readonly personKnown: boolean;
  readonly cover?: Stretch;
}

export interface Place {
  readonly county: string;
  readonly level: Level;
}

export interface SubmitInput {
  readonly bill: Bill;
  readonly asked?: Asked;
  /** The counties that take part in cross-region settlement; left out: all do. */
  readonly crossRegion?: CrossRegion;
  /** It is only tried: nothing of it is kept. */
  readonly trial?: true;
  /** It settles a stay that was registered at its admission. */
  readonly admitted?: true;
  /** It was handed in on paper, at this county's desk. */
  readonly paper?: { readonly county: string; readonly form: PaperForm };
}

/** The networked institution that treated; empty where a paper names another in words. */
function institutionIdOf({ bill, paper }: SubmitInput): string {
  return paper ? paper.form.institutionId : bill.institutionId;
}

function invoicesIn({ bill, paper }: SubmitInput): readonly KnownBy[] {
  return invoicesOf({ bill, ...(paper ? { paper: paper.form } : {}) });
}

/** Replies with the claim as it is stored; the same bill under another request id gets the claim that stands. */
export const submit: Decision<SubmitInput, Claim, ClaimsEvents> = {
  /** Four rounds at most: the bill names persons and places, these name the schemes, a scheme may choose another day's, the treating scheme names the catalogue. */
  needs(input, loaded, { day: today }) {
    const { bill } = input;
    const keys: Key[] = [
      ...ruleKeys(bill, today, loaded),
      claims.key(bill.claimId),
      covers.key(bill.personId),
      ...(institutionIdOf(input) === "" ? [] : [institutions.key(institutionIdOf(input))]),
      ...invoicesIn(input).map(({ key }) => key),
      ...(bill.visitKind === "INPATIENT" ? [stays.key(holderOf(bill))] : []),
      // Nearly always the home county; naming it now saves a round of reading.
      timetables.key(bill.personId.slice(0, COUNTY_DIGITS)),
      ...yearKeys(bill),
    ];
    const place = placeOf(input, loaded);
    const ground = groundOf(bill, stretchesOf(loaded.get(covers.key(bill.personId)), input.asked?.cover));
    if (!place || !ground) return keys;
    const home = ground.stretch.county;
    keys.push(timetables.key(home), timetables.key(place.county));
    if (bill.referralId) keys.push(referrals.key(home, bill.referralId));
    const lawDay = lawDayOf(bill, ground, loaded);
    for (const [county, day] of [
      [home, ground.day],
      [home, lawDay],
      [place.county, lawDay],
    ] as const) {
      const key = schemeKeyOf(county, day, loaded);
      if (key) keys.push(key);
    }
    const treating = schemeOf(place.county, lawDay, loaded)?.scheme;
    const insured = schemeOf(home, lawDay, loaded)?.scheme;
    const pricing = insured?.crossRegionCatalogue === "INSURED_PLACE" ? insured : treating;
    if (pricing) keys.push(catalogues.key(pricing.catalogueVersion));
    if (insured) keys.push(...capKeys(bill, insured.caps, insured.year), ...registrationKeys(bill, insured));
    if (insured && usesAccount(bill, insured)) keys.push(householdKey(bill));
    return keys;
  },

  decide(input, state, change, context) {
    const { bill, asked, paper } = input;
    change.about(bill.claimId);
    const stored = state.get(claims.key(bill.claimId));
    if (stored) {
      return sameBill(stored.bill, bill) && samePaper(stored.paper, paper?.form)
        ? stored
        : refuse("CLAIM_EXISTS", { field: "bill.claim_id", claim: bill.claimId });
    }
    const fault = billFault(bill, context.day) ?? (paper && paperFault(bill, paper.form, context.day));
    if (fault) return fault;
    const place = placeOf(input, state);
    if (!place) {
      const field = paper ? "paper.institution_id" : "bill.institution_id";
      return asked ? refuse("UNKNOWN_INSTITUTION", { field, institution: institutionIdOf(input) }) : askOwner();
    }
    const ground = groundIn(input, state);
    if ("outcome" in ground) return ground;
    const closed = paper ? elsewhereFault(bill, paper.county, ground) : input.admitted ? undefined : closedTo(input, ground, place);
    if (closed) return closed;
    const repeated = repeatOf(input, state);
    if (repeated) return repeated;
    const referral = referralFault(input, ground, state);
    if (referral) return referral;
    const documents = documentsOf(bill, place, ground, state);
    if ("outcome" in documents) return documents;
    const late = paper && lateFault(bill, documents.home.scheme, context.day);
    if (late) return late;
    return claimFor(input, place, ground, documents, state, change, context);
  },
};

function closedTo({ crossRegion = "ALL" }: SubmitInput, { stretch }: Ground, { county }: Place): Refusal | undefined {
  return rolloutFault("bill.institution_id", { home: stretch.county, treating: county }, crossRegion);
}

/** A paper is handed in at home: that of the day whose scheme applies. */
function elsewhereFault({ personId }: Bill, desk: string, { stretch: { county }, day }: Ground): Refusal | undefined {
  return county === desk ? undefined : refuse("INSURED_ELSEWHERE", { field: "bill.person_id", person: personId, county, day });
}

/** The institution's county and level: the projection's word, else the owner's. One outside of the network has no catalogue of its own: the insured place's prices it. */
function placeOf(input: SubmitInput, from: Loaded): Place | undefined {
  const { paper, asked } = input;
  if (paper?.form.level) return { county: paper.county, level: paper.form.level };
  return from.get(institutions.key(institutionIdOf(input))) ?? asked?.institution;
}

function schemeKeyOf(county: string, day: string, from: Loaded) {
  const row = rowOf(from.get(timetables.key(county)), day);
  return row && schemes.key(county, row.year, row.version);
}

function schemeOf(county: string, day: string, from: Loaded): SchemeDocument | undefined {
  const key = schemeKeyOf(county, day, from);
  return key && from.get(key);
}

/** The day whose version applies: the ground's, or another that the version of that day itself chooses, where the person was covered on it. */
function lawDayOf(bill: Bill, { day, stretch, covers: isCovered }: Ground, from: Loaded): string {
  const chosen = chosenDay(bill, schemeOf(stretch.county, day, from)?.scheme.selectBy) ?? day;
  return isCovered(chosen) ? chosen : day;
}

function chosenDay(bill: Bill, selectBy: Scheme["selectBy"] | undefined): string | undefined {
  if (selectBy === "ADMISSION_DATE") return bill.admittedOn;
  if (selectBy === "FEE_DATE")
    return bill.lines
      .map(({ day }) => day)
      .sort()
      .at(-1);
  return undefined;
}

/** The cover that the stay stands on. Not covered at discharge is no answer before the owner has been asked. */
function groundIn({ bill, asked }: SubmitInput, state: State): Ground | Refusal | Unavailable {
  const cover = state.get(covers.key(bill.personId));
  const ground = groundOf(bill, stretchesOf(cover, asked?.cover));
  if (!asked && ground?.day !== bill.dischargedOn) return askOwner();
  if (ground) return ground;
  if (!cover && !asked?.personKnown) return refuse("UNKNOWN_PERSON", { field: "bill.person_id", person: bill.personId });
  return refuse("NOT_COVERED", { field: "bill.person_id", from: bill.admittedOn, to: bill.dischargedOn });
}

/** What was billed before: this invoice, or a stay on the same days. */
function repeatOf(input: SubmitInput, state: State): Refusal | undefined {
  const { bill } = input;
  for (const { key, field, invoiceNumber: invoice } of invoicesIn(input)) {
    const known = state.get(key);
    if (known?.claimId) return refuse("DUPLICATE_INVOICE", { field, invoice, claim: known.claimId });
  }
  const stay = bill.visitKind === "INPATIENT" ? state.get(stays.key(holderOf(bill))) : undefined;
  if (stay && stay.admissionId !== "" && stay.admissionId !== bill.claimId && stay.admittedOn < bill.dischargedOn)
    return refuse("ALREADY_ADMITTED", { field: "bill.admitted_on", institution: stay.institutionId, since: stay.admittedOn });
  const overlap = overlapOf(bill, visitsOf(bill, state));
  if (overlap) return refuse("OVERLAPPING_STAY", { field: "bill.admitted_on", from: overlap.from, to: overlap.to });
  return undefined;
}

function visitsOf(bill: Bill, state: State) {
  return yearKeys(bill).flatMap((key) => state.get(key)?.visits ?? []);
}

function referralFault(input: SubmitInput, ground: Ground, state: State): Refusal | undefined {
  const { bill } = input;
  if (!bill.referralId) return undefined;
  const referral = state.get(referrals.key(ground.stretch.county, bill.referralId));
  const detail = { field: "bill.referral_id", referral: bill.referralId };
  if (!referral) return refuse("UNKNOWN_REFERRAL", detail);
  const fits =
    referral.personId === bill.personId &&
    referral.toInstitutionId === institutionIdOf(input) &&
    referral.fromDay <= bill.admittedOn &&
    bill.admittedOn <= referral.toDay;
  if (!fits) return refuse("REFERRAL_MISMATCH", detail);
  const { revoked } = referral;
  return revoked && revoked.day <= bill.admittedOn ? refuse("REFERRAL_REVOKED", { ...detail, day: revoked.day }) : undefined;
}

/** The first claim that stands on a referral is noted on it: from then on it is not revoked. */
function useReferral({ referralId, claimId }: Bill, county: string, state: State, change: Change<ClaimsEvents>): void {
  if (!referralId) return;
  const referral = state.must(referrals.key(county, referralId));
  if (referral.usedBy === undefined) change.put(referrals.key(county, referralId), { ...referral, usedBy: claimId });
}

/** Catalogue, price limits and classes of the treatment place, or of the insured place where its scheme says so; deductible, rate and caps of the insured place. Source: domain rules 4. */
function documentsOf(bill: Bill, place: Place, ground: Ground, state: State): Documents | Refusal {
  const { stretch } = ground;
  const day = lawDayOf(bill, ground, state);
  const home = schemeOf(stretch.county, day, state);
  if (!home) return refuse("NO_SCHEME", { field: "bill.discharged_on", county: stretch.county, day });
  const treating = home.scheme.crossRegionCatalogue === "INSURED_PLACE" ? home : schemeOf(place.county, day, state);
  if (!treating) return refuse("NO_SCHEME", { field: "bill.institution_id", county: place.county, day });
  return { home, treating, catalogue: state.must(catalogues.key(treating.scheme.catalogueVersion)) };
}

/** Computes the benefit and stores the claim in the state that follows from it. */
function claimFor(
  input: SubmitInput,
  place: Place,
  ground: Ground,
  { home, treating, catalogue }: Documents,
  state: State,
  change: Change<ClaimsEvents>,
  context: Context,
): Claim | Refusal | Unavailable {
  const { bill, admitted, paper, trial = false } = input;
  const { scheme } = home;
  const { county, category } = ground.stretch;
  if (bill.newborn > 0 && !scheme.newbornUnderMother)
    return refuse("NOT_COVERED", { field: "bill.newborn", from: bill.admittedOn, to: bill.dischargedOn });
  const accountFen = usesAccount(bill, scheme) ? accountOf(bill, ground.stretch.county, scheme, state) : 0n;
  if (typeof accountFen !== "bigint") return accountFen;
  const uncoveredDays = [...new Set(bill.lines.map(({ day }) => day))].filter((day) => !ground.covers(day));
  const basis = {
    treatingSchemeId: schemeIdOf(treating.scheme),
    category,
    uncoveredDays,
    registrations: registeredFor(bill, scheme, state),
    before: beforeOf(bill, scheme, accountFen, state),
  };
  const rules = ruled({ bill, paper: paper?.form, county, level: place.level, uncoveredDays, catalogue, trial }, context.day, state);
  if (rules && "outcome" in rules) return rules;
  const off = rules?.deductions.length ? { deductions: rules.deductions } : {};
  const computed = compute({ bill, level: place.level, basis, home, treating, catalogue, paidInFull: paper !== undefined, ...off });
  if ("outcome" in computed) return computed;
  // A draft until it takes one of the paths of standing.ts, at the end.
  const claim: Claim = {
    county,
    bill,
    state: "IN_REVIEW",
    benefit: computed.benefit,
    basis,
    drawn: computed.drawn,
    treatingCounty: paper ? county : place.county,
    level: place.level,
    year: scheme.year,
    reason: "",
    decision: 0,
    reviewed: false,
    submittedAtMs: context.atMs,
    decidedAtMs: 0,
    paidAtMs: 0,
    traceId: context.traceId,
    ...off,
    ...(rules?.findings.length ? { findings: rules.findings } : {}),
    ...(admitted ? { admitted } : {}),
    ...(paper ? { paper: { ...paper.form, submittedBy: context.caller.name } } : {}),
  };
  guardGrounds(bill, county, state, change);
  useReferral(bill, county, state, change);
  for (const key of registrationKeys(bill, scheme)) if (state.get(key)) change.guard(key);
  const reason = reasonToHold(claim, scheme, state);
  enterYears(claim, state, change);
  const { claimId, dischargedOn } = bill;
  // Without its day a paper is not found among the institution's own bills: it has billed nothing.
  const own = paper ? { county: place.county, claimId } : { county: place.county, claimId, dischargedOn };
  for (const { key } of invoicesIn(input)) change.put(key, own);
  if (reason) return hold(withLevels(claim, rules?.book.secondLevelAboveFen), reason, change, context);
  if (rules) lookLater(claim, rules, change, context);
  return pass(claim, change, context);
}

/** Above an amount of the province's rules, a claim that waits takes both levels of reviewers. */
function withLevels(claim: Claim, aboveFen = 0n): Claim {
  return aboveFen > 0n && claim.benefit.fundFen > aboveFen ? { ...claim, task: { level: "FIRST", twice: true } } : claim;
}

/** The balance of the household's account. It is heard a moment after the household was enrolled; until then nobody can say what it pays. */
function accountOf(bill: Bill, county: string, scheme: Scheme, state: State): bigint | Unavailable {
  const household = state.get(householdKey(bill));
  if (!household) return unavailable(`household ${householdKey(bill).id} is not heard of yet`);
  return balanceOf(household, state.must(timetables.key(county)), scheme.year);
}

/** Where the scheme pays by themselves for diseases that one must be registered for. */
function registrationKeys({ personId, visitKind }: Bill, { benefits }: Scheme) {
  const wanted = benefits.some((benefit) => benefit.visitKind === visitKind && benefit.registration !== "");
  return wanted ? [registrations.key(personId)] : [];
}

/** The diseases that the person is registered for on the day of discharge. */
function registeredFor(bill: Bill, scheme: Scheme, state: State): string[] {
  const registered = registrationKeys(bill, scheme).flatMap((key) => state.get(key)?.registered ?? []);
  const { dischargedOn: day } = bill;
  return registered.filter(({ fromDay, toDay }) => fromDay <= day && day <= toDay).map(({ disease }) => disease);
}

/** What others may change and this claim stands on. Schemes never change; an institution's county never does either. */
function guardGrounds(bill: Bill, county: string, state: State, change: Change<ClaimsEvents>): void {
  const cover = covers.key(bill.personId);
  if (state.get(cover)) change.guard(cover);
  if (bill.referralId) change.guard(referrals.key(county, bill.referralId));
  if (bill.visitKind !== "INPATIENT") return;
  const stay = stays.key(holderOf(bill));
  if (state.get(stay)) change.guard(stay);
  // What is not there cannot be guarded: from the first stay on there is a document that an admission would change.
  else change.put(stay, { county, admissionId: "", institutionId: "", admittedOn: "" });
}

/** The scheme's own review rules, and what no rule can judge; undefined where the rules pass the claim. */
function reasonToHold(claim: Claim, scheme: Pick<Scheme, "review">, state: State): string | undefined {
  const ruled = reasonOfRules(claim, scheme, state);
  if (!claim.paper) return ruled;
  return ruled ? `${reasons.unconfirmed}；${ruled}` : reasons.unconfirmed;
}

function reasonOfRules(claim: Claim, { review }: Pick<Scheme, "review">, state: State): string | undefined {
  const { bill, benefit } = claim;
  const held = heldBy(claim.findings ?? []);
  if (held) return held;
  const prefix = review.diagnosisPrefixes.find((entry) => bill.diagnosis.startsWith(entry));
  if (prefix) return reasons.diagnosis(prefix);
  if (review.aboveFundFen > 0n && benefit.fundFen > review.aboveFundFen) return reasons.amount(review.aboveFundFen);
  const visits = visitsOf(bill, state);
  if (visitDuringStay(bill, visits)) return reasons.visitDuringStay;
  return visits.length >= MAX_VISITS ? reasons.manyVisits(MAX_VISITS) : undefined;
}
