/**
 * A seeded year of claims with planted cases for each rule of the reference book: some as the rule looks for them, some that it cannot see (missed), and innocent ones that look the same (false
 * alarms). Everything else is made so that no rule has anything to find.
 */
import { type Random, random } from "../../deploy/sandbox/region/random.ts";
import type { Holder, StoredClaim } from "../../services/rules/backtest.ts";
import type { RuleBill, RuleLine } from "../../services/rules/rule.ts";
import { addDays } from "../../services/values/days.ts";

const FIRST_DAY = "2011-01-01";
const START = Date.parse("2011-01-01T08:00:00+08:00");
const DAY_MS = 86_400_000;
/** How a planted case ends: found by the rule, at fault and not to be seen by it, innocent and found all the same. */
const ENDS = ["found", "unseen", "innocent"] as const;
type End = (typeof ENDS)[number];

/** One planted claim beside the plain ones; the second of a pair is the planted one. */
interface Plant {
  readonly rule: string;
  readonly kind: End;
  make(
    who: Person,
    day: string,
  ): {
    readonly before?: Partial<RuleBill>;
    readonly planted: Partial<RuleBill> & { readonly uncoveredDays?: readonly string[]; readonly level?: StoredClaim["level"] };
  };
}

interface Person {
  readonly personId: string;
  readonly sex: "FEMALE" | "MALE";
  readonly bornOn: string;
}

const line = (itemCode: string, day: string, quantityE4 = 10_000n, unitPriceFen = 20_000n, time?: string): RuleLine => ({
  itemCode,
  day,
  quantityE4,
  unitPriceFen,
  billedFen: (quantityE4 * unitPriceFen) / 10_000n,
  ...(time === undefined ? {} : { time }),
});

const stay = (day: string, days: number): Partial<RuleBill> => ({
  visitKind: "INPATIENT",
  admittedOn: day,
  dischargedOn: addDays(day, days),
});
const visit = (day: string): Partial<RuleBill> => ({ visitKind: "OUTPATIENT", admittedOn: day, dischargedOn: day });
const invoice = (invoiceNumber: string, totalFen: bigint): Partial<RuleBill> => ({
  invoices: [{ invoiceNumber, totalFen }],
  totalFen,
  lines: [line("A", "2011-01-01", 10_000n, totalFen)],
});

