/** The sample region is what its README says: the generator gives the committed bytes, every sum is exact, every reference leads somewhere, the distributions hold. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DEFAULT_SEED, makeRegion } from "../../../deploy/sandbox/region/generate.ts";
import { bankCheckDigit } from "../../../deploy/sandbox/region/institutions.ts";
import type { PaperCase } from "../../../deploy/sandbox/region/papers.ts";
import { readIdentityNumber } from "../../../services/values/identity.ts";
import { halfUp, sum } from "../../../services/values/money.ts";
import { isCountyCode } from "../../../services/values/region.ts";
import { REGION, readBills, readRows, readSchemes, reckoner } from "./region.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const unique = (values: readonly (string | undefined)[]) => new Set(values).size === values.length;
const counties = readRows("counties.csv");
const institutions = new Map(readRows("institutions.csv").map((row) => [row.institution_id, row]));
const members = readRows("households.csv");
const people = new Map(members.map((row) => [`${row.household_id}${row.member_no}`, row]));
const items = new Map(readRows("catalogue.csv").map((row) => [row.item_code, row]));
const referrals = new Map(readRows("referrals.csv").map((row) => [row.referral_id, row]));
const bills = readBills();
const homeOf = (bill: { person_id: string }) => bill.person_id.slice(0, 6);
const treatingOf = (bill: { institution_id: string }) => institutions.get(bill.institution_id)?.county ?? "";

describe("the generator", () => {
  test("makes exactly the committed files from the default seed", () => {
    for (const [name, bytes] of makeRegion(DEFAULT_SEED)) expect(sha256(readFileSync(join(REGION, name))), name).toBe(sha256(bytes));
  });

  test("makes another region from another seed", () => {
    const other = makeRegion(7);
    expect(sha256(other.get("households.csv") ?? new Uint8Array())).not.toBe(sha256(readFileSync(join(REGION, "households.csv"))));
  });

  test("computes the check digit of known bank codes", () => {
    for (const code of ["105100000017", "102100099996"]) expect(bankCheckDigit(code.slice(0, 11))).toBe(code.slice(11));
  });
});

describe("counties and institutions", () => {
  test("are the 22 counties of Ningxia, each with a county hospital, township hospitals and a village clinic", () => {
    expect(counties).toHaveLength(22);
    for (const { county, prefecture } of counties) {
      expect(isCountyCode(county ?? "")).toBe(true);
      expect(prefecture?.slice(0, 4)).toBe(county?.slice(0, 4));
      const levels = [...institutions.values()].filter((one) => one.county === county).map((one) => one.level);
      expect(levels.filter((level) => level === "COUNTY")).toHaveLength(1);
      expect(levels.filter((level) => level === "TOWNSHIP").length).toBeGreaterThanOrEqual(3);
      expect(levels).toContain("VILLAGE");
    }
    const levels = [...institutions.values()].map((one) => one.level);
    expect(levels.filter((level) => level === "PREFECTURE")).toHaveLength(5);
    expect(levels.filter((level) => level === "PROVINCE")).toHaveLength(2);
    expect(new Set([...institutions.values()].map((one) => one.pay_schedule))).toEqual(new Set(["IMMEDIATE", "DAILY", "WEEKLY"]));
  });

  test("have bank accounts of their own, none of which makes the bank misbehave", () => {
    const owners = [...counties, ...institutions.values()];
    expect(unique(owners.map((one) => one.account_number))).toBe(true);
    for (const { account_number, bank_code } of owners) {
      expect(account_number).not.toMatch(/(9901|9904|9977)$/);
      expect(bank_code).toBe(`${bank_code?.slice(0, 11)}${bankCheckDigit(bank_code?.slice(0, 11) ?? "")}`);
    }
  });
});

describe("households", () => {
  test("hold at least ten thousand people, one to seven in each, with exactly one head", () => {
    expect(members.length).toBeGreaterThanOrEqual(10_000);
    expect(new Set(members.map((row) => row.county)).size).toBe(22);
    for (const [householdId, rows] of Map.groupBy(members, (row) => row.household_id)) {
      expect(rows.length).toBeLessThanOrEqual(7);
      expect(
        rows.filter((row) => row.head === "true"),
        householdId,
      ).toHaveLength(1);
      expect(unique(rows.map((row) => row.member_no))).toBe(true);
      expect(new Set(rows.map((row) => row.county))).toEqual(new Set([householdId?.slice(0, 6)]));
      expect(householdId).toMatch(/^\d{14}$/);
    }
  });

  test("carry valid and unique identity numbers that agree with birthday and sex, all born before the year", () => {
    expect(unique(members.map((row) => row.identity_number))).toBe(true);
    for (const row of members) expect(readIdentityNumber(row.identity_number ?? "")).toEqual({ bornOn: row.born_on, sex: row.sex });
    expect(members.every((row) => (row.born_on ?? "") < "2011-01-01")).toBe(true);
  });

  test("have the age structure of the countryside, and names that break naive programs", () => {
    const share = (from: number, to: number) =>
      members.filter((row) => 2011 - Number(row.born_on?.slice(0, 4)) >= from && 2011 - Number(row.born_on?.slice(0, 4)) <= to).length /
      members.length;
    expect(share(0, 14)).toBeGreaterThan(0.18);
    expect(share(0, 14)).toBeLessThan(0.26);
    expect(share(60, 200)).toBeGreaterThan(0.08);
    expect(share(60, 200)).toBeLessThan(0.15);
    expect(members.filter((row) => row.name?.includes("·")).length).toBeGreaterThan(10);
    expect(members.filter((row) => [...(row.name ?? "")].length < (row.name ?? "").length).length).toBeGreaterThan(3);
  });
});

describe("bills on paper and assessments", () => {
  const papers = readFileSync(join(REGION, "papers.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as PaperCase);
  const ill = new Set(bills.map((bill) => bill.person_id));

  test("are of people who are in no bill of the day, sum up, and are paid to a member's account that does not make the bank misbehave", () => {
    expect(unique(papers.map(({ paper }) => paper.person_id.slice(0, 14)))).toBe(true);
    expect(unique(papers.map(({ account }) => account.account_number))).toBe(true);
    for (const { county, account, paper } of papers) {
      expect(people.get(paper.person_id)?.county).toBe(county);
      expect(ill.has(paper.person_id)).toBe(false);
      const household = members.filter((row) => row.household_id === paper.person_id.slice(0, 14));
      expect(household.map((row) => row.name)).toContain(account.account_name);
      expect(account.account_number).not.toMatch(/(9901|9904|9977)$/);
      expect(account.bank_code).toBe(account.bank_code.slice(0, 11) + bankCheckDigit(account.bank_code.slice(0, 11)));
      expect(paper.lines.reduce((total, line) => total + line.billed_fen, 0)).toBe(paper.total_fen);
      expect(paper.invoices.reduce((total, invoice) => total + invoice.total_fen, 0)).toBe(paper.total_fen);
    }
  });

  test("show each way once at least: confirmed and denied, outside and in the network, withheld and by head", () => {
    expect(new Set(papers.map(({ hospital_says }) => hospital_says.denied === ""))).toEqual(new Set([true, false]));
    expect(new Set(papers.map(({ paper }) => "institution_id" in paper.hospital))).toEqual(new Set([true, false]));
    const rows = readRows("assessed.csv");
    expect(rows.every((row) => institutions.get(row.institution_id)?.county === row.county)).toBe(true);
    expect(rows.map((row) => [Number(row.withheld_bp) > 0, Number(row.heads) > 0])).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});

describe("the scheme and the catalogue", () => {
  test("give every county a whole scheme, Jingyuan its own rate", () => {
    const schemes = readSchemes();
    expect([...schemes.keys()].sort()).toEqual(counties.map((row) => row.county).sort());
    for (const scheme of schemes.values()) {
      expect(scheme).toMatchObject({ year: 2011, version: 1, from_day: "2011-01-01", to_day: "2011-12-31", catalogue_version: "NX-2011" });
      expect(scheme.caps).toEqual([
        { code: "YEAR_IP", fen: 5_000_000, includes: ["IP"] },
        { code: "YEAR_OP", fen: 12_000, includes: ["OP"] },
      ]);
    }
    const stays = (county: string) => schemes.get(county)?.benefits.find(({ code }) => code === "IP")?.levels;
    expect(stays("640424")).toContainEqual({ level: "COUNTY", deductible_fen: 30_000, rate_bp: 6_500 });
    expect(stays("640521")).toContainEqual({ level: "COUNTY", deductible_fen: 30_000, rate_bp: 7_000 });
  });

  test("list about three hundred items once each, in the scheme's classes", () => {
    expect(items.size).toBeGreaterThanOrEqual(300);
    expect(items.size).toBe(readRows("catalogue.csv").length);
    expect(new Set([...items.values()].map((row) => row.class))).toEqual(new Set(["A", "B", "EXAM", "IMPORT", "OUT"]));
  });
});

describe("the day", () => {
  test("has at least two thousand stays and visits of enrolled people, each person once, ids unique", () => {
    expect(bills.length).toBeGreaterThanOrEqual(2_000);
    expect(bills.every((bill) => people.has(bill.person_id))).toBe(true);
    expect(unique(bills.map((bill) => bill.person_id))).toBe(true);
    expect(unique(bills.map((bill) => bill.claim_id))).toBe(true);
    expect(unique(bills.map((bill) => bill.invoice_number))).toBe(true);
    for (const bill of bills) {
      expect(bill.claim_id).toMatch(new RegExp(`^${bill.institution_id}-20111125-\\d{4}$`));
      expect(institutions.has(bill.institution_id)).toBe(true);
    }
  });

  test("adds up to the fen: lines by half-up, totals as the sum of their lines, every line within its stay", () => {
    for (const bill of bills) {
      expect(bill.lines.length).toBeGreaterThanOrEqual(2);
      expect(bill.lines.length).toBeLessThanOrEqual(20);
      for (const line of bill.lines) {
        expect(BigInt(line.billed_fen)).toBe(halfUp(BigInt(line.quantity_e4) * BigInt(line.unit_price_fen), 10_000n));
        expect(line.billed_fen).toBeGreaterThan(0);
        expect(line.day >= bill.admitted_on && line.day <= bill.discharged_on).toBe(true);
        expect(items.has(line.item_code)).toBe(true);
      }
      expect(BigInt(bill.total_fen)).toBe(sum(bill.lines.map((line) => BigInt(line.billed_fen))));
      expect(bill.discharged_on).toBe("2011-11-25");
      if (bill.visit_kind === "OUTPATIENT") expect(bill.admitted_on).toBe("2011-11-25");
      else expect(bill.admitted_on < "2011-11-25" && bill.admitted_on >= "2011-01-01").toBe(true);
    }
  });

  test("has half fen to round, prices over their limits and items above their level", () => {
    const lines = bills.flatMap((bill) => bill.lines);
    expect(lines.some((line) => (line.quantity_e4 * line.unit_price_fen) % 10_000 === 5_000)).toBe(true);
    expect(
      lines.some(
        (line) =>
          Number(items.get(line.item_code)?.price_limit_fen) > 0 &&
          line.unit_price_fen > Number(items.get(line.item_code)?.price_limit_fen),
      ),
    ).toBe(true);
    expect(
      bills.some(
        (bill) =>
          institutions.get(bill.institution_id)?.level === "TOWNSHIP" &&
          bill.lines.some((line) => items.get(line.item_code)?.lowest_level === "COUNTY"),
      ),
    ).toBe(true);
  });

  test("crosses between Zhongning and Jingyuan both ways, some referred, and to the large hospitals", () => {
    const crossing = (from: string, to: string) => bills.filter((bill) => homeOf(bill) === from && treatingOf(bill) === to);
    expect(crossing("640521", "640424")).toHaveLength(30);
    expect(crossing("640424", "640521")).toHaveLength(30);
    const both = [...crossing("640521", "640424"), ...crossing("640424", "640521")];
    expect(both.every((bill) => bill.visit_kind === "INPATIENT")).toBe(true);
    expect(both.some((bill) => bill.referral_id !== "") && both.some((bill) => bill.referral_id === "")).toBe(true);
    expect(
      bills.filter((bill) => ["PREFECTURE", "PROVINCE"].includes(institutions.get(bill.institution_id)?.level ?? "")).length,
    ).toBeGreaterThanOrEqual(10);
  });

  test("names only referrals that fit: the person, the institution, the day of admission", () => {
    for (const bill of bills.filter((one) => one.referral_id !== "")) {
      const referral = referrals.get(bill.referral_id);
      expect(referral).toMatchObject({ county: homeOf(bill), person_id: bill.person_id, to_institution_id: bill.institution_id });
      expect((referral?.from_day ?? "~") <= bill.admitted_on && bill.admitted_on <= (referral?.to_day ?? "")).toBe(true);
    }
  });

  test("keeps to the published figures", () => {
    const reckon = reckoner();
    const rows = bills.map((bill) => ({ bill, ...reckon(bill) }));
    const fundFen = Number(sum(rows.map((row) => row.fundFen)));
    const stays = rows.filter((row) => row.bill.visit_kind === "INPATIENT");
    const staysFundFen = Number(sum(stays.map((row) => row.fundFen)));
    const staysTotalFen = stays.reduce((total, row) => total + row.bill.total_fen, 0);
    // Ningxia 2011: 8.78 hundred million yuan over 7.404 million claims; nation 2009: 82.6 % of it for stays, about 55 % of a stay's bill.
    expect(Math.abs(fundFen / rows.length / 11_860 - 1)).toBeLessThan(0.05);
    expect(Math.abs(staysFundFen / fundFen - 0.826)).toBeLessThan(0.04);
    expect(Math.abs(staysFundFen / staysTotalFen - 0.55)).toBeLessThan(0.02);
    const reviewed = rows.filter((row) => row.review).length / rows.length;
    expect(reviewed).toBeGreaterThan(0.03);
    expect(reviewed).toBeLessThan(0.05);
    expect(rows.filter((row) => row.fundFen === 0n).length).toBeGreaterThan(0);
  });

  test("can be paid: no county's day takes its money below the floor, nor its debts elsewhere above half the prefund", () => {
    const reckon = reckoner();
    const contributions = new Map(readRows("contributions.csv").map((row) => [row.county, BigInt(row.contribution_fen_per_head ?? "0")]));
    for (const county of counties) {
      const heads = BigInt(members.filter((row) => row.county === county.county).length);
      const raisedFen = heads * (BigInt(county.subsidy_fen_per_head ?? "0") + (contributions.get(county.county) ?? 0n));
      const elsewhere = bills.filter((bill) => homeOf(bill) === county.county && treatingOf(bill) !== county.county);
      const advanced = bills.filter((bill) => treatingOf(bill) === county.county && homeOf(bill) !== county.county);
      const own = bills.filter((bill) => homeOf(bill) === county.county);
      const fen = (some: typeof bills) => sum(some.map((bill) => reckon(bill).fundFen));
      expect(fen(elsewhere) * 2n, county.name_en).toBeLessThanOrEqual(BigInt(county.prefund_fen ?? "0"));
      expect(raisedFen - fen(own) - fen(advanced), county.name_en).toBeGreaterThan(BigInt(county.fund_floor_fen ?? "0"));
    }
  });
});

describe("the bad files", () => {
  const bytes = (name: string) => readFileSync(join(REGION, "bad", name));

  test("are bad in the way that their names say", () => {
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes("households-gb18030.csv"))).toThrow();
    expect(new TextDecoder("gb18030").decode(bytes("households-gb18030.csv"))).toContain("张建国");
    const truncated = bytes("households-truncated.csv").toString("utf8");
    expect(truncated.endsWith("\n")).toBe(false);
    expect(truncated.split("\n").at(-1)?.split(",").length).toBeLessThan(11);
    expect(bytes("households-no-header.csv").toString("utf8").startsWith("household_id")).toBe(false);
  });

  test("hold households with each fault, and people who are enrolled elsewhere", () => {
    const rows = bytes("households-bad-rows.csv")
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    expect(rows.some((row) => row[1] === "649999")).toBe(true);
    expect(rows.filter((row) => row[6] !== undefined && readIdentityNumber(row[6]) === undefined)).toHaveLength(1);
    expect(rows.some((row) => row[8] === "1969-02-30")).toBe(true);
    const heads = [...Map.groupBy(rows, (row) => row[0]).values()].map((household) => household.filter((row) => row[9] === "true").length);
    expect(heads).toContain(0);
    expect(heads).toContain(2);
    const enrolled = new Map(members.map((row) => [row.identity_number, row.county]));
    expect(rows.filter((row) => enrolled.has(row[6])).map((row) => enrolled.get(row[6]))).toEqual(["640424"]);
  });

  test("name a refusal for each bad bill", () => {
    const cases = bytes("bills-bad.jsonl")
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { case: string; refusal: string; bill: object });
    expect(unique(cases.map((one) => one.case))).toBe(true);
    for (const refusal of [
      "UNKNOWN_PERSON",
      "LINE_SUM",
      "BILL_SUM",
      "NOT_COVERED",
      "LINE_OUTSIDE_STAY",
      "DISCHARGE_BEFORE_ADMISSION",
      "FUTURE_DAY",
      "DUPLICATE_INVOICE",
      "BAD_REQUEST",
    ])
      expect(cases.map((one) => one.refusal)).toContain(refusal);
  });
});
