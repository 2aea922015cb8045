import { describe, expect, test } from "vitest";
import { dues, payees } from "../../../services/payment/domain/documents.ts";
import { payableDue } from "../../../services/payment/domain/payable-due.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import { newWorld } from "../../harness/decide.ts";
import { accountOf, DAY, done, JINGYUAN, putPayee, ZHONGNING } from "./scene.ts";

const TOLD = { payableId: "claim/C1/decision/1", county: ZHONGNING, amountFen: 361_932n, payeeId: "H001", claimId: "C1", dueOn: DAY };

describe("a payable that is due", () => {
  test("waits until administration has told of its payee, and is then stored once", () => {
    const world = newWorld();
    expect(world.run(payableDue, TOLD).result).toMatchObject({ outcome: "unavailable" });
    putPayee(world, "H001", "WEEKLY");
    expect(world.run(payableDue, TOLD).result).toEqual({ taken: true });
    expect(world.run(payableDue, TOLD).result).toEqual({ taken: false });
    expect(world.get(dues.key(TOLD.payableId))).toMatchObject({ state: "WAITING", schedule: "WEEKLY", amountFen: 361_932n, orderId: "" });
  });

  test("waits too where its payee has no account", () => {
    const world = newWorld();
    const account = { bankCode: "", accountNumber: "", accountName: "" };
    world.put(payees.key("H001"), { county: ZHONGNING, payeeId: "H001", account, schedule: "IMMEDIATE", stateVersion: 1n });
    expect(world.run(payableDue, TOLD).result).toMatchObject({ outcome: "unavailable" });
  });

  test.each([
    ["another amount", { amountFen: 361_933n }],
    ["another payer", { county: JINGYUAN }],
    ["another payee", { payeeId: "H002" }],
  ])("is parked when it comes again with %s", (_, change) => {
    const world = newWorld();
    putPayee(world, "H001");
    putPayee(world, "H002");
    done(world.run(payableDue, TOLD));
    expect(() => world.run(payableDue, { ...TOLD, ...change })).toThrow("other content");
  });

  test.each([0n, -1n])("is parked when it is %s fen", (amountFen) => {
    const world = newWorld();
    putPayee(world, "H001");
    expect(() => world.run(payableDue, { ...TOLD, amountFen })).toThrow("nothing to pay");
  });
});

test("the newest version of a payee wins, in whatever order they come", () => {
  const world = newWorld();
  const payee = { county: ZHONGNING, payeeId: "H001", schedule: "DAILY" as const };
  done(world.run(payeeChanged, { ...payee, account: accountOf("H3"), stateVersion: 3n }));
  for (const stateVersion of [2n, 3n])
    expect(done(world.run(payeeChanged, { ...payee, account: accountOf("H9"), stateVersion }))).toEqual({ taken: false });
  expect(world.get(payees.key("H001"))?.account).toEqual(accountOf("H3"));
});
