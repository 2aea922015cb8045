/** What a past year would have cost: the current scheme over it is what was paid, to the fen; and what differs does so for a reason that can be named. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Scheme } from "../../../services/benefit/scheme.ts";
import type { Documents } from "../../../services/claims/domain/compute.ts";
import type { Bill, Claim } from "../../../services/claims/domain/documents.ts";
import { addHousehold, type PastHousehold, type Setting } from "../../../services/claims/domain/estimate/household.ts";
import { type Parameter, parametersOf } from "../../../services/claims/domain/estimate/parameters.ts";
import { byService } from "../../../services/claims/domain/estimate/replay.ts";
import { reportOf } from "../../../services/claims/domain/estimate/report.ts";
import type { Supposition } from "../../../services/claims/domain/estimate/suppose.ts";
import { merge, newTally, type Tally } from "../../../services/claims/domain/estimate/tally.ts";
import { familyFenPerHead } from "../../../services/claims/domain/family-account.ts";
import { householdCovered } from "../../../services/claims/domain/household-covered.ts";
import { catalogues, type SchemeDocument, schemes } from "../../../services/claims/domain/scheme.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { addDays } from "../../../services/values/days.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { bill, JINGYUAN, line, region, scheme, schemeIn, visit, ZHONGNING } from "./nx-ref.ts";

const HOUSEHOLD = "64052100000001";
const MEMBERS = ["01", "02", "03"];
const STEPS = { stepBp: 100, stepFen: 10_000n };
const NOTHING: Supposition = { growth: [], shifts: [], contributions: [], headsBp: 0 };

/** NX-REF with each kind of rule that remembers something of the year. */
const RULES: readonly (readonly [string, Scheme])[] = [
  ["the reference", scheme()],
  [
    "family accounts, household caps, catastrophic insurance, assistance",
    scheme({
      outpatientOrder: "POOL_THEN_ACCOUNT",
      caps: [
        { code: "YEAR_IP", scope: "HOUSEHOLD", fen: 900_000n, includes: ["IP", "DELIVERY"] },
        { code: "YEAR_OP", scope: "PERSON", fen: 9_000n, includes: ["OP"] },
      ],
      financing: [{ source: "INDIVIDUAL", fenPerHead: 6_000n, categories: [] }],
      funds: [
        { fund: "POOLED_INPATIENT", fenPerHead: 4_000n, shareBp: undefined, minUseBp: 0, maxUseBp: 10_000 },
        { fund: "FAMILY", fenPerHead: 2_000n, shareBp: undefined, minUseBp: 0, maxUseBp: 10_000 },
      ],
      catastrophic: [{ overFen: 150_000n, upToFen: undefined, bp: 5_000 }],
      assistance: [{ categories: ["MINIMUM_LIVING"], bp: 3_000 }],
    }),
  ],
  ["segments", { ...schemeIn("nx-ref-segments"), golden: [] }],
  ["a disease taken once a year", withOncePerYear()],
];

function withOncePerYear(): Scheme {
  const base = scheme();
  const benefits = base.benefits.map((one) =>
    one.code === "IP" ? { ...one, deductible: { ...one.deductible, oncePerYear: ["J06"] } } : one,
  );
  return { ...base, benefits };
}

interface Deed {
  readonly member: number;
  readonly day: number;
  readonly length: number;
  readonly fen: bigint;
  readonly item: string;
  readonly institutionId: string;
  readonly isStay: boolean;
  readonly isNewborn: boolean;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  member: fc.nat(MEMBERS.length - 1),
  day: fc.integer({ min: 0, max: 320 }),
  length: fc.nat(9),
  fen: fc.bigInt({ min: 1n, max: 2_500_000n }),
  item: fc.constantFrom("A", "B", "CT", "OUT", "IMPORT"),
  institutionId: fc.constantFrom("COUNTY-1", "TOWNSHIP-1", "ELSEWHERE-1", "PREFECTURE-1"),
  isStay: fc.boolean(),
  isNewborn: fc.boolean(),
});

function billOf({ member, day, length, fen, item, institutionId, isStay, isNewborn }: Deed): Bill {
  const personId = `${HOUSEHOLD}${MEMBERS[member]}`;
  const from = addDays("2011-01-01", day);
  const lines = [line(item, fen, from), line("A", 10_000n, from)];
  const newborn = isNewborn && isStay ? 1 : 0;
  return isStay
    ? bill({ personId, newborn, institutionId, admittedOn: from, dischargedOn: addDays(from, length), lines })
    : visit(from, (fen % 20_000n) + 1n, { personId, institutionId });
}

