import { describe, expect, test } from "vitest";
import { payables } from "../../../services/settlement/domain/documents.ts";
import { type GrantInput, grant } from "../../../services/settlement/domain/grant.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import { balance, bookOf, expectTrueBooks, paid, returned, worldOf, ZHONGNING } from "./ledger-world.ts";

const share = (claimId: string, shareFen: bigint) => ({
  payableId: `second/${ZHONGNING}/2011/${claimId}`,
  claimId,
  householdId: "64052100000001",
  shareFen,
});
const page: GrantInput = {
  grantId: `second/${ZHONGNING}/2011/page/1`,
  county: ZHONGNING,
  grantedOn: "2012-01-20",
  shares: [share("C1", 300n), share("C2", 200n)],
};

describe("a page of a second compensation", () => {
  test("is one entry and a payable for each share, due to the household", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    const { result, told } = world.run(grant, page);
    expect(result).toEqual({ posted: true });
    expect([balance(world, ZHONGNING, "5001-SECOND/2012"), balance(world, ZHONGNING, "PAYABLE-HOUSEHOLD")]).toEqual([500n, -500n]);
    expect(told.map(({ name, body }) => [name, body.payableId, body.payeeId, body.amountFen, body.claimId])).toEqual([
      ["PayableDue", page.shares[0]?.payableId, "64052100000001", 300n, ""],
      ["PayableDue", page.shares[1]?.payableId, "64052100000001", 200n, ""],
    ]);
    expectTrueBooks(world);
    expect(world.run(grant, page)).toMatchObject({ result: { posted: false }, told: [] });
    expectTrueBooks(world);
  });

  test("is paid from the county's money, and due again where it comes back", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 1_000n } });
    world.run(grant, page);
    const id = share("C1", 300n).payableId;
    paid(world, "S1", ZHONGNING, [id]);
    expect([balance(world, ZHONGNING, "PAYABLE-HOUSEHOLD"), bookOf(world, ZHONGNING).bankFen]).toEqual([-200n, 700n]);
    expect(world.get(payables.key(id))?.state).toBe("PAID");
    returned(world, "R1", ZHONGNING, [id]);
    expect([balance(world, ZHONGNING, "PAYABLE-HOUSEHOLD"), world.get(payables.key(id))?.state]).toEqual([-500n, "DUE"]);
    expectTrueBooks(world);
  });

  test("waits at the floor like every promise, and is posted all the same", () => {
    const world = worldOf({ [ZHONGNING]: { fundsFen: 400n } });
    const { told } = world.run(grant, page);
    expect(told.map(({ name }) => name)).toEqual(["PayableDue", "PayableHeld"]);
    expect(bookOf(world, ZHONGNING)).toMatchObject({ dueFen: 300n, heldFen: 200n });
    expectTrueBooks(world);
  });

  test("waits for a county that is not known yet", () => {
    const world = worldOf({});
    expect(isUnavailable(world.run(grant, page).result)).toBe(true);
  });
});
