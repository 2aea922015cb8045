/** The fixture scheme NX-REF-2011 of the domain rules (3.3), a small catalogue, two counties with institutions, and bills over them. */

import { countyChanged } from "../../../services/claims/domain/county-changed.ts";
import { type Bill, type BillLine, type Claim, type Referral, type Stretch, years } from "../../../services/claims/domain/documents.ts";
import { householdCovered } from "../../../services/claims/domain/household-covered.ts";
import { institutionChanged } from "../../../services/claims/domain/institution-changed.ts";
import { publishCatalogue } from "../../../services/claims/domain/publish-catalogue.ts";
import { publishScheme } from "../../../services/claims/domain/publish-scheme.ts";
import { registerReferral } from "../../../services/claims/domain/register-referral.ts";
import type { BenefitRule, CatalogueItem, Scheme, SelfFirst } from "../../../services/claims/domain/scheme.ts";
import { type SubmitInput, submit } from "../../../services/claims/domain/submit.ts";
import { LEVELS, type Level } from "../../../services/claims/domain/words.ts";
import { isRefusal, isUnavailable, type Refusal } from "../../../services/values/outcome.ts";
import { newWorld, type Options, type Outcome, type World } from "../../harness/decide.ts";

export const ZHONGNING = "640521";
export const JINGYUAN = "640424";
export const PERSON = "6405210000000101";
export const VISITOR = "6404240000000101";
export const NO_BODY = "6405210000009901";

const PAID: readonly [Level, bigint, number][] = [
  ["TOWNSHIP", 10_000n, 8_500],
  ["COUNTY", 30_000n, 7_000],
  ["PREFECTURE", 50_000n, 6_000],
  ["PROVINCE", 80_000n, 5_000],
  ["OUT_OF_PROVINCE", 100_000n, 4_500],
];

export const CLASSES: readonly SelfFirst[] = [
  { class: "A", selfFirstBp: 0 },
  { class: "B", selfFirstBp: 1_000 },
  { class: "EXAM", selfFirstBp: 2_000 },
  { class: "IMPORT", selfFirstBp: 4_000 },
  { class: "OUT", selfFirstBp: 10_000 },
];

export const INPATIENT_CAP = 5_000_000n;
export const OUTPATIENT_CAP = 12_000n;

function rules(): BenefitRule[] {
  const inpatient = PAID.map(([level, deductibleFen, rateBp]) => ({
    visitKind: "INPATIENT" as const,
    level,
    deductibleFen,
    repeatDeductibleBp: 5_000,
    rateBp,
    noReferralPointsBp: -1_000,
    tcmPointsBp: 1_000,
  }));
  const outpatient = LEVELS.map((level) => ({
    visitKind: "OUTPATIENT" as const,
    level,
    deductibleFen: 0n,
    repeatDeductibleBp: 10_000,
    rateBp: 8_000,
    noReferralPointsBp: 0,
    tcmPointsBp: 0,
  }));
  return [...inpatient, ...outpatient];
}

export function scheme(overrides: Partial<Scheme> = {}): Scheme {
  const year = overrides.year ?? 2011;
  return {
    county: ZHONGNING,
    year,
    version: 1,
    name: "NX-REF",
    fromDay: `${year}-01-01`,
    toDay: `${year}-12-31`,
    catalogueVersion: "NX",
    rules: rules(),
    caps: [
      { visitKind: "INPATIENT", capFen: INPATIENT_CAP },
      { visitKind: "OUTPATIENT", capFen: OUTPATIENT_CAP },
    ],
    classes: CLASSES,
    review: { aboveFundFen: 0n, diagnosisPrefixes: [] },
    deductibleWaived: ["FIVE_GUARANTEES"],
    ...overrides,
  };
}

/** The scheme with another rate for stays at county level. */
export function withCountyRate(base: Scheme, rateBp: number): Scheme {
  return {
    ...base,
    rules: base.rules.map((rule) => (rule.level === "COUNTY" && rule.visitKind === "INPATIENT" ? { ...rule, rateBp } : rule)),
  };
}

export const ITEMS: readonly CatalogueItem[] = [
  { itemCode: "A", name: "甲类药", class: "A", priceLimitFen: 0n, lowestLevel: "VILLAGE" },
  { itemCode: "A-COUNTY", name: "县级以上用药", class: "A", priceLimitFen: 0n, lowestLevel: "COUNTY" },
  { itemCode: "B", name: "乙类药", class: "B", priceLimitFen: 0n, lowestLevel: "VILLAGE" },
  { itemCode: "CT", name: "CT", class: "EXAM", priceLimitFen: 24_000n, lowestLevel: "VILLAGE" },
  { itemCode: "IMPORT", name: "进口材料", class: "IMPORT", priceLimitFen: 0n, lowestLevel: "VILLAGE" },
  { itemCode: "OUT", name: "目录外", class: "OUT", priceLimitFen: 0n, lowestLevel: "VILLAGE" },
];

export function itemOfCode(itemCode: string): CatalogueItem {
  const item = ITEMS.find((entry) => entry.itemCode === itemCode);
  if (!item) throw new Error(`no item ${itemCode} in the fixture`);
  return item;
}

