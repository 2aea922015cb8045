/**
 * The lines of one bill: a visit's fee, drugs, injections, examinations; a stay's bed, nursing, laboratory, operation and drugs.
 * A bill is filled up to an amount drawn from its level's distribution; the sums are exact by the rule of domain facts 3.4.
 * Items fit the level, and the operation fits the diagnosis; which drug goes with which illness is left to chance.
 */
import { addDays, daysBetween } from "../../../services/values/days.ts";
import { halfUp } from "../../../services/values/money.ts";
import type { Random } from "./random.ts";
import { LEVELS, type Level, type SourceItem } from "./sources.ts";

/** One line as nrcms.claims.v1.BillLine, in snake_case. */
export interface Line {
  readonly item_code: string;
  readonly day: string;
  readonly quantity_e4: number;
  readonly unit_price_fen: number;
  readonly billed_fen: number;
}

export interface Visit {
  readonly level: Level;
  readonly from: string;
  readonly to: string;
  readonly tcm: boolean;
  /** The operation's item code, or empty. */
  readonly operation: string;
  /** What the bill is to come to, roughly. */
  readonly budgetFen: number;
}

export const MIN_LINES = 2;
export const MAX_LINES = 20;
const UNIT_E4 = 10_000;
/** How often a price is above the catalogue's limit, and how often an item is above the institution's level. */
const OVER_LIMIT_BP = 250;
const ABOVE_LEVEL_BP = 120;
/** How often what the catalogue does not cover is thought of at all. */
const OUTSIDE_CATALOGUE_BP = 4_500;
const MAX_TRIES = 40;
const ANAESTHESIA = { TOWNSHIP: "O0180", ABOVE: "O0190" };
const BEDS: Readonly<Record<Level, string>> = {
  VILLAGE: "B0010",
  TOWNSHIP: "B0020",
  COUNTY: "B0030",
  PREFECTURE: "B0040",
  PROVINCE: "B0050",
};
const FEES: Readonly<Record<Level, string>> = {
  VILLAGE: "V0010",
  TOWNSHIP: "V0020",
  COUNTY: "V0020",
  PREFECTURE: "V0030",
  PROVINCE: "V0040",
};
const NO_OPERATION = ["O0180", "O0190", "O0200"];

export interface Pharmacy {
  readonly byCode: ReadonlyMap<string, SourceItem>;
  readonly byKind: ReadonlyMap<string, readonly SourceItem[]>;
}

export function stock(items: readonly SourceItem[]): Pharmacy {
  return { byCode: new Map(items.map((item) => [item.code, item])), byKind: Map.groupBy(items, (item) => item.kind) };
}

/** A bill being filled. */
class Draft {
  readonly lines: Line[] = [];
  totalFen = 0;
  readonly #random: Random;
  readonly #pharmacy: Pharmacy;
  readonly #visit: Visit;

  constructor(random: Random, pharmacy: Pharmacy, visit: Visit) {
    this.#random = random;
    this.#pharmacy = pharmacy;
    this.#visit = visit;
  }

  get leftFen(): number {
    return this.#visit.budgetFen - this.totalFen;
  }

  get full(): boolean {
    return this.lines.length >= MAX_LINES;
  }

  has(code: string): boolean {
    return this.lines.some((line) => line.item_code === code);
  }

  /** The named item; `day` is a day of the visit where it is left out. */
  add(code: string, quantityE4: number, day?: string): void {
    const item = this.#pharmacy.byCode.get(code);
    if (!item) throw new Error(`no item ${code}`);
    if (this.full) return;
    const random = this.#random;
    const shareBp = item.limited
      ? random.chance(OVER_LIMIT_BP)
        ? random.between(10_200, 11_500)
        : random.chance(6_000)
          ? 10_000
          : random.between(8_500, 10_000)
      : random.between(9_000, 11_000);
    const unitPriceFen = Math.max(1, Math.round((item.priceFen * shareBp) / 10_000));
    const billedFen = Number(halfUp(BigInt(quantityE4) * BigInt(unitPriceFen), BigInt(UNIT_E4)));
    const { from, to } = this.#visit;
    this.lines.push({
      item_code: code,
      day: day ?? addDays(from, random.between(0, daysBetween(from, to))),
      quantity_e4: quantityE4,
      unit_price_fen: unitPriceFen,
      billed_fen: billedFen,
    });
    this.totalFen += billedFen;
  }

