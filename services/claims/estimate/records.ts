/** What an estimate reads, and which fields of it: claims' own documents, and of enrollment's households who is in them. Those are read as an audit reads them: by nobody who decides anything. */
import type { Category } from "../../benefit/words.ts";
import type { ApartStore } from "../../mesh/store-apart.ts";
import { yearOf } from "../../values/days.ts";
import type { Doc } from "../../values/decision.ts";
import type { Enrolled } from "../domain/estimate/household.ts";
import type { Past } from "../domain/estimate/replay.ts";
import { HOUSEHOLD_DIGITS } from "../domain/family-account.ts";

/** Of enrollment's household: its members and covers. */
interface HouseholdView extends Doc {
  readonly members: readonly MemberView[];
  readonly former: readonly MemberView[];
  readonly covers: readonly CoverView[];
}

interface CoverView {
  readonly personId: string;
  readonly county: string;
  readonly fromDay: string;
  readonly toDay: string;
  readonly category: Category;
  /** The rest of a cover that began in another household in the same year: the person counts there. */
  readonly moved?: true;
}

interface MemberView {
  readonly memberNo: string;
  readonly bornOn: string;
}

/** Of a benefit year: the standing claims with a day in it. */
interface YearView extends Doc {
  readonly visits: readonly { readonly claimId: string }[];
}

const HOUSEHOLD_FIELDS = [
  "county",
  "members.memberNo",
  "members.bornOn",
  "former.memberNo",
  "former.bornOn",
  "covers.personId",
  "covers.county",
  "covers.fromDay",
  "covers.toDay",
  "covers.moved",
  "covers.category",
];

const CLAIM_FIELDS = [
  "county",
  "state",
  "level",
  "year",
  "submittedAtMs",
  "treatingCounty",
  "benefit",
  "drawn.accountFen",
  "deductions",
  "corrected.fen",
  "corrected.drawn.accountFen",
  "paper.issuedOn",
  "basis.treatingSchemeId",
  "basis.category",
  "basis.uncoveredDays",
  "basis.registrations",
  "basis.before.accountFen",
  "bill.claimId",
  "bill.personId",
  "bill.visitKind",
  "bill.diagnosis",
  "bill.dischargedOn",
  "bill.referralId",
  "bill.tcm",
  "bill.procedures",
  "bill.newborn",
  "bill.totalFen",
  "bill.lines.itemCode",
  "bill.lines.day",
  "bill.lines.quantityE4",
  "bill.lines.billedFen",
];

/** A household of the year with the ids of its claims: those that have a day in it, not all of which need count in it. */
export interface HouseholdRead {
  readonly members: readonly Enrolled[];
  readonly bornOn: ReadonlyMap<string, string>;
  readonly claimIds: readonly string[];
}

/** Every key of a county begins with its code; this comes after all of them. */
function ofCounty(county: string) {
  return { from: county, below: `${county}~` };
}

export function householdsIn(store: ApartStore, county: string): Promise<number> {
  return store.count({ service: "enrollment", kind: "households", ...ofCounty(county) });
}

/** A county's households, in the order of their ids: enrollment's and those of the benefit years, side by side. */
export async function* households(store: ApartStore, county: string, year: number): AsyncGenerator<HouseholdRead> {
  const years = claimsByHousehold(store, county, year);
  try {
    let next = await years.next();
    const enrolled = store.range<HouseholdView>({
      service: "enrollment",
      kind: "households",
      ...ofCounty(county),
      fields: HOUSEHOLD_FIELDS,
    });
    for await (const { id, doc } of enrolled) {
      for (; !next.done && next.value.household < id; next = await years.next())
        yield { members: [], bornOn: new Map(), claimIds: next.value.claimIds };
      const own = !next.done && next.value.household === id ? next.value.claimIds : [];
      if (own.length > 0) next = await years.next();
      yield { ...membersOf(id, doc, county, year), claimIds: own };
    }
    for (; !next.done; next = await years.next()) yield { members: [], bornOn: new Map(), claimIds: next.value.claimIds };
  } finally {
    await years.return(undefined);
  }
}

interface OfHousehold {
  readonly household: string;
  readonly claimIds: readonly string[];
}

async function* claimsByHousehold(store: ApartStore, county: string, year: number): AsyncGenerator<OfHousehold, undefined> {
  let household = "";
  let ids = new Set<string>();
  const filter = { year, "visits.0": { $exists: true } };
  const holders = store.range<YearView>({
    service: "claims",
    kind: "years",
    ...ofCounty(county),
    filter,
    fields: ["county", "visits.claimId"],
  });
  for await (const { id, doc } of holders) {
    const of = id.slice(0, HOUSEHOLD_DIGITS);
    if (of !== household && ids.size > 0) {
      yield { household, claimIds: [...ids] };
      ids = new Set();
    }
    household = of;
    for (const { claimId } of doc.visits) ids.add(claimId);
  }
  if (ids.size > 0) yield { household, claimIds: [...ids] };
  return undefined;
}

function membersOf(household: string, doc: HouseholdView, county: string, year: number): Omit<HouseholdRead, "claimIds"> {
  const bornOn = new Map([...doc.former, ...doc.members].map(({ memberNo, bornOn: day }) => [`${household}${memberNo}`, day]));
  const members = new Map<string, Enrolled>();
  for (const cover of doc.covers) {
    if (cover.county !== county || yearOf(cover.fromDay) !== year || cover.moved || cover.toDay < cover.fromDay) continue;
    const { personId, category } = cover;
    members.set(personId, { personId, category, bornOn: bornOn.get(personId) ?? "" });
  }
  return { members: [...members.values()], bornOn };
}

/** The claims of these ids that count in a county's year. */
export async function claimsOf(store: ApartStore, ids: readonly string[]): Promise<ReadonlyMap<string, Past>> {
  return await store.some<Past>({ service: "claims", kind: "claims", fields: CLAIM_FIELDS }, ids);
}
