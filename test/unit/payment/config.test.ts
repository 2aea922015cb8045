import { expect, test } from "vitest";
import { readPaymentConfig } from "../../../services/payment/config.ts";

const SETTINGS = {
  cutEveryMs: 500,
  enquireAfterMs: 2000,
  dailyAt: "17:00",
  weeklyOn: 5,
  secondCheckerAboveFen: 100_000_000,
  bank: {
    host: "127.0.0.1",
    port: 24341,
    bank_code: "105871000019",
    account_number: "6405000000000001",
    account_name: "宁夏新农合集中支付中心",
    format: "batch-file",
    signatures: "required",
    folder: "bank-files",
  },
};

test("good settings become one frozen object", () => {
  const config = readPaymentConfig(SETTINGS, { NRCMS_RUN: "/run" });
  expect(config).toMatchObject({
    bank: { host: "127.0.0.1", port: 24341, format: "batch-file", signed: true, folder: "/run/bank-files" },
    debtor: { bankCode: "105871000019" },
    run: "/run",
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("every fault is named, in one error", () => {
  const bad = {
    ...SETTINGS,
    cutEveryMs: 10,
    dailyAt: "24:00",
    weeklyOn: 0,
    monthlyOn: 32,
    bank: { ...SETTINGS.bank, bank_code: "12", format: "fax" },
  };
  const read = () => readPaymentConfig(bad, {});
  for (const place of [
    "settings.cutEveryMs",
    "settings.dailyAt",
    "settings.weeklyOn",
    "settings.monthlyOn",
    "settings.bank.bank_code",
    "settings.bank.format",
    "NRCMS_RUN",
  ])
    expect(read).toThrow(place);
  expect(() => readPaymentConfig({}, { NRCMS_RUN: "" })).toThrow("settings.enquireAfterMs");
});
