/**
 * Rows that disputes have moved, followed while the ledger is read once from its beginning: a row leaves the window of its sequence number for a later one, or, where its dispute
 * was upheld, for none, and waits there for its claim to be reversed.
 */
import type { Findings } from "./findings.ts";
import type { DisputeView, EntryView, Records } from "./records.ts";
import { newTally, type Tally } from "./tally.ts";

/** What an entry makes one county owe another. */
export interface Owed {
  /** `<debtor>/<creditor>` */
  readonly pair: string;
  readonly fen: bigint;
}

export interface Moves {
  /** Window number → what has been moved into it so far: all of it once the ledger has been read up to that window. */
  readonly into: Map<number, Tally>;
  /** What is in no window. */
  readonly out: Tally;
  /** Whether a dispute has taken this entry's row out of the window of its sequence number. Asked in the ledger's order. */
  hasLeft(entry: EntryView, owed: Owed, number: number): Promise<boolean>;
  /** Every dispute has had its entry, every row that waits its dispute. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export async function movesOf(records: Records, findings: Findings): Promise<Moves> {
  const into = new Map<number, Tally>();
  const out = newTally();
  // As many as wait for a person.
  const waiting = new Set<string>();
  for await (const { rowIds } of records.upheld()) for (const rowId of rowIds) waiting.add(rowId);
  const disputes = records.disputes()[Symbol.asyncIterator]();
  let next = await disputes.next();
  const skip = async (before: bigint | undefined) => {
    for (; !next.done && (before === undefined || next.value.sequence < before); next = await disputes.next()) {
      const { _id, sequence } = next.value;
      findings.hold(false, () => `dispute ${_id} speaks of entry ${sequence}, which makes nobody owe another county`);
    }
  };
  return {
    into,
    out,
    async hasLeft(entry, owed, number) {
      await skip(entry.sequence);
      if (next.done || next.value.sequence !== entry.sequence) return false;
      const dispute = next.value;
      next = await disputes.next();
      findings.look();
      checkDispute(dispute, entry, owed, number, waiting, findings);
      const { window } = dispute;
      if (window === number) return false;
      const tally = window === 0 ? out : (into.get(window) ?? newTally());
      tally.add(owed.pair, owed.fen);
      if (window !== 0) into.set(window, tally);
      return true;
    },
    async finish() {
      await skip(undefined);
      for (const rowId of waiting) findings.hold(false, () => `row ${rowId} waits for a reversal, and has no dispute that was upheld`);
    },
    async close() {
      await disputes.return?.();
    },
  };
}

function checkDispute(dispute: DisputeView, entry: EntryView, owed: Owed, number: number, waiting: Set<string>, findings: Findings): void {
  const { _id, county, creditor, fen, origin, window, state } = dispute;
  const says = `${county}/${creditor} of ${fen} fen in W${origin}`;
  const is = `${owed.pair} of ${owed.fen} fen in W${number}`;
  findings.hold(_id === entry._id && says === is, () => `dispute ${_id} says ${says}, its entry ${entry._id} ${is}`);
  const upheld = state === "UPHELD";
  findings.hold(
    (window === 0) === upheld && (window === 0 || window >= number),
    () => `row ${_id} of W${number} is ${state} and in ${window === 0 ? "no window" : `W${window}`}`,
  );
  findings.hold(
    waiting.delete(_id) === upheld,
    () => `row ${_id} is ${state}, and ${upheld ? "does not wait" : "waits"} for its claim to be reversed`,
  );
}
