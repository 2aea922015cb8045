/** What claims is asked about attachments. The bytes go into the store before the decision that names them: a picture is no part of a batch. */
import { createHash } from "node:crypto";
import {
  type AttachmentForm,
  type Attachment as AttachmentMessage,
  ClaimsServiceDefinition as definition,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Call, command, type Files, query, type Reader } from "../mesh/wiring.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { mayRead, wanted } from "./answers.ts";
import { type AttachInput, attach, attachFault, contentFault } from "./domain/attachment.ts";
import { badCounty, badId, badText, missing } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { ATTACHMENT_KINDS, type Attachment, MEDIA_TYPES } from "./domain/review-documents.ts";
import { claimOf } from "./store.ts";

const MAX_NAME = 100;
const HASH = /^[0-9a-f]{64}$/;

export interface AttachmentParts {
  readonly reader: Reader;
  readonly files: Files;
}

export function attachmentCalls({ reader, files }: AttachmentParts): readonly Call[] {
  const { methods } = definition;
  const stored = async (whose: AttachInput["whose"], claimId: string, form: AttachmentForm): Promise<AttachInput> => {
    const content = Buffer.from(form.content);
    const input = { whose, claimId, attachment: attachmentFrom(form, content) };
    const claim = await claimOf(reader, claimId);
    const isStored = attachFault(claim, input) === undefined;
    if (isStored) await files.put(input.attachment.contentHash, content);
    return { ...input, isStored };
  };
  const reply = (attachment: Attachment) => ({ attachment: attachmentMessage(attachment) });
  return [
    command(methods.attachToClaim, {
      check: ({ institutionId, claimId, attachment }) =>
        badId("institution_id", institutionId) ?? badId("claim_id", claimId) ?? formFault(attachment),
      input: ({ institutionId, claimId, attachment }) => stored({ institutionId }, claimId, wanted(attachment)),
      decision: attach,
      reply,
    }),
    command(methods.attachToPaperClaim, {
      check: ({ county, claimId, attachment }) => badCounty("county", county) ?? badId("claim_id", claimId) ?? formFault(attachment),
      input: ({ county, claimId, attachment }) => stored({ county }, claimId, wanted(attachment)),
      decision: attach,
      reply,
    }),
    query(methods.getAttachment, async ({ claimId, contentHash }, caller) => {
      const fault = badId("claim_id", claimId) ?? (HASH.test(contentHash) ? undefined : badHash());
      if (fault) return fault;
      const claim = await claimOf(reader, claimId);
      if (!claim || !mayRead(claim, caller)) return refuse("UNKNOWN_CLAIM", { field: "claim_id", claim: claimId });
      const attachment = claim.attachments?.find((one) => one.contentHash === contentHash);
      const content = attachment && (await files.get(contentHash));
      if (!attachment || !content) return refuse("UNKNOWN_ATTACHMENT", { field: "content_hash", claim: claimId });
      return { attachment: attachmentMessage(attachment), content: Buffer.from(content) };
    }),
  ];
}

function badHash(): Refusal {
  return badRequest("content_hash", "须为 64 位十六进制数", "must be 64 hexadecimal digits");
}

function formFault(form: AttachmentForm | undefined): Refusal | undefined {
  if (!form) return missing("attachment");
  const mediaType = MEDIA_TYPES.find((type) => type === form.mediaType);
  return (
    (form.kind === "UNSPECIFIED" ? missing("attachment.kind") : undefined) ??
    badText("attachment.name", form.name, MAX_NAME) ??
    (mediaType ? undefined : missing("attachment.media_type")) ??
    (form.content.length === 0 ? missing("attachment.content") : undefined) ??
    (mediaType && contentFault(Buffer.from(form.content), mediaType))
  );
}

/** A form that passed `formFault`. */
function attachmentFrom({ kind, mediaType, name }: AttachmentForm, content: Buffer): AttachInput["attachment"] {
  return {
    contentHash: createHash("sha256").update(content).digest("hex"),
    kind: ATTACHMENT_KINDS.find((one) => one === kind) ?? "OTHER",
    mediaType: MEDIA_TYPES.find((one) => one === mediaType) ?? "PDF",
    sizeBytes: content.length,
    name,
  };
}

function attachmentMessage({ sizeBytes, ...attachment }: Attachment): AttachmentMessage {
  return { ...attachment, sizeBytes: BigInt(sizeBytes) };
}