export const INSTITUTIONS: Readonly<Record<string, { county: string; level: Level }>> = {
  "TOWNSHIP-1": { county: ZHONGNING, level: "TOWNSHIP" },
  "COUNTY-1": { county: ZHONGNING, level: "COUNTY" },
  "COUNTY-2": { county: ZHONGNING, level: "COUNTY" },
  "PREFECTURE-1": { county: ZHONGNING, level: "PREFECTURE" },
  "VILLAGE-1": { county: ZHONGNING, level: "VILLAGE" },
  "ELSEWHERE-1": { county: JINGYUAN, level: "COUNTY" },
};

/** Before NX-REF-2011 came into force. */
const LONG_AGO = Date.parse("2009-12-01T09:00:00+08:00");

export function publish(world: World, version: Scheme, options: Options = {}) {
  return world.run(
    publishScheme,
    { scheme: version, contentHash: JSON.stringify(version, (_, value) => (typeof value === "bigint" ? `${value}` : value)) },
    options,
  );
}

export function cover(world: World, personId: string, stretches: readonly Partial<Stretch>[], version = 1): void {
  const householdId = personId.slice(0, 14);
  const county = personId.slice(0, 6);
  const full = (part: Partial<Stretch>): Stretch => ({ county, fromDay: "2011-01-01", toDay: "2011-12-31", category: "ORDINARY", ...part });
  world.run(householdCovered, { householdId, county, version, covers: stretches.map((part) => ({ personId, stretch: full(part) })) });
}

/** Two counties, their institutions, NX-REF of 2011 in both, and a covered person in each. */
export function region(schemes: readonly Scheme[] = [scheme(), scheme({ county: JINGYUAN })]): World {
  const world = newWorld();
  for (const county of [ZHONGNING, JINGYUAN]) world.run(countyChanged, { county, version: 1 });
  for (const [institutionId, place] of Object.entries(INSTITUTIONS)) world.run(institutionChanged, { institutionId, ...place, version: 1 });
  world.run(publishCatalogue, { catalogueVersion: "NX", items: ITEMS, contentHash: "nx" });
  for (const version of schemes) expectDone(publish(world, version, { atMs: LONG_AGO }));
  for (const person of [PERSON, VISITOR]) cover(world, person, [{}]);
  return world;
}

export function refer(world: World, referral: Partial<Referral> = {}): void {
  const full = {
    county: ZHONGNING,
    referralId: "R1",
    personId: PERSON,
    toInstitutionId: "PREFECTURE-1",
    fromDay: "2011-01-01",
    toDay: "2011-12-31",
    ...referral,
  };
  expectDone(world.run(registerReferral, { referral: full }));
}

export function line(itemCode: string, billedFen: bigint, day = "2011-11-20"): BillLine {
  return { itemCode, day, quantityE4: 10_000n, unitPriceFen: billedFen, billedFen };
}

let serial = 0;

/** A county stay of a thousand yuan, 20 to 22 November 2011; its total is the sum of its lines unless given. */
export function bill(overrides: Partial<Bill> = {}): Bill {
  serial += 1;
  const lines = overrides.lines ?? [line("A", 100_000n, overrides.admittedOn ?? "2011-11-20")];
  return {
    claimId: `C-${serial}`,
    institutionId: "COUNTY-1",
    personId: PERSON,
    visitKind: "INPATIENT",
    diagnosis: "J06.903",
    admittedOn: "2011-11-20",
    dischargedOn: "2011-11-22",
    invoiceNumber: `N${serial}`,
    referralId: "",
    tcm: false,
    lines,
    totalFen: lines.reduce((total, entry) => total + entry.billedFen, 0n),
    ...overrides,
  };
}

export function visit(day: string, billedFen: bigint, overrides: Partial<Bill> = {}): Bill {
  return bill({
    visitKind: "OUTPATIENT",
    institutionId: "TOWNSHIP-1",
    admittedOn: day,
    dischargedOn: day,
    lines: [line("A", billedFen, day)],
    ...overrides,
  });
}

/** Submits and gives the claim; a refusal is a failed test. */
export function submitted(world: World, input: Bill | SubmitInput, options: Options = {}): Claim {
  return expectDone(world.run(submit, "bill" in input ? input : { bill: input }, options));
}

export function refusedWith(world: World, input: Bill | SubmitInput, options: Options = {}): Refusal {
  const { result } = world.run(submit, "bill" in input ? input : { bill: input }, options);
  if (!isRefusal(result)) throw new Error(`not refused: ${"outcome" in result ? result.reason : result.state}`);
  return result;
}

export function expectDone<R>({ result }: Outcome<R>): R {
  if (isRefusal(result)) throw new Error(`${result.code} ${result.field}: ${result.en}`);
  if (isUnavailable(result)) throw new Error(`unavailable: ${result.reason}`);
  return result;
}

export function yearOf(world: World, personId = PERSON, year = 2011) {
  return world.get(years.key(personId, year));
}

/** Everything that claims remembers, to see that nothing changed. */
export function snapshot(world: World): unknown {
  const kinds = ["claims", "years", "invoices", "covers", "referrals", "schemes", "timetables", "catalogues", "institutions", "counties"];
  return structuredClone(kinds.map((name) => [name, world.all(name)]));
}
