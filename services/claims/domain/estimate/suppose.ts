/**
 * What an estimate supposes besides the draft (what-ifs): visits that grow or become fewer, that cost more or less, that go to another level; more people enrolled; other contributions.
 * Which visits come twice, not at all or elsewhere is drawn from their ids, so that the same question has the same answer and accumulators see whole visits.
 */
import { SOURCES, type Source } from "../../../benefit/scheme.ts";
import { isLevel, isVisitKind, LEVELS, type Level, type VisitKind } from "../../../benefit/words.ts";
import { BP, halfUp, sum } from "../../../values/money.ts";
import { badRequest, type Refusal } from "../../../values/outcome.ts";
import { badCount, badFen, badNumber } from "../fields.ts";
import type { Past } from "./replay.ts";

export interface Growth {
  readonly visitKind: VisitKind;
  /** Undefined: at all levels. */
  readonly level: Level | undefined;
  /** More (or, below 0, fewer) visits. */
  readonly visitsBp: number;
  /** Dearer or cheaper ones. */
  readonly costBp: number;
}

export interface Shift {
  readonly visitKind: VisitKind;
  readonly from: Level;
  readonly to: Level;
  /** Of the visits at `from`. */
  readonly shareBp: number;
  /** What such a visit costs at `to`, of what it cost at `from`; 10000: the same. */
  readonly costBp: number;
}

export interface Contribution {
  readonly source: Source;
  /** In the place of what the draft says that this source gives for all. */
  readonly fenPerHead: bigint;
}

export interface Supposition {
  readonly growth: readonly Growth[];
  readonly shifts: readonly Shift[];
  readonly contributions: readonly Contribution[];
  /** More or fewer people enrolled: for the income alone. */
  readonly headsBp: number;
}

const FULL_BP = 10_000;
/** From a tenth of what was to three times as much. */
const LEAST_GROWTH_BP = -9_000;
const MOST_GROWTH_BP = 20_000;
const LEAST_COST_BP = 1_000;
const MOST_COST_BP = 50_000;
const MAX_GROWTH = 24;
const MAX_SHIFTS = 30;

/** A supposition as it is asked for: enum values are text, and what was left out is UNSPECIFIED. */
export interface SuppositionForm {
  readonly growth: readonly { readonly visitKind: string; readonly level: string; readonly visitsBp: number; readonly costBp: number }[];
  readonly shifts: readonly {
    readonly visitKind: string;
    readonly from: string;
    readonly to: string;
    readonly shareBp: number;
    readonly costBp: number;
  }[];
  readonly contributions: readonly { readonly source: string; readonly fenPerHead: bigint }[];
  readonly headsBp: number;
}

const UNSPECIFIED = "UNSPECIFIED";

/** Whether anything is supposed of the visits: then they are computed once more. */
export function changesVisits({ growth, shifts }: Supposition): boolean {
  return growth.length > 0 || shifts.length > 0;
}

/** A form that is not one is refused with the place of its first fault. */
export function suppositionFrom(form: SuppositionForm): Supposition | Refusal {
  const fault = formFault(form);
  if (fault) return fault;
  return {
    growth: form.growth.map((one) => ({
      visitKind: one.visitKind as VisitKind,
      level: one.level === UNSPECIFIED ? undefined : (one.level as Level),
      visitsBp: one.visitsBp,
      costBp: one.costBp,
    })),
    shifts: form.shifts.map((one) => ({
      visitKind: one.visitKind as VisitKind,
      from: one.from as Level,
      to: one.to as Level,
      shareBp: one.shareBp,
      costBp: one.costBp === 0 ? FULL_BP : one.costBp,
    })),
    contributions: form.contributions.map(({ source, fenPerHead }) => ({ source: source as Source, fenPerHead })),
    headsBp: form.headsBp,
  };
}

function formFault({ growth, shifts, contributions, headsBp }: SuppositionForm): Refusal | undefined {
  return (
    badCount("growth", growth.length, 0, MAX_GROWTH) ??
    badCount("shifts", shifts.length, 0, MAX_SHIFTS) ??
    badCount("contributions", contributions.length, 0, SOURCES.length) ??
    badNumber("heads_bp", headsBp, LEAST_GROWTH_BP, MOST_GROWTH_BP) ??
    firstFault(growth, (one, at) => growthFault(one, `growth[${at}]`)) ??
    firstFault(shifts, (one, at) => shiftFault(one, `shifts[${at}]`)) ??
    firstFault(contributions, ({ source, fenPerHead }, at) => {
      const place = `contributions[${at}]`;
      if (!(SOURCES as readonly string[]).includes(source)) return badRequest(`${place}.source`, "须写明资金来源", "must name a source");
      if (contributions.findIndex((one) => one.source === source) < at)
        return badRequest(`${place}.source`, `${source} 重复`, `${source} is there twice`);
      return badFen(`${place}.fen_per_head`, fenPerHead);
    }) ??
    overGrown(growth) ??
    overShifted(shifts)
  );
}

