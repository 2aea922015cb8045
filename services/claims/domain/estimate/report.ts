/** What an estimate says: the sums of `tally.ts` beside what the schemes raise. Amounts in fen, shares in basis points, rounded half-up; days YYYY-MM-DD. */
import { FUNDS, type Fund, type Scheme } from "../../../benefit/scheme.ts";
import { addDays, yearOf } from "../../../values/days.ts";
import { BP, halfUp, splitByWeight, sum } from "../../../values/money.ts";
import { type SchemeDocument, schemeIdOf } from "../scheme.ts";
import type { Parameter } from "./parameters.ts";
import type { Contribution, Supposition } from "./suppose.ts";
import { type Cost, type Course, DIMENSIONS, type Dimension, type Margin, POOLS, type Pool, type Side, type Tally } from "./tally.ts";

export const SCENARIOS = ["CURRENT", "DRAFT", "SUPPOSED"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface CostRow extends Readonly<Cost> {
  readonly scenario: Scenario | "PAID";
  /** What the pooled funds pay in all, and for each of those enrolled. */
  readonly fundFen: bigint;
  readonly fundFenPerHead: bigint;
}

export interface FundRow {
  readonly scenario: Scenario;
  /** UNSPECIFIED: all funds together. */
  readonly fund: Fund | "UNSPECIFIED";
  /** 0 where the scheme does not say what is raised. */
  readonly incomeFen: bigint;
  readonly costFen: bigint;
  readonly costFenPerHead: bigint;
  /** Of the income; 0 where there is none. */
  readonly useBp: number;
  /** The first day at whose end it has cost more than the year's income; empty where it never does, or there is none. */
  readonly exhaustedOn: string;
}

export interface SideRow extends Readonly<Side> {
  readonly dimension: Dimension;
  readonly value: string;
}

export interface MarginRow extends Readonly<Margin> {
  readonly field: string;
  readonly unit: "BP" | "FEN";
  /** In the unit. */
  readonly value: bigint;
  readonly step: bigint;
}

export interface MonthRow {
  readonly scenario: Scenario;
  /** 1 to 12. */
  readonly month: number;
  readonly inpatientFen: bigint;
  readonly outpatientFen: bigint;
  readonly seriousFen: bigint;
  readonly accountFen: bigint;
}

export interface EstimateReport {
  readonly schemeId: string;
  readonly contentHash: string;
  readonly counties: readonly string[];
  readonly year: number;
  /** The last day that the claims are of: before the year's end where it is not over. */
  readonly throughDay: string;
  readonly households: number;
  readonly heads: number;
  /** Persons with a claim. */
  readonly claimants: number;
  readonly costs: readonly CostRow[];
  readonly funds: readonly FundRow[];
  readonly sides: readonly SideRow[];
  readonly margins: readonly MarginRow[];
  /** Numbers of the scheme that were not turned, because there are too many. */
  readonly parametersLeft: number;
  readonly months: readonly MonthRow[];
  /** Claims that the draft refuses, by the reason. */
  readonly refused: readonly { readonly code: string; readonly claims: number; readonly totalFen: bigint }[];
  /** Claims that the order of service gives something else than was paid, and what that comes to. */
  readonly differingClaims: number;
  readonly differingFen: bigint;
}

export interface ReportParts {
  readonly draft: SchemeDocument;
  /** The newest scheme of the year of each county. */
  readonly current: ReadonlyMap<string, Scheme>;
  readonly counties: readonly string[];
  readonly year: number;
  readonly today: string;
  readonly supposition: Supposition;
  readonly parameters: readonly Parameter[];
  readonly parametersLeft: number;
}

export function reportOf(tally: Tally, parts: ReportParts): EstimateReport {
  const { draft, counties, year, today, parameters, parametersLeft } = parts;
  const heads = Object.values(tally.heads).reduce((total, one) => total + one, 0);
  const lastDay = `${year}-12-31`;
  const courses = coursesOf(tally, parts, heads);
  return {
    schemeId: schemeIdOf(draft.scheme),
    contentHash: draft.contentHash,
    counties,
    year,
    throughDay: today < lastDay ? today : lastDay,
    households: tally.households,
    heads,
    claimants: tally.claimants,
    costs: [
      costRow("PAID", tally.paid, BigInt(heads)),
      ...courses.map(({ scenario, course, heads: of }) => costRow(scenario, course.cost, of)),
    ],
    funds: courses.flatMap((one) => fundRows(one, year)),
    sides: [...tally.sides].map(([name, side]) => sideRow(name, side)).sort(bySize),
    margins: parameters.map(({ field, unit, value, step }, index) => ({
      field,
      unit,
      value,
      step,
      ...(tally.margins[index] ?? { claims: 0, fundFen: 0n, patientFen: 0n }),
    })),
    parametersLeft,
    months: courses.flatMap((one) => monthRows(one, year)),
    refused: [...tally.unpaid].map(([code, of]) => ({ code, ...of })).sort((a, b) => b.claims - a.claims),
    differingClaims: tally.differing.claims,
    differingFen: tally.differing.fen,
  };
}

interface Scene {
  readonly scenario: Scenario;
  readonly course: Course;
  readonly heads: bigint;
  /** By fund; none where no fund is told apart. */
  readonly incomes: ReadonlyMap<Fund, bigint>;
  readonly incomeFen: bigint;
}

function coursesOf(tally: Tally, { draft, current, counties, supposition }: ReportParts, heads: number): Scene[] {
  const headsIn = new Map(counties.map((county) => [county, headsOf(tally, county)]));
  const { contributions, headsBp } = supposition;
  const more = BP + BigInt(headsBp);
  const drawn = [...headsIn.values()].map((of) => incomeOf(draft.scheme, of, [], BP));
  const others = [...headsIn.values()].map((of) => incomeOf(draft.scheme, of, contributions, more));
  const was = [...headsIn].flatMap(([county, of]) => {
    const scheme = current.get(county);
    return scheme ? [incomeOf(scheme, of, [], BP)] : [];
  });
  const isSupposed = tally.supposed !== undefined || contributions.length > 0 || headsBp !== 0;
  return [
    { scenario: "CURRENT", course: tally.current, heads: BigInt(heads), ...together(was) },
    { scenario: "DRAFT", course: tally.draft, heads: BigInt(heads), ...together(drawn) },
    ...(isSupposed
      ? [
          {
            scenario: "SUPPOSED" as const,
            course: tally.supposed ?? tally.draft,
            heads: halfUp(BigInt(heads) * more, BP),
            ...together(others),
          },
        ]
      : []),
  ];
}

function headsOf({ heads }: Tally, county: string): ReadonlyMap<string, bigint> {
  return new Map(
    Object.entries(heads).flatMap(([group, count]) =>
      group.startsWith(`${county}/`) ? [[group.slice(county.length + 1), BigInt(count)]] : [],
    ),
  );
}

interface Income {
  readonly incomeFen: bigint;
  readonly incomes: ReadonlyMap<Fund, bigint>;
}

/** What a scheme raises for those enrolled, and how its funds share it, exactly. */
function incomeOf(
  { financing, funds }: Scheme,
  heads: ReadonlyMap<string, bigint>,
  instead: readonly Contribution[],
  growthBp: bigint,
): Income {
  const all = sum(heads.values());
  const countOf = (categories: readonly string[]) => (categories.length === 0 ? all : sum(categories.map((one) => heads.get(one) ?? 0n)));
  const stays = financing.filter(({ source, categories }) => categories.length > 0 || !instead.some((one) => one.source === source));
  const raisedFen = sum([
    ...stays.map(({ fenPerHead, categories }) => fenPerHead * countOf(categories)),
    ...instead.map(({ fenPerHead }) => fenPerHead * all),
  ]);
  const incomeFen = halfUp(raisedFen * growthBp, BP);
  if (funds.length === 0) return { incomeFen, incomes: new Map() };
  const parts = splitByWeight(
    incomeFen,
    funds.map(({ shareBp, fenPerHead }) => fenPerHead ?? BigInt(shareBp ?? 0)),
  );
  return { incomeFen, incomes: new Map(funds.map(({ fund }, index) => [fund, parts[index] ?? 0n])) };
}

function together(incomes: readonly Income[]): Income {
  const byFund = new Map<Fund, bigint>();
  for (const one of incomes) for (const [fund, fen] of one.incomes) byFund.set(fund, (byFund.get(fund) ?? 0n) + fen);
  return { incomeFen: sum(incomes.map(({ incomeFen }) => incomeFen)), incomes: byFund };
}

function costRow(scenario: CostRow["scenario"], cost: Cost, heads: bigint): CostRow {
  const fundFen = cost.inpatientFen + cost.outpatientFen + cost.seriousFen;
  return { scenario, ...cost, fundFen, fundFenPerHead: perHead(fundFen, heads) };
}

function perHead(fen: bigint, heads: bigint): bigint {
  return heads === 0n ? 0n : halfUp(fen, heads);
}

const FUND_OF: Readonly<Record<Pool, Fund>> = {
  INPATIENT: "POOLED_INPATIENT",
  OUTPATIENT: "POOLED_OUTPATIENT",
  SERIOUS: "SERIOUS",
  ACCOUNT: "FAMILY",
};

/** Each fund that is told apart, and all of them together. A pool without a fund of its own draws on the pooled inpatient fund, or else on the first. */
function fundRows({ scenario, course, heads, incomes, incomeFen }: Scene, year: number): FundRow[] {
  const known = FUNDS.filter((fund) => incomes.has(fund));
  const spare = known.includes("POOLED_INPATIENT") ? "POOLED_INPATIENT" : known[0];
  const row = (fund: FundRow["fund"], income: bigint, pools: readonly Pool[]): FundRow => {
    const days = Array.from({ length: course.days.INPATIENT.length }, (_, day) => sum(pools.map((pool) => course.days[pool][day] ?? 0n)));
    const costFen = sum(days);
    return {
      scenario,
      fund,
      incomeFen: income,
      costFen,
      costFenPerHead: perHead(costFen, heads),
      useBp: income === 0n ? 0 : Number(halfUp(costFen * BP, income)),
      exhaustedOn: exhaustedOn(days, income, year),
    };
  };
  const drawing = (fund: Fund) => POOLS.filter((pool) => (known.includes(FUND_OF[pool]) ? FUND_OF[pool] === fund : spare === fund));
  return [row("UNSPECIFIED", incomeFen, POOLS), ...known.map((fund) => row(fund, incomes.get(fund) ?? 0n, drawing(fund)))];
}

function exhaustedOn(days: readonly bigint[], incomeFen: bigint, year: number): string {
  if (incomeFen === 0n) return "";
  let spentFen = 0n;
  const day = days.findIndex((fen) => {
    spentFen += fen;
    return spentFen > incomeFen;
  });
  return day < 0 ? "" : addDays(`${year}-01-01`, day);
}

function monthRows({ scenario, course }: Scene, year: number): MonthRow[] {
  const rows = Array.from({ length: 12 }, (_, index) => ({
    scenario,
    month: index + 1,
    inpatientFen: 0n,
    outpatientFen: 0n,
    seriousFen: 0n,
    accountFen: 0n,
  }));
  for (let index = 0; index < course.days.INPATIENT.length; index += 1) {
    const day = addDays(`${year}-01-01`, index);
    const row = rows[Number(day.slice(5, 7)) - 1];
    if (!row || yearOf(day) !== year) continue;
    row.inpatientFen += course.days.INPATIENT[index] ?? 0n;
    row.outpatientFen += course.days.OUTPATIENT[index] ?? 0n;
    row.seriousFen += course.days.SERIOUS[index] ?? 0n;
    row.accountFen += course.days.ACCOUNT[index] ?? 0n;
  }
  return rows;
}

function sideRow(name: string, side: Side): SideRow {
  const [dimension, value = ""] = name.split("/");
  return { dimension: DIMENSIONS.find((one) => one === dimension) ?? "COUNTY", value, ...side };
}

/** By dimension; diseases by what they cost, everything else by its name. */
function bySize(a: SideRow, b: SideRow): number {
  if (a.dimension !== b.dimension) return DIMENSIONS.indexOf(a.dimension) - DIMENSIONS.indexOf(b.dimension);
  if (a.dimension === "DISEASE" && a.draftFundFen !== b.draftFundFen) return a.draftFundFen > b.draftFundFen ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
