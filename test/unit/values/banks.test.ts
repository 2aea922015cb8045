import { expect, test } from "vitest";
import { bankField, bankName, bankOf, bankOfCounty, bankPart, MAIN_BANK, ofBank } from "../../../services/values/banks.ts";

test("what says no bank, as what was stored and told before there were several, is the main one's", () => {
  expect([bankOf({}), bankOf({ bank: "" }), bankOf({ bank: "icbc" })]).toEqual([MAIN_BANK, MAIN_BANK, "icbc"]);
});

test("what is the main one's is stored and keyed as before there were several", () => {
  expect([bankField(MAIN_BANK), bankField("icbc")]).toEqual([{}, { bank: "icbc" }]);
  expect([bankPart(MAIN_BANK, "2011-11-25"), bankPart("icbc", "2011-11-25")]).toEqual(["2011-11-25", "icbc|2011-11-25"]);
  expect([ofBank(MAIN_BANK), ofBank("icbc")]).toEqual([{ bank: { $exists: false } }, { bank: "icbc" }]);
  expect([bankName(MAIN_BANK), bankName("icbc")]).toEqual(["bank", "bank-icbc"]);
});

test("a county that no other bank names is kept at the main one", () => {
  const countyBanks = { "640424": "icbc" };
  expect(["640424", "640521", "constructor"].map((county) => bankOfCounty(county, countyBanks))).toEqual(["icbc", MAIN_BANK, MAIN_BANK]);
});
