/**
 * The rows of a window that one county owes, in the ledger's order. They are entries: those of the window's stretch of sequence numbers, and before them those that disputes have brought into it.
 * Nothing is stored for a row that is not disputed, so that an approval costs what it did; entries across counties have a small index of their own.
 */
import type { DueInput, Reader } from "../mesh/wiring.ts";
import { canDispute, isIn, obligationOf } from "./domain/answering.ts";
import { disputeSilent, silenceIdOf } from "./domain/dispute-silent.ts";
import { type ClearingWindow, type Dispute, disputes, type Entry, entries } from "./domain/documents.ts";
import { nettingIdOf, netWindow, silentIn } from "./domain/net-window.ts";
import { isAnswered, windowId } from "./domain/windows.ts";
import { confirmingWindows, disputesInto, rowsOwed } from "./store.ts";

const PAGE_ROWS = 100;
/** Of counties that kept silent, at one look of the timer: a page is two hundred documents and more. */
const MOST_PAGES = 5;

export interface RowsAsked {
  readonly window: ClearingWindow;
  readonly county: string;
  /** Behind this place in the ledger's order. */
  readonly after: bigint;
}

/** A row's entry, and its dispute where it has one. */
interface Found {
  readonly entry: Entry;
  readonly dispute: Dispute | undefined;
}

async function pageOf(reader: Reader, { window, county, after }: RowsAsked): Promise<readonly Found[]> {
  const { number, fromSequence } = window;
  const moved = after < fromSequence ? await disputesInto(reader, { county, number, after, upTo: fromSequence }, PAGE_ROWS) : [];
  const movedEntries = await reader.getAll(moved.map(({ rowId }) => entries.key(rowId)));
  const first = moved.flatMap((dispute): Found[] => {
    const entry = movedEntries.get(dispute.rowId);
    return entry ? [{ entry, dispute }] : [];
  });
  if (moved.length === PAGE_ROWS) return first;
  const from = after > fromSequence ? after : fromSequence;
  const upTo = window.state === "OPEN" ? undefined : window.toSequence;
  const own = await rowsOwed(reader, { county, after: from, upTo }, PAGE_ROWS - moved.length);
  const disputed = await reader.getAll(own.map((entry) => disputes.key(obligationOf(entry).rowId)));
  return [...first, ...own.map((entry) => ({ entry, dispute: disputed.get(obligationOf(entry).rowId) }))];
}

export async function windowRows(reader: Reader, asked: RowsAsked) {
  const found = await pageOf(reader, asked);
  const last = found.length === PAGE_ROWS ? found.at(-1) : undefined;
  return {
    rows: found.map((one) => viewOf(one, asked.window.number)),
    next: last ? String(last.entry.sequence) : "",
  };
}

function viewOf({ entry, dispute }: Found, number: number) {
  const { rowId, creditor, institutionId, dischargedOn, totalFen, fen } = obligationOf(entry);
  const stands = dispute?.window ?? number;
  return {
    rowId,
    sequence: entry.sequence,
    claimId: entry.about,
    creditor,
    institutionId,
    day: entry.day,
    dischargedOn,
    totalFen,
    owedFen: fen,
    windowId: stands === 0 ? "" : windowId(stands),
    dispute: dispute?.state ?? ("UNSPECIFIED" as const),
    disputes: dispute?.times.length ?? 0,
    reason: dispute?.ruling?.reason ?? dispute?.times.at(-1)?.reason ?? "",
  };
}

/**
 * What the windows that are being confirmed have come to: netted where all have answered, or the deadline has passed and nobody's silence disputes; else the pages of rows that silence disputes first.
 * After the deadline nobody answers any more, so that what such a look has not found does not come back.
 */
export async function windowsDue(reader: Reader, today: string, limit: number): Promise<readonly DueInput[]> {
  const due: DueInput[] = [];
  for (const window of await confirmingWindows(reader)) {
    const id = windowId(window.number);
    const netting = { id: nettingIdOf(id), decision: netWindow, input: { windowId: id } };
    if (isAnswered(window)) due.push(netting);
    else if (window.deadlineOn !== undefined && today > window.deadlineOn) {
      const pages = window.silence === "DISPUTE" ? await silentPages(reader, window, limit) : [];
      due.push(...(pages.length > 0 ? pages : [netting]));
    }
  }
  return due;
}

async function silentPages(reader: Reader, window: ClearingWindow, limit: number): Promise<readonly DueInput[]> {
  const pages: DueInput[] = [];
  const id = windowId(window.number);
  for (const county of silentIn(window)) {
    for (let after = -1n, more = true; more && pages.length < MOST_PAGES; ) {
      const found = await pageOf(reader, { window, county, after });
      const rows = found.filter(({ entry, dispute }) => isIn(window, entry, dispute) && canDispute(dispute, limit));
      const rowIds = rows.map(({ entry }) => obligationOf(entry).rowId);
      const [first] = rowIds;
      if (first) pages.push({ id: silenceIdOf(id, first), decision: disputeSilent, input: { windowId: id, county, rowIds, limit } });
      after = found.at(-1)?.entry.sequence ?? after;
      more = found.length === PAGE_ROWS;
    }
  }
  return pages;
}
