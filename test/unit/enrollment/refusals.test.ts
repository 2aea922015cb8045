import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EnrollmentRefusal } from "../../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { refuse } from "../../../services/enrollment/domain/refusals.ts";

const codes = Object.keys(EnrollmentRefusal).filter((code) => code !== "UNSPECIFIED") as Parameters<typeof refuse>[0][];

test.each(codes)("the contract's refusal %s has a sentence in both languages", (code) => {
  const { zh, en, outcome } = refuse(code);
  expect(outcome).toBe("refused");
  expect(zh).toMatch(/\p{Script=Han}/u);
  expect(en).toMatch(/^[\x20-\x7e]+$/);
});

test("the catalogue has no code that the contract does not have", () => {
  const source = readFileSync(new URL("../../../services/enrollment/domain/refusals.ts", import.meta.url), "utf8");
  const catalogued = [...source.matchAll(/^ {2}([A-Z_]+): \{/gm)].map((match) => match[1]);
  expect(catalogued.toSorted()).toEqual(codes.toSorted());
});
