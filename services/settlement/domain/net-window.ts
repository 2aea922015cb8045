/**
 * Nets a window: every bilateral debt goes through CLEARING, which the net payers leave at once for PAYABLE-COUNTY and the net receivers when the money arrives;
 * nothing to move settles at once. Where its debtors had days to answer, a timer brings it once all have, or the deadline has passed: who kept silent then is taken to have confirmed
 * (where silence is to dispute, the rows that can be disputed have gone before, page by page).
 */
import type { Change, Context, Decision, Key, Loaded, State } from "../../values/decision.ts";
import { type Unavailable, unavailable } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { CLEARING, dueFrom, dueTo, PAYABLE_COUNTY } from "./chart.ts";
import { type Answer, books, type ClearingWindow, type Line, payables, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { hashOf, type PairOf, pairsOf, positionsOf, transfersOf } from "./netting.ts";
import { promise } from "./payables.ts";
import { newLines, post, postingKeys } from "./posting.ts";
import { freePrefunds, isAnswered, isNetted, owedOf, putWindow, transferPayableId, viewOf, windowId } from "./windows.ts";

const RETRY_MS = 1_000;

export interface NetWindowInput {
  readonly windowId: string;
}

/** The netting's input id: a window is netted once. */
export function nettingIdOf(id: string): string {
  return `window/${id}/net`;
}

function entryIdOf(id: string): string {
  return `window/${id}/close`;
}

/** The window as it stands netted. */
function netted(window: ClearingWindow, day: string): ClearingWindow {
  const positions = positionsOf(pairsOf(window.pairs));
  const transfers = transfersOf(positions);
  const done: ClearingWindow = { ...window, positions, transfers, nettedOn: day };
  return { ...done, hash: hashOf(done), state: transfers.length > 0 ? "PAYING" : "SETTLED" };
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

/** What netting this window looks at beside itself. */
export function nettingKeys(window: ClearingWindow, day: string): Key[] {
  const done = netted(window, day);
  const id = windowId(window.number);
  return [
    ...postingKeys(entryIdOf(id), day, linesOf(done, pairsOf(window.pairs))),
    ...done.positions.map(({ county }) => books.key(county)),
    ...done.transfers.map(({ fromCounty, toCounty }) => payables.key(transferPayableId({ windowId: id, from: fromCounty, to: toCounty }))),
  ];
}

/** Nets a window that was cut: posts what its pairs come to, orders the transfers, stores and tells it. */
export function net(window: ClearingWindow, state: State, change: Change<SettlementEvents>, context: Context): ClearingWindow {
  const id = windowId(window.number);
  const pairs = pairsOf(window.pairs);
  const done = netted(window, context.day);
  if (pairs.length > 0)
    post(state, change, context, {
      id: entryIdOf(id),
      county: PROVINCE,
      day: context.day,
      about: `window/${id}`,
      lines: linesOf(done, pairs),
    });
  for (const { fromCounty, toCounty, amountFen } of done.transfers) {
    const payableId = transferPayableId({ windowId: id, from: fromCounty, to: toCounty });
    promise(state, change, { payableId, county: fromCounty, amountFen, payee: toCounty, claimId: "", day: context.day });
  }
  if (done.state === "SETTLED") freePrefunds(state, change, done);
  return putWindow(change, done);
}

/** The debtors of a window that have not answered. */
export function silentIn(window: ClearingWindow): readonly string[] {
  return [...owedOf(window).keys()].filter((county) => !window.answers?.[county]);
}

/** The answers of those that gave none. */
function silentAnswers(window: ClearingWindow, day: string): Record<string, Answer> {
  const owed = owedOf(window);
  return Object.fromEntries(
    silentIn(window).flatMap((county) => {
      const owes = owed.get(county);
      return owes ? [[county, { ...owes, by: "", day }]] : [];
    }),
  );
}

function isOver({ deadlineOn }: ClearingWindow, day: string): boolean {
  return deadlineOn !== undefined && day > deadlineOn;
}

function windowIn(input: NetWindowInput, from: Loaded): ClearingWindow | undefined {
  return from.get(windows.key(input.windowId));
}

export const netWindow: Decision<NetWindowInput, WindowView, SettlementEvents> = {
  needs(input, loaded, { day }) {
    const window = windowIn(input, loaded);
    return [windows.key(input.windowId), ...(window?.state === "CONFIRMING" ? nettingKeys(window, day) : [])];
  },
  decide(input, state, change, context): WindowView | Unavailable {
    change.about(`window/${input.windowId}`);
    const window = state.must(windows.key(input.windowId));
    if (isNetted(window)) return viewOf(window);
    // Not an answer but weather: who has just taken its answer back is waited for, under the same id.
    if (window.state !== "CONFIRMING" || !(isAnswered(window) || isOver(window, context.day)))
      return unavailable(`${input.windowId} waits for ${silentIn(window).join(", ")}`, RETRY_MS);
    const unsaid = silentAnswers(window, context.day);
    for (const [county, { rows, fen }] of Object.entries(unsaid)) {
      const { silence = "CONFIRM", deadlineOn = "" } = window;
      change.tell("WindowUnanswered", county, { windowId: input.windowId, county, silence, rows, owedFen: fen, deadlineOn });
    }
    const answers = { ...window.answers, ...unsaid };
    return viewOf(net(Object.keys(answers).length > 0 ? { ...window, answers } : window, state, change, context));
  },
};
