import { expect, test } from "vitest";
import { SettlementRefusal } from "../../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { refuse } from "../../../services/settlement/domain/refusals.ts";

type Code = Parameters<typeof refuse>[0];
type Contract = Exclude<SettlementRefusal, "UNSPECIFIED">;
/** The typecheck fails where the catalogue and the contract name different codes. */
const same: [Exclude<Code, Contract>, Exclude<Contract, Code>] extends [never, never] ? true : false = true;

test("the refusals are the contract's, each with both sentences filled in", () => {
  expect(same).toBe(true);
  const codes = Object.keys(SettlementRefusal).filter((code) => code !== "UNSPECIFIED") as Code[];
  for (const code of codes) {
    const years = { year: 2011, today: "2011-12-31", closed: 2012, next: 2010 };
    const refusal = refuse(code, {
      county: "640521",
      windowId: "W2",
      open: "W1",
      reference: "R1",
      account: "1003",
      day: "2011-01-01",
      state: "OPEN",
      deadline: "2011-12-01",
      row: "claim/C1/decision/1",
      limit: 2,
      rows: 3,
      fen: 4n,
      institution: "H-1",
      period: "2011-11",
      assessed: "2011-10",
      score: 9_000n,
      heads: 7,
      name: "wang",
      ...years,
    });
    expect(refusal.code).toBe(code);
    expect(refusal.zh).toMatch(/\p{Script=Han}/u);
    expect(`${refusal.zh} ${refusal.en}`).not.toContain("{");
  }
});