  /** An item of the kind that this level may use and the bill does not have yet, within the prices; undefined where there is none. */
  choose(kind: string, mostFen: number, leastFen = 0): SourceItem | undefined {
    const above = this.#random.chance(ABOVE_LEVEL_BP);
    const outside = this.#random.chance(OUTSIDE_CATALOGUE_BP);
    const fits = (this.#pharmacy.byKind.get(kind) ?? []).filter(
      (item) =>
        (outside || item.class !== "OUT") &&
        item.priceFen >= leastFen &&
        item.priceFen <= mostFen &&
        !this.has(item.code) &&
        (above || LEVELS.indexOf(item.lowestLevel) <= LEVELS.indexOf(this.#visit.level)),
    );
    return fits.length === 0 ? undefined : this.#random.pick(fits);
  }
}

const whole = (count: number) => count * UNIT_E4;

/** Herbs by the gram for a number of doses: halves of grams, so that half fen arise. */
function herbs(random: Random, draft: Draft, count: number): void {
  const doses = random.between(3, 10);
  for (let index = 0; index < count && !draft.full; index += 1) {
    const herb = draft.choose("herb", draft.leftFen);
    if (herb) draft.add(herb.code, doses * random.between(6, 60) * (UNIT_E4 / 2));
  }
}

/** An outpatient visit: a fee, then medicine and small examinations until the amount is reached. */
export function visitLines(random: Random, pharmacy: Pharmacy, visit: Visit): Line[] {
  const draft = new Draft(random, pharmacy, visit);
  if (random.chance(8_500)) draft.add(FEES[visit.level], whole(1));
  if (visit.tcm) herbs(random, draft, random.between(4, 9));
  const kinds = { drug: 45, patent: 20, injection: 12, treatment: 10, lab: 10, imaging: 4, material: 1 };
  for (let attempt = 0; attempt < MAX_TRIES && draft.lines.length < 8; attempt += 1) {
    if (draft.leftFen < 200 && draft.lines.length >= MIN_LINES) break;
    const kind = random.weighted(Object.keys(kinds) as (keyof typeof kinds)[], (name) => kinds[name]);
    const item = draft.choose(kind, Math.max(draft.leftFen, 800));
    if (!item) continue;
    const most = kind === "lab" || kind === "imaging" ? 1 : 3;
    draft.add(item.code, whole(Math.max(1, Math.min(most, Math.floor((draft.leftFen * random.between(4, 9)) / 10 / item.priceFen)))));
    if (kind === "injection" && !draft.has("T0010")) draft.add("T0010", whole(1));
  }
  return draft.lines;
}

/** A stay: bed, nursing and rounds by the day, laboratory and pictures, the operation with what belongs to it, and medicine for the rest. */
export function stayLines(random: Random, pharmacy: Pharmacy, visit: Visit): Line[] {
  const draft = new Draft(random, pharmacy, visit);
  const days = Math.max(1, daysBetween(visit.from, visit.to));
  draft.add(BEDS[visit.level], whole(days), visit.to);
  draft.add(random.pick(["N0010", "N0020", "N0020", "N0030"]), whole(days), visit.to);
  draft.add("N0040", whole(days), visit.to);
  if (visit.operation) {
    draft.add(visit.operation, whole(1));
    if (!NO_OPERATION.includes(visit.operation))
      draft.add(visit.level === "TOWNSHIP" || random.chance(5_000) ? ANAESTHESIA.TOWNSHIP : ANAESTHESIA.ABOVE, whole(1));
  }
  const some = (kind: string, count: number, shareOfRest: number, quantityE4: () => number) => {
    for (let index = 0; index < count; index += 1) {
      const item = draft.choose(kind, Math.max(0, draft.leftFen) / shareOfRest);
      if (item) draft.add(item.code, quantityE4());
    }
  };
  some("lab", random.between(2, 4), 3, () => whole(1));
  some("imaging", random.between(0, visit.level === "TOWNSHIP" ? 1 : 2), 2, () => whole(1));
  some("treatment", random.between(1, 2), 8, () => random.between(2, days * 2) * (random.chance(1_500) ? UNIT_E4 / 2 : UNIT_E4));
  some("material", visit.operation ? random.between(1, 3) : random.between(0, 2), 4, () => whole(random.between(1, 2)));
  if (visit.tcm) herbs(random, draft, 4);
  const wanted = Math.min(MAX_LINES - draft.lines.length, random.between(4, 9));
  for (let index = 0; index < wanted && draft.leftFen > 0; index += 1) {
    const shareFen = draft.leftFen / (wanted - index);
    const kind = random.weighted(["injection", "drug", "patent"] as const, (name) => ({ injection: 70, drug: 20, patent: 10 })[name]);
    const most = days * (kind === "injection" ? 6 : 1);
    const item = draft.choose(kind, shareFen, shareFen / most / 2) ?? draft.choose("injection", shareFen);
    if (item) draft.add(item.code, whole(Math.max(1, Math.min(days * 6, Math.floor(shareFen / item.priceFen)))));
  }
  return draft.lines;
}
