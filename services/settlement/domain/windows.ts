/**
 * Clearing windows W1, W2, … An approval across counties joins the window that is open at its place in the ledger's order, decided in the same commit;
 * so a window that was cut is complete. Until it is netted its debtors may dispute rows out of it, into the window that is open then; it never grows.
 */
import type { Change, Key, Loaded, State } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { books, type ClearingWindow, EMPTY_LEDGER, type Ledger, windows } from "./documents.ts";
import type { PartyView, SettlementEvents, WindowView } from "./events.ts";
import { pairsOf, positionsOf } from "./netting.ts";
import { putPrefund } from "./prefund.ts";

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

/** A pair of counties, the first of which owes the second. */
export interface Owed {
  readonly from: string;
  readonly to: string;
  readonly fen: bigint;
}

/** The window with one more obligation: `from` owes `to` what `to` advanced. */
export function withObligation(window: ClearingWindow, { from, to, fen }: Owed): ClearingWindow {
  assert(!isNetted(window) && from !== to, `${from} owes ${to} in ${windowId(window.number)}, which is ${window.state}`);
  const name = `${from}/${to}`;
  const pair = window.pairs[name] ?? { fen: 0n, obligations: 0 };
  return { ...window, pairs: { ...window.pairs, [name]: { fen: pair.fen + fen, obligations: pair.obligations + 1 } } };
}

/** The window with one obligation less; a pair that has none left is gone. */
export function withoutObligation(window: ClearingWindow, { from, to, fen }: Owed): ClearingWindow {
  const name = `${from}/${to}`;
  const { [name]: pair, ...others } = window.pairs;
  assert(
    !isNetted(window) && pair && pair.fen >= fen,
    `${windowId(window.number)}, ${window.state}, has ${pair?.fen} fen for ${name}, not ${fen}`,
  );
  if (pair.obligations > 1) return { ...window, pairs: { ...others, [name]: { fen: pair.fen - fen, obligations: pair.obligations - 1 } } };
  assert(pair.fen === fen, `the last obligation of ${name} in ${windowId(window.number)} is ${pair.fen} fen, not ${fen}`);
  return { ...window, pairs: others };
}

