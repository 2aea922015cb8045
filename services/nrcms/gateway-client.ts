/**
 * A gRPC client of the gateway pair: one certificate, both addresses, and the same request again on the other one when the first is unavailable.
 * What a hospital's adapter does in its own language, in a hundred lines.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { Refused } from "../../proto/generated/nrcms/values/v1/refused.ts";
import { pause } from "../mesh/clock.ts";
import { hostOf, type Topology } from "../mesh/topology.ts";
import type { Method, RequestOf, ResponseOf, ServiceDefinition } from "../mesh/wiring.ts";

/** A call that was answered with anything but OK. `code` is the refusal's, or the gRPC status name. */
export class GatewayError extends Error {
  readonly status: string;
  readonly code: string;
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  /** Nobody could answer in time: the same request may be sent again. Everything else is an answer. */
  readonly isWeather: boolean;
  constructor(error: ServiceError) {
    super(error.details);
    this.isWeather = isWeather(error);
    const refused = refusedOf(error);
    this.status = status[error.code] ?? String(error.code);
    this.code = refused?.code ?? this.status;
    this.field = refused?.field ?? "";
    this.zh = refused?.zh ?? error.details;
    this.en = refused?.en ?? error.details;
  }
}

const REFUSED_TYPE = "type.googleapis.com/nrcms.values.v1.Refused";

/** Our own detail among those of google.rpc.Status. */
function refusedOf(error: ServiceError): Refused | undefined {
  const bytes = error.metadata.get("grpc-status-details-bin")[0];
  if (!(bytes instanceof Uint8Array)) return undefined;
  const outer = new BinaryReader(bytes);
  while (outer.pos < outer.len) {
    const [field, wire] = outer.tag();
    if (field !== 3) {
      outer.skip(wire);
      continue;
    }
    const inner = new BinaryReader(outer.bytes());
    let type = "";
    let value = new Uint8Array();
    while (inner.pos < inner.len) {
      const [part, kind] = inner.tag();
      if (part === 1) type = inner.string();
      else if (part === 2) value = Uint8Array.from(inner.bytes());
      else inner.skip(kind);
    }
    if (type === REFUSED_TYPE) return Refused.decode(value);
  }
  return undefined;
}

/** How weather is met. */
export interface Patience {
  /** How long the same request is sent again; 30 s by default. */
  readonly patienceMs?: number;
  /** Told each time that the same request is about to be sent again, with the status and the words that were answered. */
  onRetry?(status: string, words: string): void;
}

export interface CallOptions extends Patience {
  readonly timeoutMs?: number;
  readonly traceparent?: string;
}

export interface GatewayOptions extends Patience {
  /** A gateway that has not answered a ping for so long is given up, and its calls go to the other; 1 s by default. */
  readonly silenceMs?: number;
}

export interface GatewayClient {
  readonly name: string;
  /** Throws GatewayError for a refusal, and for weather that outlasts `patienceMs`. */
  call<D extends ServiceDefinition, M extends keyof D["methods"] & string>(
    definition: D,
    method: M,
    request: RequestOf<D, M>,
    options?: CallOptions,
  ): Promise<ResponseOf<D, M>>;
  /** Calls a method that answers by a stream: gives its messages as they come. Throws GatewayError; a stream that is cut off is begun again by nobody. Leaving the loop, or the signal, cancels it. */
  stream<D extends ServiceDefinition, M extends keyof D["methods"] & string>(
    definition: D,
    method: M,
    request: RequestOf<D, M>,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<ResponseOf<D, M>>;
  close(): void;
}

const TIMEOUT_MS = 4_000;
const PATIENCE_MS = 30_000;
const STREAM_MS = 30 * 60_000;
/**
 * A gateway whose machine lost its power says nothing any more: it is found out by its silence, within 1.5 s.
 * Two thirds of that are for the answer: gRPC looks at its clock before it reads, and a caller that was itself held up for half a second would drop a healthy gateway.
 */
const PING_MS = 500;
const SILENCE_MS = 1_000;
const RETRY_FLOOR_MS = 20;
const RETRY_CEILING_MS = 400;
/** Statuses after which the same request id is sent again: nobody can know whether the first arrived, and it does not matter. */
const AGAIN = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]);
/** What gRPC itself says of a stream that ended without an answer: its gateway went away in the middle. Our own INTERNAL carries a number, and is an answer. */
const CUT_OFF = /RST_STREAM|without gRPC status/;

function isWeather({ code, details }: ServiceError): boolean {
  return AGAIN.has(code) || (code === status.INTERNAL && CUT_OFF.test(details));
}