/** What is planted for each rule, by how it is to end. */
const PLANTS: Readonly<Record<string, Readonly<Record<End, (who: Person, day: string, index: number) => ReturnType<Plant["make"]>>>>> = {
  "dup-invoice": {
    // Typed otherwise, at another institution.
    found: (_, day, index) => ({
      before: { ...visit(day), ...invoice(`FP-${index}`, 31_400n) },
      planted: { ...visit(addDays(day, 40)), institutionId: "H9", ...invoice(`fp ${index}`, 31_400n) },
    }),
    // A digit was forged.
    unseen: (_, day, index) => ({
      before: { ...visit(day), ...invoice(`FP-7${index}`, 31_400n) },
      planted: { ...visit(addDays(day, 40)), ...invoice(`FP-71${index}`, 31_400n) },
    }),
    // Two institutions with the same small number and amount.
    innocent: (_, day, index) => ({
      before: { ...visit(day), ...invoice(`${index}`, 500n) },
      planted: { ...visit(addDays(day, 9)), institutionId: "H8", ...invoice(`${index}`, 500n) },
    }),
  },
  overlap: {
    found: (_, day) => ({ before: stay(day, 9), planted: { ...stay(addDays(day, 5), 9), institutionId: "H9" } }),
    // The days were written otherwise.
    unseen: (_, day) => ({ before: stay(day, 9), planted: { ...stay(addDays(day, 9), 9), institutionId: "H9" } }),
    // Transferred in the night, with both days written.
    innocent: (_, day) => ({ before: stay(day, 5), planted: { ...stay(addDays(day, 4), 9), institutionId: "H7" } }),
  },
  "visit-in-stay": {
    found: (_, day) => ({ before: stay(day, 12), planted: visit(addDays(day, 4)) }),
    unseen: (_, day) => ({ before: stay(day, 12), planted: visit(day) }),
    // A dialysis elsewhere that the hospital has ordered.
    innocent: (_, day) => ({ before: stay(day, 12), planted: { ...visit(addDays(day, 6)), diagnosis: "N18.0" } }),
  },
  "not-enrolled": {
    found: (_, day) => ({ planted: { ...visit(day), uncoveredDays: [day] } }),
    // The death was never told.
    unseen: (_, day) => ({ planted: visit(day) }),
    // The cover was entered late.
    innocent: (_, day) => ({ planted: { ...visit(day), uncoveredDays: [day] } }),
  },
  "ct-per-day": {
    found: (_, day) => ({ planted: { ...visit(day), lines: [line("CT", day, 30_000n)] } }),
    // Spread over two days.
    unseen: (_, day) => ({ planted: { ...stay(day, 2), lines: [line("CT", day, 20_000n), line("CT", addDays(day, 1), 20_000n)] } }),
    // An injury in three places.
    innocent: (_, day) => ({ planted: { ...visit(day), lines: [line("CT", day, 30_000n)] } }),
  },
  "ct-per-hour": {
    found: (_, day) => ({
      planted: { ...visit(day), lines: [line("CT", day, 10_000n, 20_000n, "09:05"), line("CT", day, 10_000n, 20_000n, "09:40")] },
    }),
    // No time was sent.
    unseen: (_, day) => ({ planted: { ...visit(day), lines: [line("CT", day), line("CT", day)] } }),
    innocent: (_, day) => ({
      planted: { ...visit(day), lines: [line("CT", day, 10_000n, 20_000n, "14:05"), line("CT", day, 10_000n, 20_000n, "14:30")] },
    }),
  },
  course: {
    found: (_, day) => ({ planted: { ...stay(day, 3), lines: [line("B", day, 200_000n, 2_000n)] } }),
    unseen: (_, day) => ({ planted: { ...stay(day, 3), lines: [line("B", day, 115_000n, 2_000n)] } }),
    // To take home.
    innocent: (_, day) => ({ planted: { ...stay(day, 3), lines: [line("B", day, 140_000n, 2_000n)] } }),
  },
  price: {
    found: (_, day) => ({ planted: { ...visit(day), lines: [line("A", day, 10_000n, 620_000n)] } }),
    // Under another item.
    unseen: (_, day) => ({ planted: { ...visit(day), lines: [line("B", day, 10_000n, 620_000n)] } }),
    innocent: (_, day) => ({ planted: { ...visit(day), lines: [line("A", day, 10_000n, 500_001n)] } }),
  },
  "women-only": {
    found: (_, day) => ({ planted: { ...visit(day), diagnosis: "O80.9" } }),
    // Under another diagnosis.
    unseen: (_, day) => ({ planted: { ...visit(day), diagnosis: "Z39.2" } }),
    // The identity number's sex is wrong.
    innocent: (_, day) => ({ planted: { ...visit(day), diagnosis: "O26.8" } }),
  },
  "children-only": {
    found: (_, day) => ({ planted: { ...visit(day), diagnosis: "P07.1" } }),
    unseen: (_, day) => ({ planted: { ...visit(day), diagnosis: "Q21.0" } }),
    innocent: (_, day) => ({ planted: { ...visit(day), diagnosis: "P94.8" } }),
  },
  "split-stay": {
    found: (_, day) => ({ before: stay(day, 8), planted: stay(addDays(day, 9), 8) }),
    // A week apart.
    unseen: (_, day) => ({ before: stay(day, 8), planted: stay(addDays(day, 15), 8) }),
    // A planned course of chemotherapy.
    innocent: (_, day) => ({
      before: { ...stay(day, 3), diagnosis: "Z51.1" },
      planted: { ...stay(addDays(day, 6), 3), diagnosis: "Z51.1" },
    }),
  },
  trauma: {
    found: (_, day) => ({ planted: { ...visit(day), diagnosis: "S72.0" } }),
    // Coded as something else.
    unseen: (_, day) => ({ planted: { ...visit(day), diagnosis: "M84.4" } }),
    // At home, alone.
    innocent: (_, day) => ({ planted: { ...visit(day), diagnosis: "S61.0" } }),
  },
  unreferred: {
    found: (_, day) => ({ planted: { ...stay(day, 6), level: "PREFECTURE" } }),
    // With a referral of somebody else's making.
    unseen: (_, day) => ({ planted: { ...stay(day, 6), level: "PREFECTURE", referralId: "R-1" } }),
    // An emergency.
    innocent: (_, day) => ({ planted: { ...stay(day, 6), level: "PROVINCE", diagnosis: "I21.9" } }),
  },
};

export const PLANTED_RULES: readonly string[] = Object.keys(PLANTS);

