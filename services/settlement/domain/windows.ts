/**
 * Clearing windows W1, W2, … An approval across counties joins the window that is open at its place in the ledger's order, decided in the same commit;
 * so a closed window is complete and never grows.
 */
import type { Change, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { books, type ClearingWindow, EMPTY_LEDGER, type Ledger, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { pairsOf, positionsOf } from "./netting.ts";
import { movePrefund } from "./prefund.ts";

export function windowKey(number: number): Key<ClearingWindow> {
  return windows.key(windowId(number));
}

export function windowId(number: number): string {
  return `W${number}`;
}

/** The key of the window that what is posted now joins. */
export function openWindowKey(ledger: Ledger): Key<ClearingWindow> {
  return windowKey(ledger.openWindow);
}

export function newWindow(number: number, fromSequence: bigint): ClearingWindow {
  return {
    county: PROVINCE,
    number,
    state: "OPEN",
    fromSequence,
    toSequence: 0n,
    pairs: {},
    positions: [],
    transfers: [],
    hash: "",
    revision: 0,
  };
}

/** The window that is open before anything was stored; each later one is stored when the one before it closes. */
export const FIRST_WINDOW = newWindow(EMPTY_LEDGER.openWindow, 0n);

/** The open window with one more obligation: `from` owes `to` what `to` advanced. */
export function withObligation(window: ClearingWindow, from: string, to: string, fen: bigint): ClearingWindow {
  assert(window.state === "OPEN" && from !== to, `${from} owes ${to} in ${windowId(window.number)}, which is ${window.state}`);
  const name = `${from}/${to}`;
  const pair = window.pairs[name] ?? { fen: 0n, obligations: 0 };
  return { ...window, pairs: { ...window.pairs, [name]: { fen: pair.fen + fen, obligations: pair.obligations + 1 } } };
}

export interface TransferRef {
  readonly windowId: string;
  readonly from: string;
  readonly to: string;
}

export function transferPayableId({ windowId, from, to }: TransferRef): string {
  return `window/${windowId}/transfer/${from}/${to}`;
}

/** Which transfer a payable is, or undefined where it is a claim's. */
export function readTransfer(payableId: string): TransferRef | undefined {
  const [, id, from, to] = /^window\/(W\d+)\/transfer\/(\d{6})\/(\d{6})$/.exec(payableId) ?? [];
  return id && from && to ? { windowId: id, from, to } : undefined;
}

/** What each debtor of the window owes in all, before netting: the part of its prefund that the window holds. */
export function owedOf(window: ClearingWindow): ReadonlyMap<string, bigint> {
  const owed = new Map<string, bigint>();
  for (const { from, fen } of pairsOf(window.pairs)) owed.set(from, (owed.get(from) ?? 0n) + fen);
  return owed;
}

/** Gives the debtors' prefunds back, or (`again`) takes them once more because a transfer came back. Looks at their books. */
export function freePrefunds(state: State, change: Change<SettlementEvents>, window: ClearingWindow, again = false): void {
  for (const [county, fen] of owedOf(window)) {
    const book = state.must(books.key(county));
    change.put(books.key(county), movePrefund(book, { committedFen: again ? fen : -fen }));
  }
}

/** The documents that marking a transfer looks at. */
export function transferKeys(transfer: TransferRef, loaded: Loaded): Key[] {
  const window = loaded.get(windows.key(transfer.windowId));
  const debtors = window ? [...owedOf(window).keys()] : [];
  return [windows.key(transfer.windowId), ...debtors.map((county) => books.key(county))];
}

/**
 * Marks a transfer as paid, or as come back, and tells the window. All paid: SETTLED, and the debtors' prefunds are free. Come back: PAYING again; what was netted stays.
 */
export function markTransfer(state: State, change: Change<SettlementEvents>, transfer: TransferRef, settled: boolean): void {
  const key = windows.key(transfer.windowId);
  const before = state.must(key);
  assert(before.state !== "OPEN", `${transfer.windowId} is closed`);
  const isIt = (row: { fromCounty: string; toCounty: string }) => row.fromCounty === transfer.from && row.toCounty === transfer.to;
  const found = before.transfers.find(isIt);
  assert(found && found.settled !== settled, `transfer ${transferPayableId(transfer)} is there and not yet ${settled ? "paid" : "back"}`);
  const transfers = before.transfers.map((row) => (isIt(row) ? { ...row, settled } : row));
  const after: ClearingWindow = {
    ...before,
    transfers,
    state: transfers.every((row) => row.settled) ? "SETTLED" : "PAYING",
    revision: before.revision + 1,
  };
  change.put(key, after);
  if (after.state !== before.state) freePrefunds(state, change, after, after.state === "PAYING");
  tellWindow(change, after);
}

export function tellWindow(change: Change<SettlementEvents>, window: ClearingWindow): void {
  change.tell("WindowChanged", PROVINCE, { window: viewOf(window), version: BigInt(window.revision) });
}

/** A window as others see it; an open one shows the nets as they would be now. */
export function viewOf(window: ClearingWindow): WindowView {
  const pairs = pairsOf(window.pairs);
  return {
    windowId: windowId(window.number),
    state: window.state,
    fromSequence: window.fromSequence,
    toSequence: window.toSequence,
    obligations: pairs.reduce((total, pair) => total + pair.obligations, 0),
    grossFen: sum(pairs.map((pair) => pair.fen)),
    positions: window.state === "OPEN" ? positionsOf(pairs) : [...window.positions],
    transfers: [...window.transfers],
    hash: window.hash,
  };
}
