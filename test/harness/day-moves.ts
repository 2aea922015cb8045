/** What MongoDB sums for the audit, summed here: for records in arrays, and for the simulated MongoDB, whose sums leave whole numbers of 64 bits out. */
import type { DayMoveView, EntryView } from "../../services/audit/records.ts";

export function dayMovesOf(entries: Iterable<Pick<EntryView, "lines"> & { readonly day: string }>): DayMoveView[] {
  const moves = new Map<string, DayMoveView>();
  for (const { day, lines } of entries)
    for (const line of lines) {
      const key = `${line.county}/${line.account}/${day}`;
      const { debitFen, creditFen } = moves.get(key) ?? { debitFen: 0n, creditFen: 0n };
      moves.set(key, { key, debitFen: debitFen + line.debitFen, creditFen: creditFen + line.creditFen });
    }
  return [...moves.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
