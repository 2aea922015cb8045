/** A debtor confirms what is left to it of a window, naming how many rows of how many fen it saw: of another list it is refused. The same again is the same answer. */
import type { Decision } from "../../values/decision.ts";
import { type AnswerInput, windowToAnswer } from "./answering.ts";
import { type Answer, windows } from "./documents.ts";
import type { SettlementEvents, WindowView } from "./events.ts";
import { refuse } from "./refusals.ts";
import { OWES_NOTHING, type Owes, owedOf, putWindow, viewOf } from "./windows.ts";

export type ConfirmRowsInput = AnswerInput & Owes;

export const confirmRows: Decision<ConfirmRowsInput, WindowView, SettlementEvents> = {
  needs: ({ windowId }) => [windows.key(windowId)],
  decide(input, state, change, { caller, day }) {
    const { windowId, county, rows, fen } = input;
    change.about(`window/${windowId}`);
    const stored = state.get(windows.key(windowId));
    const said = stored?.answers?.[county];
    if (stored && said && said.by !== "") {
      const same = said.rows === rows && said.fen === fen;
      return same ? viewOf(stored) : refuse("ANSWERED", { field: "county", windowId, county });
    }
    const window = windowToAnswer(input, state, day);
    if ("outcome" in window) return window;
    const owes = owedOf(window).get(county) ?? OWES_NOTHING;
    if (owes.rows !== rows || owes.fen !== fen)
      return refuse("LIST_MOVED", { field: owes.rows !== rows ? "rows" : "owed_fen", windowId, rows: owes.rows, fen: owes.fen });
    const answer: Answer = { rows, fen, by: caller.name, day };
    return viewOf(putWindow(change, { ...window, answers: { ...window.answers, [county]: answer } }));
  },
};
