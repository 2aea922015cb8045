/** Pictures attached to a claim (附件): an invoice, a record, a third party's statement. What a file is its own bytes say, not its name; the claim names it by its content's hash. */
import type { Decision } from "../../values/decision.ts";
import { type Refusal, unavailable } from "../../values/outcome.ts";
import { type Claim, claims } from "./documents.ts";
import { refuse } from "./refusals.ts";
import { type Attachment, MEDIA_TYPES, type MediaType } from "./review-documents.ts";

/** One request carries one picture: it stays below the gateway's limit of 4 MiB. */
export const MAX_ATTACHMENT_BYTES = 3 * 1024 * 1024;
const MAX_ATTACHMENTS = 20;
/** A file's end is looked for in its last bytes: programs append to it. */
const TAIL_BYTES = 1_024;
/** The agreed test signature of virus scanners (EICAR), in two parts, so that no scanner takes this program for it. */
const TEST_VIRUS = Buffer.from(`${"X5O!P%@AP[4\\PZX54(P^)7CC)7}$"}${"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"}`, "latin1");

interface Shape {
  readonly head: readonly Buffer[];
  /** Without it the file is cut off. */
  readonly end: Buffer;
}

const SHAPES: Readonly<Record<MediaType, Shape>> = {
  JPEG: { head: [Buffer.from([0xff, 0xd8, 0xff])], end: Buffer.from([0xff, 0xd9]) },
  PNG: { head: [Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1")], end: Buffer.from("IEND", "latin1") },
  PDF: { head: [Buffer.from("%PDF-1."), Buffer.from("%PDF-2.")], end: Buffer.from("%%EOF") },
};

/** What the bytes are; undefined where they are none of what may be attached. */
export function mediaTypeOf(content: Buffer): MediaType | undefined {
  return MEDIA_TYPES.find((type) => SHAPES[type].head.some((head) => content.subarray(0, head.length).equals(head)));
}

/** Refuses ATTACHMENT_TOO_LARGE, INFECTED and NOT_WHAT_IT_SAYS. */
export function contentFault(content: Buffer, mediaType: MediaType): Refusal | undefined {
  const field = "attachment.content";
  if (content.length > MAX_ATTACHMENT_BYTES)
    return refuse("ATTACHMENT_TOO_LARGE", { field, bytes: content.length, most: MAX_ATTACHMENT_BYTES });
  if (content.includes(TEST_VIRUS)) return refuse("INFECTED", { field });
  const found = mediaTypeOf(content);
  const isWhole = found !== undefined && content.subarray(-TAIL_BYTES).includes(SHAPES[found].end);
  if (found !== mediaType || !isWhole)
    return refuse("NOT_WHAT_IT_SAYS", { field, said: mediaType, found: found === undefined ? "-" : isWhole ? found : `${found}…` });
  return undefined;
}

export interface AttachInput {
  /** Whose claim it must be: an institution's own, or one on paper of a county. */
  readonly whose: { readonly institutionId: string } | { readonly county: string };
  readonly claimId: string;
  readonly attachment: Omit<Attachment, "attachedBy" | "attachedOn">;
  /** The bytes lie in the store already; they are not put there for a claim that cannot have them. */
  readonly isStored: boolean;
}

/** Why nothing can be attached to it. Refuses UNKNOWN_CLAIM, CLAIM_ENDED and TOO_MANY_ATTACHMENTS. */
export function attachFault(claim: Claim | undefined, { whose, claimId, attachment }: Omit<AttachInput, "isStored">): Refusal | undefined {
  const isOwn =
    claim &&
    ("county" in whose ? claim.paper && claim.county === whose.county : !claim.paper && claim.bill.institutionId === whose.institutionId);
  if (!claim || !isOwn) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
  if (claim.state === "REFUSED" || claim.state === "VOIDED")
    return refuse("CLAIM_ENDED", { field: "claim_id", claim: claimId, state: claim.state });
  const { attachments = [] } = claim;
  const isKnown = attachments.some(({ contentHash }) => contentHash === attachment.contentHash);
  if (!isKnown && attachments.length >= MAX_ATTACHMENTS)
    return refuse("TOO_MANY_ATTACHMENTS", { field: "attachment", most: MAX_ATTACHMENTS });
  return undefined;
}

/** Replies with the attachment as it is stored; the same bytes again change nothing. */
export const attach: Decision<AttachInput, Attachment> = {
  needs: ({ claimId }) => [claims.key(claimId)],
  decide(input, state, change, context) {
    const { claimId, attachment, isStored } = input;
    const claim = state.get(claims.key(claimId));
    const fault = attachFault(claim, input);
    if (fault || !claim) return fault ?? refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
    change.about(claimId);
    const { attachments = [] } = claim;
    const known = attachments.find(({ contentHash }) => contentHash === attachment.contentHash);
    if (known) return known;
    // The claim came between the look at the door and now.
    if (!isStored) return unavailable(`the bytes for ${claimId} are not stored yet`);
    const attached: Attachment = { ...attachment, attachedBy: context.caller.name, attachedOn: context.day };
    change.put(claims.key(claimId), { ...claim, attachments: [...attachments, attached] });
    return attached;
  },
};
