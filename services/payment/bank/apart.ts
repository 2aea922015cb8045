/** A long document of a bank's, read in a process of its own: nobody who waits for this twin waits for it. */
import { join } from "node:path";
import { EndedFromOutside, runApart } from "../../mesh/apart.ts";
import { wordsOf } from "../../values/thrown.ts";
import type { BankFormat } from "../domain/file.ts";
import { BadBankMessage, type BankMessage, NotReadNow } from "./message.ts";
import { HalfWritten } from "./text.ts";

export const WHAT = "the reading of a bank's document";
/** 20,000 entries, as many as are read, are 14 MB of XML; its tree is 300 MB. */
const HEAP_MB = 768;
const YOUNG_MB = 16;
const LIMIT_MS = 60_000;
/** Documents in hand, beyond which no more are taken in at the door: whoever has the bank's certificate may send what he likes. */
const CROWD = 4;

export interface ReadWanted {
  readonly format: BankFormat;
  readonly accountNumber: string;
  readonly bytes: Uint8Array;
}

/** What it says, or why it is no such message, or half of one. */
export type Found = { readonly message: BankMessage } | { readonly bad: string; readonly isHalf: boolean };

let inHand = 0;
let last: Promise<unknown> = Promise.resolve();

/** Several are being read: who can come again should. */
export function isCrowded(): boolean {
  return inHand >= CROWD;
}

/** Reads one document after the other. Throws BadBankMessage, also where its reader died of it, and NotReadNow. */
export async function readApart(wanted: ReadWanted): Promise<BankMessage> {
  inHand += 1;
  const reading = last.then(() => read(wanted));
  last = reading.catch(() => undefined);
  try {
    const found = await reading;
    if ("message" in found) return found.message;
    throw found.isHalf ? new HalfWritten(found.bad) : new BadBankMessage(found.bad);
  } finally {
    inHand -= 1;
  }
}

async function read(wanted: ReadWanted): Promise<Found> {
  const program = join(import.meta.dirname, "apart", "main.ts");
  try {
    return await runApart<never, Found>({ program, what: WHAT, wanted, heapMb: HEAP_MB, youngMb: YOUNG_MB, limitMs: LIMIT_MS });
  } catch (error) {
    if (error instanceof EndedFromOutside) throw new NotReadNow(error.message, { cause: error });
    return { bad: wordsOf(error), isHalf: false };
  }
}
