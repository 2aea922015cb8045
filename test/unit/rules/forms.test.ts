/** Each form of rule at its edges, the order of rules, and what a book may not say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excessByLine, judge } from "../../../services/rules/judge.ts";
import type { Case, Rule, RuleBill, RuleLine } from "../../../services/rules/rule.ts";
import { readRules } from "../../../services/rules/rules-file.ts";

const REFERENCE = readFileSync(join(import.meta.dirname, "../../../services/rules/reference-rules.yaml"), "utf8");

let serial = 0;
function line(itemCode: string, quantityE4: bigint, unitPriceFen = 10_000n, over: Partial<RuleLine> = {}): RuleLine {
  return { itemCode, day: "2011-05-02", quantityE4, unitPriceFen, billedFen: (quantityE4 * unitPriceFen) / 10_000n, ...over };
}
function bill(over: Partial<RuleBill> = {}): RuleBill {
  serial += 1;
  const lines = over.lines ?? [line("A", 10_000n)];
  const totalFen = lines.reduce((sum, { billedFen }) => sum + billedFen, 0n);
  return {
    claimId: `C-${serial}`,
    institutionId: "H1",
    personId: "6405210000000101",
    newborn: 0,
    visitKind: "INPATIENT",
    diagnosis: "J18.9",
    admittedOn: "2011-05-01",
    dischargedOn: "2011-05-05",
    referralId: "",
    lines,
    totalFen,
    invoices: [{ invoiceNumber: `N${serial}`, totalFen }],
    ...over,
  };
}
function rule(form: Rule["form"], over: Partial<Rule> = {}): Rule {
  const base = { id: form.toLowerCase(), version: 1, name: form, nameEn: form, form, stage: "SETTLE", action: "HOLD" } as const;
  return {
    ...base,
    counties: [],
    unless: [],
    items: [],
    diagnoses: [],
    levels: [],
    together: false,
    digits: 3,
    sameInstitution: true,
    limits: [],
    toleranceBp: 0,
    ...over,
  };
}
function look(one: Rule, own: RuleBill, over: Partial<Case> = {}) {
  return judge(
    { bill: own, county: "640521", level: "COUNTY", uncoveredDays: [], others: [], priceLimitFen: () => 0n, ...over },
    [one],
    "SETTLE",
  )[0];
}

describe("forms", () => {
  it("finds an invoice again, however it is typed, within its days, of whomever", () => {
    const dup = rule("DUPLICATE_INVOICE", { days: 366 });
    const first = bill({ personId: "6404240000000101", invoices: [{ invoiceNumber: "ab-1 2", totalFen: 5n }], dischargedOn: "2010-06-01" });
    const again = bill({ invoices: [{ invoiceNumber: "ＡＢ12", totalFen: 5n }] });
    expect(look(dup, again, { others: [first] })).toMatchObject({ claims: [first.claimId], values: [{ name: "invoice" }] });
    expect(look(dup, { ...again, invoices: [{ invoiceNumber: "AB12", totalFen: 6n }] }, { others: [first] })).toBeUndefined();
    expect(look(rule("DUPLICATE_INVOICE", { days: 30 }), again, { others: [first] })).toBeUndefined();
    expect(look(dup, again, { others: [again] })).toBeUndefined();
  });

  it.each([
    ["2011-05-05", "2011-05-09", undefined],
    ["2011-05-04", "2011-05-09", "1"],
    ["2011-05-02", "2011-05-03", "1"],
    ["2011-05-01", "2011-05-05", "4"],
  ])("a stay %s to %s beside one of 1 to 5 May shares %s days", (admittedOn, dischargedOn, days) => {
    const found = look(rule("OVERLAPPING_STAY"), bill(), { others: [bill({ admittedOn, dischargedOn })] });
    expect(found?.values[0]?.value).toBe(days);
    expect(look(rule("OVERLAPPING_STAY"), bill(), { others: [bill({ admittedOn, dischargedOn, personId: "x" })] })).toBeUndefined();
    expect(look(rule("OVERLAPPING_STAY", { days: 4 }), bill(), { others: [bill({ admittedOn, dischargedOn })] })).toBeUndefined();
  });

  it("finds a visit inside a stay, whichever is billed later, neither at its begin nor end", () => {
    const visit = (day: string) => bill({ visitKind: "OUTPATIENT", admittedOn: day, dischargedOn: day });
    const within = rule("VISIT_DURING_STAY");
    expect(look(within, bill(), { others: [visit("2011-05-03")] })).toBeDefined();
    expect(look(within, visit("2011-05-03"), { others: [bill()] })).toBeDefined();
    for (const day of ["2011-05-01", "2011-05-05"]) expect(look(within, visit(day), { others: [bill()] })).toBeUndefined();
  });

  it("counts a frequency over the bill and the claims beside it, and takes what is over off the last lines", () => {
    const daily = rule("FREQUENCY", { items: ["CT"], mostE4: 20_000n, per: "DAY", action: "DEDUCT" });
    const three = bill({ lines: [line("CT", 10_000n), line("CT", 15_000n), line("CT", 5_000n, 10_000n, { day: "2011-05-03" })] });
    expect(look(daily, three)).toMatchObject({ lines: [1, 2], excess: [{ line: 2, fen: 5_000n }] });
    expect(look(daily, bill({ lines: [line("CT", 20_000n)] }))).toBeUndefined();
    const beside = bill({ visitKind: "OUTPATIENT", admittedOn: "2011-05-02", dischargedOn: "2011-05-02", lines: [line("CT", 10_000n)] });
    expect(look(daily, bill({ lines: [line("CT", 20_000n)] }), { others: [beside] })).toMatchObject({ claims: [beside.claimId] });
    const hourly = rule("FREQUENCY", { items: ["CT"], mostE4: 10_000n, per: "HOUR" });
    const timed = (time: string | undefined) => line("CT", 10_000n, 10_000n, { time });
    expect(look(hourly, bill({ lines: [timed("09:05"), timed("09:55")] }))).toMatchObject({
      values: [{}, {}, { value: "2011-05-02 09:00" }],
    });
    expect(look(hourly, bill({ lines: [timed("09:55"), timed("10:05"), timed(undefined)] }))).toBeUndefined();
  });

  it("counts a course by its days or in all, each item by itself or together", () => {
    const lines = [line("B", 80_000n), line("C", 80_000n)];
    expect(look(rule("QUANTITY_OVER_COURSE", { items: ["B", "C"], mostPerDayE4: 16_000n }), bill({ lines }))).toBeUndefined();
    expect(look(rule("QUANTITY_OVER_COURSE", { items: ["B", "C"], mostPerDayE4: 15_999n }), bill({ lines }))).toMatchObject({
      lines: [1, 2],
    });
    const together = rule("QUANTITY_OVER_COURSE", { items: ["B", "C"], mostE4: 100_000n, together: true });
    expect(look(together, bill({ lines }))).toMatchObject({ excess: [{ line: 2, fen: 60_000n }] });
  });

  it("compares prices with the rule's limits or the catalogue's, with its tolerance", () => {
    const lines = [line("A", 20_000n, 1_100n), line("B", 10_000n, 5_000n)];
    expect(look(rule("PRICE_OVER_LIMIT"), bill({ lines }), { priceLimitFen: () => 1_000n })).toMatchObject({ lines: [1, 2] });
    expect(
      look(rule("PRICE_OVER_LIMIT", { toleranceBp: 1_000, items: ["A"] }), bill({ lines }), { priceLimitFen: () => 1_000n }),
    ).toBeUndefined();
    const own = rule("PRICE_OVER_LIMIT", { limits: [{ itemCode: "A", fen: 1_000n }], action: "DEDUCT" });
    expect(look(own, bill({ lines }))).toMatchObject({ lines: [1], excess: [{ line: 1, fen: 200n }] });
  });

  it("knows sex and age where the person is known, and of no newborn", () => {
    const women = rule("SEX_MISMATCH", { sex: "FEMALE", diagnoses: ["O80"], items: ["OB"] });
    const man = { sex: "MALE", bornOn: "1980-05-02" } as const;
    expect(look(women, bill({ diagnosis: "O80.9" }), { person: man })).toMatchObject({ values: [{ value: "MALE" }] });
    expect(look(women, bill({ lines: [line("OB", 10_000n)] }), { person: man })).toMatchObject({ lines: [1] });
    expect(look(women, bill({ diagnosis: "O80.9" }))).toBeUndefined();
    expect(look(women, bill({ diagnosis: "O80.9", newborn: 1 }), { person: man })).toBeUndefined();
    const adults = rule("AGE_MISMATCH", { fromYears: 31, toYears: 60, diagnoses: ["J"] });
    expect(look(adults, bill(), { person: man })).toMatchObject({ values: [{ name: "age", value: "30" }] });
    expect(look(adults, bill({ admittedOn: "2011-05-02" }), { person: man })).toBeUndefined();
  });

  it("finds a stay that was split, an injury, a high level without a referral, days without cover", () => {
    const split = rule("SPLIT_STAY", { days: 3 });
    const next = (over: Partial<RuleBill>) => bill({ admittedOn: "2011-05-08", dischargedOn: "2011-05-10", ...over });
    expect(look(split, next({}), { others: [bill()] })).toMatchObject({ values: [{ value: "3" }] });
    expect(look(split, bill(), { others: [next({})] })).toBeDefined();
    for (const other of [next({ admittedOn: "2011-05-09" }), next({ institutionId: "H2" }), next({ diagnosis: "K35.8" })])
      expect(look(split, other, { others: [bill()] })).toBeUndefined();
    expect(look(rule("TRAUMA", { diagnoses: ["S", "T"] }), bill({ diagnosis: "S72.0" }))).toBeDefined();
    const high = rule("UNREFERRED_HIGH_LEVEL", { levels: ["PREFECTURE"] });
    expect(look(high, bill(), { level: "PROVINCE" })).toBeDefined();
    expect(look(high, bill({ referralId: "R" }), { level: "PROVINCE" })).toBeUndefined();
    expect(look(high, bill(), { level: "COUNTY" })).toBeUndefined();
    expect(look(rule("NOT_ENROLLED"), bill(), { uncoveredDays: ["2011-05-02"] })).toMatchObject({ lines: [1] });
  });
});

describe("judging", () => {
  it("is silent where another rule has spoken, in other counties and at other stages", () => {
    const trauma = rule("TRAUMA", { diagnoses: ["S"] });
    const split = rule("NOT_ENROLLED", { unless: ["trauma"] });
    const one: Case = {
      bill: bill({ diagnosis: "S72" }),
      county: "640521",
      level: "COUNTY",
      uncoveredDays: ["2011-05-02"],
      others: [],
      priceLimitFen: () => 0n,
    };
    expect(judge(one, [trauma, split], "SETTLE").map(({ ruleId }) => ruleId)).toEqual(["trauma"]);
    expect(judge(one, [{ ...trauma, counties: ["640424"] }, split], "SETTLE").map(({ ruleId }) => ruleId)).toEqual(["not_enrolled"]);
    expect(judge(one, [trauma, split], "TRIAL")).toEqual([]);
    expect(judge(one, [{ ...trauma, stage: "TRIAL" }], "SETTLE")).toHaveLength(1);
  });

  it("takes no more off a line than it has, whatever is over", () => {
    const quantity = fc.bigInt({ min: 1n, max: 500_000n });
    const drawn = fc.array(fc.record({ quantity, price: fc.bigInt({ min: 0n, max: 90_000n }) }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(drawn, quantity, fc.bigInt({ min: 1n, max: 50_000n }), (rows, mostE4, fen) => {
        const own = bill({ lines: rows.map((row) => line("CT", row.quantity, row.price)) });
        const rules = [
          rule("FREQUENCY", { items: ["CT"], mostE4, per: "DAY", action: "DEDUCT" }),
          rule("QUANTITY_OVER_COURSE", { items: ["CT"], mostE4, action: "DEDUCT" }),
          rule("PRICE_OVER_LIMIT", { limits: [{ itemCode: "CT", fen }], action: "DEDUCT" }),
        ];
        const one: Case = { bill: own, county: "640521", level: "COUNTY", uncoveredDays: [], others: [], priceLimitFen: () => 0n };
        const billed = (number: number) => own.lines[number - 1]?.billedFen ?? 0n;
        const off = excessByLine(judge(one, rules, "SETTLE"), billed);
        expect(off.every((each) => each.fen > 0n && each.fen <= billed(each.line))).toBe(true);
        expect(new Set(off.map((each) => each.line)).size).toBe(off.length);
      }),
    );
  });
});

describe("a book", () => {
  const codes = { hasItem: (code: string) => ["A", "B", "CT"].includes(code), hasDiagnosis: (prefix: string) => prefix !== "Q" };
  const faultsOf = (from: string | RegExp, to: string) => {
    const read = readRules(REFERENCE.replace(from, to), codes);
    return "faults" in read ? read.faults.map(({ line: row, field, en }) => `${row} ${field}: ${en}`) : [];
  };

  it("is read with one rule of each form, those that silence first", () => {
    const read = readRules(REFERENCE, codes);
    if ("faults" in read) throw new Error(JSON.stringify(read.faults));
    expect(new Set(read.book.rules.map(({ form }) => form)).size).toBe(12);
    expect(read.book).toMatchObject({ version: 1, sampleBp: 200, secondLevelAboveFen: 2_000_000n });
  });

  it.each([
    ["an unknown item", "items: [B]", "items: [B, ZZ]", "rules[6].items[1]: the catalogue has no item ZZ"],
    ["an unknown item with a limit", "item_code: A,", "item_code: AX,", "rules[7].limits[0].item_code: the catalogue has no item AX"],
    ["an unknown diagnosis", "diagnoses: [S, T]", "diagnoses: [S, Q]", "rules[11].diagnoses[1]: the catalogue has no diagnosis Q"],
    ["an unknown rule", "unless: [ct-per-day]", "unless: [ct-per-week]", "rules[5].unless[0]: there is no rule ct-per-week"],
    ["a rule twice", "id: overlap", "id: dup-invoice", "rules[1].id: rule dup-invoice is there twice"],
    ["no such form", "form: TRAUMA", "form: SCRIPT", "rules[11].form: must be one of"],
    ["what a form needs", "per: HOUR, ", "", "rules[5].per: is wanted for FREQUENCY"],
    ["what a form does not have", "days: 366", "days: 366, sex: MALE", "rules[0].sex: does not belong to DUPLICATE_INVOICE"],
    ["neither of two", ", most_per_day_e4: 30000", "", "rules[6].most_e4: this or most_per_day_e4 is wanted"],
    ["nightly that holds", "stage: NIGHTLY, action: FLAG", "stage: NIGHTLY, action: HOLD", "rules[1].action: a nightly rule flags"],
    [
      "deducting without lines",
      "form: TRAUMA, stage: TRIAL, action: HOLD",
      "form: TRAUMA, stage: TRIAL, action: DEDUCT",
      "rules[11].action: TRAUMA names no lines",
    ],
    ["ages upside down", "to_years: 1", "from_years: 2, to_years: 1", "rules[9].to_years: must not be below"],
    ["a quantity that is no number", "most_e4: 20000", "most_e4: 2.5", "rules[4].most_e4: must be a whole number"],
    ["no YAML", "rules:", "rules: [", "is no right YAML"],
  ])("refuses %s with its place", (_, from, to, says) => {
    expect(faultsOf(from, to).join("\n")).toContain(says);
  });

  it("refuses rules that wait for each other, and names the circle", () => {
    const circle = REFERENCE.replace("days: 366 }", "days: 366, unless: [visit-in-stay] }");
    const read = readRules(circle, codes);
    expect("faults" in read && read.faults).toMatchObject([
      { field: "rules[0].unless", en: "rules wait for each other without end: dup-invoice → visit-in-stay → dup-invoice" },
    ]);
    const itself = readRules(REFERENCE.replace("unless: [ct-per-day]", "unless: [ct-per-hour]"), codes);
    expect("faults" in itself && itself.faults[0]?.en).toContain("ct-per-hour → ct-per-hour");
  });
});
