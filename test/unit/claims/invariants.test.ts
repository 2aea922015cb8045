/** Whatever happens in whatever order, a benefit year is the sum of its standing claims and the caps hold (invariants 3 and 7). */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Claim, type ClaimState, claims, invoices } from "../../../services/claims/domain/documents.ts";
import { expire } from "../../../services/claims/domain/expire.ts";
import { paymentsReturned } from "../../../services/claims/domain/payments-returned.ts";
import { paymentsSettled } from "../../../services/claims/domain/payments-settled.ts";
import { prefundRefused } from "../../../services/claims/domain/prefund-refused.ts";
import { prefundReserved } from "../../../services/claims/domain/prefund-reserved.ts";
import { review } from "../../../services/claims/domain/review.ts";
import { submit } from "../../../services/claims/domain/submit.ts";
import { tells } from "../../../services/claims/messages.ts";
import { addDays } from "../../../services/values/days.ts";
import { isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import type { Outcome, World } from "../../harness/decide.ts";
import { bill, cover, INPATIENT_CAP, line, OUTPATIENT_CAP, PERSON, region, scheme, snapshot, visit, ZHONGNING } from "./nx-ref.ts";

const LATER = Date.parse("2011-11-25T12:00:00+08:00");
const LIMIT_MS = 600_000;

const LEGAL: Readonly<Record<ClaimState | "none", readonly ClaimState[]>> = {
  none: ["APPROVED", "IN_REVIEW", "PENDING"],
  IN_REVIEW: ["APPROVED", "PENDING", "REFUSED"],
  PENDING: ["APPROVED", "REFUSED"],
  APPROVED: ["PAID", "VOIDED"],
  PAID: ["APPROVED", "VOIDED"],
  REFUSED: [],
  VOIDED: [],
};

const step = fc.oneof(
  fc.record({
    act: fc.constantFrom("stay", "visit"),
    day: fc.integer({ min: -30, max: 320 }),
    length: fc.nat(12),
    fen: fc.bigInt({ min: 1n, max: 4_000_000n }),
    institutionId: fc.constantFrom("COUNTY-1", "COUNTY-2", "TOWNSHIP-1", "ELSEWHERE-1", "VILLAGE-1"),
    diagnosis: fc.constantFrom("J06.903", "S72.001"),
  }),
  fc.record({
    act: fc.constantFrom("approve", "refuse", "reserved", "exhausted", "expire", "settled", "returned", "again"),
    pick: fc.nat(1_000),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(world: World, next: Step): Outcome<unknown> {
  if ("day" in next) {
    const { day, length, fen, institutionId, diagnosis } = next;
    const from = addDays("2011-01-01", day);
    const stay = bill({ institutionId, diagnosis, admittedOn: from, dischargedOn: addDays(from, length), lines: [line("A", fen, from)] });
    const bought = next.act === "stay" ? stay : visit(from, fen % 20_000n, { institutionId, diagnosis });
    return world.run(submit, { bill: bought, asked: { personKnown: true } });
  }
  const all = world.all<Claim>("claims");
  const claim = all[next.pick % Math.max(1, all.length)];
  const claimId = claim?.bill.claimId ?? "C-none";
  const payment = { claimId, payableId: `claim/${claimId}/decision/1`, orderId: `O${claim?.returned?.length ?? 0}` };
  const is = (state: ClaimState) => claim?.state === state;
  switch (next.act) {
    case "approve":
      return world.run(review, { county: ZHONGNING, claimId, verdict: "APPROVE", reason: "", deductions: [] });
    case "refuse":
      return world.run(review, { county: ZHONGNING, claimId, verdict: "REFUSE", reason: "no", deductions: [] });
    case "reserved":
      return world.run(prefundReserved, { claimId: is("IN_REVIEW") ? "C-none" : claimId });
    case "exhausted":
      return world.run(prefundRefused, { claimId: is("PENDING") || is("REFUSED") ? claimId : "C-none" });
    case "expire":
      return world.run(expire, { claimId: claim ? claimId : bought(world), limitMs: LIMIT_MS }, { atMs: LATER });
    case "settled":
      return world.run(paymentsSettled, { paid: is("REFUSED") ? [] : [payment], settledAtMs: LATER });
    case "returned":
      return world.run(paymentsReturned, { returned: [payment] });
    default:
      return claim ? world.run(submit, { bill: claim.bill }) : world.run(paymentsSettled, { paid: [], settledAtMs: LATER });
  }
}

/** A claim to expire where there is none yet. */
function bought(world: World): string {
  const stay = bill({ institutionId: "ELSEWHERE-1" });
  world.run(submit, { bill: stay });
  return stay.claimId;
}

function states(world: World): ReadonlyMap<string, ClaimState> {
  return new Map(world.all<Claim>("claims").map((claim) => [claim.bill.claimId, claim.state]));
}

function checkYears(world: World): void {
  const all = world.all<Claim>("claims");
  const standing = all.filter((claim) => claim.state !== "REFUSED");
  for (const year of world.all<{
    county: string;
    year: number;
    usedFen: Record<string, bigint>;
    compensatedStays: number;
    visits: readonly { claimId: string }[];
  }>("years")) {
    const counted = standing.filter((claim) => claim.year === year.year);
    for (const [visitKind, cap, capFen] of [
      ["INPATIENT", "YEAR_IP", INPATIENT_CAP],
      ["OUTPATIENT", "YEAR_OP", OUTPATIENT_CAP],
    ] as const) {
      const used = counted
        .filter((claim) => claim.bill.visitKind === visitKind)
        .reduce((total, claim) => total + claim.benefit.fundFen, 0n);
      expect(year.usedFen[cap] ?? 0n).toBe(used);
      expect(used <= capFen).toBe(true);
    }
    expect(year.compensatedStays).toBe(
      counted.filter((claim) => claim.bill.visitKind === "INPATIENT" && claim.benefit.fundFen > 0n).length,
    );
    const touching = standing.filter(({ bill: of }) => of.admittedOn <= `${year.year}-12-31` && of.dischargedOn >= `${year.year}-01-01`);
    expect(year.visits.map((entry) => entry.claimId).sort()).toEqual(touching.map((claim) => claim.bill.claimId).sort());
  }
  for (const { bill: of, benefit, state, waitingSinceMs } of all) {
    expect(benefit.fundFen + benefit.patientFen).toBe(of.totalFen);
    expect(waitingSinceMs !== undefined).toBe(state === "IN_REVIEW" || state === "PENDING");
    if (state !== "REFUSED") expect(world.get(invoices.key(of.institutionId, of.invoiceNumber))?.claimId).toBe(of.claimId);
  }
}

it("holds after every step", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const reviewed = { review: { aboveFundFen: 1_500_000n, diagnosisPrefixes: ["S"] } };
      const world = region([
        scheme({ year: 2010, ...reviewed }),
        scheme(reviewed),
        scheme({ county: "640424" }),
        scheme({ county: "640424", year: 2010 }),
      ]);
      cover(world, PERSON, [{ fromDay: "2010-01-01" }], 2);
      for (const next of steps) {
        const before = { all: snapshot(world), states: states(world) };
        const { result, told } = run(world, next);
        if (isRefusal(result) || isUnavailable(result)) {
          if (!("pick" in next)) expect(snapshot(world)).toEqual(before.all);
          expect(told).toEqual([]);
        }
        for (const [claimId, state] of states(world)) {
          const was = before.states.get(claimId) ?? "none";
          if (was !== state && !("pick" in next && next.act === "expire")) expect(LEGAL[was]).toContain(state);
        }
        for (const { name, body } of told) {
          const codec = tells[name as keyof typeof tells];
          expect(codec.encode(body).finish().length).toBeGreaterThan(0);
        }
        checkYears(world);
      }
      expect(world.get(claims.key("C-none"))).toBeUndefined();
    }),
    { numRuns: 150 },
  );
});
