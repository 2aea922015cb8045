import { expect, test } from "vitest";
import { banksIn } from "../../../services/mesh/topology.ts";
import { readPaymentConfig } from "../../../services/payment/config.ts";

const SETTINGS = {
  cutEveryMs: 500,
  enquireAfterMs: 2000,
  dailyAt: "17:00",
  weeklyOn: 5,
  secondCheckerAboveFen: 100_000_000,
  calendar: { cutOff: "16:30", weekends: true, holidays: [], workdays: [] },
};
const MAIN = {
  host: "127.0.0.1",
  port: 24341,
  bank_code: "105871000019",
  account_number: "6405000000000001",
  account_name: "宁夏新农合集中支付中心",
  format: "batch-file",
  signatures: "required",
  folder: "bank-files",
} as const;
const OTHER = {
  ...MAIN,
  id: "icbc",
  port: 24342,
  account_number: "6405000000000002",
  format: "json",
  signatures: "none",
  folder: undefined,
  counties: ["640424"],
  calendar: { cutOff: "15:00", weekends: true, holidays: ["2011-11-28"], workdays: [] },
} as const;

test("good settings become one frozen object, with the main bank first", () => {
  const banks = banksIn({ bank: MAIN, other_banks: [{ ...OTHER, counties: [...OTHER.counties], calendar: undefined }] });
  const config = readPaymentConfig(SETTINGS, banks, { NRCMS_RUN: "/run" });
  expect(config).toMatchObject({
    banks: [
      {
        id: "main",
        host: "127.0.0.1",
        port: 24341,
        signed: true,
        folder: "/run/bank-files",
        terms: { debtor: { bankCode: "105871000019" }, format: "batch-file", calendar: { cutOff: "16:30" } },
      },
      { id: "icbc", port: 24342, signed: false, terms: { debtor: { accountNumber: "6405000000000002" }, format: "json" } },
    ],
    countyBanks: { "640424": "icbc" },
    run: "/run",
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("a bank has its own cut-off and holidays, or the payment centre's", () => {
  const others = [{ ...OTHER, counties: [...OTHER.counties], calendar: { ...OTHER.calendar, holidays: ["2011-11-28"], workdays: [] } }];
  const { banks } = readPaymentConfig(SETTINGS, banksIn({ bank: MAIN, other_banks: others }), { NRCMS_RUN: "/run" });
  expect(banks.map(({ terms }) => terms.calendar.cutOff)).toEqual(["16:30", "15:00"]);
});

test("every fault is named, in one error", () => {
  const bad = { ...SETTINGS, cutEveryMs: 10, dailyAt: "24:00", weeklyOn: 0, monthlyOn: 32 };
  const read = () => readPaymentConfig(bad, [], {});
  for (const place of ["settings.cutEveryMs", "settings.dailyAt", "settings.weeklyOn", "settings.monthlyOn", "NRCMS_RUN"])
    expect(read).toThrow(place);
  expect(() => readPaymentConfig({}, [], { NRCMS_RUN: "" })).toThrow("settings.enquireAfterMs");
});
