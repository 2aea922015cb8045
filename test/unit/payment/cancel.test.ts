import { describe, expect, test } from "vitest";
import { answer, reportHash } from "../../../services/payment/domain/answer.ts";
import { attempt } from "../../../services/payment/domain/attempt.ts";
import { type Cancel, cancel, caseIdOf, type Resolution, resolve } from "../../../services/payment/domain/cancel.ts";
import { type Cancellation, cancellations, type Order } from "../../../services/payment/domain/documents.ts";
import { hear } from "../../../services/payment/domain/receive.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { approved, batchIn, cutAll, done, MAKER, orderIn, ordersIn, originalNamed, putDue, putPayee, sentBatch, TERMS } from "./scene.ts";

const at = (resolution: Resolution) => ({ bank: "main", resolution });
const wish = (orderId: string): Cancel => ({ orderId, reason: "户名有误", terms: TERMS.terms });

/** A batch of two orders that the bank has taken and not yet settled. */
function accepted(): { world: World; batchId: string; first: Order; second: Order } {
  const world = newWorld();
  const { batchId } = sentBatch(world, ["H1", "H2"], 700n);
  says(world, batchId, "PDNG");
  const [first, second] = ordersIn(world, batchId);
  if (!first || !second) throw new Error("two orders were cut");
  return { world, batchId, first, second };
}

/** The bank's report on every order of the batch, or on one of them. */
function says(world: World, batchId: string, status: string, only?: Order): void {
  const told = ordersIn(world, batchId).filter((order) => !only || order.orderId === only.orderId);
  const transactions = told.map(({ endToEndId }) => ({ endToEndId, status, reason: "", on: "" }));
  const report = { messageId: `S-${status}`, originalMessageId: batchId, groupStatus: "", groupReason: "", transactions };
  done(world.run(answer, { bank: "main", batchId, hash: reportHash(report), report }));
}

const resolved = (order: Order, says: Resolution["says"], reason = ""): Resolution => ({
  caseId: caseIdOf(order),
  endToEndId: order.endToEndId,
  says,
  reason,
});

describe("asking the bank to cancel an order", () => {
  test("is kept once with the exact text for the bank, and changes nothing of the order", () => {
    const { world, first } = accepted();
    const asked = done(world.run(cancel, wish(first.orderId), { caller: MAKER }));
    expect(asked).toMatchObject({ caseId: `C${first.endToEndId}`, state: "ASKED", by: MAKER.name, answer: "" });
    expect(asked.content).toContain(`<CxlId>C${first.endToEndId}</CxlId>`);
    expect(done(world.run(cancel, { ...wish(first.orderId), reason: "其他" }, { caller: MAKER }))).toEqual(asked);
    expect(orderIn(world, first.orderId)).toEqual(first);
  });

  test("is refused for what the bank may not have, and for what has had its end there", () => {
    const world = newWorld();
    expect(world.run(cancel, wish("P20111125000001-0001")).result).toMatchObject({ code: "UNKNOWN_ORDER" });
    putPayee(world, "H1");
    putDue(world, { payableId: "claim/H1/decision/1", payeeId: "H1" });
    const [batch] = cutAll(world, ["claim/H1/decision/1"]);
    if (!batch) throw new Error("nothing was cut");
    const { batchId } = batch;
    const [orderId = ""] = batch.orderIds;
    const refused = () => world.run(cancel, wish(orderId)).result;
    expect(refused()).toMatchObject({ code: "NOT_AT_BANK", en: expect.stringContaining("PROPOSED") });
    approved(world, batchId);
    expect(refused()).toMatchObject({ code: "NOT_AT_BANK", en: expect.stringContaining("APPROVED") });
    done(world.run(attempt, { batchId, attempt: 1 }));
    expect(refused()).toMatchObject({ code: "NOT_AT_BANK", en: expect.stringContaining("SENDING") });
    says(world, batchId, "RJCT");
    expect(refused()).toMatchObject({ code: "NOT_AT_BANK", en: expect.stringContaining("REJECTED") });
    expect(world.all<Cancellation>("cancellations")).toEqual([]);
  });
});

describe("the bank's answer", () => {
  test("granted before the booking: the order is rejected and waits for its maker; the others are not touched", () => {
    const { world, batchId, first, second } = accepted();
    done(world.run(cancel, wish(first.orderId)));
    expect(done(world.run(resolve, at(resolved(first, "GRANTED"))))).toEqual({ known: true });
    expect(orderIn(world, first.orderId)).toMatchObject({ state: "REJECTED", reason: "CUST" });
    expect(orderIn(world, second.orderId).state).toBe("OPEN");
    expect(batchIn(world, batchId)).toMatchObject({ state: "ACCEPTED", open: 1 });
    // A later no takes nothing back.
    done(world.run(resolve, at(resolved(first, "REFUSED", "CUST"))));
    expect(world.get(cancellations.key(caseIdOf(first)))).toMatchObject({ state: "GRANTED" });
  });

  test("granted after the booking: the order stays paid until the money is back", () => {
    const { world, batchId, first } = accepted();
    done(world.run(cancel, wish(first.orderId)));
    says(world, batchId, "ACSC", first);
    const { told } = world.run(resolve, at(resolved(first, "GRANTED")));
    expect(told).toEqual([]);
    expect(orderIn(world, first.orderId).state).toBe("SETTLED");
    const evidence = [{ endToEndId: first.endToEndId, says: "RETURNED", reason: "CUST", on: "", amountFen: 700n }] as const;
    done(world.run(hear, { bank: "main", original: originalNamed("N1"), content: { kind: "camt.054", evidence } }));
    expect(orderIn(world, first.orderId).state).toBe("RETURNED");
  });

  test("refused, or still being decided, leaves the order as it is; a decision follows the wait, by callback too", () => {
    const { world, first, second } = accepted();
    done(world.run(cancel, wish(first.orderId)));
    done(world.run(cancel, wish(second.orderId)));
    done(world.run(resolve, at(resolved(first, "REFUSED", "CUST"))));
    done(world.run(resolve, at(resolved(second, "PENDING"))));
    expect([first, second].map(({ orderId }) => orderIn(world, orderId).state)).toEqual(["OPEN", "OPEN"]);
    expect(world.get(cancellations.key(caseIdOf(first)))).toMatchObject({ state: "REFUSED", answer: "CUST" });
    const brought = {
      bank: "main",
      original: originalNamed("R1"),
      content: { kind: "camt.029", resolution: resolved(second, "GRANTED") },
    } as const;
    expect(done(world.run(hear, brought))).toEqual({ kind: "camt.029", entries: 1 });
    expect(orderIn(world, second.orderId).state).toBe("REJECTED");
    expect(done(world.run(hear, brought))).toEqual({ kind: "camt.029", entries: 1 });
  });

  test("to another order, or to a case that is none, is not ours", () => {
    const { world, first, second } = accepted();
    done(world.run(cancel, wish(first.orderId)));
    const crossed = { ...resolved(first, "GRANTED"), endToEndId: second.endToEndId };
    expect(done(world.run(resolve, at(crossed)))).toEqual({ known: false });
    const nobody = {
      bank: "main",
      original: originalNamed("R2"),
      content: { kind: "camt.029", resolution: resolved(second, "GRANTED") },
    } as const;
    expect(world.run(hear, nobody).result).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    expect([first, second].map(({ orderId }) => orderIn(world, orderId).state)).toEqual(["OPEN", "OPEN"]);
  });
});
