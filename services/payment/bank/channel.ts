/**
 * The way to one bank, the same whatever the bank speaks: files go out, answers come back. Only an answer that is there and can be trusted counts as one;
 * everything else, a refused connection as much as a timeout or a 500, is silence, because none of it says what the bank has done.
 * The bank knows a file by its id, so the same bytes may be repeated.
 */
import type { Distrust } from "../domain/documents.ts";

export type BankReply =
  | { readonly kind: "answer"; readonly document: Uint8Array }
  /** The bank says that it has no such thing. */
  | { readonly kind: "absent" }
  /** The bank has the file, and will say later what became of it. */
  | { readonly kind: "taken" }
  | { readonly kind: "silent"; readonly why: string }
  /** Something came, but not from the bank, or not as the bank wrote it. */
  | { readonly kind: "distrusted"; readonly why: Distrust; readonly document: Uint8Array };

/** What lies in a folder for us. */
export interface Arrival {
  readonly name: string;
  readonly document: Uint8Array;
  /** Empty where none lies beside it. */
  readonly signature: string;
  /** Why it was not read; absent where it was. */
  readonly oversize?: string;
}

/** A way to one bank. No call throws; each ends within its deadline. */
export interface Channel {
  /** Sends an order file. `absent` never comes back from here. */
  send(batchId: string, bytes: Uint8Array, signal: AbortSignal): Promise<BankReply>;
  /** Asks to cancel an order; the same bytes again get the same answer. */
  cancel(caseId: string, bytes: Uint8Array, signal: AbortSignal): Promise<BankReply>;
  /** What became of a file. */
  enquire(batchId: string, signal: AbortSignal): Promise<BankReply>;
  statement(day: string, signal: AbortSignal): Promise<BankReply>;
  /** Where the bank leaves messages to be fetched rather than bringing them to the gateway. */
  readonly mailbox?: Mailbox;
}

export interface Mailbox {
  /** What is there to be taken in, oldest first, a few at a time. Throws where the folder cannot be read. */
  look(): Promise<readonly Arrival[]>;
  /** Puts one aside, as taken in or as refused, with why. A second time is once. */
  putAside(name: string, refused?: string): Promise<void>;
}
