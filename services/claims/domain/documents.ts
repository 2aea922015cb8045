/**
 * What claims remembers. Amounts in fen, days YYYY-MM-DD (Asia/Shanghai), instants in milliseconds since 1970.
 * A projection keeps the owner's version under a name of its own: a document's `version` is the mesh's.
 */

import type { Amounts, Before, PaidMonth } from "../../benefit/case.ts";
import type { Category, Level, VisitKind } from "../../benefit/words.ts";
import type { Finding, Sex } from "../../rules/rule.ts";
import { type Doc, kind } from "../../values/decision.ts";
import type { Attachment, Deduction, Task } from "./review-documents.ts";

export type ClaimState = "PENDING" | "IN_REVIEW" | "APPROVED" | "REFUSED" | "PAID" | "VOIDED";

export interface BillLine {
  readonly itemCode: string;
  readonly day: string;
  /** HH:MM; left out where the hospital does not say. */
  readonly time?: string | undefined;
  /** Ten-thousandths. */
  readonly quantityE4: bigint;
  readonly unitPriceFen: bigint;
  readonly billedFen: bigint;
}

export interface Bill {
  readonly claimId: string;
  readonly institutionId: string;
  readonly personId: string;
  readonly visitKind: VisitKind;
  readonly diagnosis: string;
  readonly admittedOn: string;
  readonly dischargedOn: string;
  readonly invoiceNumber: string;
  /** Empty where the patient came without a referral. */
  readonly referralId: string;
  readonly tcm: boolean;
  /** Codes of procedures. */
  readonly procedures: readonly string[];
  /** The mother's nth newborn of the year, covered under her; 0: the person's own stay. */
  readonly newborn: number;
  readonly lines: readonly BillLine[];
  readonly totalFen: bigint;
}

/** 统筹基金 by purpose: stays, outpatients, serious diseases. */
export type BenefitFund = "INPATIENT" | "OUTPATIENT" | "SERIOUS";

/** What was computed, and by what. */
export interface Benefit extends Amounts {
  /** county/year/version. */
  readonly schemeId: string;
  /** The benefit, serious disease or disease price of that scheme. */
  readonly code: string;
  /** The fund by purpose that pays it. */
  readonly fund: BenefitFund;
}

/** What the computation stood on besides the bill: with the published documents, all that it takes to do it again. */
export interface Basis {
  /** Whose classes and catalogue priced the lines: the treatment place's, or the insured place's where its scheme says so. */
  readonly treatingSchemeId: string;
  readonly category: Category;
  /** Days with lines on which the person was not covered. */
  readonly uncoveredDays: readonly string[];
  readonly registrations: readonly string[];
  readonly before: Before;
}

/** What a claim has in the accumulators, so that it can be taken out again. */
export interface Drawn {
  readonly caps: readonly { readonly code: string; readonly holder: string }[];
  readonly stay: boolean;
  readonly borneFen: bigint;
  readonly months: readonly PaidMonth[];
  readonly deducted: string;
  /** From the family account. */
  readonly accountFen: bigint;
}

/** One order's payment of a claim. */
export interface Payment {
  readonly orderId: string;
  readonly paidAtMs: number;
}

/** The sum of a claim's corrections, and what the newest of them was computed with and has drawn. */
export interface Corrected {
  readonly fen: bigint;
  readonly before: Before;
  readonly drawn: Drawn;
  /** What is taken off the lines now, where an appeal or a second look has changed it. */
  readonly deductions?: readonly Deduction[];
}

export interface PaperInvoice {
  readonly invoiceNumber: string;
  readonly totalFen: bigint;
}

/** A bill on paper: who issued it, and its invoices. Either a networked institution by its id, or another in words with its level. */
export interface PaperForm {
  /** Empty where it is named in words. */
  readonly institutionId: string;
  readonly name: string;
  readonly city: string;
  readonly level?: Level;
  readonly invoices: readonly PaperInvoice[];
  /** The day on the paper. */
  readonly issuedOn: string;
}

export const ASKED_BY = ["PHONE", "FAX", "NETWORK"] as const;
export type AskedBy = (typeof ASKED_BY)[number];

/** What the hospital answered when it was asked whether a paper is its own. */
export interface Confirmation {
  readonly confirmed: boolean;
  readonly askedBy: AskedBy;
  readonly answeredBy: string;
  readonly code: string;
  readonly enteredBy: string;
  readonly enteredOn: string;
}

export interface Paper extends PaperForm {
  readonly submittedBy: string;
  /** Present once the hospital has answered. */
  readonly confirmation?: Confirmation;
}

