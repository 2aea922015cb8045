/** The fixture scheme NX-REF-2011 of the domain rules (3.3), a small catalogue, two counties with institutions, and bills over them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CatalogueItem, Scheme } from "../../../services/benefit/scheme.ts";
import { readScheme } from "../../../services/benefit/scheme-file.ts";
import type { Level } from "../../../services/benefit/words.ts";
import { hashOf } from "../../../services/claims/domain/canonical.ts";
import { countyChanged } from "../../../services/claims/domain/county-changed.ts";
import { type Bill, type BillLine, type Claim, type Referral, type Stretch, years } from "../../../services/claims/domain/documents.ts";
import { householdCovered } from "../../../services/claims/domain/household-covered.ts";
import { institutionChanged } from "../../../services/claims/domain/institution-changed.ts";
import { publishCatalogue } from "../../../services/claims/domain/publish-catalogue.ts";
import { registerReferral } from "../../../services/claims/domain/register-referral.ts";
import type { Draft } from "../../../services/claims/domain/scheme.ts";
import { approveScheme, draftScheme, publishScheme, simulateScheme } from "../../../services/claims/domain/scheme-life.ts";
import { type SubmitInput, submit } from "../../../services/claims/domain/submit.ts";
import { isRefusal, isUnavailable, type Refusal } from "../../../services/values/outcome.ts";
import { newWorld, type Options, type Outcome, type World } from "../../harness/decide.ts";

export const ZHONGNING = "640521";
export const JINGYUAN = "640424";
export const PERSON = "6405210000000101";
export const VISITOR = "6404240000000101";
export const NO_BODY = "6405210000009901";

export const INPATIENT_CAP = 5_000_000n;
export const OUTPATIENT_CAP = 12_000n;

/** A scheme among the fixtures by its file's name. */
export function schemeIn(file: string): Scheme {
  const read = readScheme(readFileSync(join(import.meta.dirname, "..", "benefit", "schemes", `${file}.yaml`), "utf8"));
  if ("scheme" in read) return read.scheme;
  throw new Error(read.faults.map(({ line, column, field, en }) => `${file}:${line}:${column} ${field}: ${en}`).join("\n"));
}

const REFERENCE = schemeIn("nx-ref");

/** NX-REF with some fields of its own. What it changes, its golden cases need not say. */
export function scheme(overrides: Partial<Scheme> = {}): Scheme {
  const year = overrides.year ?? 2011;
  return { ...REFERENCE, fromDay: `${year}-01-01`, toDay: `${year}-12-31`, golden: [], ...overrides };
}

/** The scheme with another rate for stays at county level. */
export function withCountyRate(base: Scheme, bp: number): Scheme {
  const rate = { kind: "FLAT", bp, multiplierBp: 10_000 } as const;
  const benefits = base.benefits.map((benefit) =>
    benefit.code === "IP"
      ? { ...benefit, levels: benefit.levels.map((terms) => (terms.level === "COUNTY" ? { ...terms, rate } : terms)) }
      : benefit,
  );
  return { ...base, benefits };
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

/** A version's whole way to publication; ends where a step is refused. */
export function publish(world: World, version: Scheme, options: Options = {}): Outcome<Draft> {
  const as = (name: string): Options => ({ ...options, caller: { name, role: "ADMINISTRATOR", scope: "640000" } });
  const { county, year, version: number } = version;
  const named = { county, year, version: number, contentHash: hashOf(version) };
  const drafted = world.run(draftScheme, { scheme: version, document: "", contentHash: named.contentHash }, as("one"));
  if ("outcome" in drafted.result || drafted.result.state === "PUBLISHED") return drafted;
  const steps = [
    () => world.run(simulateScheme, named, as("one")),
    () => world.run(approveScheme, named, as("one")),
    () => world.run(approveScheme, named, as("another")),
  ];
  for (const step of steps) {
    const outcome = step();
    if ("outcome" in outcome.result) return outcome;
  }
  return world.run(publishScheme, named, options);
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
  world.run(publishCatalogue, { catalogueVersion: "NX", items: ITEMS, diagnoses: [], contentHash: "nx" });
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
    procedures: [],
    newborn: 0,
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
  const kinds = [
    "claims",
    "years",
    "invoices",
    "paperinvoices",
    "covers",
    "referrals",
    "registrations",
    "corrections",
    "stays",
    "admissions",
    "fees",
    "schemes",
    "drafts",
    "timetables",
    "catalogues",
    "institutions",
    "counties",
  ];
  return structuredClone(kinds.map((name) => [name, world.all(name)]));
}
