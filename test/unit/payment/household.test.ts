/** Households are paid on the account that they name; until then what is due to them waits, and nobody else waits for it. */
import { describe, expect, test } from "vitest";
import { cut } from "../../../services/payment/domain/cut.ts";
import { dues, type Payee, payees } from "../../../services/payment/domain/documents.ts";
import { payableDue } from "../../../services/payment/domain/payable-due.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import { recall } from "../../../services/payment/domain/recall.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { accountOf, batchIn, cutAll, DAY, done, orderIn, ZHONGNING } from "./scene.ts";

const HOUSEHOLD = "64052100000017";
const due = (world: World, claimId: string) => {
  const payableId = `second/${ZHONGNING}/2011/${claimId}`;
  done(world.run(payableDue, { payableId, county: ZHONGNING, amountFen: 300n, payeeId: HOUSEHOLD, claimId: "", dueOn: DAY }));
  return payableId;
};
const payee = (stateVersion = 1n): Payee => ({
  county: ZHONGNING,
  payeeId: HOUSEHOLD,
  account: accountOf("1"),
  schedule: "IMMEDIATE",
  stateVersion,
});

describe("a household without an account", () => {
  test("is owed all the same, and its dues are to be paid when it names one", () => {
    const world = newWorld();
    const ids = [due(world, "C1"), due(world, "C2")];
    expect(ids.map((id) => world.get(dues.key(id))?.state)).toEqual(["NO_ACCOUNT", "NO_ACCOUNT"]);
    expect(done(world.run(cut, { countyBanks: {}, payableIds: ids, schedule: "IMMEDIATE", maker: "rule", serial: 0 })).batches).toEqual([]);
    done(world.run(payeeChanged, payee()));
    expect(ids.map((id) => world.get(dues.key(id))?.state)).toEqual(["WAITING", "WAITING"]);
    expect(world.get(payees.key(HOUSEHOLD))).toEqual(payee());
    // Heard again it changes nothing.
    expect(done(world.run(payeeChanged, payee()))).toEqual({ taken: false });
  });

  test("comes again without a second due", () => {
    const world = newWorld();
    const id = due(world, "C1");
    due(world, "C1");
    expect(world.get(payees.key(HOUSEHOLD))?.waiting).toEqual([id]);
  });
});

test("an order pays one payable of a household", () => {
  const world = newWorld();
  done(world.run(payeeChanged, payee()));
  const [batch] = cutAll(world, [due(world, "C1"), due(world, "C2")]);
  const orders = batchIn(world, batch?.batchId ?? "").orderIds.map((id) => orderIn(world, id));
  expect(orders.map(({ payables, account }) => [payables.length, account])).toEqual([
    [1, accountOf("1")],
    [1, accountOf("1")],
  ]);
});

test("what is called back before the account is named is never paid, and the rest is", () => {
  const world = newWorld();
  const ids = [due(world, "C1"), due(world, "C2")];
  const { result, told } = world.run(recall, { payableId: ids[0] ?? "", county: ZHONGNING });
  expect(result).toEqual({ withdrawn: true });
  expect(told).toMatchObject([{ name: "RecallAnswered", body: { payableId: ids[0], withdrawn: true } }]);
  done(world.run(payeeChanged, payee()));
  expect(ids.map((id) => world.get(dues.key(id))?.state)).toEqual(["WITHDRAWN", "WAITING"]);
});
