/** What a bank brings by itself becomes an input: first whose it is, then what it says. The same for the gateway's door and for a mailbox. */
import { createHash } from "node:crypto";
import type { Leading, Reader } from "../../mesh/wiring.ts";
import { bankPart } from "../../values/banks.ts";
import type { Original } from "../domain/documents.ts";
import { type Doubt, doubt, MAX_KEPT } from "../domain/doubt.ts";
import type { Receive } from "../domain/receive.ts";
import { bookedAfter, bookedBefore, openOrderIds, orderIdsBookedOn } from "../store.ts";
import type { BankReply } from "./channel.ts";
import type { ReadDocument } from "./read.ts";
import type { Signing } from "./signature.ts";

export interface Hearing {
  readonly bank: string;
  readonly reader: Reader;
  readonly read: ReadDocument;
  /** Undefined where the bank was agreed not to sign. */
  readonly signing: Signing | undefined;
}

export interface Brought {
  readonly from: string;
  readonly document: Uint8Array;
  readonly signature: string;
}

/** Throws BadBankMessage for what is the bank's and cannot be read. */
export async function hearingOf({ bank, reader, read, signing }: Hearing, brought: Brought): Promise<Receive | Doubt> {
  const { document, signature } = brought;
  const checked = await signing?.check(document, signature);
  if (checked && !checked.trusted) return { ...originalOf(brought), bank, why: checked.why };
  const message = await read(document);
  const original = { ...originalOf(brought), messageId: message.messageId };
  const signed = checked ? { signedAtMs: checked.signedAtMs } : {};
  if (message.kind !== "camt.053") return { bank, original, content: message, ...signed };
  const { content } = message;
  // What we hold booked is read before it is compared: what is settled in between is then in the statement, and is found through it.
  const [expectedOrderIds, previousDay, nextDay, open] = await Promise.all([
    orderIdsBookedOn(reader, bank, content.day),
    bookedBefore(reader, bank, content.day),
    bookedAfter(reader, bank, content.day),
    openOrderIds(reader, bank, content),
  ]);
  const statement = { bank, content, expectedOrderIds, previousDay, nextDay, openOrderIds: open };
  return { bank, original, content: { kind: "camt.053", statement }, ...signed };
}

export function originalOf({ from, document }: Omit<Brought, "signature">): Original {
  return {
    messageId: idIn(document),
    hash: createHash("sha256").update(document).digest("hex"),
    from,
    bytes: document.byteLength,
    head: Buffer.from(document.subarray(0, MAX_KEPT)).toString("base64"),
  };
}

/** What answered in a bank's name and is not believed is kept; of any other reply there is nothing to keep. */
export async function keepDoubted(leading: Leading, bank: string, reply: BankReply, from: string): Promise<void> {
  if (reply.kind !== "distrusted") return;
  const { why, document } = reply;
  const original = originalOf({ from, document });
  const id = `doubt/${bankPart(bank, original.hash.slice(0, 32))}/${why}`;
  await leading.enter(id, doubt, { ...original, bank, why }, { fenced: true });
}

/** What looks like its id in a message that is not to be read; empty where nothing does. */
function idIn(document: Uint8Array): string {
  const text = Buffer.from(document.subarray(0, MAX_KEPT)).toString("latin1");
  const found =
    /<(?:\w+:)?MsgId>\s*([^<\s]{1,35})\s*</.exec(text) ??
    /"messageId"\s*:\s*"([^"\s]{1,35})"/.exec(text) ??
    /^NRCMS-[A-Z]+\|1\|([^|\s]{1,35})\|/.exec(text);
  return found?.[1] ?? "";
}
