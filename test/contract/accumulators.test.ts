/** What is left of a year's cap, asked for by many at once through both gateways and decided by both twins: shared exactly, never more (domain rules, example 17). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bill, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { greater } from "../../services/values/money.ts";
import { plainBills } from "../harness/door-callers.ts";
import { type DoorMesh, regionFor, startDoorMesh } from "../harness/door-mesh.ts";

const START_LIMIT_MS = 240_000;
const HOSPITAL = "H640521001";
const AT_ONCE = 64;
const CAP_FEN = 12_000n;

let mesh: DoorMesh;
let visit: Bill;

beforeAll(async () => {
  const found = (await plainBills(HOSPITAL, 10)).find(({ visitKind }) => visitKind === "OUTPATIENT");
  if (!found) throw new Error(`${HOSPITAL} has no plain visit`);
  visit = found;
  mesh = await startDoorMesh({ region: await regionFor([visit]) });
}, START_LIMIT_MS);

afterAll(() => mesh?.stop(), START_LIMIT_MS);

test("64 visits at once share what is left of the year's cap to the fen", { timeout: START_LIMIT_MS }, async () => {
  const hospital = mesh.people.as(`hospital-${HOSPITAL}`);
  const bills = Array.from({ length: AT_ONCE }, (_, index) => ({ ...visit, claimId: `CAP-${index}`, invoiceNumber: `CAP-${index}` }));
  const answers = await Promise.all(
    bills.map((bill) => hospital.call(ClaimsServiceDefinition, "submitClaim", { requestId: bill.claimId, bill }, { patienceMs: 60_000 })),
  );
  const fundFen = answers.map(({ claim }) => claim?.benefit?.fundFen ?? -1n);
  expect(fundFen.reduce((sum, fen) => sum + fen, 0n)).toBe(CAP_FEN);
  // Each has all that it computes, or what is left: at most one has a part.
  const whole = fundFen.reduce(greater, 0n);
  expect(whole).toBeGreaterThan(0n);
  expect(fundFen.filter((fen) => fen !== whole && fen !== 0n).length).toBeLessThanOrEqual(1);
  expect(answers.every(({ claim }) => claim?.benefit && claim.benefit.fundFen + claim.benefit.overCapFen === whole)).toBe(true);

  const { caps } = await hospital.call(ClaimsServiceDefinition, "getBenefitYear", {
    personId: visit.personId,
    day: visit.dischargedOn,
    newborn: 0,
  });
  expect(caps.find(({ code }) => code === "YEAR_OP")).toMatchObject({ usedFen: CAP_FEN, leftFen: 0n });
  const journal = mesh.mongo.db("nrcms_claims").collection("journal");
  const twins = await journal.distinct("twin", { method: "SubmitClaim" });
  expect(twins.toSorted(), "both twins decided").toEqual(["a", "b"]);
});
