/** What the review desk (审核) remembers of a claim and of its reviewers. Amounts in fen, instants in milliseconds since 1970. */
import { type Doc, kind } from "../../values/decision.ts";

/** Why the review desk takes something off a line (扣款原因). */
export const DEDUCTION_REASONS = [
  "OVER_PRICE",
  "OVER_QUANTITY",
  "NOT_INDICATED",
  "DUPLICATE_CHARGE",
  "NO_RECORD",
  "NOT_COVERED_ITEM",
  "OTHER",
] as const;
export type DeductionReason = (typeof DEDUCTION_REASONS)[number];

/** What the review desk takes off one line: the hospital's to bear, for the patient has paid at the window. */
export interface Deduction {
  /** The line's place in the bill, from 1. */
  readonly line: number;
  readonly deductedFen: bigint;
  readonly reason: DeductionReason;
  /** Empty, except that OTHER says what. */
  readonly note: string;
}

/** 一审, 二审. */
export const REVIEW_LEVELS = ["FIRST", "SECOND"] as const;
export type ReviewLevel = (typeof REVIEW_LEVELS)[number];

/** A question with which a claim was returned to its hospital (退单), and its answer. */
export interface Question {
  readonly text: string;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly answer?: string;
  readonly answeredAtMs?: number;
}

/** A claim's place at the desk. One that was held before there were levels has none, and is a task of the first. */
export interface Task {
  /** Whose word it waits for. */
  readonly level: ReviewLevel;
  /** It takes both levels. */
  readonly twice: boolean;
  readonly heldBy?: string;
  readonly heldSinceMs?: number;
  /** Who has passed it at the first level, and what of its lines would be taken off. */
  readonly first?: { readonly by: string; readonly atMs: number; readonly deductions: readonly Deduction[] };
  /** The last one. */
  readonly question?: Question;
  /** Who has approved or refused it. */
  readonly decidedBy?: string;
}

/** Up to which level a reviewer may give a verdict; who has no such document is of the first. */
export interface Reviewer extends Doc {
  readonly name: string;
  readonly level: ReviewLevel;
}

/** reviewers/<county>/<name of the certificate> */
export const reviewers = kind<Reviewer>("reviewers");

export type AppealState = "OPEN" | "GRANTED" | "DISMISSED";

/** An institution's objection to what was taken off its claim (申诉): one a claim. */
export interface Appeal extends Doc {
  readonly claimId: string;
  readonly institutionId: string;
  readonly reason: string;
  readonly state: AppealState;
  readonly appealedAtMs: number;
  /** What was taken off when it was made, and what still is. */
  readonly deductions: readonly Deduction[];
  readonly decidedBy: string;
  readonly ruling: string;
  /** What the fund pays more by the ruling. */
  readonly deltaFen: bigint;
}

/** appeals/<claim> */
export const appeals = kind<Appeal>("appeals");

export const ATTACHMENT_KINDS = ["INVOICE", "RECORD", "THIRD_PARTY", "OTHER"] as const;
export const MEDIA_TYPES = ["JPEG", "PNG", "PDF"] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** A picture attached to a claim; its bytes lie in the store under their hash. */
export interface Attachment {
  /** SHA-256 of the bytes. */
  readonly contentHash: string;
  readonly kind: (typeof ATTACHMENT_KINDS)[number];
  readonly mediaType: MediaType;
  readonly sizeBytes: number;
  readonly name: string;
  readonly attachedBy: string;
  readonly attachedOn: string;
}
