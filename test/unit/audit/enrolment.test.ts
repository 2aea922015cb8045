import { describe, expect, test } from "vitest";
import { audit } from "../../../services/audit/audit.ts";
import { recordsOf } from "./arrays.ts";
import { HOME, NOW, newSample, type Sample } from "./sample.ts";

async function breaches(spoil: (sample: Sample) => void, settled = true): Promise<readonly string[]> {
  const sample = newSample();
  spoil(sample);
  const lines = await audit(recordsOf(sample), { nowMs: NOW, settled });
  return lines.find(({ invariant }) => invariant === 9)?.breaches ?? ["not checked"];
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the sample has none");
  return value;
}

type Enrolled = Sample["enrolled"][number];

/** Each of a household's members, former members or covers with another value. */
function spoiled(one: Enrolled | undefined, list: "members" | "former" | "covers", change: object): void {
  Object.assign(must(one), { [list]: must(one)[list].map((entry) => ({ ...entry, ...change })) });
}

const receipt = { receiptId: "contributions/640424/r", receivedOn: "2011-11-25", fen: 9_000n };
const line = (account: string, debitFen: bigint, creditFen: bigint) => ({ county: HOME, account, debitFen, creditFen });

describe("what is wrong with an enrolment is found", () => {
  test.each<[string, (sample: Sample) => void, RegExp]>([
    ["a household without a head", ({ enrolled: [one] }) => spoiled(one, "members", { head: false }), /has 0 heads/],
    ["a household with two", ({ enrolled: [one] }) => spoiled(one, "members", { head: true }), /has 3 heads/],
    ["a head who has left", ({ enrolled: [one] }) => spoiled(one, "former", { head: true }), /no longer there/],
    ["a cover of nobody's", ({ enrolled: [one] }) => Object.assign(must(one), { former: [] }), /never was its member/],
    [
      "a cover after a departure",
      ({ enrolled: [, one] }) => spoiled(one, "covers", { toDay: "2011-12-31" }),
      /died on 2011-11-10 and is covered until 2011-12-31/,
    ],
    [
      "a person in two households",
      ({ enrolled: [one] }) => spoiled(one, "covers", { toDay: "2011-12-31" }),
      /is covered as \d{16} on 2011-11-01 as well/,
    ],
    ["a number that the register does not know", ({ identities }) => void identities.splice(0, 1), /does not know it/],
    [
      "a register that is behind",
      ({ identities: [one] }) => Object.assign(must(one), { toDay: "2011-06-30" }),
      /register of identity numbers says/,
    ],
    [
      "a tally that says more",
      ({ tallies: [one] }) => Object.assign(must(one), { heads: must(one).heads + 1 }),
      /says 6 in 2 households .* come to 5 in 2/,
    ],
    ["no tally", ({ tallies }) => void tallies.splice(0), /no tally is kept/],
    ["a receipt that was not booked", ({ contributions }) => void contributions.push(receipt), /9000 fen is in no ledger/],
    [
      "a receipt that was booked with another amount",
      ({ contributions, entries }) => {
        contributions.push(receipt);
        entries.push({ ...must(entries[0]), _id: receipt.receiptId, lines: [line("1003", 8_000n, 0n), line("4001/2011", 0n, 8_000n)] });
      },
      /is of 9000 fen, 8000 are booked/,
    ],
    [
      "a booked contribution that nobody received",
      ({ entries }) => void entries.push({ ...must(entries[0]), _id: receipt.receiptId }),
      /nobody has received/,
    ],
  ])("%s", async (_, spoil, found) => {
    expect((await breaches(spoil)).join("\n")).toMatch(found);
  });

  test("but not what was received today and may be on its way", async () => {
    expect(await breaches(({ contributions }) => void contributions.push(receipt), false)).toEqual([]);
  });

  test("and no breach names a person or a number", async () => {
    const found = await breaches(({ identities, enrolled: [one] }) => {
      identities.splice(0);
      spoiled(one, "covers", { toDay: "2011-12-31" });
    });
    expect(found.join("\n")).not.toMatch(/马|640521\d{11}[\dX]/);
  });
});
