/**
 * A county's year as estimates read it: its households as enrollment has them, their claims and benefit years as claims has them. Seeded: one seed, one year. What was paid is computed in the order of
 * service by the code that decides claims, so an estimate of the same scheme over it comes to the same fen.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { MongoClient } from "mongodb";
import { type Random, random } from "../../deploy/sandbox/region/random.ts";
import { NOTHING_BEFORE } from "../../services/benefit/case.ts";
import type { CatalogueItem } from "../../services/benefit/scheme.ts";
import { readScheme } from "../../services/benefit/scheme-file.ts";
import { isLevel, type Level } from "../../services/benefit/words.ts";
import { hashOf } from "../../services/claims/domain/canonical.ts";
import type { Documents } from "../../services/claims/domain/compute.ts";
import type { BillLine, Claim } from "../../services/claims/domain/documents.ts";
import type { Enrolled } from "../../services/claims/domain/estimate/household.ts";
import { byService, type Past, ready, replay } from "../../services/claims/domain/estimate/replay.ts";
import { byItemCode, type Catalogue, type SchemeDocument, schemeIdOf } from "../../services/claims/domain/scheme.ts";
import { holderOf } from "../../services/claims/domain/year.ts";
import { addDays } from "../../services/values/days.ts";
import { sum } from "../../services/values/money.ts";

export const COUNTY = "640521";
export const YEAR = 2011;
const REGION = join(import.meta.dirname, "..", "..", "deploy", "sandbox", "region");
const SCHEME = join(import.meta.dirname, "..", "unit", "benefit", "schemes", "nx-ref.yaml");

/** Of ten thousand members a year: how many stays; outpatient visits each has, at most. 7.4 million claims for 3.7 million people in 2011: two a head, one in fourteen of them a stay. */
const STAYS_BP = 850;
const SECOND_STAYS_BP = 1_500;
const MOST_VISITS = 4;
const OUTPATIENT_LEVELS = [
  ["VILLAGE", 55],
  ["TOWNSHIP", 35],
  ["COUNTY", 10],
] as const;
const INPATIENT_LEVELS = [
  ["TOWNSHIP", 38, 1_500],
  ["COUNTY", 42, 3_600],
  ["PREFECTURE", 15, 8_500],
  ["PROVINCE", 5, 14_000],
] as const;
const OUTPATIENT_DIAGNOSES = ["J06.903", "K29.500", "I10.x00", "M54.500", "E11.900", "J20.900", "L30.900"];
const INPATIENT_DIAGNOSES = ["J18.9", "K35.9", "I63.9", "I25.1", "S72.001", "O80", "K80.2", "J44.1", "E11.9", "C16.9", "M51.2", "N20.0"];
const VISITS_A_DAY_FEN = 4_500;

export interface CountyYear {
  readonly scheme: SchemeDocument;
  readonly catalogue: Catalogue;
  /** The households, one after the other, without end before `insured` members. */
  households(insured: number): Generator<MadeHousehold>;
}

export interface MadeHousehold {
  readonly householdId: string;
  readonly members: readonly Enrolled[];
  readonly claims: readonly Past[];
}

/** The reference scheme with more or less of something, as a draft of the next version. */
export function draftOf({ scheme }: SchemeDocument): SchemeDocument {
  const benefits = scheme.benefits.map((benefit) =>
    benefit.code === "IP"
      ? {
          ...benefit,
          levels: benefit.levels.map((terms) =>
            terms.level === "COUNTY"
              ? { ...terms, deductibleFen: 40_000n, rate: { kind: "FLAT", bp: 7_500, multiplierBp: 10_000 } as const }
              : terms,
          ),
        }
      : benefit,
  );
  const caps = scheme.caps.map((cap) => (cap.code === "YEAR_OP" ? { ...cap, fen: 15_000n } : cap));
  const draft = { ...scheme, version: 2, benefits, caps, golden: [] };
  return { county: scheme.county, scheme: draft, contentHash: hashOf(draft) };
}

