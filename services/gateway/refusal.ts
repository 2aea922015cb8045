/**
 * A refusal as gRPC says it: the standard status, and in `grpc-status-details-bin` a google.rpc.Status with ErrorInfo (code, field), BadRequest (where a field is named),
 * LocalizedMessage in Chinese and English, and our own Refused. Written by hand: five small messages are no reason for a dependency.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { Refused } from "../../proto/generated/nrcms/values/v1/refused.ts";
import type { Refusal } from "../values/outcome.ts";

const DETAILS_LIMIT_BYTES = 6_000;

function any(type: string, value: Uint8Array): Uint8Array {
  return new BinaryWriter().uint32(10).string(`type.googleapis.com/${type}`).uint32(18).bytes(value).finish();
}

function strings(...fields: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [index, text] of fields.entries()) writer.uint32(((index + 1) << 3) | 2).string(text);
  return writer.finish();
}

function detailsOf(refusal: Refusal, code: number): Buffer {
  const { code: reason, field, zh, en, status: name } = refusal;
  const information = new BinaryWriter().uint32(10).string(reason).uint32(18).string("nrcms");
  if (field) information.uint32(26).bytes(strings("field", field));
  const details = [
    any("google.rpc.ErrorInfo", information.finish()),
    any("google.rpc.LocalizedMessage", strings("zh-CN", zh)),
    any("google.rpc.LocalizedMessage", strings("en", en)),
    any("nrcms.values.v1.Refused", Refused.encode({ code: reason, field, zh, en, status: name }).finish()),
  ];
  if (field) details.push(any("google.rpc.BadRequest", new BinaryWriter().uint32(10).bytes(strings(field, en)).finish()));
  const writer = new BinaryWriter().uint32(8).int32(code).uint32(18).string(messageOf(refusal));
  for (const detail of details) writer.uint32(26).bytes(detail);
  return Buffer.from(writer.finish());
}

function messageOf(refusal: Refusal): string {
  return `${refusal.code}${refusal.field ? ` (${refusal.field})` : ""}: ${refusal.zh} / ${refusal.en}`;
}

/** The gRPC status of a refusal, with its details in the trailer. */
export function grpcRefusal(refusal: Refusal): Partial<StatusObject> {
  const code = status[refusal.status];
  const metadata = new Metadata();
  const details = detailsOf(refusal, code);
  if (details.length <= DETAILS_LIMIT_BYTES) metadata.set("grpc-status-details-bin", details);
  return { code, details: messageOf(refusal), metadata };
}

/** Weather: the caller repeats the same request id after `retryAfterMs`. */
export function grpcUnavailable(reason: string, retryAfterMs: number): Partial<StatusObject> {
  const metadata = new Metadata();
  metadata.set("retry-after-ms", String(retryAfterMs));
  return {
    code: status.UNAVAILABLE,
    details: `UNAVAILABLE: 系统繁忙，请用同一请求编号重试 / busy, repeat with the same request_id: ${reason}`,
    metadata,
  };
}
