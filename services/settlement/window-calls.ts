/** What settlement is asked about clearing windows: to close them, to list their rows, to hear what debtors and the province's centre say of them. */
import {
  type ConfirmRowsRequest,
  type DisputeRowsRequest,
  DisputeState,
  type RetractAnswerRequest,
  type RuleDisputeRequest,
  SettlementServiceDefinition,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import type { Caller } from "../values/decision.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { isCountyCode, PROVINCE } from "../values/region.ts";
import type { SettlementConfig } from "./config.ts";
import { disputeView } from "./domain/answering.ts";
import { closeWindow } from "./domain/close-window.ts";
import { confirmRows } from "./domain/confirm-rows.ts";
import { disputeRows, MOST_DISPUTED } from "./domain/dispute-rows.ts";
import { type ClearingWindow, type Dispute, windows } from "./domain/documents.ts";
import { hashOf, pairsOf, positionsOf, transfersOf } from "./domain/netting.ts";
import { refuse } from "./domain/refusals.ts";
import { retractAnswer } from "./domain/retract-answer.ts";
import { ruleDispute } from "./domain/rule-dispute.ts";
import { FIRST_WINDOW, viewOf, windowId } from "./domain/windows.ts";
import { checkCounty, scopeOf } from "./scope.ts";
import { disputesIn, newestWindows } from "./store.ts";
import { windowRows } from "./window-rows.ts";

const PAGE_DISPUTES = 100;
const MOST_REASON = 200;
const ROW_ID = /^claim\/[A-Za-z0-9._/-]{1,80}$/;

export function windowCalls({ reader, config }: { readonly reader: Reader; readonly config: SettlementConfig }): readonly Call[] {
  const { methods } = SettlementServiceDefinition;
  const { confirmDays, silence, disputesPerRow: limit } = config;
  return [
    command(methods.closeWindow, {
      check: ({ windowId: id }, caller) => checkCentre(caller) ?? checkWindowId(id),
      input: ({ windowId: id }) => ({ windowId: id, confirmDays, silence }),
      decision: closeWindow,
      reply: (window) => ({ window }),
    }),
    command(methods.disputeRows, {
      check: checkDisputes,
      input: ({ windowId: id, county, rows }) => ({ windowId: id, county, rows, limit }),
      decision: disputeRows,
      reply: (window) => ({ window }),
    }),
    command(methods.confirmRows, {
      check: checkConfirmation,
      input: ({ windowId: id, county, rows, owedFen: fen }) => ({ windowId: id, county, rows, fen }),
      decision: confirmRows,
      reply: (window) => ({ window }),
    }),
    command(methods.retractAnswer, {
      check: checkRetraction,
      input: ({ windowId: id, county, rowIds }) => ({ windowId: id, county, rowIds }),
      decision: retractAnswer,
      reply: (window) => ({ window }),
    }),
    command(methods.ruleDispute, {
      check: checkRuling,
      // What else it might be was refused at the door.
      input: ({ rowId, ruling, reason }) => ({ rowId, ruling: ruling as "OVERRULED" | "UPHELD", reason }),
      decision: ruleDispute,
      reply: (dispute) => ({ dispute: messageOf(dispute) }),
    }),
    query(methods.listWindows, async () => {
      const stored = await newestWindows(reader);
      return { windows: (stored.length > 0 ? stored : [FIRST_WINDOW]).map(viewOf) };
    }),
    query(methods.getWindow, async ({ windowId: id }) => {
      const window = checkWindowId(id) ?? (await windowOf(reader, id));
      return "outcome" in window ? window : { window: viewOf(window), pairs: pairsFor(window), recomputedHash: recomputed(window) };
    }),
    query(methods.listWindowRows, async ({ windowId: id, county, after }) => {
      const wrong = checkWindowId(id) ?? checkCounty(county) ?? checkPlace(after);
      if (wrong) return wrong;
      const window = await windowOf(reader, id);
      return "outcome" in window ? window : windowRows(reader, { window, county, after: BigInt(after || "-1") });
    }),
    query(methods.listDisputes, async ({ state, county, after }, caller) => {
      if (state === DisputeState.UNSPECIFIED) return badRequest("state", "须写明状态", "must name a state");
      if (after !== "" && !ROW_ID.test(after)) return badRequest("after", "不是上一页给出的位置", "is not a place that a page gave");
      const wanted = scopeOf(county, caller);
      if (typeof wanted !== "string") return wanted;
      const found = await disputesIn(reader, state, wanted, after, PAGE_DISPUTES);
      return { disputes: found.map(messageOf), next: found.length === PAGE_DISPUTES ? (found.at(-1)?.rowId ?? "") : "" };
    }),
  ];
}

async function windowOf(reader: Reader, id: string): Promise<ClearingWindow | Refusal> {
  const stored = await reader.get(windows.key(id));
  if (stored) return stored;
  return id === windowId(FIRST_WINDOW.number) ? FIRST_WINDOW : refuse("UNKNOWN_WINDOW", { field: "window_id", windowId: id });
}

function pairsFor(window: ClearingWindow) {
  return pairsOf(window.pairs).map(({ from, to, obligations, fen }) => ({ fromCounty: from, toCounty: to, obligations, owedFen: fen }));
}

/** The netting's hash, computed once more from what the window's pairs owe. */
function recomputed(window: ClearingWindow): string {
  const positions = positionsOf(pairsOf(window.pairs));
  return hashOf({ ...window, positions, transfers: transfersOf(positions) });
}

function messageOf(dispute: Dispute) {
  const { version: _, ...shown } = disputeView(dispute);
  return shown;
}

function checkWindowId(id: string): Refusal | undefined {
  return /^W[1-9]\d{0,8}$/.test(id) ? undefined : badRequest("window_id", "须为清算期编号，如 W1", "must be a window's id such as W1");
}

function checkRowId(field: string, rowId: string): Refusal | undefined {
  return ROW_ID.test(rowId)
    ? undefined
    : badRequest(field, "须为明细编号，如 claim/…/decision/1", "must be a row's id such as claim/…/decision/1");
}

function checkReason(field: string, reason: string): Refusal | undefined {
  if (reason.trim() !== "" && reason.length <= MOST_REASON) return undefined;
  return badRequest(field, `须写明原因，不超过 ${MOST_REASON} 字`, `must say why, in at most ${MOST_REASON} characters`);
}

function checkPlace(after: string): Refusal | undefined {
  return /^\d{0,18}$/.test(after) ? undefined : badRequest("after", "不是上一页给出的位置", "is not a place that a page gave");
}

function checkDisputes({ windowId: id, county, rows }: DisputeRowsRequest): Refusal | undefined {
  const wrong = checkWindowId(id) ?? checkCounty(county);
  if (wrong) return wrong;
  if (rows.length === 0 || rows.length > MOST_DISPUTED)
    return badRequest("rows", `须为 1 至 ${MOST_DISPUTED} 条`, `must be 1 to ${MOST_DISPUTED} rows`);
  if (new Set(rows.map(({ rowId }) => rowId)).size < rows.length) return badRequest("rows", "明细不得重复", "must name each row once");
  for (const [index, { rowId, reason }] of rows.entries()) {
    const fault = checkRowId(`rows[${index}].row_id`, rowId) ?? checkReason(`rows[${index}].reason`, reason);
    if (fault) return fault;
  }
  return undefined;
}

function checkConfirmation({ windowId: id, county, rows, owedFen }: ConfirmRowsRequest): Refusal | undefined {
  const wrong = checkWindowId(id) ?? checkCounty(county);
  if (wrong) return wrong;
  if (rows < 0) return badRequest("rows", "不得为负", "must not be negative");
  if (owedFen < 0n || owedFen > MAX_FEN)
    return badRequest("owed_fen", `须在 0 与 ${MAX_FEN} 分之间`, `must be between 0 and ${MAX_FEN} fen`);
  return undefined;
}

function checkRetraction({ windowId: id, county, rowIds }: RetractAnswerRequest): Refusal | undefined {
  const wrong = checkWindowId(id) ?? checkCounty(county);
  if (wrong) return wrong;
  if (rowIds.length > MOST_DISPUTED) return badRequest("row_ids", `不得超过 ${MOST_DISPUTED} 条`, `must be at most ${MOST_DISPUTED} rows`);
  if (new Set(rowIds).size < rowIds.length) return badRequest("row_ids", "明细不得重复", "must name each row once");
  for (const [index, rowId] of rowIds.entries()) {
    const fault = checkRowId(`row_ids[${index}]`, rowId);
    if (fault) return fault;
  }
  return undefined;
}

/** A county is a party to its windows: it neither closes them nor rules. */
function checkCentre({ name, scope }: Caller): Refusal | undefined {
  if (!isCountyCode(scope)) return undefined;
  return {
    outcome: "refused",
    code: "WRONG_SCOPE",
    status: "PERMISSION_DENIED",
    field: "",
    zh: `清算期由省级中心（${PROVINCE}）关闭和裁定，${name} 属于 ${scope}`,
    en: `the province's centre closes windows and rules on them, and ${name} is of ${scope}`,
  };
}

function checkRuling({ rowId, ruling, reason }: RuleDisputeRequest, caller: Caller): Refusal | undefined {
  const wrong = checkCentre(caller);
  if (wrong) return wrong;
  if (ruling !== DisputeState.OVERRULED && ruling !== DisputeState.UPHELD)
    return badRequest("ruling", "须为 OVERRULED 或 UPHELD", "must be OVERRULED or UPHELD");
  return checkRowId("row_id", rowId) ?? checkReason("reason", reason);
}
