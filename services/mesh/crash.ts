/**
 * Crashers (protocols 7): before deciding, a twin notes its batch's ids in a small local file, and which of them it is at. After a crash in `decide` these are
 * decided one by one; the one that was at hand is tried in a process apart first (ordeal.ts), and parked where that ends as well, or where it is there at a second crash.
 * Whoever supervises the process reads the note at its death and tells the peer what was at hand. The file needs no fsync: it must outlive the process, not the machine.
 */
import { mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { wordsOf } from "../values/thrown.ts";
import { Weather } from "./store.ts";

interface Note {
  /** The batch being decided; empty between batches. */
  readonly deciding: readonly string[];
  /** How often each id was there when the process died; one that has been decided since is forgotten. */
  readonly crashes: Readonly<Record<string, number>>;
  /** Of these, the ones that were at hand and have not been tried apart since. */
  readonly feared: readonly string[];
}

const CRASHES_TO_PARK = 2;
/** Ids that are remembered, the newest of them: the file is written with every batch. */
const REMEMBERED = 1_000;
/** The first line: which of the batch is at hand. It is written anew for each, and has always the same length. */
const AT_DIGITS = 6;

export interface CrashNote {
  begin(batch: readonly { readonly id: string }[]): void;
  /** The input of that index is decided now. */
  at(index: number): void;
  /** The batch was decided and the process lives: whoever was suspected in it is cleared. */
  end(batch: readonly { readonly id: string }[]): void;
  /** It was there when a process ended, this twin's or its peer's: to be decided alone. */
  isSuspect(id: string): boolean;
  /** It was at hand when a process ended: to be tried apart before it is decided here. */
  isFeared(id: string): boolean;
  /** It was at hand when the peer's process ended. */
  fear(id: string): void;
  /** It survived where it was tried apart: it is decided alone. */
  unfear(id: string): void;
  /** It has been decided, by whomever. */
  clear(id: string): void;
  /** Parked unread from now on, unless an operator wants it decided here: the peer says that it ended a process twice. */
  condemn(ids: readonly string[]): void;
  /** Parked unread from now on: it ended the process that tried it. */
  convict(id: string): void;
  /** An operator wants it decided again: tried apart and alone, and parked again where it ends a process again. */
  forgive(id: string): void;
  /** Ids that are parked unread. */
  readonly condemned: ReadonlySet<string>;
}

/** Where a twin's note lies in its run directory. */
export function crashNoteFile(run: string, name: string): string {
  return join(run, "crash", `${name}.json`);
}

/** Opens the note of a twin; what it says of the last process is taken into account. */
export function openCrashNote(file: string): CrashNote {
  mkdirSync(dirname(file), { recursive: true });
  const before = readNote(file);
  const crashes = new Map(Object.entries(before.crashes));
  const feared = new Set(before.feared);
  const forgiven = new Set<string>();
  const clear = (id: string): void => {
    crashes.delete(id);
    feared.delete(id);
  };
  const suspect = (id: string, times: number): void => {
    crashes.delete(id);
    crashes.set(id, times);
    for (const oldest of [...crashes.keys()].slice(0, Math.max(0, crashes.size - REMEMBERED))) clear(oldest);
  };
  for (const id of before.deciding) suspect(id, (crashes.get(id) ?? 0) + 1);
  if (before.atHand !== undefined) feared.add(before.atHand);
  const condemned = new Set([...crashes].filter(([, times]) => times >= CRASHES_TO_PARK).map(([id]) => id));
  // Twice in every batch, and a few bytes more for each of its inputs: writes into an open file, whose first two lines count and whose rest is older.
  const open = openSync(file, "w");
  const write = (deciding: readonly string[]) => writeNote(open, { deciding, crashes: Object.fromEntries(crashes), feared: [...feared] });
  write([]);
  return {
    condemned,
    isSuspect: (id) => crashes.size > 0 && crashes.has(id),
    isFeared: (id) => feared.size > 0 && feared.has(id) && !condemned.has(id),
    begin: (batch) => write(batch.map((input) => input.id)),
    // The note begins with the first one at hand.
    at: (index) => {
      if (index > 0) put(open, ordinal(index));
    },
    end: (batch) => {
      if (crashes.size > 0) for (const { id } of batch) if (!condemned.has(id)) clear(id);
      write([]);
    },
    // The peer's crash is not counted beside one's own: a notice may come twice.
    fear: (id) => {
      suspect(id, Math.max(1, crashes.get(id) ?? 0));
      feared.add(id);
    },
    unfear: (id) => void feared.delete(id),
    clear: (id) => {
      if (crashes.size > 0) clear(id);
    },
    condemn: (ids) => {
      for (const id of ids) if (!forgiven.has(id)) condemned.add(id);
    },
    convict: (id) => {
      forgiven.delete(id);
      condemned.add(id);
      crashes.set(id, CRASHES_TO_PARK);
    },
    forgive: (id) => {
      forgiven.add(id);
      if (!condemned.delete(id) && !crashes.has(id)) return;
      crashes.set(id, CRASHES_TO_PARK - 1);
      feared.add(id);
    },
  };
}

/** The id of the input that a twin's process had at hand when it ended; for whoever sees its end. */
export function lastAtHand(run: string, name: string): string | undefined {
  return readNote(crashNoteFile(run, name)).atHand;
}

/** Throws `Weather` where the disk does not take it: nothing is decided without a note, and no input is to blame. */
export function writeNote(file: number, note: Note): void {
  put(file, `${ordinal(0)}\n${JSON.stringify(note)}\n`);
}

const ordinal = (index: number) => String(index).padStart(AT_DIGITS, "0");

function put(file: number, text: string): void {
  try {
    writeSync(file, text, 0);
  } catch (error) {
    throw new Weather(`the note of what is decided cannot be written: ${wordsOf(error)}`);
  }
}

function readNote(file: string): Note & { readonly atHand: string | undefined } {
  try {
    const [first = "", second = ""] = readFileSync(file, "utf8").split("\n", 2);
    const note = JSON.parse(second) as Partial<Note> | null;
    if (typeof note === "object" && note?.deciding && note.crashes && note.feared) {
      const { deciding, crashes, feared } = note;
      return { deciding, crashes, feared, atHand: deciding[Number(first)] };
    }
  } catch {
    // No note, or half of one: the process died between batches or while writing, not in a decision.
  }
  return { deciding: [], crashes: {}, feared: [], atHand: undefined };
}

/** For stores without a process to lose (tests, the simulation). */
export const noCrashNote: CrashNote = {
  begin: () => undefined,
  at: () => undefined,
  end: () => undefined,
  isSuspect: () => false,
  isFeared: () => false,
  fear: () => undefined,
  unfear: () => undefined,
  clear: () => undefined,
  condemn: () => undefined,
  convict: () => undefined,
  forgive: () => undefined,
  condemned: new Set(),
};
