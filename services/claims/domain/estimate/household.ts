/** One household in an estimate: its year under the schemes that were in force, under the draft, under each step of a parameter that can touch it, and as supposed. */
import type { Scheme } from "../../../benefit/scheme.ts";
import type { Category } from "../../../benefit/words.ts";
import { greater } from "../../../values/money.ts";
import type { Computed, Documents } from "../compute.ts";
import { familyFenPerHead, usesAccount } from "../family-account.ts";
import type { SchemeDocument } from "../scheme.ts";
import { drawingOf, holderOf } from "../year.ts";
import type { Parameter } from "./parameters.ts";
import { byService, givenUntil, type Past, type Ready, ready, replay, type Unpaid } from "./replay.ts";
import { type Supposition, supposed } from "./suppose.ts";
import { addChange, addComputed, addToCourse, sideOf, type Tally } from "./tally.ts";

/** Who was enrolled in the year. */
export interface Enrolled {
  readonly personId: string;
  readonly category: Category;
  /** YYYY-MM-DD. */
  readonly bornOn: string;
}

export interface PastHousehold {
  readonly county: string;
  readonly members: readonly Enrolled[];
  /** Birth days of all whose claims may be among them, by person. */
  readonly bornOn: ReadonlyMap<string, string>;
  /** The standing claims that count in the year. */
  readonly claims: readonly Past[];
}

/** What is asked of every household. */
export interface Setting {
  readonly year: number;
  readonly draft: SchemeDocument;
  readonly parameters: readonly Parameter[];
  /** Undefined: nothing is supposed of the visits. */
  readonly supposition: Supposition | undefined;
  /** The documents by which a claim was decided. */
  wasUnder(past: Past): Documents;
  /** The draft, and what goes with it where a claim's lines are priced. */
  wouldBeUnder(past: Past): Documents;
  /** What the county's newest scheme of the year put into family accounts. */
  familyFenPerHead(county: string): bigint;
}

export function addHousehold(household: PastHousehold, setting: Setting, tally: Tally): void {
  tally.households += 1;
  for (const { category } of household.members) {
    const group = `${household.county}/${category}`;
    tally.heads[group] = (tally.heads[group] ?? 0) + 1;
  }
  if (household.claims.length === 0) return;
  const claims = household.claims.toSorted(byService);
  tally.claimants += new Set(claims.map(({ bill }) => holderOf(bill))).size;
  const given = givens(household, setting);
  const was = replay(
    claims.map((past) => ready(past, setting.wasUnder(past))),
    given.was,
  );
  const prepared = claims.map((past) => ready(past, setting.wouldBeUnder(past)));
  const would = replay(prepared, given.would);
  compare(household, claims, was, would, setting, tally);
  turn(prepared, would, given.would, setting, tally);
  if (setting.supposition && tally.supposed) {
    const visits = supposed(claims, setting.supposition);
    const results = replay(
      visits.map((past) => ready(past, setting.wouldBeUnder(past))),
      given.would,
    );
    for (const [index, past] of visits.entries()) addToCourse(tally.supposed, past, results[index] ?? "", setting.year);
  }
}

interface Givens {
  was(one: Ready): bigint;
  would(one: Ready): bigint;
}

/** What was put into the household's account, and what the draft would have put there: its amount a head in the place of the year's. */
function givens({ claims, members, county }: PastHousehold, { draft, familyFenPerHead: perHead }: Setting): Givens {
  const heads = BigInt(members.length);
  const { byClaim, mostFen } = givenUntil(claims);
  const yearFen = perHead(county) * heads;
  const otherwiseFen = familyFenPerHead(draft.scheme) * heads - yearFen;
  const was = ({ past }: Ready) => byClaim.get(past.bill.claimId) ?? mostFen;
  const would = (one: Ready) => {
    const { bill } = one.past;
    // What it saw, where it looked; a copy that is supposed looks as its household last did.
    const seen = byClaim.has(bill.claimId) && usesAccount(bill, draft.scheme) && one.past.basis.before.accountFen > 0n;
    return greater(0n, (seen ? was(one) : greater(mostFen, yearFen)) + otherwiseFen);
  };
  return { was, would };
}