/** A world in which these bills were decided, as they came. */
function lived(version: Scheme, bills: readonly Bill[]): { world: World; claims: readonly Claim[] } {
  const world = region([version, scheme({ county: JINGYUAN })]);
  const covers = MEMBERS.map((member, index) => ({
    personId: `${HOUSEHOLD}${member}`,
    stretch: {
      county: ZHONGNING,
      fromDay: "2011-01-01",
      toDay: "2011-12-31",
      category: index === 0 ? ("MINIMUM_LIVING" as const) : ("ORDINARY" as const),
    },
  }));
  world.run(householdCovered, { householdId: HOUSEHOLD, county: ZHONGNING, version: 2, covers });
  let minute = 0;
  for (const one of bills) {
    minute += 1;
    // Overlapping stays and the like are refused, and are no claims.
    world.run(submit, { bill: one, asked: { personKnown: true } }, { atMs: Date.parse("2011-12-20T08:00:00+08:00") + minute * 60_000 });
  }
  const claims = world.all<Claim>("claims").filter(({ bill: { personId } }) => personId.startsWith(HOUSEHOLD));
  return { world, claims };
}

function settingOf(world: World, draft: SchemeDocument, parameters: readonly Parameter[] = [], supposition?: Supposition): Setting {
  const documents = (home: SchemeDocument, treating: SchemeDocument): Documents => {
    const catalogue = world.get(catalogues.key(treating.scheme.catalogueVersion));
    if (!catalogue) throw new Error("no catalogue");
    return { home, treating, catalogue };
  };
  const schemeOf = (id: string): SchemeDocument => {
    const found = world.get(schemes.key(...id.split("/")));
    if (!found) throw new Error(`no scheme ${id}`);
    return found;
  };
  const current = schemeOf(`${ZHONGNING}/2011/1`);
  return {
    year: 2011,
    draft,
    parameters,
    supposition,
    wasUnder: ({ benefit, basis }) => documents(schemeOf(benefit.schemeId), schemeOf(basis.treatingSchemeId)),
    wouldBeUnder: ({ basis }) => documents(draft, basis.treatingSchemeId.startsWith(ZHONGNING) ? draft : schemeOf(basis.treatingSchemeId)),
    familyFenPerHead: () => familyFenPerHead(current.scheme),
  };
}

function householdOf(claims: readonly Claim[]): PastHousehold {
  const members = MEMBERS.map((member, index) => ({
    personId: `${HOUSEHOLD}${member}`,
    category: index === 0 ? ("MINIMUM_LIVING" as const) : ("ORDINARY" as const),
    bornOn: `${1950 + 20 * index}-05-01`,
  }));
  return { county: ZHONGNING, members, bornOn: new Map(members.map(({ personId, bornOn }) => [personId, bornOn])), claims };
}

function tallied(setting: Setting, households: readonly PastHousehold[]): Tally {
  const tally = newTally(setting.parameters.length, setting.supposition !== undefined);
  for (const one of households) addHousehold(one, setting, tally);
  return tally;
}

const current = (world: World): SchemeDocument => {
  const found = world.get(schemes.key(ZHONGNING, 2011, 1));
  if (!found) throw new Error("no scheme");
  return found;
};

const drafted = (base: Scheme, change: Partial<Scheme>): SchemeDocument => ({
  county: ZHONGNING,
  scheme: { ...base, version: 2, ...change },
  contentHash: "draft",
});

