/** What monitoring remembers: what it has heard, what it made of it, and what somebody should look at. Amounts in fen. */
import { type Doc, kind } from "../../values/decision.ts";

/** Numbers from `from` to `to`, both inclusive. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Which events of one source twin have been folded (protocols 11): every number up to `reached`, and those of `early`, which lie beyond a hole.
 * `early` is sorted, without overlap, and kept as stretches, because behind one hole thousands of numbers follow each other.
 */
export interface Seen extends Doc {
  readonly source: string;
  readonly twin: string;
  readonly reached: number;
  readonly early: readonly Stretch[];
}

/** What happened in one county since the beginning. A county is known once it has one. */
export interface Overview extends Doc {
  readonly approved: number;
  readonly approvedFen: bigint;
  /** Claims that ever waited at the review desk. */
  readonly held: number;
  readonly refused: number;
  readonly paid: number;
  readonly paidFen: bigint;
  /** Sum over paid claims of the milliseconds from submission to payment. */
  readonly submitToPaidMs: bigint;
  readonly contributionsFen: bigint;
  /** Approved claims of the county's members treated in another county. */
  readonly crossRegion: number;
}

/** One cover of one member, both days inclusive. */
export interface CoverSpan {
  readonly county: string;
  readonly fromDay: string;
  readonly toDay: string;
}

/** What a household's covers were when last heard: a newer version replaces their part in the county's tide. */
export interface HouseholdCover extends Doc {
  /** The version of enrollment's document, not of this one. */
  readonly heardVersion: bigint;
  readonly covers: readonly CoverSpan[];
}

/**
 * How many covers begin (+) or have ended (−) on each day of one county's year. Their sum up to a day is who is covered that day,
 * so that a cover runs out by itself, without an event.
 */
export interface CoverTide extends Doc {
  readonly year: number;
  readonly days: Readonly<Record<string, number>>;
}

export type AlarmKind =
  | "FUND_AT_FLOOR"
  | "PREFUND_EXHAUSTED"
  | "PREFUND_LOW"
  | "WINDOW_UNANSWERED"
  | "ROW_UPHELD"
  | "PAYMENT_RETURNED"
  | "BANK_MESSAGE_DOUBTED"
  | "LEDGER_BALANCE"
  | "EVENTS_MISSING"
  | "EVENTS_UNHEARD"
  | "MESSAGES_DAMAGED"
  | "INPUT_PARKED"
  | "TAKEOVER_WAITS"
  | "AUDIT_BREACH"
  | "AUDIT_MISSED";

/** Something that a person should look at. What repeats on a day is counted, not listed again. */
export interface Alarm extends Doc {
  readonly alarmId: string;
  readonly kind: AlarmKind;
  /** The day, the return, the twin or the service that it is about. */
  readonly subject: string;
  readonly count: number;
  readonly amountFen: bigint;
  /** The bank's reason, the number of the missing event …; empty where there is none. */
  readonly detail: string;
  readonly raisedAtMs: number;
}

/** How many parked inputs a service had when last looked, and how often that number has changed: each change is a fact of its own. */
export interface ParkedCount extends Doc {
  readonly service: string;
  readonly parked: number;
  readonly changes: number;
}

/** What an audit found of one invariant, as services/audit gives it. */
export interface AuditedLine {
  readonly invariant: number;
  readonly zh: string;
  readonly en: string;
  readonly checked: number;
  /** At most 100 by name, and one more that says how many there are beyond. */
  readonly breaches: readonly string[];
  readonly breachCount: number;
}

/** How far an audit is. */
export interface AuditProgress {
  readonly invariant: number;
  readonly checked: number;
  readonly breaches: number;
}

/** RUNNING: a twin is at it, or was when it died. FAILED: tried again, a few times at most. ENDED: it has found what it has found. */
export type NightState = "RUNNING" | "FAILED" | "ENDED";

/** The audit of one night, by the day on which it was due. */
export interface NightAudit extends Doc {
  readonly day: string;
  readonly state: NightState;
  /** How often it was begun. */
  readonly tries: number;
  /** The twin that began it last. */
  readonly twin: string;
  readonly startedAtMs: number;
  /** Of the last try; 0 while it runs. */
  readonly endedAtMs: number;
  readonly progress: AuditProgress;
  /** Empty until it has ended. */
  readonly lines: readonly AuditedLine[];
  /** Why the last try failed; empty where it did not. */
  readonly fault: string;
  readonly peakResidentBytes: number;
}

/** Up to and with which day every night has had its audit, or an alarm that says it had none. */
export interface Nights extends Doc {
  readonly judgedThrough: string;
}

/** Keyed by source and twin. */
export const seens = kind<Seen>("seens");
/** Keyed by county. */
export const overviews = kind<Overview>("overviews");
/** Keyed by household id. */
export const householdcovers = kind<HouseholdCover>("householdcovers");
/** Keyed by county and year. */
export const covertides = kind<CoverTide>("covertides");
/** Keyed by the alarm's kind and what it is about. */
export const alarms = kind<Alarm>("alarms");
/** Keyed by service. */
export const parkedcounts = kind<ParkedCount>("parkedcounts");
/** Keyed by the day on which it was due. */
export const audits = kind<NightAudit>("audits");
export const nights = kind<Nights>("nights");
export const NIGHTS = nights.key("audit");