function compare(
  household: PastHousehold,
  claims: readonly Past[],
  was: readonly (Computed | Unpaid)[],
  would: readonly (Computed | Unpaid)[],
  { year }: Setting,
  tally: Tally,
): void {
  const changes = new Map<string, bigint>();
  const county = sideOf(tally, "COUNTY", household.county);
  for (const [index, past] of claims.entries()) {
    const { bill, benefit, level } = past;
    const [before, after] = [was[index] ?? "", would[index] ?? ""];
    const { fundFen, drawn } = drawingOf(past);
    addComputed(tally.paid, { benefit: { ...benefit, fundFen, accountFen: drawn.accountFen } });
    addToCourse(tally.current, past, before, year);
    addToCourse(tally.draft, past, after, year);
    const replayedFen = fundOf(before) - fundFen;
    if (replayedFen !== 0n) {
      tally.differing.claims += 1;
      tally.differing.fen += replayedFen;
    }
    if (typeof after === "string") {
      const known = tally.unpaid.get(after) ?? { claims: 0, totalFen: 0n };
      tally.unpaid.set(after, { claims: known.claims + 1, totalFen: known.totalFen + bill.totalFen });
    }
    const holder = holderOf(bill);
    const change = patientOf(after, past) - patientOf(before, past);
    changes.set(holder, (changes.get(holder) ?? 0n) + change);
    const age = sideOf(tally, "AGE", bandOf(bill.newborn > 0 ? bill.dischargedOn : household.bornOn.get(bill.personId), year));
    const rows = [sideOf(tally, "LEVEL", level), sideOf(tally, "DISEASE", bill.diagnosis.slice(0, DISEASE_CHARACTERS))];
    for (const row of [county, age, ...rows]) {
      row.claims += 1;
      row.currentFundFen += fundOf(before);
      row.draftFundFen += fundOf(after);
    }
    for (const row of rows) addChange(row, change);
  }
  for (const [holder, change] of changes) {
    addChange(county, change);
    const [personId = "", newborn] = holder.split("#");
    const bornOn = newborn === undefined ? household.bornOn.get(personId) : `${year}-01-01`;
    addChange(sideOf(tally, "AGE", bandOf(bornOn, year)), change);
  }
}

const DISEASE_CHARACTERS = 3;

function fundOf(result: Computed | Unpaid): bigint {
  return typeof result === "string" ? 0n : result.benefit.fundFen;
}

function patientOf(result: Computed | Unpaid, { bill }: Past): bigint {
  return typeof result === "string" ? bill.totalFen : result.benefit.patientFen;
}

const BANDS = [
  [0, "0"],
  [6, "1-6"],
  [17, "7-17"],
  [44, "18-44"],
  [59, "45-59"],
  [74, "60-74"],
  [Number.POSITIVE_INFINITY, "75+"],
] as const;
export const AGE_BANDS: readonly string[] = [...BANDS.map(([, band]) => band), "UNKNOWN"];

/** The age that somebody reaches in the year. */
function bandOf(bornOn: string | undefined, year: number): string {
  if (!bornOn) return "UNKNOWN";
  const age = Math.max(0, year - Number(bornOn.slice(0, 4)));
  return BANDS.find(([most]) => age <= most)?.[1] ?? "UNKNOWN";
}

/** Each parameter one step further, where some claim of a chain can feel it. */
function turn(
  claims: readonly (Ready | Unpaid)[],
  would: readonly (Computed | Unpaid)[],
  given: (one: Ready) => bigint,
  { parameters, draft }: Setting,
  tally: Tally,
): void {
  if (parameters.length === 0) return;
  for (const chain of chainsOf(claims, would, draft.scheme)) {
    const ready = chain.map(({ one }) => one);
    for (const [index, parameter] of parameters.entries()) {
      const margin = tally.margins[index];
      if (!margin || !chain.some(({ one, computed }) => parameter.touches(one, computed))) continue;
      const results = replay(ready, given, { from: draft, to: { ...draft, scheme: parameter.scheme } });
      for (const [at, after] of results.entries()) {
        const before = chain[at]?.computed;
        if (typeof after === "string" || !before) continue;
        const fundFen = after.benefit.fundFen - before.benefit.fundFen;
        const patientFen = after.benefit.patientFen - before.benefit.patientFen;
        if (fundFen === 0n && patientFen === 0n) continue;
        margin.claims += 1;
        margin.fundFen += fundFen;
        margin.patientFen += patientFen;
      }
    }
  }
}

interface Link {
  readonly one: Ready;
  readonly computed: Computed;
}

/** Claims that share accumulators: of a person with her newborns; of the whole household where a cap or the account is shared by all. What is not paid shares nothing. */
function chainsOf(claims: readonly (Ready | Unpaid)[], would: readonly (Computed | Unpaid)[], scheme: Scheme): Iterable<readonly Link[]> {
  const isShared =
    scheme.caps.some(({ scope }) => scope === "HOUSEHOLD") ||
    scheme.outpatientOrder !== "POOL_ONLY" ||
    scheme.benefits.some(({ outpatientOrder }) => outpatientOrder !== undefined && outpatientOrder !== "POOL_ONLY");
  const links = claims.flatMap((one, index): Link[] => {
    const computed = would[index];
    return typeof one === "string" || typeof computed !== "object" ? [] : [{ one, computed }];
  });
  return Map.groupBy(links, ({ one }) => (isShared ? "" : one.past.bill.personId)).values();
}
