/** The counties' fund accounts and the designated institutions, with bank accounts whose CNAPS codes carry right check digits. */
import type { Random } from "./random.ts";
import type { Level, SourceCounty, Sources } from "./sources.ts";

export interface Account {
  readonly bankCode: string;
  readonly accountNumber: string;
  readonly accountName: string;
}

export interface County extends Account {
  readonly source: SourceCounty;
  readonly fundFloorFen: bigint;
  readonly prefundFen: bigint;
  readonly subsidyFenPerHead: bigint;
  /** What an ordinary member pays for the year. */
  readonly contributionFenPerHead: bigint;
}

export interface Institution extends Account {
  readonly institutionId: string;
  readonly county: string;
  readonly name: string;
  readonly level: Level;
  readonly paySchedule: "IMMEDIATE" | "DAILY" | "WEEKLY";
}

/** Industrial and Commercial, Agricultural, Construction, city and rural commercial banks: the first three digits of a CNAPS code. */
const BANKS = ["102", "103", "105", "313", "402"];
/** Endings with which an account makes the sandbox's bank refuse or return (deploy/sandbox/bank/README.md). None is given out here. */
export const MAGIC = ["9901", "9904", "9977"];
/** 200 yuan of government money a head in 2011 (domain facts 3.1). */
const SUBSIDY_FEN = 20_000n;
/** 30 yuan from a member; 50 in and around Yinchuan. */
const CONTRIBUTION_FEN = 3_000n;
const CONTRIBUTION_CAPITAL_FEN = 5_000n;
/** A sample county's prefund and floor, per member: what may be owed elsewhere, and what stays at the bank. */
const PREFUND_FEN_PER_MEMBER = 12_000n;
const FLOOR_FEN_PER_MEMBER = 400n;
/** Zhongning and Jingyuan settle with each other on the sample day: their prefunds carry it. */
const PILOTS = ["640521", "640424"];
const PILOT_FACTOR = 2n;

/** The last digit of a CNAPS bank code: ISO 7064 MOD 11,10 over the first eleven. */
export function bankCheckDigit(first11: string): string {
  let product = 10;
  for (const digit of first11) {
    const sum = (product + Number(digit)) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}

function accounts(random: Random): (area: string, accountName: string) => Account {
  const used = new Set<string>();
  return (area, accountName) => {
    const first11 = `${random.pick(BANKS)}${area}${String(random.between(1, 40)).padStart(4, "0")}`;
    let accountNumber: string;
    do accountNumber = `29${area}${String(random.below(100_000)).padStart(5, "0")}${String(random.below(100_000)).padStart(5, "0")}`;
    while (used.has(accountNumber) || MAGIC.some((ending) => accountNumber.endsWith(ending)));
    used.add(accountNumber);
    return { bankCode: first11 + bankCheckDigit(first11), accountNumber, accountName };
  };
}

export interface Places {
  readonly counties: readonly County[];
  readonly institutions: readonly Institution[];
}

/** Every county with one county hospital, three or four township hospitals and one or two village clinics; a hospital in each prefecture city, two of the province. */
export function makePlaces(sources: Sources, random: Random): Places {
  const account = accounts(random);
  const institutions: Institution[] = [];
  const add = (source: SourceCounty, serial: number, name: string, level: Level, paySchedule: Institution["paySchedule"]) =>
    institutions.push({
      institutionId: `H${source.county}${String(serial).padStart(3, "0")}`,
      county: source.county,
      name,
      level,
      paySchedule,
      ...account(source.area, name),
    });
  /** Most take their money at once; the small ones are content with a day or a week. */
  const schedule = () =>
    random.weighted(["IMMEDIATE", "DAILY", "WEEKLY"] as const, (name) => ({ IMMEDIATE: 70, DAILY: 20, WEEKLY: 10 })[name]);

  const counties = sources.counties.map((source): County => {
    add(source, 1, `${source.nameZh}人民医院`, "COUNTY", "IMMEDIATE");
    source.townships.forEach((township, index) => {
      add(source, 11 + index, `${township}${township.endsWith("镇") ? "中心" : ""}卫生院`, "TOWNSHIP", schedule());
    });
    const villages = random.between(1, 2);
    for (let index = 0; index < villages; index += 1) {
      const name = `${random.pick(sources.names.villages_first)}${random.pick(sources.names.villages_last)}`;
      add(source, 101 + index, `${source.townships[index] ?? ""}${name}卫生室`, "VILLAGE", schedule());
    }
    const members = BigInt(source.members);
    return {
      source,
      fundFloorFen: FLOOR_FEN_PER_MEMBER * members,
      prefundFen: PREFUND_FEN_PER_MEMBER * members * (PILOTS.includes(source.county) ? PILOT_FACTOR : 1n),
      subsidyFenPerHead: SUBSIDY_FEN,
      contributionFenPerHead: source.prefecture === "640100" ? CONTRIBUTION_CAPITAL_FEN : CONTRIBUTION_FEN,
      ...account(source.area, `${source.nameZh}新型农村合作医疗基金专户`),
    };
  });
  const countyOf = (code: string): SourceCounty => {
    const found = sources.counties.find((one) => one.county === code);
    if (!found) throw new Error(`no county ${code}`);
    return found;
  };
  for (const prefecture of sources.prefectures)
    add(countyOf(prefecture.hospitalCounty), 801, prefecture.hospital, "PREFECTURE", "IMMEDIATE");
  add(countyOf("640104"), 901, "宁夏回族自治区人民医院", "PROVINCE", "IMMEDIATE");
  add(countyOf("640104"), 902, "宁夏医科大学总医院", "PROVINCE", "DAILY");
  return { counties, institutions };
}