/** What is supposed of one kind of visit at one level is added up, and stays in range together. */
function overGrown(growth: SuppositionForm["growth"]): Refusal | undefined {
  return firstFault(growth, ({ visitKind, level }, at) => {
    const levels = level === UNSPECIFIED ? LEVELS : [level];
    const until = growth.slice(0, at + 1).filter((one) => one.visitKind === visitKind);
    for (const one of levels) {
      const together = until.filter((other) => other.level === UNSPECIFIED || other.level === one);
      const sumOf = (field: "visitsBp" | "costBp") => together.reduce((bp, other) => bp + other[field], 0);
      const fault =
        badNumber(`growth[${at}].visits_bp`, sumOf("visitsBp"), LEAST_GROWTH_BP, MOST_GROWTH_BP) ??
        badNumber(`growth[${at}].cost_bp`, sumOf("costBp"), LEAST_GROWTH_BP, MOST_GROWTH_BP);
      if (fault) return fault;
    }
    return undefined;
  });
}

function firstFault<T>(list: readonly T[], faultOf: (one: T, index: number) => Refusal | undefined): Refusal | undefined {
  for (const [index, one] of list.entries()) {
    const fault = faultOf(one, index);
    if (fault) return fault;
  }
  return undefined;
}

const badKind = (field: string) => badRequest(field, "须为门诊或住院", "must be OUTPATIENT or INPATIENT");
const badLevel = (field: string) => badRequest(field, "须为医疗机构级别", "must be a level of institutions");

function growthFault({ visitKind, level, visitsBp, costBp }: SuppositionForm["growth"][number], at: string): Refusal | undefined {
  if (!isVisitKind(visitKind)) return badKind(`${at}.visit_kind`);
  if (level !== UNSPECIFIED && !isLevel(level)) return badLevel(`${at}.level`);
  return (
    badNumber(`${at}.visits_bp`, visitsBp, LEAST_GROWTH_BP, MOST_GROWTH_BP) ??
    badNumber(`${at}.cost_bp`, costBp, LEAST_GROWTH_BP, MOST_GROWTH_BP)
  );
}

function shiftFault({ visitKind, from, to, shareBp, costBp }: SuppositionForm["shifts"][number], at: string): Refusal | undefined {
  if (!isVisitKind(visitKind)) return badKind(`${at}.visit_kind`);
  if (!isLevel(from)) return badLevel(`${at}.from`);
  if (!isLevel(to)) return badLevel(`${at}.to`);
  if (from === to) return badRequest(`${at}.to`, "与原级别相同", "is the level that it comes from");
  return (
    badNumber(`${at}.share_bp`, shareBp, 0, FULL_BP) ??
    (costBp === 0 ? undefined : badNumber(`${at}.cost_bp`, costBp, LEAST_COST_BP, MOST_COST_BP))
  );
}

/** No more than all visits leave a level. */
function overShifted(shifts: SuppositionForm["shifts"]): Refusal | undefined {
  const left = new Map<string, number>();
  for (const [index, { visitKind, from, shareBp }] of shifts.entries()) {
    const share = (left.get(`${visitKind}/${from}`) ?? 0) + shareBp;
    if (share > FULL_BP) return badRequest(`shifts[${index}].share_bp`, `从 ${from} 转出超过 100%`, `more than 100 % would leave ${from}`);
    left.set(`${visitKind}/${from}`, share);
  }
  return undefined;
}

/** The visits as supposed: each goes elsewhere or stays, costs what it would, and comes as often as it would. */
export function supposed(claims: readonly Past[], { growth, shifts }: Supposition): readonly Past[] {
  return claims.flatMap((past) => {
    const { visitKind, claimId } = past.bill;
    const shift = shiftOf(past, shifts);
    const grown = growth.filter((one) => one.visitKind === visitKind && (one.level === undefined || one.level === past.level));
    const costBp = grown.reduce((bp, one) => bp + one.costBp, FULL_BP) * (shift?.costBp ?? FULL_BP);
    const there = costing(shift ? { ...past, level: shift.to } : past, BigInt(costBp), BP * BP);
    const visitsBp = grown.reduce((bp, one) => bp + one.visitsBp, FULL_BP);
    const times = Math.floor(visitsBp / FULL_BP) + (drawn(claimId, "growth") < visitsBp % FULL_BP ? 1 : 0);
    return Array.from({ length: Math.max(0, times) }, (_, copy) => (copy === 0 ? there : again(there, copy)));
  });
}

function shiftOf({ bill, level }: Past, shifts: readonly Shift[]): Shift | undefined {
  let draw = drawn(bill.claimId, "shift");
  for (const shift of shifts) {
    if (shift.visitKind !== bill.visitKind || shift.from !== level) continue;
    if (draw < shift.shareBp) return shift;
    draw -= shift.shareBp;
  }
  return undefined;
}

function costing(past: Past, numerator: bigint, denominator: bigint): Past {
  if (numerator === denominator) return past;
  const lines = past.bill.lines.map((line) => ({ ...line, billedFen: halfUp(line.billedFen * numerator, denominator) }));
  const deductions = past.deductions?.map((one) => ({ ...one, deductedFen: halfUp(one.deductedFen * numerator, denominator) }));
  const bill = { ...past.bill, lines, totalFen: sum(lines.map(({ billedFen }) => billedFen)) };
  return { ...past, bill, ...(deductions ? { deductions } : {}) };
}

function again(past: Past, copy: number): Past {
  return { ...past, bill: { ...past.bill, claimId: `${past.bill.claimId}~${copy}` } };
}

/** 0 to 9999, the same for the same visit and purpose whenever it is asked (FNV-1a, then mixed). */
function drawn(claimId: string, purpose: string): number {
  let value = 0x811c9dc5;
  for (const text of [purpose, claimId])
    for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return ((value ^ (value >>> 15)) >>> 0) % FULL_BP;
}