export function countyYear(seed: number): CountyYear {
  const read = readScheme(readFileSync(SCHEME, "utf8"));
  if ("faults" in read) throw new Error("the reference scheme has faults");
  const scheme: SchemeDocument = { county: COUNTY, scheme: read.scheme, contentHash: hashOf(read.scheme) };
  const rows = parse(readFileSync(join(REGION, "catalogue.csv")), { columns: true }) as Record<string, string>[];
  const items = rows.map((row): CatalogueItem => {
    const level = row.lowest_level ?? "";
    if (!isLevel(level)) throw new Error(`${level} is no level`);
    const { item_code: itemCode = "", name = "", class: of = "" } = row;
    return { itemCode, name, class: of, priceLimitFen: BigInt(row.price_limit_fen || "0"), lowestLevel: level };
  });
  const catalogue: Catalogue = { county: COUNTY, contentHash: "0".repeat(64), items: items.sort(byItemCode), diagnoses: [] };
  return {
    scheme,
    catalogue,
    *households(insured) {
      const documents: Documents = { home: scheme, treating: scheme, catalogue };
      const chance = random(seed, "county's year");
      let serial = 0;
      for (let members = 0; members < insured; ) {
        const size = Math.min(insured - members, chance.between(1, 6));
        members += size;
        serial += 1;
        yield householdOf(`${COUNTY}${String(serial).padStart(8, "0")}`, size, chance, documents);
      }
    },
  };
}

function householdOf(householdId: string, size: number, chance: Random, documents: Documents): MadeHousehold {
  const members = Array.from(
    { length: size },
    (_, index): Enrolled => ({
      personId: `${householdId}${String(index + 1).padStart(2, "0")}`,
      category: chance.chance(600) ? "MINIMUM_LIVING" : chance.chance(100) ? "FIVE_GUARANTEES" : "ORDINARY",
      bornOn: `${chance.between(1928, 2010)}-0${chance.between(1, 9)}-15`,
    }),
  );
  const bills = members.flatMap((member) => billsOf(member, chance, documents.catalogue.items));
  bills.sort(byService);
  const results = replay(
    bills.map((past) => ready(past, documents)),
    () => 0n,
  );
  const claims = bills.map((past, index): Past => {
    const result = results[index];
    if (typeof result !== "object") throw new Error(`${past.bill.claimId} has no benefit: ${result}`);
    return { ...past, benefit: result.benefit, drawn: result.drawn };
  });
  return { householdId, members, claims };
}

function billsOf(member: Enrolled, chance: Random, items: readonly CatalogueItem[]): Past[] {
  const bills: Past[] = [];
  for (let visit = chance.below(MOST_VISITS + 1); visit > 0; visit -= 1) {
    const [level] = chance.weighted(OUTPATIENT_LEVELS, ([, weight]) => weight);
    const day = addDays(`${YEAR}-01-01`, chance.below(365));
    bills.push(billOf(member, bills.length, level, day, day, chance, items));
  }
  if (!chance.chance(STAYS_BP)) return bills;
  let day = chance.below(200);
  for (let more = true; more; more = chance.chance(SECOND_STAYS_BP) && day < 340) {
    const [level] = chance.weighted(INPATIENT_LEVELS, ([, weight]) => weight);
    const days = chance.between(3, 16);
    const from = addDays(`${YEAR}-01-01`, day);
    bills.push(billOf(member, bills.length, level, from, addDays(from, days), chance, items));
    day += days + chance.between(5, 60);
  }
  return bills;
}

function billOf(
  { personId, category }: Enrolled,
  serial: number,
  level: Level,
  from: string,
  to: string,
  chance: Random,
  items: readonly CatalogueItem[],
): Past {
  const isStay = from !== to;
  const days = isStay ? Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) : 1;
  const count = isStay ? chance.between(12, 28) : chance.between(2, 5);
  const [, , yuan = 40] = INPATIENT_LEVELS.find(([at]) => at === level) ?? [];
  const wantedFen = isStay ? Math.round((yuan * 100 * chance.between(30, 220)) / 100) : chance.between(1_200, 3 * VISITS_A_DAY_FEN);
  const lines = Array.from({ length: count }, (_, index): BillLine => {
    const billedFen = BigInt(Math.max(1, Math.round((wantedFen / count) * (0.5 + chance.below(1_000) / 1_000))));
    const day = addDays(from, index % days);
    return {
      itemCode: chance.pick(items).itemCode,
      day,
      quantityE4: BigInt(chance.between(1, 20)) * 10_000n,
      unitPriceFen: billedFen,
      billedFen,
    };
  });
  const claimId = `H${COUNTY}001-${personId.slice(6)}-${serial}`;
  const submittedAtMs = Date.parse(`${to}T10:00:00+08:00`);
  const bill: Claim["bill"] = {
    claimId,
    institutionId: `H${COUNTY}001`,
    personId,
    visitKind: isStay ? "INPATIENT" : "OUTPATIENT",
    diagnosis: chance.pick(isStay ? INPATIENT_DIAGNOSES : OUTPATIENT_DIAGNOSES),
    admittedOn: from,
    dischargedOn: to,
    invoiceNumber: claimId.slice(12),
    referralId: isStay && chance.chance(6_000) ? "R1" : "",
    tcm: chance.chance(1_000),
    procedures: [],
    newborn: 0,
    lines,
    totalFen: sum(lines.map(({ billedFen }) => billedFen)),
  };
  const schemeId = `${COUNTY}/${YEAR}/1`;
  return {
    county: COUNTY,
    treatingCounty: COUNTY,
    bill,
    state: "PAID",
    level,
    year: YEAR,
    submittedAtMs,
    basis: { treatingSchemeId: schemeId, category, uncoveredDays: [], registrations: [], before: NOTHING_BEFORE },
    benefit: UNPAID,
    drawn: { caps: [], stay: false, borneFen: 0n, months: [], deducted: "", accountFen: 0n },
  };
}

