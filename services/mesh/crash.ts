/**
 * Crashers (protocols 7): before deciding, a twin notes its batch's ids in a small local file. After a crash in `decide` these are decided one by one,
 * and one that is there at the second crash is parked. The file needs no fsync: it must outlive the process, not the machine.
 */
import { mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Weather } from "./store.ts";

interface Note {
  /** The batch being decided; empty between batches. */
  readonly deciding: readonly string[];
  /** How often each id was there when the process died; one that has been decided since is forgotten. */
  readonly crashes: Readonly<Record<string, number>>;
}

const CRASHES_TO_PARK = 2;
/** Ids that are remembered, the newest of them: the file is written with every batch. */
const REMEMBERED = 1_000;

export interface CrashNote {
  begin(batch: readonly { readonly id: string }[]): void;
  /** The batch was decided and the process lives: whoever was suspected in it is cleared. */
  end(batch: readonly { readonly id: string }[]): void;
  isSuspect(id: string): boolean;
  /** Parked unread from now on, because the peer says that it ended the process twice. */
  condemn(ids: readonly string[]): void;
  /** An operator wants it decided again: alone, and parked again where it ends the process again. */
  forgive(id: string): void;
  /** Ids that are parked unread. */
  readonly condemned: ReadonlySet<string>;
}

/** Opens the note of a twin; what it says of the last process is taken into account. */
export function openCrashNote(file: string): CrashNote {
  mkdirSync(dirname(file), { recursive: true });
  const before = readNote(file);
  const crashes = new Map(Object.entries(before.crashes));
  for (const id of before.deciding) {
    const times = (crashes.get(id) ?? 0) + 1;
    crashes.delete(id);
    crashes.set(id, times);
  }
  for (const id of [...crashes.keys()].slice(0, Math.max(0, crashes.size - REMEMBERED))) crashes.delete(id);
  const condemned = new Set([...crashes].filter(([, times]) => times >= CRASHES_TO_PARK).map(([id]) => id));
  const forgiven = new Set<string>();
  // Twice in every batch: one write into an open file, whose first line counts and whose rest is older.
  const open = openSync(file, "w");
  const write = (deciding: readonly string[]) => writeNote(open, { deciding, crashes: Object.fromEntries(crashes) });
  write([]);
  return {
    condemned,
    isSuspect: (id) => crashes.size > 0 && crashes.has(id),
    begin: (batch) => write(batch.map((input) => input.id)),
    end: (batch) => {
      if (crashes.size > 0) for (const { id } of batch) if (!condemned.has(id)) crashes.delete(id);
      write([]);
    },
    condemn: (ids) => {
      for (const id of ids) if (!forgiven.has(id)) condemned.add(id);
    },
    forgive: (id) => {
      forgiven.add(id);
      condemned.delete(id);
      if (crashes.has(id)) crashes.set(id, CRASHES_TO_PARK - 1);
    },
  };
}

/** Throws `Weather` where the disk does not take it: nothing is decided without a note, and no input is to blame. */
export function writeNote(file: number, note: Note): void {
  try {
    writeSync(file, `${JSON.stringify(note)}\n`, 0);
  } catch (error) {
    throw new Weather(`the note of what is decided cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readNote(file: string): Note {
  try {
    const note: unknown = JSON.parse(readFileSync(file, "utf8").split("\n", 1)[0] ?? "");
    if (typeof note === "object" && note !== null && "deciding" in note && "crashes" in note) return note as Note;
  } catch {
    // No note, or half of one: the process died between batches or while writing, not in a decision.
  }
  return { deciding: [], crashes: {} };
}

/** For stores without a process to lose (tests, the simulation). */
export const noCrashNote: CrashNote = {
  begin: () => undefined,
  end: () => undefined,
  isSuspect: () => false,
  condemn: () => undefined,
  forgive: () => undefined,
  condemned: new Set(),
};
