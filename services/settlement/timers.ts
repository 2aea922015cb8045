/** Finds held payables that a fund has room for, and windows that are to be netted. The decisions look again: what was found here may have been overtaken. */
import type { DueInput, Reader, Timer } from "../mesh/wiring.ts";
import { dayOf } from "../values/days.ts";
import type { SettlementConfig } from "./config.ts";
import { roomOf } from "./domain/payables.ts";
import { release, releaseId } from "./domain/release.ts";
import { heldPayables, holdingBooks } from "./store.ts";
import { windowsDue } from "./window-rows.ts";

const EVERY_MS = 500;
const WINDOWS_EVERY_MS = 1_000;
/** Of one county at one look; the next look finds the rest. */
const MOST_RELEASES = 400;

/** What may be released now: each county's held payables in ascending order of id, up to the first that its fund has no room for. */
export async function releasable(reader: Reader): Promise<readonly DueInput[]> {
  const due: DueInput[] = [];
  for (const book of await holdingBooks(reader)) {
    let roomFen = roomOf(book);
    if (roomFen <= 0n) continue;
    for (const { payableId, amountFen } of await heldPayables(reader, book.county, MOST_RELEASES)) {
      if (amountFen > roomFen) break;
      roomFen -= amountFen;
      due.push({ id: releaseId(payableId), decision: release, input: { payableId } });
    }
  }
  return due;
}

export function timers({ reader, config }: { readonly reader: Reader; readonly config: SettlementConfig }): readonly Timer[] {
  return [
    { name: "release", everyMs: EVERY_MS, due: () => releasable(reader) },
    { name: "windows", everyMs: WINDOWS_EVERY_MS, due: (nowMs) => windowsDue(reader, dayOf(nowMs), config.disputesPerRow) },
  ];
}
