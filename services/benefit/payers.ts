/** Who pays what of a result: the caps, then the family account, assistance and catastrophic insurance, each limited to what is left; the patient is the remainder. */
import { BP, greater, halfUp, lesser } from "../values/money.ts";
import { assert } from "../values/outcome.ts";
import { type Adjudicated, type Case, type Computed, type PaidMonth, unitSize } from "./case.ts";
import { type Cap, capsOver, type Segment } from "./scheme.ts";
import { words } from "./trace.ts";

export function accountPart({ before }: Case, mostFen: bigint): bigint {
  return lesser(before.accountFen, greater(0n, mostFen));
}

/** The caps, then the other payers in their order, each limited to what is left; the patient is the remainder. */
export function paid(one: Case, computed: Computed): Adjudicated {
  const { visit, law, before, totalFen, eligibleFen, note } = one;
  const { scheme } = law;
  const { code, order, subsidyFen, hospitalFen, deductibleFen } = computed;
  const caps = capsOver(scheme.caps, code);
  const { fundFen, overCapFen } = capped(one, computed, caps);
  let leftFen = totalFen - hospitalFen - subsidyFen - fundFen;
  const openFen = greater(0n, lesser(leftFen, eligibleFen - fundFen));
  const accountFen = order === "POOL_ONLY" ? 0n : accountPart(one, openFen);
  if (order !== "POOL_ONLY" && before.accountFen > 0n)
    note?.("ACCOUNT", order, before.accountFen, accountFen, words.account(before.accountFen, accountFen));
  leftFen -= accountFen;
  const assistanceFen = assisted(one, computed, openFen - accountFen, leftFen);
  leftFen -= assistanceFen;
  const borneFen = computed.byRate ? greater(0n, lesser(leftFen, eligibleFen - fundFen - accountFen - assistanceFen)) : 0n;
  const catastrophicFen = lesser(leftFen, catastrophicOf(one, borneFen));
  const patientFen = leftFen - catastrophicFen;
  if (hospitalFen !== 0n) note?.("HOSPITAL", code, totalFen, hospitalFen, words.hospital(hospitalFen));
  note?.("PATIENT", code, totalFen, patientFen, words.patient(patientFen));
  assert(fundFen >= 0n && patientFen >= 0n, `a fund part of ${fundFen}, a patient's of ${patientFen}, of ${totalFen} fen`);
  return {
    code,
    amounts: {
      totalFen,
      eligibleFen,
      deductibleFen,
      rateBp: computed.rateBp,
      subsidyFen,
      fundFen,
      accountFen,
      assistanceFen,
      catastrophicFen,
      hospitalFen,
      patientFen,
      overCapFen,
    },
    drawn: {
      caps: caps.map((cap) => cap.code),
      stay: computed.byRate && visit.visitKind === "INPATIENT" && fundFen > 0n,
      borneFen,
      months: monthsPaid(computed.months, fundFen),
      deducted: computed.deducted,
    },
  };
}

/** The fund's part after what is left of the bill, the cap of the visit and the caps of the year. What is cut is rounded down to the unit, never up. */
function capped(one: Case, computed: Computed, caps: readonly Cap[]): { fundFen: bigint; overCapFen: bigint } {
  const { before, totalFen, note } = one;
  const { resultFen, subsidyFen, hospitalFen, perVisitCapFen, assistanceFen, code } = computed;
  const size = unitSize(one);
  const cut = (fen: bigint, mostFen: bigint) => (fen <= mostFen ? fen : (greater(0n, mostFen) / size) * size);
  const wantedFen = cut(resultFen, totalFen - hospitalFen - subsidyFen - assistanceFen);
  let fen = wantedFen;
  if (perVisitCapFen !== undefined) {
    const within = cut(fen, perVisitCapFen);
    note?.("VISIT_CAP", code, fen, within, words.visitCap(perVisitCapFen, within));
    fen = within;
  }
  for (const cap of caps) {
    const usedFen = before.usedFen[cap.code] ?? 0n;
    const within = cut(fen, cap.fen - usedFen);
    note?.("CAP", cap.code, fen, within, words.cap(cap.code, cap.fen, usedFen, within));
    fen = within;
  }
  return { fundFen: fen, overCapFen: wantedFen - fen };
}

/** A serious disease's own assistance, or the scheme's on what is left of the eligible amount. */
function assisted({ visit, law, note }: Case, computed: Computed, openFen: bigint, leftFen: bigint): bigint {
  const rule = computed.byRate ? law.scheme.assistance.find(({ categories }) => categories.includes(visit.category)) : undefined;
  const fen = lesser(leftFen, rule ? halfUp(openFen * BigInt(rule.bp), BP) : computed.assistanceFen);
  if (fen > 0n) note?.("ASSISTANCE", rule ? visit.category : computed.code, openFen, fen, words.assistance(rule?.bp ?? 0, fen));
  return fen;
}

/** What the year's segments give for what is borne with this stay, less what they gave for what was borne before. */
function catastrophicOf({ law, before, note }: Case, borneFen: bigint): bigint {
  const { catastrophic } = law.scheme;
  if (catastrophic.length === 0 || borneFen === 0n) return 0n;
  const upTo = (fen: bigint) => catastrophic.reduce((sum, segment) => sum + halfUp(partIn(segment, 0n, fen) * BigInt(segment.bp), BP), 0n);
  const afterFen = before.borneFen + borneFen;
  const fen = upTo(afterFen) - upTo(before.borneFen);
  if (fen > 0n) note?.("CATASTROPHIC", "catastrophic", borneFen, fen, words.catastrophic(before.borneFen, afterFen, fen));
  return fen;
}

/** The months that the fund part was for, the earliest first. */
function monthsPaid(months: Computed["months"], fundFen: bigint): PaidMonth[] {
  let left = fundFen;
  return months.flatMap((month) => {
    const fen = lesser(month.fen, left);
    left -= fen;
    return fen > 0n ? [{ ...month, fen }] : [];
  });
}

/** What of (from; to] lies in a segment. */
export function partIn({ overFen, upToFen }: Segment, fromFen: bigint, toFen: bigint): bigint {
  const end = upToFen === undefined ? toFen : lesser(toFen, upToFen);
  return greater(0n, end - greater(overFen, fromFen));
}
