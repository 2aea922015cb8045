/**
 * The deadline has passed, a debtor has not answered, and by the settings its silence disputes: its rows go to the window that is open now, a page at a time, found by a timer.
 * What can be disputed no more stays, and is netted.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { canDispute, isIn } from "./answering.ts";
import { type Between, type DisputeRowsInput, disputeRowsKeys, moveRow } from "./dispute-rows.ts";
import { disputes, EMPTY_LEDGER, entries, LEDGER, windows } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { openWindowKey, putWindow } from "./windows.ts";

const RETRY_MS = 1_000;
const REASON = "逾期未答复 / no answer by the deadline";

export type DisputeSilentInput = Pick<DisputeRowsInput, "windowId" | "county" | "limit"> & { readonly rowIds: readonly string[] };

/** The page's input id: a row leaves a window by silence once. */
export function silenceIdOf(windowId: string, firstRowId: string): string {
  return `window/${windowId}/silence/${firstRowId}`;
}

const rowsOf = ({ rowIds }: DisputeSilentInput) => rowIds.map((rowId) => ({ rowId, reason: REASON }));

export const disputeSilent: Decision<DisputeSilentInput, { moved: number }, SettlementEvents> = {
  needs: (input, loaded) => [
    ...disputeRowsKeys({ windowId: input.windowId, rows: rowsOf(input) }),
    openWindowKey(loaded.get(LEDGER) ?? EMPTY_LEDGER),
  ],
  decide(input, state, change, context) {
    const { windowId, county, limit } = input;
    change.about(`window/${windowId}`);
    const from = state.must(windows.key(windowId));
    const { state: stands, silence, deadlineOn = "", answers } = from;
    if (stands !== "CONFIRMING" || silence !== "DISPUTE" || answers?.[county]) return { moved: 0 };
    // Not an answer but weather: found again when it is over.
    if (context.day <= deadlineOn) return unavailable(`${county} may answer ${windowId} until ${deadlineOn}`, RETRY_MS);
    let between: Between = { from, to: state.must(openWindowKey(state.must(LEDGER))) };
    let moved = 0;
    let owedFen = 0n;
    for (const row of rowsOf(input)) {
      const entry = state.must(entries.key(row.rowId));
      assert(entry.obligation?.debtor === county, `${row.rowId} is owed by ${county}`);
      const dispute = state.get(disputes.key(row.rowId));
      if (!isIn(from, entry, dispute) || !canDispute(dispute, limit)) continue;
      between = moveRow(row, entry, between, state, change, context);
      moved += 1;
      owedFen += entry.obligation.fen;
    }
    if (moved === 0) return { moved };
    change.tell("WindowUnanswered", county, { windowId, county, silence, rows: moved, owedFen, deadlineOn });
    putWindow(change, between.to);
    putWindow(change, between.from);
    return { moved };
  },
};