/** Its netting stands and does not change any more. */
export function isNetted({ state }: ClearingWindow): boolean {
  return state === "PAYING" || state === "SETTLED";
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

/** What a debtor owes in a window, before netting. */
export interface Owes {
  readonly rows: number;
  readonly fen: bigint;
}

export const OWES_NOTHING: Owes = { rows: 0, fen: 0n };

/** What each debtor of the window owes in all, before netting: the part of its prefund that the window holds. */
export function owedOf(window: ClearingWindow): ReadonlyMap<string, Owes> {
  const owed = new Map<string, Owes>();
  for (const { from, fen, obligations } of pairsOf(window.pairs)) {
    const before = owed.get(from) ?? OWES_NOTHING;
    owed.set(from, { rows: before.rows + obligations, fen: before.fen + fen });
  }
  return owed;
}

/** Whether every debtor has said what it thinks of the rows that are left to it. */
export function isAnswered(window: ClearingWindow): boolean {
  return [...owedOf(window).keys()].every((county) => window.answers?.[county]);
}

/** Gives the prefunds back what the window held of them, or (`again`) takes it once more because a transfer came back. Looks at the books of all its counties. */
export function freePrefunds(state: State, change: Change<SettlementEvents>, window: ClearingWindow, again = false): void {
  const sign = again ? 1n : -1n;
  const moves = new Map<string, { committedFen: bigint; incomingFen: bigint }>();
  const moveOf = (county: string) => moves.get(county) ?? { committedFen: 0n, incomingFen: 0n };
  for (const { from, to, fen } of pairsOf(window.pairs)) {
    moves.set(from, { ...moveOf(from), committedFen: moveOf(from).committedFen + sign * fen });
    moves.set(to, { ...moveOf(to), incomingFen: moveOf(to).incomingFen + sign * fen });
  }
  for (const [county, move] of moves) putPrefund(state.must(books.key(county)), move, change);
}

/** The documents that marking a transfer looks at. */
export function transferKeys(transfer: TransferRef, loaded: Loaded): Key[] {
  const window = loaded.get(windows.key(transfer.windowId));
  const counties = new Set(window ? pairsOf(window.pairs).flatMap(({ from, to }) => [from, to]) : []);
  return [windows.key(transfer.windowId), ...[...counties].map((county) => books.key(county))];
}

/**
 * Marks a transfer as paid, or as come back, and tells the window. All paid: SETTLED, and the debtors' prefunds are free. Come back: PAYING again; what was netted stays.
 */
export function markTransfer(state: State, change: Change<SettlementEvents>, transfer: TransferRef, settled: boolean): void {
  const key = windows.key(transfer.windowId);
  const before = state.must(key);
  assert(isNetted(before), `${transfer.windowId} is netted`);
  const isIt = (row: { fromCounty: string; toCounty: string }) => row.fromCounty === transfer.from && row.toCounty === transfer.to;
  const found = before.transfers.find(isIt);
  assert(found && found.settled !== settled, `transfer ${transferPayableId(transfer)} is there and not yet ${settled ? "paid" : "back"}`);
  const transfers = before.transfers.map((row) => (isIt(row) ? { ...row, settled } : row));
  const after: ClearingWindow = { ...before, transfers, state: transfers.every((row) => row.settled) ? "SETTLED" : "PAYING" };
  if (after.state !== before.state) freePrefunds(state, change, after, after.state === "PAYING");
  putWindow(change, after);
}

/** Stores the window's next version, and tells it. */
export function putWindow(change: Change<SettlementEvents>, window: ClearingWindow): ClearingWindow {
  const next = { ...window, revision: window.revision + 1 };
  change.put(windowKey(next.number), next);
  tellWindow(change, next);
  return next;
}

function tellWindow(change: Change<SettlementEvents>, window: ClearingWindow): void {
  change.tell("WindowChanged", PROVINCE, { window: viewOf(window), version: BigInt(window.revision) });
}

/** A window as others see it; one that is not netted shows the nets as they would be now. */
export function viewOf(window: ClearingWindow): WindowView {
  const pairs = pairsOf(window.pairs);
  return {
    windowId: windowId(window.number),
    state: window.state,
    fromSequence: window.fromSequence,
    toSequence: window.toSequence,
    obligations: pairs.reduce((total, pair) => total + pair.obligations, 0),
    grossFen: sum(pairs.map((pair) => pair.fen)),
    positions: isNetted(window) ? [...window.positions] : positionsOf(pairs),
    transfers: [...window.transfers],
    hash: window.hash,
    closedOn: window.closedOn ?? "",
    deadlineOn: window.deadlineOn ?? "",
    nettedOn: window.nettedOn ?? "",
    silence: window.silence ?? "UNSPECIFIED",
    parties: partiesOf(window),
  };
}

/** Every county that owes something in the window or did before it disputed it, by code, with its answer. */
function partiesOf(window: ClearingWindow): PartyView[] {
  const owed = owedOf(window);
  const counties = new Set([...owed.keys(), ...Object.keys(window.disputed ?? {}), ...Object.keys(window.answers ?? {})]);
  return [...counties].sort().map((county) => {
    const { rows, fen } = owed.get(county) ?? OWES_NOTHING;
    const disputed = window.disputed?.[county] ?? OWES_NOTHING;
    const answer = window.answers?.[county];
    return {
      county,
      rows,
      owedFen: fen,
      disputedRows: disputed.rows,
      disputedFen: disputed.fen,
      answer: answer ? (answer.by === "" ? "SILENT" : "CONFIRMED") : "WAITING",
      answeredBy: answer?.by ?? "",
      answeredOn: answer?.day ?? "",
    };
  });
}
