/**
 * A payable waits for its order. The hot path: one read, one small insert. The payee's schedule only says when it is cut, so it is not guarded;
 * the account is read, and guarded, when the order is made. A household that has named no account yet is owed all the same: its due waits with it.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { dues, type Payee, payees } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export interface PayableDue {
  readonly payableId: string;
  readonly county: string;
  readonly amountFen: bigint;
  readonly payeeId: string;
  readonly claimId: string;
  readonly dueOn: string;
}

/** Of all that one household is owed; more is a fault upstream. */
const MAX_WAITING = 1_000;
const NO_ACCOUNT = { bankCode: "", accountNumber: "", accountName: "" } as const;

/** Unavailable until administration has told of an institution or a county. The same payable with other content is a bug upstream: parked, alarmed. */
export const payableDue: Decision<PayableDue, { taken: boolean }, PaymentEvents> = {
  needs: (told) => [dues.key(told.payableId), payees.key(told.payeeId)],
  decide(told, state, change, context) {
    const key = dues.key(told.payableId);
    const known = state.get(key);
    if (known) {
      const same = known.county === told.county && known.amountFen === told.amountFen && known.payeeId === told.payeeId;
      assert(same, `payable ${told.payableId} came again with other content`);
      return { taken: false };
    }
    assert(told.amountFen > 0n, `payable ${told.payableId} of ${told.amountFen} fen is nothing to pay`);
    if (told.claimId !== "") change.about(told.claimId);
    const payee = state.get(payees.key(told.payeeId));
    if (isHousehold(told.payeeId) && (payee?.account.accountNumber ?? "") === "") {
      change.put(payees.key(told.payeeId), waitingFor(told, payee));
      change.put(key, { ...told, dueAtMs: context.atMs, schedule: "IMMEDIATE", state: "NO_ACCOUNT", orderId: "" });
      return { taken: true };
    }
    if (!payee || payee.account.accountNumber === "") return unavailable(`payee ${told.payeeId} of ${told.payableId} has no account yet`);
    change.put(key, { ...told, dueAtMs: context.atMs, schedule: payee.schedule, state: "WAITING", orderId: "" });
    return { taken: true };
  },
};

/** A household's id has 14 digits; institutions' and counties' ids do not. */
export function isHousehold(payeeId: string): boolean {
  return /^\d{14}$/.test(payeeId);
}

function waitingFor({ payableId, county, payeeId }: PayableDue, payee: Payee | undefined): Payee {
  const waiting = [...(payee?.waiting ?? []), payableId];
  assert(waiting.length <= MAX_WAITING, `${waiting.length} payables wait for the account of ${payeeId}`);
  const blank: Payee = { county, payeeId, account: NO_ACCOUNT, schedule: "IMMEDIATE", stateVersion: 0n };
  return { ...(payee ?? blank), waiting };
}
