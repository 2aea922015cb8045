/**
 * What an event's message is known by: its id, and a seal over all by which a hearer decides (its trace is only for those who look). What a disk, a cable or a memory chip has changed on the way
 * is no event: it is neither decided nor parked under the event's id. The event itself then is one that was not heard, and is published again (unheard.ts).
 */
import { createHash } from "node:crypto";

/** What the seal covers. */
export interface Sealed {
  readonly subject: string;
  /** `twin number atMs`, the nrcms-origin header. */
  readonly origin: string;
  readonly bytes: Uint8Array;
}

/** SHA-256 (hex), the nrcms-hash header of an event. */
export function sealOf({ subject, origin, bytes }: Sealed): string {
  return createHash("sha256").update(`${subject}\n${origin}\n`).update(bytes).digest("hex");
}

/** Whether it is as it was published. One without a seal is a foreign one's, or a former release's: nothing is known of it. */
export function isWhole(seal: string, sealed: Sealed): boolean {
  return seal === "" || seal === sealOf(sealed);
}

const AGAIN = " again ";

/**
 * The Nats-Msg-Id of an event that is published once more. A stream does not store what it has stored within its duplicate window,
 * though it may have lost it since; `occasion` tells one time from the other.
 */
export function againId(eventId: string, occasion: string): string {
  return `${eventId}${AGAIN}${occasion}`;
}

/** The event's own id in a Nats-Msg-Id. */
export function idIn(messageId: string): string {
  const end = messageId.indexOf(AGAIN);
  return end < 0 ? messageId : messageId.slice(0, end);
}