/** host:port of both gateways, `first` leading. */
export function gatewayAddresses(topology: Topology, first: "a" | "b" = "a"): string[] {
  const gateway = topology.services.gateway;
  if (!gateway) throw new Error("the topology has no gateway");
  const at = (twin: "a" | "b") => `${hostOf(topology, gateway[twin].server)}:${gateway[twin].grpc}`;
  return first === "a" ? [at("a"), at("b")] : [at("b"), at("a")];
}

/** Opens a client with the certificate `<name>.pem` of a folder; its patience is that of all its calls that name none. Throws where the certificate is not there. */
export function openGateway(
  addresses: readonly string[],
  certificates: string,
  name: string,
  { silenceMs = SILENCE_MS, ...patience }: GatewayOptions = {},
): GatewayClient {
  const read = (file: string) => readFileSync(join(certificates, file));
  const secure = credentials.createSsl(read("authority.pem"), read(`${name}.key`), read(`${name}.pem`));
  const clients = targets(addresses).map(
    (target) =>
      new Client(target, secure, {
        // The address may be a bare number, which TLS takes for no name: both gateways' certificates carry this one.
        "grpc.ssl_target_name_override": "localhost",
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.min_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 1_000,
        "grpc.keepalive_time_ms": PING_MS,
        "grpc.keepalive_timeout_ms": silenceMs,
        "grpc.max_receive_message_length": 16 * 1024 * 1024,
        "grpc.service_config": BOTH,
      }),
  );
  let preferred = 0;
  return {
    name,
    async call(definition, name_, request, options = {}) {
      const method = definition.methods[name_];
      if (!method) throw new Error(`${definition.fullName} has no method ${name_}`);
      const { patienceMs = PATIENCE_MS, onRetry } = { ...patience, ...options };
      const untilMs = performance.now() + patienceMs;
      const bytes = Buffer.from(method.requestType.encode(request).finish());
      let backoffMs = RETRY_FLOOR_MS;
      for (;;) {
        const client = clients[preferred % clients.length] as Client;
        try {
          return await unary(client, definition, method, bytes, options);
        } catch (error) {
          const failure = error as ServiceError;
          if (!isWeather(failure) || performance.now() > untilMs) throw new GatewayError(failure);
          preferred += 1;
          onRetry?.(status[failure.code] ?? String(failure.code), failure.details);
          await pause(backoffMs * (0.5 + Math.random() / 2));
          backoffMs = Math.min(RETRY_CEILING_MS, backoffMs * 2);
        }
      }
    },
    async *stream(definition, name_, request, { timeoutMs = STREAM_MS, signal } = {}) {
      const method = definition.methods[name_];
      if (!method) throw new Error(`${definition.fullName} has no method ${name_}`);
      const call = (clients[preferred % clients.length] as Client).makeServerStreamRequest(
        `/${definition.fullName}/${method.name}`,
        (message: Buffer) => message,
        (reply: Buffer) => method.responseType.decode(reply) as ResponseOf<typeof definition, typeof name_>,
        Buffer.from(method.requestType.encode(request).finish()),
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted) cancel();
      try {
        for await (const message of call) yield message;
      } catch (error) {
        throw new GatewayError(error as ServiceError);
      } finally {
        signal?.removeEventListener("abort", cancel);
        call.cancel();
      }
    },
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

/** Calls go to all gateways in turn, over connections that stand already when one of them dies. */
const BOTH = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/** One channel to all gateways: one that is put at rest says so, one that is silent is found out, and the calls go to the others. Names, which gRPC resolves one by one, get a channel each. */
function targets(addresses: readonly string[]): readonly string[] {
  return addresses.every((address) => /^[\d.]+:\d+$/.test(address)) ? [`ipv4:${addresses.join(",")}`] : addresses;
}

function unary<D extends ServiceDefinition, M extends keyof D["methods"] & string>(
  client: Client,
  definition: D,
  method: Method<RequestOf<D, M>, ResponseOf<D, M>>,
  bytes: Buffer,
  options: CallOptions,
): Promise<ResponseOf<D, M>> {
  const metadata = new Metadata();
  if (options.traceparent) metadata.set("traceparent", options.traceparent);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${definition.fullName}/${method.name}`,
      (request: Buffer) => request,
      (reply: Buffer) => method.responseType.decode(reply),
      bytes,
      metadata,
      { deadline: Date.now() + (options.timeoutMs ?? TIMEOUT_MS) },
      (error, reply) => (error ? reject(error) : resolve(reply as ResponseOf<D, M>)),
    );
  });
}
