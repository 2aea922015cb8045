import { describe, expect, test } from "vitest";
import type { OrderState } from "../../../services/payment/domain/documents.ts";
import { type Evidence, weigh } from "../../../services/payment/domain/evidence.ts";
import { newWorld } from "../../harness/decide.ts";
import { DAY, ordersIn, sentBatch } from "./scene.ts";

const LATER = "2011-11-28";

/** An order in each state that it can be in; a replaced one was rejected or returned before. */
const STATES = {
  open: { state: "OPEN" },
  rejected: { state: "REJECTED" },
  settled: { state: "SETTLED", settledOn: DAY },
  returned: { state: "RETURNED", settledOn: DAY, returnedOn: DAY },
  "rejected and replaced": { state: "REPLACED" },
  declined: { state: "DECLINED" },
  withdrawn: { state: "WITHDRAWN" },
  "returned and replaced": { state: "REPLACED", settledOn: DAY, returnedOn: DAY },
} as const;

type Was = keyof typeof STATES;
/** verdict, state afterwards, and what is told: settled, returned. */
type Row = [Was, Evidence["says"], "applied" | "nothing" | "contradiction", OrderState, boolean, boolean];

const TABLE: Row[] = [
  ["open", "PENDING", "nothing", "OPEN", false, false],
  ["open", "SETTLED", "applied", "SETTLED", true, false],
  ["open", "REJECTED", "applied", "REJECTED", false, false],
  ["open", "RETURNED", "applied", "RETURNED", true, true],
  ["rejected", "PENDING", "nothing", "REJECTED", false, false],
  ["rejected", "SETTLED", "applied", "SETTLED", true, false],
  ["rejected", "REJECTED", "nothing", "REJECTED", false, false],
  ["rejected", "RETURNED", "applied", "RETURNED", true, true],
  ["settled", "PENDING", "nothing", "SETTLED", false, false],
  ["settled", "SETTLED", "nothing", "SETTLED", false, false],
  ["settled", "REJECTED", "contradiction", "SETTLED", false, false],
  ["settled", "RETURNED", "applied", "RETURNED", false, true],
  ["returned", "PENDING", "nothing", "RETURNED", false, false],
  ["returned", "SETTLED", "nothing", "RETURNED", false, false],
  ["returned", "REJECTED", "nothing", "RETURNED", false, false],
  ["returned", "RETURNED", "nothing", "RETURNED", false, false],
  ["rejected and replaced", "PENDING", "nothing", "REPLACED", false, false],
  ["rejected and replaced", "SETTLED", "contradiction", "REPLACED", false, false],
  ["rejected and replaced", "REJECTED", "nothing", "REPLACED", false, false],
  ["rejected and replaced", "RETURNED", "contradiction", "REPLACED", false, false],
  ["declined", "PENDING", "nothing", "DECLINED", false, false],
  ["declined", "SETTLED", "contradiction", "DECLINED", false, false],
  ["declined", "REJECTED", "nothing", "DECLINED", false, false],
  ["declined", "RETURNED", "contradiction", "DECLINED", false, false],
  ["withdrawn", "SETTLED", "contradiction", "WITHDRAWN", false, false],
  ["withdrawn", "REJECTED", "nothing", "WITHDRAWN", false, false],
  ["returned and replaced", "PENDING", "nothing", "REPLACED", false, false],
  ["returned and replaced", "SETTLED", "nothing", "REPLACED", false, false],
  ["returned and replaced", "REJECTED", "nothing", "REPLACED", false, false],
  ["returned and replaced", "RETURNED", "nothing", "REPLACED", false, false],
];

function orderThat(was: Was) {
  const world = newWorld();
  const [order] = ordersIn(world, sentBatch(world, ["H1"]).batchId);
  if (!order) throw new Error("no order");
  return { ...order, ...STATES[was] };
}

function piece(endToEndId: string, says: Evidence["says"]): Evidence {
  return { endToEndId, says, reason: "AC04", on: LATER };
}

describe("an order that is", () => {
  test.each(TABLE)("%s, told %s: %s, then %s", (was, says, verdict, state, settles, returns) => {
    const order = orderThat(was);
    const weighed = weigh(order, piece(order.endToEndId, says), DAY);
    expect(weighed).toMatchObject({ verdict, settles, returns });
    expect(weighed.order.state).toBe(state);
    if (verdict === "nothing") expect(weighed.order).toBe(order);
    if (verdict === "contradiction") expect(weighed.order.contradiction).toBe(`${says} ${LATER}`);
    if (settles) expect(weighed.order.settledOn).toBe(LATER);
    if (returns) expect(weighed.order).toMatchObject({ returnedOn: LATER, reason: "AC04" });
  });

  test.each(TABLE.filter(([, , verdict]) => verdict === "applied"))("%s, told %s twice, hears it once", (was, says) => {
    const order = orderThat(was);
    const once = weigh(order, piece(order.endToEndId, says), DAY);
    expect(weigh(once.order, piece(order.endToEndId, says), DAY)).toMatchObject({ verdict: "nothing", settles: false, returns: false });
  });

  test("open is not settled by another amount, nor on a day that the bank leaves open but on ours", () => {
    const order = orderThat("open");
    const settled = { ...piece(order.endToEndId, "SETTLED"), on: "" };
    expect(weigh(order, { ...settled, amountFen: order.amountFen + 1n }, DAY)).toMatchObject({ verdict: "amount", settles: false });
    expect(weigh(order, { ...settled, amountFen: order.amountFen }, DAY).order).toMatchObject({ state: "SETTLED", settledOn: DAY });
  });
});
