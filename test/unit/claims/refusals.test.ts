import { expect, expectTypeOf, test } from "vitest";
import { ClaimsRefusal } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { refuse } from "../../../services/claims/domain/refusals.ts";

type Code = Parameters<typeof refuse>[0];

const codes = Object.keys(ClaimsRefusal).filter((code): code is Code => code !== "UNSPECIFIED");

test.each(codes)("the contract's refusal %s has a sentence in both languages", (code) => {
  const detail = code === "BAD_SCHEME" || code === "BAD_RULES" || code === "RULE_BLOCKS" ? { zh: "理由", en: "the reason" } : {};
  const { zh, en, outcome } = refuse(code, detail);
  expect(outcome).toBe("refused");
  expect(zh).toMatch(/\p{Script=Han}/u);
  expect(en).toMatch(/^[\x20-\x7e]+$/);
});

test("the catalogue has no code that the contract does not have (the type checker says so)", () => {
  expectTypeOf<Code>().toEqualTypeOf<Exclude<ClaimsRefusal, "UNSPECIFIED">>();
  expect(codes).toHaveLength(105);
});