describe.each(RULES)("over a year under %s", (_, version) => {
  test("the current scheme comes to what was paid, to the fen, where bills came in the order of service", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 14 }), (deeds) => {
        const bills = deeds
          .map(billOf)
          .toSorted((a, b) => (a.dischargedOn < b.dischargedOn ? -1 : a.dischargedOn > b.dischargedOn ? 1 : 0));
        const { world, claims } = lived(version, bills);
        const tally = tallied(settingOf(world, current(world)), [householdOf(claims)]);
        expect(tally.differing).toEqual({ claims: 0, fen: 0n });
        expect(tally.current.cost).toEqual(tally.paid);
        expect(tally.draft).toEqual(tally.current);
        expect(tally.paid.claims).toBe(claims.length);
        for (const side of tally.sides.values()) expect([side.better, side.worse]).toEqual([0, 0]);
      }),
      { numRuns: 40 },
    );
  });

  test("in whatever order bills came, what differs is the order's doing: each claim that differs is counted with its difference", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 14 }), (deeds) => {
        const { world, claims } = lived(version, deeds.map(billOf));
        const tally = tallied(settingOf(world, current(world)), [householdOf(claims)]);
        const fund = ({ inpatientFen, outpatientFen, seriousFen }: Tally["paid"]) => inpatientFen + outpatientFen + seriousFen;
        expect(fund(tally.current.cost) - fund(tally.paid)).toBe(tally.differing.fen);
        expect(tally.current.cost.totalFen).toBe(tally.paid.totalFen);
        const inOrder = claims
          .toSorted(byService)
          .every((one, at) => one === claims.toSorted((a, b) => a.submittedAtMs - b.submittedAtMs)[at]);
        if (inOrder) expect(tally.differing.claims).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  test("a step of a parameter is computed for every claim that can feel it: the same as over all of them", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 10 }), (deeds) => {
        const { world, claims } = lived(version, deeds.map(billOf));
        const draft = drafted(version, {});
        const parameters = parametersOf(draft.scheme, STEPS);
        const tally = tallied(settingOf(world, draft, parameters), [householdOf(claims)]);
        for (const [index, parameter] of parameters.entries()) {
          const further = tallied(settingOf(world, { ...draft, scheme: parameter.scheme }), [householdOf(claims)]);
          // A scheme of its own would put other amounts into accounts; a step does not touch financing.
          const fund = ({ draft: { cost } }: Tally) => cost.inpatientFen + cost.outpatientFen + cost.seriousFen;
          expect([parameter.field, tally.margins[index]?.fundFen]).toEqual([parameter.field, fund(further) - fund(tally)]);
          expect(tally.margins[index]?.patientFen).toBe(further.draft.cost.patientFen - tally.draft.cost.patientFen);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("the sums of parts are the sum of the whole, and all parts of a cost sum to what was billed", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 2, maxLength: 12 }), (deeds) => {
        const { world, claims } = lived(version, deeds.map(billOf));
        const supposition: Supposition = {
          ...NOTHING,
          growth: [{ visitKind: "OUTPATIENT", level: undefined, visitsBp: 5_000, costBp: 300 }],
        };
        const setting = settingOf(world, drafted(version, {}), parametersOf(version, STEPS), supposition);
        const households = claims.map((claim) => householdOf([claim]));
        const parts = tallied(setting, households.slice(0, 1));
        merge(parts, tallied(setting, households.slice(1)));
        expect(parts).toEqual(tallied(setting, households));
        for (const { cost } of [parts.current, parts.draft]) {
          const funds = cost.inpatientFen + cost.outpatientFen + cost.seriousFen;
          const others = cost.accountFen + cost.subsidyFen + cost.assistanceFen + cost.catastrophicFen + cost.hospitalFen;
          expect(funds + others + cost.patientFen).toBe(cost.totalFen);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("worked by hand", () => {
  const stay = (from: string, fen: bigint, personId = `${HOUSEHOLD}02`) =>
    bill({ personId, admittedOn: from, dischargedOn: addDays(from, 2), lines: [line("A", fen, from)] });
  /** 70 % over 300 yuan, the second time over 150: 1,890 and 1,995 yuan. */
  const year = () => lived(scheme(), [stay("2011-03-01", 300_000n), stay("2011-09-01", 300_000n)]);
  const countyRate = (bp: number) => {
    const base = scheme();
    const benefits = base.benefits.map((one) =>
      one.code === "IP"
        ? {
            ...one,
            levels: one.levels.map((terms) =>
              terms.level === "COUNTY" ? { ...terms, rate: { kind: "FLAT" as const, bp, multiplierBp: 10_000 } } : terms,
            ),
          }
        : one,
    );
    return drafted(base, { benefits });
  };

  it("a rate of 75 % instead of 70 % costs 5 % of what is over the deductibles, and the patient bears so much less", () => {
    const { world, claims } = year();
    const draft = countyRate(7_500);
    const parameters = parametersOf(draft.scheme, STEPS);
    const tally = tallied(settingOf(world, draft, parameters), [householdOf(claims)]);
    expect([tally.paid.inpatientFen, tally.current.cost.inpatientFen]).toEqual([388_500n, 388_500n]);
    expect(tally.draft.cost.inpatientFen).toBe(202_500n + 213_750n);
    expect(tally.sides.get("LEVEL/COUNTY")).toMatchObject({ claims: 2, better: 2, worse: 0, gainFen: 27_750n, lossFen: 0n });
    // One person, of two stays; born in 1970.
    expect(tally.sides.get("AGE/18-44")).toMatchObject({ claims: 2, better: 1, gainFen: 27_750n });
    expect(tally.sides.get("DISEASE/J06")).toMatchObject({ claims: 2, better: 2 });
    const margin = (field: string) => tally.margins[parameters.findIndex((one) => one.field === field)];
    const county = draft.scheme.benefits.findIndex(({ code }) => code === "IP");
    const level = draft.scheme.benefits[county]?.levels.findIndex((terms) => terms.level === "COUNTY");
    const place = `benefits[${county}].levels[${level}]`;
    // 1 % of 270,000 and 285,000; 100 yuan more of a deductible, 50 the second time, at 75 %.
    expect(margin(`${place}.rate_bp`)).toEqual({ claims: 2, fundFen: 5_550n, patientFen: -5_550n });
    expect(margin(`${place}.deductible_fen`)).toEqual({ claims: 2, fundFen: -11_250n, patientFen: 11_250n });
    // Nobody came near a cap.
    expect(margin("caps[0].fen")).toEqual({ claims: 0, fundFen: 0n, patientFen: 0n });
  });

  it("a bill that came late was paid as the second stay, and is the first one in the order of service", () => {
    const { world, claims } = lived(scheme(), [stay("2011-09-01", 300_000n), stay("2011-03-01", 100_000n)]);
    const tally = tallied(settingOf(world, current(world)), [householdOf(claims)]);
    // Paid: 189,000 and 70 % of 85,000. In order: 70 % of 70,000 and 199,500.
    expect(tally.paid.inpatientFen).toBe(189_000n + 59_500n);
    expect(tally.current.cost.inpatientFen).toBe(49_000n + 199_500n);
    expect(tally.differing).toEqual({ claims: 2, fen: 0n });
  });

  it("what the draft's catalogue or rules do not know it does not pay: counted, and the patient's", () => {
    const { world, claims } = year();
    const benefits = scheme().benefits.map((one) =>
      one.code === "IP" ? { ...one, levels: one.levels.filter(({ level }) => level !== "COUNTY") } : one,
    );
    const tally = tallied(settingOf(world, drafted(scheme(), { benefits })), [householdOf(claims)]);
    expect([...tally.unpaid]).toEqual([["NO_BENEFIT", { claims: 2, totalFen: 600_000n }]]);
    expect(tally.draft.cost).toMatchObject({ claims: 2, unpaid: 2, patientFen: 600_000n, inpatientFen: 0n });
    expect(tally.sides.get("COUNTY/640521")).toMatchObject({ worse: 1, lossFen: 388_500n });
  });

  it("more people's contributions last longer: income, use and the day on which the money is gone", () => {
    const { world, claims } = year();
    const draft = drafted(scheme(), {
      financing: [
        { source: "INDIVIDUAL", fenPerHead: 100_000n, categories: [] },
        { source: "ASSISTANCE", fenPerHead: 30_000n, categories: ["MINIMUM_LIVING"] },
      ],
      funds: [
        { fund: "POOLED_INPATIENT", shareBp: 9_000, fenPerHead: undefined, minUseBp: 0, maxUseBp: 10_000 },
        { fund: "POOLED_OUTPATIENT", shareBp: 1_000, fenPerHead: undefined, minUseBp: 0, maxUseBp: 10_000 },
      ],
    });
    const supposition: Supposition = { ...NOTHING, contributions: [{ source: "INDIVIDUAL", fenPerHead: 200_000n }] };
    const tally = tallied(settingOf(world, draft), [householdOf(claims)]);
    const report = reportOf(tally, {
      draft,
      current: new Map([[ZHONGNING, scheme({ financing: [], funds: [] })]]),
      counties: [ZHONGNING],
      year: 2011,
      today: "2011-11-25",
      supposition,
      parameters: [],
      parametersLeft: 0,
    });
    expect(report).toMatchObject({ heads: 3, households: 1, claimants: 1, throughDay: "2011-11-25", schemeId: `${ZHONGNING}/2011/2` });
    const row = (scenario: string, fund: string) => report.funds.find((one) => one.scenario === scenario && one.fund === fund);
    expect(row("CURRENT", "UNSPECIFIED")).toMatchObject({ incomeFen: 0n, costFen: 388_500n, useBp: 0, exhaustedOn: "" });
    expect(row("DRAFT", "UNSPECIFIED")).toMatchObject({
      incomeFen: 330_000n,
      costFen: 388_500n,
      costFenPerHead: 129_500n,
      useBp: 11_773,
      exhaustedOn: "2011-09-03",
    });
    expect(row("DRAFT", "POOLED_INPATIENT")).toMatchObject({ incomeFen: 297_000n, costFen: 388_500n });
    expect(row("DRAFT", "POOLED_OUTPATIENT")).toMatchObject({ incomeFen: 33_000n, costFen: 0n, useBp: 0 });
    expect(row("SUPPOSED", "UNSPECIFIED")).toMatchObject({ incomeFen: 630_000n, costFen: 388_500n, useBp: 6_167, exhaustedOn: "" });
    const march = report.months.find(({ scenario, month }) => scenario === "DRAFT" && month === 3);
    expect(march).toMatchObject({ inpatientFen: 189_000n, outpatientFen: 0n });
    expect(report.months.filter(({ scenario }) => scenario === "DRAFT")).toHaveLength(12);
  });

  it("a bill that is refused never was a claim", () => {
    const { claims, world } = lived(scheme(), [stay("2011-03-01", 300_000n)]);
    const again = world.run(submit, { bill: { ...(claims[0] as Claim).bill, claimId: "C-other" }, asked: { personKnown: true } });
    expect(isRefusal(again.result)).toBe(true);
    expect(world.all("claims")).toHaveLength(1);
  });
});
