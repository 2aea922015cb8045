/**
 * Closes the open clearing window at the ledger's present sequence number. Every bilateral debt goes through CLEARING, which the net payers leave at once for
 * PAYABLE-COUNTY and the net receivers when the money arrives; nothing to move settles at once. The next window begins where this one ends.
 */
import type { Decision, Key } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { CLEARING, dueFrom, dueTo, PAYABLE_COUNTY } from "./chart.ts";
import { books, type ClearingWindow, EMPTY_LEDGER, LEDGER, type Line, payables, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { hashOf, type PairOf, pairsOf, positionsOf, transfersOf } from "./netting.ts";
import { promise } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { refuse } from "./refusals.ts";
import { FIRST_WINDOW, freePrefunds, newWindow, tellWindow, transferPayableId, viewOf, windowId, windowKey } from "./windows.ts";

export interface CloseWindowInput {
  readonly windowId: string;
}

function entryIdOf(id: string): string {
  return `window/${id}/close`;
}

/** The window as it stands closed at a sequence number. */
function closed(window: ClearingWindow, toSequence: bigint): ClearingWindow {
  const positions = positionsOf(pairsOf(window.pairs));
  const transfers = transfersOf(positions);
  const netted: ClearingWindow = { ...window, toSequence, positions, transfers, revision: window.revision + 1 };
  return { ...netted, hash: hashOf(netted), state: transfers.length > 0 ? "PAYING" : "SETTLED" };
}

function linesOf(window: ClearingWindow, pairs: readonly PairOf[]): readonly Line[] {
  const lines = newLines();
  for (const { from, to, fen } of pairs) {
    lines.debit(from, dueTo(to), fen);
    lines.credit(from, CLEARING, fen);
    lines.debit(to, CLEARING, fen);
    lines.credit(to, dueFrom(from), fen);
  }
  for (const { fromCounty, amountFen } of window.transfers) {
    lines.debit(fromCounty, CLEARING, amountFen);
    lines.credit(fromCounty, PAYABLE_COUNTY, amountFen);
  }
  return lines.all();
}

/** What closing this window looks at beside itself and the ledger. */
function closingKeys(window: ClearingWindow, day: string): Key[] {
  const done = closed(window, 0n);
  const pairs = pairsOf(window.pairs);
  const id = windowId(window.number);
  return [
    windowKey(window.number + 1),
    ...postingKeys(entryIdOf(id), day, linesOf(done, pairs)),
    ...done.positions.map(({ county }) => books.key(county)),
    ...done.transfers.map(({ fromCounty, toCounty }) => payables.key(transferPayableId({ windowId: id, from: fromCounty, to: toCounty }))),
  ];
}

export const closeWindow: Decision<CloseWindowInput, WindowView, SettlementEvents> = {
  needs(input, loaded, { day }) {
    const window = loaded.get(windows.key(input.windowId)) ?? FIRST_WINDOW;
    return [LEDGER, windows.key(input.windowId), ...(window.state === "OPEN" ? closingKeys(window, day) : [])];
  },
  decide(input, state, change, context) {
    change.about(`window/${input.windowId}`);
    const ledger = state.get(LEDGER) ?? EMPTY_LEDGER;
    const named = state.get(windows.key(input.windowId));
    if (named && named.state !== "OPEN") return viewOf(named);
    const open = windowId(ledger.openWindow);
    if (input.windowId !== open) return refuse("NO_OPEN_WINDOW", { field: "window_id", windowId: input.windowId, open });

    const window = closed(named ?? FIRST_WINDOW, ledger.sequence);
    const pairs = pairsOf(window.pairs);
    change.put(windowKey(window.number), window);
    change.put(windowKey(window.number + 1), newWindow(window.number + 1, window.toSequence));
    change.put(LEDGER, { ...ledger, openWindow: window.number + 1 });
    if (pairs.length > 0) {
      post(state, change, context, {
        id: entryIdOf(open),
        county: PROVINCE,
        day: context.day,
        about: `window/${open}`,
        lines: linesOf(window, pairs),
      });
    }
    for (const { fromCounty, toCounty, amountFen } of window.transfers) {
      const payableId = transferPayableId({ windowId: open, from: fromCounty, to: toCounty });
      promise(state, change, { payableId, county: fromCounty, amountFen, payee: toCounty, claimId: "", day: context.day });
    }
    if (window.state === "SETTLED") freePrefunds(state, change, window);
    tellWindow(change, window);
    return viewOf(window);
  },
};
