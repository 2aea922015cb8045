/** A year's campaign: what is asked of whom, what has come in, who takes part of how many. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type CampaignInput,
  type ContributionInput,
  type EntitledInput,
  receiveContribution,
  setCampaign,
  setEntitled,
} from "../../../services/enrollment/domain/campaign.ts";
import { counties, type Receipt, type Roll, type SourceReceipt, type Tally } from "../../../services/enrollment/domain/documents.ts";
import { enrol } from "../../../services/enrollment/domain/enrol.ts";
import { participation, standings } from "../../../services/enrollment/domain/participation.ts";
import { isAskOwner } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { H1, H2, household, member, request } from "./people.ts";

const ZHONGNING = "640521";
let world: World;

beforeEach(() => {
  world = newWorld();
  world.put(counties.key(ZHONGNING), { county: ZHONGNING, revision: 1 });
});

const RATES = [
  { source: "INDIVIDUAL", fenPerHead: 5_000n },
  { source: "CENTRAL", fenPerHead: 12_400n },
  { source: "COUNTY", fenPerHead: 1_600n },
] as const;
const set = (change: Partial<CampaignInput> = {}) =>
  world.run(setCampaign, {
    county: ZHONGNING,
    year: 2012,
    opensOn: "2011-11-01",
    closesOn: "2011-12-31",
    rates: RATES,
    ownerKnowsCounty: undefined,
    ...change,
  });
const receive = (change: Partial<ContributionInput> = {}) =>
  world.run(receiveContribution, { county: ZHONGNING, year: 2012, source: "CENTRAL", amountFen: 20_000n, reference: "CZ-1", ...change });
const entitle = (villages: EntitledInput["villages"], change: Partial<EntitledInput> = {}) =>
  world.run(setEntitled, { county: ZHONGNING, year: 2012, villages, ownerKnowsCounty: undefined, ...change });
const list = () =>
  world.run(
    enrol,
    request(
      [
        household(H1, [member("01", 1), member("02", 2, { category: "MINIMUM_LIVING" })]),
        household(H2, [member("01", 5)], { village: "长滩村" }),
      ],
      {
        year: 2012,
        contributionFenPerHead: 5_000n,
      },
    ),
  );

describe("a campaign", () => {
  test("is set; once it is open only its last day is put off", () => {
    set();
    expect(set({ rates: RATES.slice(0, 2) }).result).toMatchObject({ code: "CAMPAIGN_STARTED" });
    expect(set({ opensOn: "2011-10-01" }).result).toMatchObject({ code: "CAMPAIGN_STARTED" });
    expect(set({ closesOn: "2012-02-28", rates: RATES.toReversed() }).result).toMatchObject({ closesOn: "2012-02-28" });
    set({ year: 2013, opensOn: "2012-10-01", closesOn: "2012-12-31" });
    expect(set({ year: 2013, opensOn: "2012-11-01", closesOn: "2012-12-31", rates: RATES.slice(0, 1) }).result).toMatchObject({
      opensOn: "2012-11-01",
    });
  });

  test("of a county that is not known asks its owner, and then says so", () => {
    expect(isAskOwner(set({ county: "640424" }).result)).toBe(true);
    expect(set({ county: "640424", ownerKnowsCounty: false }).result).toMatchObject({ code: "UNKNOWN_COUNTY" });
    expect(set({ county: "640424", ownerKnowsCounty: true }).result).toMatchObject({ county: "640424" });
  });

  test("shows what each source owes for those who are enrolled, has paid, and lacks", () => {
    set();
    list();
    receive();
    receive({ source: "ASSISTANCE", amountFen: 9_000n, reference: "MZ-1" });
    const stood = standings(
      { county: ZHONGNING, year: 2012, opensOn: "", closesOn: "", rates: RATES },
      world.all<Tally>("tallies"),
      world.all<Receipt>("receipts"),
      world.all<SourceReceipt>("sourcereceipts"),
    );
    expect(
      Object.fromEntries(
        stood.map(({ source, heads, expectedFen, receivedFen, missingFen }) => [source, [heads, expectedFen, receivedFen, missingFen]]),
      ),
    ).toEqual({
      INDIVIDUAL: [2, 10_000n, 10_000n, 0n],
      CENTRAL: [3, 37_200n, 20_000n, 17_200n],
      PROVINCE: [3, 0n, 0n, 0n],
      PREFECTURE: [3, 0n, 0n, 0n],
      COUNTY: [3, 4_800n, 0n, 4_800n],
      COLLECTIVE: [3, 0n, 0n, 0n],
      ASSISTANCE: [1, 5_000n, 9_000n, 0n],
    });
  });
});

describe("money of another source", () => {
  test("is told once, under the bank's reference", () => {
    set();
    const { result, told } = receive();
    expect(result).toMatchObject({ receiptId: "receipt/640521/CZ-1" });
    expect(told).toMatchObject([
      { name: "ContributionsReceived", body: { receiptId: "receipt/640521/CZ-1", source: "CENTRAL", contributionsFen: 20_000n } },
    ]);
    expect(receive().told).toEqual([]);
  });

  test.each([{ amountFen: 1n }, { source: "COUNTY" as const }, { year: 2013 }])(
    "under a reference that stands for other money is refused (%#)",
    (change) => {
      set();
      set({ year: 2013, opensOn: "2012-10-01", closesOn: "2012-12-31" });
      receive();
      expect(receive(change).result).toMatchObject({ code: "RECEIPT_EXISTS", field: "reference" });
    },
  );

  test("without a campaign is refused", () => {
    expect(receive().result).toMatchObject({ code: "NO_CAMPAIGN", status: "NOT_FOUND" });
  });
});

describe("participation", () => {
  test("is what is enrolled of what is entitled, in villages, townships and the county", () => {
    list();
    entitle([
      { township: "鸣沙镇", village: "二道渠村", entitled: 3 },
      { township: "鸣沙镇", village: "长滩村", entitled: 1 },
      { township: "宁安镇", village: "a/b", entitled: 4 },
    ]);
    const lines = participation(world.all<Tally>("tallies"), world.all<Roll>("rolls"));
    expect(lines.map(({ township, village, heads, entitled, rateBp }) => [township, village, heads, entitled, rateBp])).toEqual([
      ["", "", 3, 8, 3750],
      ["宁安镇", "", 0, 4, 0],
      ["宁安镇", "a/b", 0, 4, 0],
      ["鸣沙镇", "", 3, 4, 7500],
      ["鸣沙镇", "二道渠村", 2, 3, 6667],
      ["鸣沙镇", "长滩村", 1, 1, 10_000],
    ]);
  });

  test("of villages that are wrong or there twice is refused with its place", () => {
    expect(entitle([{ township: "鸣沙镇", village: " ", entitled: 3 }]).result).toMatchObject({
      code: "BAD_REQUEST",
      field: "villages[0].village",
    });
    const one = { township: "鸣沙镇", village: "二道渠村", entitled: 3 };
    expect(entitle([one, one]).result).toMatchObject({ field: "villages[1].village" });
    expect(world.all("rolls")).toEqual([]);
  });

  test("sums: whatever the villages, a township is its villages, and the county its townships", () => {
    const village = fc.record({
      township: fc.constantFrom("甲乡", "乙乡", "丙乡"),
      village: fc.constantFrom("一村", "二村", "三村"),
      heads: fc.nat(900),
      entitled: fc.nat(900),
    });
    fc.assert(
      fc.property(fc.uniqueArray(village, { selector: (one) => one.township + one.village }), (villages) => {
        const of = { county: ZHONGNING, year: 2012 };
        const tallies = villages.map(({ heads, entitled: _, ...place }) => ({
          ...of,
          ...place,
          heads,
          households: 1,
          paying: heads,
          assisted: 0,
        }));
        const rolls = villages.map(({ heads: _, ...roll }) => ({ ...of, ...roll, enteredBy: "x" }));
        const [all, ...lines] = participation(tallies, rolls);
        const sum = (rows: readonly { heads: number; entitled: number }[]) =>
          rows.reduce((total, { heads, entitled }) => total + heads + entitled, 0);
        const townships = lines.filter((line) => line.village === "");
        expect(sum(all ? [all] : [])).toBe(sum(villages));
        expect(sum(townships)).toBe(sum(villages));
        for (const { township, ...line } of townships) expect(sum([line])).toBe(sum(villages.filter((one) => one.township === township)));
      }),
    );
  });
});