/** Before it is computed. */
const UNPAID: Claim["benefit"] = {
  schemeId: "",
  code: "",
  fund: "OUTPATIENT",
  totalFen: 0n,
  eligibleFen: 0n,
  deductibleFen: 0n,
  rateBp: 0,
  subsidyFen: 0n,
  fundFen: 0n,
  accountFen: 0n,
  assistanceFen: 0n,
  catastrophicFen: 0n,
  hospitalFen: 0n,
  patientFen: 0n,
  overCapFen: 0n,
};

const INSERT = 4_000;

export interface FilledCounty {
  readonly households: number;
  readonly insured: number;
  readonly claims: number;
  readonly paidFen: bigint;
}

/** Puts the year where a mesh would have it. */
export async function fillCounty(
  client: MongoClient,
  made: CountyYear,
  insured: number,
  progress: (claims: number) => void,
): Promise<FilledCounty> {
  const stored = { _version: 1, _by: "bench" };
  const [claimsDb, enrolled] = [client.db("nrcms_claims"), client.db("nrcms_enrollment")];
  const { scheme, catalogue } = made;
  const { version, fromDay, toDay, catalogueVersion } = scheme.scheme;
  const one = async (kind: string, _id: string, doc: object) =>
    void (await claimsDb.collection(kind).insertOne({ ...doc, ...stored, _id } as never));
  await one("schemes", schemeIdOf(scheme.scheme), scheme);
  await one("catalogues", catalogueVersion, catalogue);
  await one("timetables", COUNTY, { county: COUNTY, rows: [{ year: YEAR, version, fromDay, toDay }] });
  const waiting = { households: [] as object[], claims: [] as object[], years: [] as object[] };
  const flush = async () => {
    const { households, claims, years } = waiting;
    const insert = (db: typeof claimsDb, kind: string, docs: object[]) =>
      docs.length > 0 ? db.collection(kind).insertMany(docs.splice(0) as never, { ordered: false }) : undefined;
    await Promise.all([insert(enrolled, "households", households), insert(claimsDb, "claims", claims), insert(claimsDb, "years", years)]);
  };
  const filled = { households: 0, insured: 0, claims: 0, paidFen: 0n };
  for (const { householdId, members, claims } of made.households(insured)) {
    filled.households += 1;
    filled.insured += members.length;
    filled.claims += claims.length;
    waiting.households.push({
      ...stored,
      _id: householdId,
      county: COUNTY,
      householdId,
      members: members.map(({ personId, bornOn, category }) => ({
        memberNo: personId.slice(14),
        name: "参合人",
        bornOn,
        category,
        sex: "FEMALE",
      })),
      former: [],
      covers: members.map(({ personId, category }) => ({
        personId,
        county: COUNTY,
        householdId,
        fromDay: `${YEAR}-01-01`,
        toDay: `${YEAR}-12-31`,
        category,
      })),
    });
    for (const past of claims) {
      filled.paidFen += past.benefit.fundFen;
      waiting.claims.push({
        ...past,
        ...stored,
        _id: past.bill.claimId,
        reason: "",
        decision: 1,
        reviewed: false,
        traceId: "0".repeat(32),
      });
    }
    for (const [holder, own] of Map.groupBy(claims, ({ bill }) => holderOf(bill))) {
      const visits = own.map(({ bill }) => ({
        claimId: bill.claimId,
        visitKind: bill.visitKind,
        from: bill.admittedOn,
        to: bill.dischargedOn,
      }));
      waiting.years.push({
        ...stored,
        _id: `${holder}/${YEAR}`,
        county: COUNTY,
        holder,
        year: YEAR,
        usedFen: {},
        compensatedStays: 0,
        borneFen: 0n,
        months: [],
        deducted: [],
        visits,
        others: [],
      });
    }
    if (waiting.claims.length >= INSERT) {
      await flush();
      progress(filled.claims);
    }
  }
  await flush();
  return filled;
}
