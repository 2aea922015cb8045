/** A gRPC call as bytes, with any certificate: what a caller sends who does not use our client, and what comes back, trailer and all. */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type ChannelCredentials, Client, credentials, type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { Refused } from "../../proto/generated/nrcms/values/v1/refused.ts";

const TIMEOUT_MS = 30_000;
/** Refusals quote at most so much of a 10 MB message on its way out. */
const SEND_LIMIT_BYTES = 32 * 1024 * 1024;

export interface RawAnswer {
  /** A gRPC status name. */
  readonly status: string;
  /** The message of the status, as a terminal would show it. */
  readonly words: string;
  readonly data: Uint8Array;
  readonly trailer: Metadata | undefined;
  readonly details: Details | undefined;
}

/** The google.rpc.Status of `grpc-status-details-bin`. */
export interface Details {
  readonly code: number;
  readonly message: string;
  readonly types: readonly string[];
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Locale → sentence. */
  readonly localized: Readonly<Record<string, string>>;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly refused: Refused | undefined;
}

export interface RawClient {
  call(path: string, bytes: Uint8Array, timeoutMs?: number): Promise<RawAnswer>;
  readonly client: Client;
  close(): void;
}

export interface Identity {
  readonly authority: Buffer;
  readonly key?: Buffer | undefined;
  readonly certificate?: Buffer | undefined;
}

export function secureWith({ authority, key, certificate }: Identity): ChannelCredentials {
  return credentials.createSsl(authority, key ?? null, certificate ?? null);
}

export const CHANNEL_OPTIONS = {
  "grpc.ssl_target_name_override": "localhost",
  "grpc.max_send_message_length": SEND_LIMIT_BYTES,
  "grpc.enable_retries": 0,
};

/** A client of one gateway. Nothing is repeated. */
export function openRaw(address: string, identity: Identity): RawClient {
  const client = new Client(address, secureWith(identity), CHANNEL_OPTIONS);
  return {
    client,
    close: () => client.close(),
    call: (path, bytes, timeoutMs = TIMEOUT_MS) =>
      new Promise((resolve) => {
        const same = (buffer: Buffer) => buffer;
        const deadline = Date.now() + timeoutMs;
        client.makeUnaryRequest(path, same, same, Buffer.from(bytes), { deadline }, (error: ServiceError | null, reply?: Buffer) => {
          const details = error?.metadata?.get("grpc-status-details-bin")[0];
          resolve({
            status: error ? (status[error.code] ?? String(error.code)) : "OK",
            words: error?.details ?? "",
            data: reply ?? new Uint8Array(),
            trailer: error?.metadata,
            details: details instanceof Uint8Array ? readDetails(details) : undefined,
          });
        });
      }),
  };
}

/** Field number → its values, as they lie in the bytes. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const fields = new Map<number, (Uint8Array | number)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    values.push(wire === 0 ? reader.int32() : reader.bytes());
  }
  return fields;
}

function texts(bytes: Uint8Array): Map<number, string> {
  const all = [...fieldsOf(bytes)].flatMap(([field, values]) => values.map((value) => [field, value] as const));
  return new Map(all.flatMap(([field, value]) => (value instanceof Uint8Array ? [[field, Buffer.from(value).toString("utf8")]] : [])));
}

function parts(bytes: Uint8Array, field: number): Uint8Array[] {
  return (fieldsOf(bytes).get(field) ?? []).filter((value) => value instanceof Uint8Array);
}

function readDetails(bytes: Uint8Array): Details {
  const anys = parts(bytes, 3).map((one) => ({
    type: (texts(one).get(1) ?? "").replace("type.googleapis.com/", ""),
    value: parts(one, 2)[0] ?? new Uint8Array(),
  }));
  const of = (type: string) => anys.filter((one) => one.type === type).map((one) => one.value);
  const information = of("google.rpc.ErrorInfo")[0] ?? new Uint8Array();
  const [code] = fieldsOf(bytes).get(1) ?? [];
  const [refused] = of("nrcms.values.v1.Refused");
  return {
    code: typeof code === "number" ? code : 0,
    message: texts(bytes).get(2) ?? "",
    types: anys.map((one) => one.type),
    reason: texts(information).get(1) ?? "",
    domain: texts(information).get(2) ?? "",
    metadata: Object.fromEntries(parts(information, 3).map((entry) => [texts(entry).get(1) ?? "", texts(entry).get(2) ?? ""])),
    localized: Object.fromEntries(of("google.rpc.LocalizedMessage").map((one) => [texts(one).get(1) ?? "", texts(one).get(2) ?? ""])),
    violations: of("google.rpc.BadRequest").flatMap((one) =>
      parts(one, 1).map((violation) => ({ field: texts(violation).get(1) ?? "", description: texts(violation).get(2) ?? "" })),
    ),
    refused: refused && Refused.decode(refused),
  };
}