/** How many of each are planted for a rule: for every rule other numbers. */
export function plantedFor(rule: string): Readonly<Record<End, number>> {
  const index = PLANTED_RULES.indexOf(rule);
  return { found: 12 + 2 * index, unseen: (3 * index) % 7, innocent: (5 * index) % 6 };
}

/** The year's persons with their claims: `plain` of them with nothing to find, and one for each planted case. */
export function ruleYear(seed: number, plain: number): Holder[] {
  const chance = random(seed, "rules");
  const cases = PLANTED_RULES.flatMap((rule) =>
    ENDS.flatMap((kind) => Array.from({ length: plantedFor(rule)[kind] }, (_, index) => ({ rule, kind, index }))),
  );
  const holders = Array.from({ length: plain }, (_, index) => holderOf(chance, index, undefined));
  for (const [index, one] of cases.entries()) holders.push(holderOf(chance, plain + index, one));
  return chance.shuffle(holders);
}

let serial = 0;

function holderOf(chance: Random, index: number, one: { rule: string; kind: End; index: number } | undefined): Holder {
  const sex = one?.rule === "women-only" ? "MALE" : chance.between(0, 1) === 0 ? "FEMALE" : "MALE";
  const bornOn = `${chance.between(1930, 1995)}-${two(chance.between(1, 12))}-${two(chance.between(1, 28))}`;
  const person: Person = { personId: `64052100${String(index).padStart(6, "0")}01`, sex, bornOn };
  const claims: StoredClaim[] = [];
  // A month or more lies between a person's plain claims, and before the planted ones.
  const visits = chance.between(1, 3);
  for (let month = 0; month < visits; month += 1)
    claims.push(stored(plainBill(chance, person, addDays(FIRST_DAY, month * 45 + chance.between(0, 9))), []));
  if (one) {
    const day = addDays(FIRST_DAY, 180 + chance.between(0, 100));
    const { before, planted } = (PLANTS[one.rule] as NonNullable<(typeof PLANTS)[string]>)[one.kind](person, day, index);
    const { uncoveredDays = [], level = "COUNTY", ...bill } = planted;
    if (before) claims.push(stored({ ...plainBill(chance, person, before.admittedOn ?? day), ...before }, []));
    const truth = one.kind === "innocent" ? [] : [one.rule];
    // Of a pair the planted one comes to the fund last.
    const last = Math.max(...claims.map(({ submittedAtMs }) => submittedAtMs));
    const made = stored({ ...plainBill(chance, person, bill.admittedOn ?? day), ...bill }, truth);
    claims.push({ ...made, uncoveredDays, level, submittedAtMs: Math.max(made.submittedAtMs, last + DAY_MS) });
  }
  return { claims, person };
}

function plainBill(chance: Random, { personId }: Person, day: string): RuleBill {
  serial += 1;
  const lines = Array.from({ length: chance.between(1, 6) }, () =>
    line(["A", "B", "CT"][chance.between(0, 2)] ?? "A", day, 3_000n, BigInt(chance.between(100, 50_000))),
  );
  const totalFen = lines.reduce((sum, { billedFen }) => sum + billedFen, 0n);
  return {
    claimId: `Y-${serial}`,
    institutionId: `H${chance.between(1, 6)}`,
    personId,
    newborn: 0,
    visitKind: "OUTPATIENT",
    diagnosis: ["J18.9", "I10", "K29.7", "E11.9"][chance.between(0, 3)] ?? "I10",
    admittedOn: day,
    dischargedOn: day,
    referralId: "",
    lines,
    totalFen,
    invoices: [{ invoiceNumber: `PLAIN-${serial}`, totalFen }],
  };
}

function stored(bill: RuleBill, truth: readonly string[]): StoredClaim {
  // Both of a pair are of one institution and diagnosis, unless what is planted says otherwise.
  const same =
    bill.visitKind === "INPATIENT"
      ? {
          institutionId: bill.institutionId.length > 2 || /^H[789]$/.test(bill.institutionId) ? bill.institutionId : "H1",
          diagnosis: /^[JIKE]/.test(bill.diagnosis) && bill.diagnosis !== "I21.9" ? "J18.9" : bill.diagnosis,
        }
      : {};
  const days = (Date.parse(bill.dischargedOn) - Date.parse(FIRST_DAY)) / DAY_MS;
  return {
    bill: { ...bill, ...same },
    county: "640521",
    level: "COUNTY",
    uncoveredDays: [],
    submittedAtMs: START + days * DAY_MS,
    stands: true,
    faulty: undefined,
    truth,
  };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