/** One claim. It stands in every state but REFUSED and VOIDED: its fund part is then in its benefit year. Its county is the home county. */
export interface Claim extends Doc {
  readonly bill: Bill;
  readonly state: ClaimState;
  readonly benefit: Benefit;
  readonly basis: Basis;
  readonly drawn: Drawn;
  /** Whose money pays: the home county where the bill was handed in on paper. */
  readonly treatingCounty: string;
  /** The institution's, when the claim was decided. */
  readonly level: Level;
  /** The benefit year that it counts in: that of the scheme version applied. */
  readonly year: number;
  /** Why it waits or was refused; empty otherwise. */
  readonly reason: string;
  /** Taken off by the reviewer who approved it, in the order of the lines; present once something was. */
  readonly deductions?: readonly Deduction[];
  /** Counts approvals and refusals. */
  readonly decision: number;
  /** True where a reviewer has passed it. */
  readonly reviewed: boolean;
  /** Its place at the review desk; present once somebody there has worked on it, or where it takes two levels. */
  readonly task?: Task;
  /** What review rules found when it was submitted; present where one found something. */
  readonly findings?: readonly Finding[];
  /** Pictures; present once there is one. */
  readonly attachments?: readonly Attachment[];
  readonly submittedAtMs: number;
  /** 0 while it is not decided. */
  readonly decidedAtMs: number;
  /** 0 while it is not paid. */
  readonly paidAtMs: number;
  readonly traceId: string;
  /** Present only while it waits (IN_REVIEW, PENDING): since when. Indexed. */
  readonly waitingSinceMs?: number;
  /** The payment order that paid it; present once paid. */
  readonly paidBy?: string;
  /** Further orders that paid it: while the return of one of them, or of the first, is not heard yet. */
  readonly alsoPaidBy?: readonly Payment[];
  /** Orders whose money came back; present once one did. */
  readonly returned?: readonly string[];
  /** What corrections posted since have made of it: its fund part is `benefit.fundFen` and `fen`, computed with `before`. Present once there is one. */
  readonly corrected?: Corrected;
  /** What the household got for it as second compensation; present once it was granted. */
  readonly sharedFen?: bigint;
  /** Present where it settles a stay that was registered at its admission: its prefund is reserved in any case. */
  readonly admitted?: true;
  /** Present where it was handed in on paper: its household is paid, and the bill's institution is empty, for none is owed anything. */
  readonly paper?: Paper;
  /** True once the prefund's reservation was given back. */
  readonly released?: boolean;
}

/** Days on which a person is covered, both inclusive, in one county. */
export interface Stretch {
  readonly county: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly category: Category;
}

/** A person's covers as enrollment last told them. */
export interface Cover extends Doc {
  readonly householdId: string;
  readonly householdVersion: number;
  readonly stretches: readonly Stretch[];
  /** As enrolled; left out where it was told before covers said so. */
  readonly person?: { readonly sex: Sex; readonly bornOn: string };
}

/** A household: how many it has enrolled in each year, as enrollment last told it, and what standing claims have taken from its account. */
export interface Household extends Doc {
  readonly householdVersion: number;
  readonly heads: Readonly<Record<string, number>>;
  readonly takenFen: bigint;
}

export interface Institution extends Doc {
  readonly institutionId: string;
  readonly level: Level;
  readonly institutionVersion: number;
}

export interface County extends Doc {
  readonly countyVersion: number;
}

/** One standing claim's days in a benefit year; an outpatient visit has the same day twice. */
export interface Visit {
  readonly claimId: string;
  readonly visitKind: VisitKind;
  readonly from: string;
  readonly to: string;
}

/**
 * A holder's calendar year: what standing claims have used of its caps, and their days. The holder is a person; a newborn under its mother ("<person>#1");
 * or a household, of which only the caps that it shares are kept.
 */
export interface BenefitYear extends Doc {
  readonly holder: string;
  readonly year: number;
  /** The fund parts of the standing claims that count in this year, by the caps that they draw on. */
  readonly usedFen: Readonly<Record<string, bigint>>;
  /** Standing inpatient claims of this year with a fund part above 0 by a rate. */
  readonly compensatedStays: number;
  /** Eligible amounts borne. */
  readonly borneFen: bigint;
  readonly months: readonly PaidMonth[];
  /** Diseases whose deductible was taken, and with which claim. */
  readonly deducted: readonly { readonly disease: string; readonly claimId: string }[];
  /** Standing claims with a day in this year, in commit order. */
  readonly visits: readonly Visit[];
  /** Standing claims of others that have drawn on this holder's caps: of newborns, of the household's members. */
  readonly others: readonly string[];
}

/** EVEN: it is computed with something else now, and comes to the same. */
export type CorrectionState = "QUEUED" | "EVEN" | "POSTED" | "DISMISSED";

/** What a claim would have been without those that were taken back: one difference a claim, which the county decides. */
export interface Correction extends Doc {
  readonly claimId: string;
  /** The claims that were taken back. */
  readonly causedBy: readonly string[];
  readonly toFen: bigint;
  /** From what it has now. */
  readonly deltaFen: bigint;
  /** What it was computed with, and would draw. */
  readonly before: Before;
  readonly drawn: Drawn;
  readonly state: CorrectionState;
  readonly queuedAtMs: number;
  /** How often a correction of this claim has been posted. */
  readonly posted: number;
}

