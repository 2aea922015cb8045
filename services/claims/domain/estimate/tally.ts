/** What an estimate has added up: by one worker over its households, then over all workers. Every sum is a whole number of fen, so the order in which they are added changes nothing. */
import type { Computed } from "../compute.ts";
import type { Past } from "./replay.ts";

/** Who pays what of some claims. */
export interface Cost {
  claims: number;
  /** Claims that would be refused: their patients pay all of them. */
  unpaid: number;
  totalFen: bigint;
  eligibleFen: bigint;
  inpatientFen: bigint;
  outpatientFen: bigint;
  seriousFen: bigint;
  accountFen: bigint;
  subsidyFen: bigint;
  assistanceFen: bigint;
  catastrophicFen: bigint;
  hospitalFen: bigint;
  patientFen: bigint;
}

/** The pools that claims draw on: 统筹基金 by purpose, and the family accounts. */
export const POOLS = ["INPATIENT", "OUTPATIENT", "SERIOUS", "ACCOUNT"] as const;
export type Pool = (typeof POOLS)[number];

/** A scheme over the year's claims. */
export interface Course {
  readonly cost: Cost;
  /** By pool: what each day of the year cost, by the day of discharge. */
  readonly days: Record<Pool, bigint[]>;
}

export const DIMENSIONS = ["COUNTY", "AGE", "LEVEL", "DISEASE"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Draft and current scheme side by side over a part of the claims. Persons are counted by county and age, claims by level and disease. */
export interface Side {
  claims: number;
  /** Who would bear less, more, the same. */
  better: number;
  worse: number;
  same: number;
  currentFundFen: bigint;
  draftFundFen: bigint;
  /** What the better off would bear less, and the worse off more. */
  gainFen: bigint;
  lossFen: bigint;
}

/** What one step of a parameter changes. */
export interface Margin {
  claims: number;
  fundFen: bigint;
  patientFen: bigint;
}

export interface Tally {
  households: number;
  /** Enrolled in the year, by county and category: `640521/ORDINARY`. */
  readonly heads: Record<string, number>;
  claimants: number;
  /** What was paid: claims as they stand. */
  readonly paid: Cost;
  /** The schemes that were in force, in the order of service. */
  readonly current: Course;
  readonly draft: Course;
  /** The draft over the visits as supposed; undefined where nothing is supposed of them. */
  readonly supposed: Course | undefined;
  readonly sides: Map<string, Side>;
  readonly margins: readonly Margin[];
  /** Why claims would be refused under the draft: how many, and what was billed. */
  readonly unpaid: Map<string, { claims: number; totalFen: bigint }>;
  /** Claims that were paid otherwise than the order of service has it. */
  readonly differing: { claims: number; fen: bigint };
}

const YEAR_DAYS = 366;
/** Diseases by the first three characters of ICD-10 have at most so many rows; those that come later are summed up as OTHER. */
const MAX_SIDES = 3_000;
const OTHER = "OTHER";

function noCost(): Cost {
  return {
    claims: 0,
    unpaid: 0,
    totalFen: 0n,
    eligibleFen: 0n,
    inpatientFen: 0n,
    outpatientFen: 0n,
    seriousFen: 0n,
    accountFen: 0n,
    subsidyFen: 0n,
    assistanceFen: 0n,
    catastrophicFen: 0n,
    hospitalFen: 0n,
    patientFen: 0n,
  };
}

function noCourse(): Course {
  const none = () => Array.from({ length: YEAR_DAYS }, () => 0n);
  return { cost: noCost(), days: { INPATIENT: none(), OUTPATIENT: none(), SERIOUS: none(), ACCOUNT: none() } };
}

export function newTally(parameters: number, isSupposed: boolean): Tally {
  return {
    households: 0,
    heads: {},
    claimants: 0,
    paid: noCost(),
    current: noCourse(),
    draft: noCourse(),
    supposed: isSupposed ? noCourse() : undefined,
    sides: new Map(),
    margins: Array.from({ length: parameters }, () => ({ claims: 0, fundFen: 0n, patientFen: 0n })),
    unpaid: new Map(),
    differing: { claims: 0, fen: 0n },
  };
}

const POOL_FEN = { INPATIENT: "inpatientFen", OUTPATIENT: "outpatientFen", SERIOUS: "seriousFen" } as const;

/** Adds what a claim is computed to cost. */
export function addComputed(cost: Cost, { benefit }: Pick<Computed, "benefit">): void {
  cost.claims += 1;
  cost.totalFen += benefit.totalFen;
  cost.eligibleFen += benefit.eligibleFen;
  cost[POOL_FEN[benefit.fund]] += benefit.fundFen;
  cost.accountFen += benefit.accountFen;
  cost.subsidyFen += benefit.subsidyFen;
  cost.assistanceFen += benefit.assistanceFen;
  cost.catastrophicFen += benefit.catastrophicFen;
  cost.hospitalFen += benefit.hospitalFen;
  cost.patientFen += benefit.patientFen;
}

/** Adds a claim on its day; one that would be refused is its patient's. Days outside of the year count on its first or last one. */
export function addToCourse(course: Course, { bill }: Past, result: Computed | string, year: number): void {
  const { cost, days } = course;
  if (typeof result === "string") {
    cost.claims += 1;
    cost.unpaid += 1;
    cost.totalFen += bill.totalFen;
    cost.patientFen += bill.totalFen;
    return;
  }
  addComputed(cost, result);
  const day = dayIndex(bill.dischargedOn, year);
  const { fund, fundFen, accountFen } = result.benefit;
  days[fund][day] = (days[fund][day] ?? 0n) + fundFen;
  if (accountFen > 0n) days.ACCOUNT[day] = (days.ACCOUNT[day] ?? 0n) + accountFen;
}

/** Days before each month of a year that is no leap year. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** The day's place in the year, from 0; the year's first or last where it is not in it. */
function dayIndex(day: string, year: number): number {
  const isLeap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  const of = Number(day.slice(0, 4));
  if (of !== year) return of < year ? 0 : isLeap ? 365 : 364;
  const month = Number(day.slice(5, 7));
  return (DAYS_BEFORE[month - 1] ?? 0) + Number(day.slice(8)) - 1 + (isLeap && month > 2 ? 1 : 0);
}

/** The row of a dimension's value, made when it first comes. */
export function sideOf({ sides }: Tally, dimension: Dimension, value: string): Side {
  const name = `${dimension}/${value}`;
  const known = sides.get(name);
  if (known) return known;
  if (sides.size >= MAX_SIDES && value !== OTHER) return sideOf({ sides } as Tally, dimension, OTHER);
  const made: Side = { claims: 0, better: 0, worse: 0, same: 0, currentFundFen: 0n, draftFundFen: 0n, gainFen: 0n, lossFen: 0n };
  sides.set(name, made);
  return made;
}

/** Counts one person or claim whose own part changes by so much. */
export function addChange(side: Side, patientFen: bigint): void {
  if (patientFen < 0n) {
    side.better += 1;
    side.gainFen -= patientFen;
  } else if (patientFen > 0n) {
    side.worse += 1;
    side.lossFen += patientFen;
  } else side.same += 1;
}

/** Adds another worker's sums to `into`. */
export function merge(into: Tally, other: Tally): void {
  into.households += other.households;
  into.claimants += other.claimants;
  for (const [category, heads] of Object.entries(other.heads)) into.heads[category] = (into.heads[category] ?? 0) + heads;
  add(into.paid, other.paid);
  addCourse(into.current, other.current);
  addCourse(into.draft, other.draft);
  if (into.supposed && other.supposed) addCourse(into.supposed, other.supposed);
  for (const [name, side] of other.sides) {
    const [dimension = "", value = ""] = name.split("/");
    add(sideOf(into, dimension as Dimension, value), side);
  }
  for (const [index, margin] of into.margins.entries()) add(margin, other.margins[index] ?? { claims: 0, fundFen: 0n, patientFen: 0n });
  for (const [code, { claims, totalFen }] of other.unpaid) {
    const known = into.unpaid.get(code) ?? { claims: 0, totalFen: 0n };
    into.unpaid.set(code, { claims: known.claims + claims, totalFen: known.totalFen + totalFen });
  }
  add(into.differing, other.differing);
}

function addCourse(into: Course, other: Course): void {
  add(into.cost, other.cost);
  for (const pool of POOLS) for (const [day, fen] of other.days[pool].entries()) into.days[pool][day] = (into.days[pool][day] ?? 0n) + fen;
}

/** Adds the sums of another to those of the same names. */
function add<T extends object>(into: T, other: T): void {
  const sums = into as Record<string, number | bigint>;
  for (const [name, value] of Object.entries(other) as [string, number | bigint][]) {
    const known = sums[name];
    if (typeof value === "bigint") sums[name] = (typeof known === "bigint" ? known : 0n) + value;
    else sums[name] = (typeof known === "number" ? known : 0) + value;
  }
}
