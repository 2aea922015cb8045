import { expect, test } from "vitest";
import { PaymentRefusal } from "../../../proto/generated/nrcms/payment/v1/payment.ts";
import { refuse } from "../../../services/payment/domain/refusals.ts";

const CODES = Object.keys(PaymentRefusal).filter((code) => code !== "UNSPECIFIED") as Parameters<typeof refuse>[0][];

test.each(CODES)("%s is in the catalogue, in both languages, with every parameter filled in", (code) => {
  const refusal = refuse(code, {
    batch: "B1",
    order: "P1",
    state: "DONE",
    maker: "m",
    why: "w",
    day: "2011-11-25",
    payee: "H1",
    checker: "c",
    limit: "1.00",
    asked: "2.00",
    bank: "icbc",
    account: "103871000027 6200000001",
  });
  expect(refusal.code).toBe(code);
  expect(refusal.zh).toMatch(/\p{Script=Han}/u);
  expect(refusal.en).not.toBe("");
  expect(refusal.zh + refusal.en).not.toMatch(/[{}]/);
});

test("the catalogue has no code that the contract does not list", () => {
  expect(() => refuse("NO_SUCH_CODE" as never)).toThrow();
});
