/** The twenty worked examples of the domain rules (3.3), from YAML schemes, to the fen. Examples 11, 15 and 17 need more than one claim and stand elsewhere. */
import { describe, expect, test } from "vitest";
import { adjudicate } from "../../../services/benefit/adjudicate.ts";
import { type Law, NOTHING_BEFORE } from "../../../services/benefit/case.ts";
import { entitlementOf } from "../../../services/benefit/entitlement.ts";
import { goldenFaults } from "../../../services/benefit/golden.ts";
import type { Scheme } from "../../../services/benefit/scheme.ts";
import { catalogueFaults } from "../../../services/benefit/scheme-check.ts";
import { ITEMS, itemOfCode, schemeIn } from "../claims/nx-ref.ts";

const lawOf = (scheme: Scheme): Law => ({ scheme, schemeHash: "", classes: scheme.classes, catalogueVersion: "NX", catalogueHash: "" });

/** What the table says the fund pays, by file and golden case: once more here, so that a case and its scheme cannot err together. */
const TABLE: Readonly<Record<string, readonly (readonly [string, bigint])[]>> = {
  "nx-ref": [
    ["1 an outpatient receipt", 3_552n],
    ["1 then the year's cap", 200n],
    ["2 below the deductible", 0n],
    ["3 a first stay at county level, half a fen rounded up", 361_932n],
    ["4 a second stay with half the deductible", 199_500n],
    ["5 a stay that crosses the cap", 130_000n],
    ["6 out of the province, referred", 517_500n],
    ["6 out of the province, not referred", 402_500n],
    ["7 item scope, price limit and self-first shares", 44_539n],
    ["9 a delivery", 60_000n],
    ["9 the newborn's own stay, under the mother's cap", 294_000n],
  ],
  "nx-ref-multiply": [["6 out of the province, not referred, times 0.8", 414_000n]],
  "nx-ref-jingyuan": [["8 in another county's hospital, referred, its catalogue", 406_510n]],
  "nx-ref-serious": [
    ["10 above the quota the hospital bears the rest", 1_750_000n],
    ["10 below the quota what it cost", 1_470_000n],
  ],
  "nx-ref-segments": [
    ["12 at township level", 1_816_000n],
    ["12 at county level", 1_452_800n],
    ["12 at prefecture level", 1_089_600n],
  ],
  "nx-ref-periods": [
    ["13 a quota for each of three months", 13_500n],
    ["13 a rate with a cap", 200_000n],
  ],
  "nx-ref-2010": [["14 a stay over New Year, covered in 2010 only", 108_000n]],
  "nx-ref-floor": [
    ["16 the floor is more than the rate", 1_372_000n],
    ["no floor where nothing is over the deductible", 0n],
  ],
  "nx-ref-jiao": [["18 the bill of example 7 in JIAO", 44_540n]],
  "nx-ref-yuan": [["18 the bill of example 7 in YUAN", 44_500n]],
  "nx-ref-account-then-pool": [["19 ACCOUNT_THEN_POOL", 3_600n]],
  "nx-ref-pool-then-account": [["19 POOL_THEN_ACCOUNT", 4_800n]],
  "nx-ref-price": [["20 the hospital keeps what it needs less", 230_000n]],
};

describe.each(Object.entries(TABLE))("%s", (file, rows) => {
  const scheme = schemeIn(file);

  test("fits its catalogue and decides its golden cases as they say", () => {
    expect(catalogueFaults(scheme, ITEMS)).toEqual([]);
    expect(goldenFaults(scheme, itemOfCode)).toEqual([]);
  });

  test("says in its golden cases what the table says", () => {
    expect(scheme.golden.map(({ name, expect: { fundFen } }) => [name, fundFen])).toEqual(rows);
  });
});

test("14: a stay over New Year of somebody who is covered in both years is paid by the scheme of the discharge", () => {
  const scheme = schemeIn("nx-ref");
  const line = (day: string, billedFen: bigint) => ({ item: itemOfCode("A"), quantityE4: 10_000n, billedFen, day, covered: true });
  const visit = {
    visitKind: "INPATIENT",
    level: "COUNTY",
    category: "ORDINARY",
    diagnosis: "J18",
    procedures: [],
    registrations: [],
    referred: false,
    tcm: false,
    lines: [line("2010-12-20", 210_000n), line("2011-01-04", 140_000n)],
  } as const;
  const entitlement = entitlementOf(visit, scheme);
  expect(entitlement && adjudicate(visit, entitlement, lawOf(scheme), NOTHING_BEFORE).amounts.fundFen).toBe(224_000n);
});
