/**
 * Closes the open clearing window at the ledger's present sequence number; the next window begins where this one ends. Its debtors may answer until the deadline; where they have no days for it,
 * or nothing is owed, it is netted in the same commit.
 */
import { addDays } from "../../values/days.ts";
import type { Decision } from "../../values/decision.ts";
import { EMPTY_LEDGER, LEDGER, type Silence, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { net, nettingKeys } from "./net-window.ts";
import { refuse } from "./refusals.ts";
import { FIRST_WINDOW, newWindow, putWindow, viewOf, windowId, windowKey } from "./windows.ts";

export interface CloseWindowInput {
  readonly windowId: string;
  /** How many days its debtors have. */
  readonly confirmDays: number;
  readonly silence: Silence;
}

export const closeWindow: Decision<CloseWindowInput, WindowView, SettlementEvents> = {
  needs(input, loaded, { day }) {
    const window = loaded.get(windows.key(input.windowId)) ?? FIRST_WINDOW;
    if (window.state !== "OPEN") return [LEDGER, windows.key(input.windowId)];
    return [LEDGER, windows.key(input.windowId), windowKey(window.number + 1), ...nettingKeys(window, day)];
  },
  decide(input, state, change, context) {
    change.about(`window/${input.windowId}`);
    const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
    const named = state.get(windows.key(input.windowId));
    if (named && named.state !== "OPEN") return viewOf(named);
    const open = windowId(ledger.openWindow);
    if (input.windowId !== open) return refuse("NO_OPEN_WINDOW", { field: "window_id", windowId: input.windowId, open });

    const window = { ...(named ?? FIRST_WINDOW), toSequence: ledger.sequence, closedOn: context.day };
    change.put(windowKey(window.number + 1), newWindow(window.number + 1, window.toSequence));
    change.put(LEDGER, { ...ledger, openWindow: window.number + 1 });
    if (input.confirmDays === 0 || Object.keys(window.pairs).length === 0) return viewOf(net(window, state, change, context));
    const deadlineOn = addDays(context.day, input.confirmDays);
    return viewOf(putWindow(change, { ...window, state: "CONFIRMING", deadlineOn, silence: input.silence }));
  },
};