/** corrections/<claim> */
export const corrections = kind<Correction>("corrections");

/** An institution's invoice, or a hospital's code, and the claim that stands on it; empty where that claim was refused or taken back. */
export interface Invoice extends Doc {
  readonly claimId: string;
  /** The bill's day, so that an institution's claims of a day are found. Invoices of before there were day-end reports have none. */
  readonly dischargedOn?: string;
}

/** An approved referral (转诊). Never changes. */
export interface Referral extends Doc {
  readonly referralId: string;
  readonly personId: string;
  readonly toInstitutionId: string;
  readonly fromDay: string;
  readonly toDay: string;
  /** The claim that first stood on it. */
  readonly usedBy?: string;
  /** Taken back by the county: stays that begin on that day or later do not stand on it. */
  readonly revoked?: { readonly day: string; readonly reason: string; readonly by: string };
}

/** What a hospital applies for: a referral to another institution, or a chronic disease's registration. */
export interface ApplicationForm {
  /** Unique in the home county; becomes the referral's or the registration's id. */
  readonly applicationId: string;
  /** The home county. */
  readonly county: string;
  /** Who applies. */
  readonly institutionId: string;
  readonly personId: string;
  readonly kind: "REFERRAL" | "DISEASE";
  /** Empty for a disease. */
  readonly toInstitutionId: string;
  /** As a scheme's benefits name it; empty for a referral. */
  readonly disease: string;
  readonly diagnosis: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly note: string;
}

export interface Application extends Doc {
  readonly form: ApplicationForm;
  readonly state: "APPLIED" | "APPROVED" | "REJECTED";
  readonly reason: string;
  readonly decidedBy: string;
  readonly appliedAtMs: number;
}

/** applications/<home county>/<application> */
export const applications = kind<Application>("applications");

/** A chronic disease that a person is registered for, on these days; a scheme's benefit names it. */
export interface Registration {
  readonly registrationId: string;
  readonly disease: string;
  readonly fromDay: string;
  readonly toDay: string;
}

export interface Registrations extends Doc {
  readonly registered: readonly Registration[];
}

/** registrations/<person> */
export const registrations = kind<Registrations>("registrations");

export type AdmissionState = "OPEN" | "SETTLED" | "CANCELLED";

/** A stay whose fees come while it lasts. Its county is the home county of the day of admission. */
export interface Admission extends Doc {
  readonly admissionId: string;
  readonly institutionId: string;
  readonly personId: string;
  readonly newborn: number;
  readonly admittedOn: string;
  readonly diagnosis: string;
  readonly referralId: string;
  readonly tcm: boolean;
  readonly procedures: readonly string[];
  /** As it was registered, so that a repeat is known. */
  readonly admitted: object;
  readonly state: AdmissionState;
  /** By number. */
  readonly pages: readonly { readonly page: number; readonly lines: number; readonly totalFen: bigint }[];
  readonly totalFen: bigint;
}

/** Who is in hospital: at most one open stay a person in the whole province. */
export interface OpenStay extends Doc {
  /** Empty where none is open. */
  readonly admissionId: string;
  readonly institutionId: string;
  readonly admittedOn: string;
}

export interface FeePage extends Doc {
  readonly lines: readonly BillLine[];
}

/** A county's prefund as settlement last told it: whether somebody new may be treated elsewhere on it. */
export interface HeardPrefund extends Doc {
  readonly state: "ACTIVE" | "YELLOW" | "RED" | "BLOCKED_NEW";
  readonly prefundVersion: number;
}

/** prefunds/<county> */
export const prefunds = kind<HeardPrefund>("prefunds");
export const admissions = kind<Admission>("admissions");
/** stays/<holder> */
export const stays = kind<OpenStay>("stays");
/** fees/<admission>/<page> */
export const fees = kind<FeePage>("fees");
export const claims = kind<Claim>("claims");
export const covers = kind<Cover>("covers");
export const households = kind<Household>("households");
export const institutions = kind<Institution>("institutions");
export const counties = kind<County>("counties");
/** years/<holder>/<calendar year> */
export const years = kind<BenefitYear>("years");
/** invoices/<institution>/<invoice number> */
export const invoices = kind<Invoice>("invoices");
/** paperinvoices/<hash of issuer, number and amount>: in no matter which county or year. */
export const paperInvoices = kind<Invoice>("paperinvoices");
/** papercodes/<hash of hospital and code>: the claim that the code has confirmed; empty where that one no longer stands. */
export const paperCodes = kind<Invoice>("papercodes");
/** referrals/<home county>/<referral> */
export const referrals = kind<Referral>("referrals");
