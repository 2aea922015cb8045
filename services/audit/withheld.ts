/**
 * Part of invariant 1: what stands withheld of each institution is what the claims of its open round say, each its rate's part of what the fund pays on it now; what was assessed is shared to the fen, by two people,
 * and its payable is what was released less what was set off; what is paid by head is the heads' sum, by two people too.
 */
import { BP, halfUp } from "../values/money.ts";
import type { Findings } from "./findings.ts";
import type { PayableView, Records } from "./records.ts";
import { newTally, type Tally } from "./tally.ts";

const WITHHELD = "WITHHELD/";
/** Payables of assessments; the institution and the period follow. */
const RELEASED = "withheld/";
/** And of what is paid by head. */
const BY_HEAD = "capitation/";

export interface WithheldCheck {
  look(payable: PayableView): void;
  /** After every payable was looked at. */
  end(lines: Tally): Promise<void>;
}

/** Looks at payables that somebody else reads, so that they are read once. */
export async function newWithheldCheck(records: Records, findings: Findings): Promise<WithheldCheck> {
  const open = new Map<string, number>();
  for await (const { _id, round } of records.withholdings()) open.set(_id, round);
  const sums = newTally();
  const released = new Map<string, bigint>();
  const byHead = new Map<string, string>();
  return {
    look({ _id, county, payee, amountFen, setOffFen = 0n, withheld }) {
      if (_id.startsWith(RELEASED)) released.set(_id, amountFen);
      if (_id.startsWith(BY_HEAD))
        byHead.set(_id, `${county} promises ${payee} ${amountFen + setOffFen + (withheld?.promisedFen ?? 0n)} fen`);
      if (!withheld) return;
      const { purpose, bp, round, fundFen, heldFen } = withheld;
      const partFen = halfUp(fundFen * bp, BP);
      findings.hold(heldFen === partFen, () => `payable ${_id} withholds ${heldFen} fen, ${bp} basis points of ${fundFen} are ${partFen}`);
      const newest = open.get(payee) ?? 0;
      findings.hold(round <= newest, () => `payable ${_id} is of round ${round} of ${payee}, whose open one is ${newest}`);
      if (round === newest) sums.add(`${county}/${WITHHELD}${payee}/${purpose}`, heldFen);
    },
    async end(lines) {
      const stands = lines.names().filter((name) => name.split("/")[1] === "WITHHELD");
      for (const name of new Set([...stands, ...sums.names()]))
        findings.hold(-lines.of(name) === sums.of(name), () => `account ${name} has ${-lines.of(name)} fen, claims say ${sums.of(name)}`);
      for await (const assessed of records.assessments()) {
        const { _id, institutionId, period, state, proposedBy, approvedBy, withheldFen, releasedFen, setOffFen, returnedFen } = assessed;
        if (state !== "APPROVED") continue;
        findings.look();
        findings.hold(approvedBy !== "" && approvedBy !== proposedBy, () => `assessment ${_id} was approved by ${approvedBy || "nobody"}`);
        const shared = releasedFen + returnedFen === withheldFen;
        findings.hold(shared, () => `assessment ${_id} shares ${withheldFen} fen into ${releasedFen} and ${returnedFen}`);
        const id = `${RELEASED}${institutionId}/${period}`;
        const paidFen = released.get(id) ?? 0n;
        findings.hold(
          paidFen === releasedFen - setOffFen,
          () => `payable ${id} is of ${paidFen} fen, released are ${releasedFen - setOffFen}`,
        );
        released.delete(id);
      }
      for await (const {
        _id,
        county,
        institutionId,
        state,
        heads,
        fenPerHead,
        amountFen,
        proposedBy,
        approvedBy,
      } of records.capitations()) {
        if (state !== "PAID") continue;
        findings.look();
        findings.hold(approvedBy !== "" && approvedBy !== proposedBy, () => `capitation ${_id} was approved by ${approvedBy || "nobody"}`);
        const agreedFen = fenPerHead * BigInt(heads);
        findings.hold(
          amountFen === agreedFen,
          () => `capitation ${_id} is of ${amountFen} fen, ${heads} heads at ${fenPerHead} are ${agreedFen}`,
        );
        const id = `${BY_HEAD}${_id}`;
        const agreed = `${county} promises ${institutionId} ${amountFen} fen`;
        findings.hold(
          byHead.get(id) === agreed,
          () => `payable ${id}: ${byHead.get(id) ?? "there is none"}; the capitation says ${agreed}`,
        );
        byHead.delete(id);
      }
      for (const id of byHead.keys()) findings.hold(false, () => `payable ${id} is of no capitation`);
      for (const id of released.keys()) findings.hold(false, () => `payable ${id} is of no assessment`);
    },
  };
}
