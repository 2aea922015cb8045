/** Methods whose answer is a stream: a long call (mesh/long-calls.ts), whose words the gateway asks for one after the other and passes on undecoded, until it is answered or its caller is gone. */
import { randomUUID } from "node:crypto";
import { type handleServerStreamingCall, Metadata, type ServerWritableStream, type StatusObject, status } from "@grpc/grpc-js";
import { checkRole } from "../mesh/access.ts";
import type { Door } from "../mesh/door.ts";
import { contentHash } from "../mesh/journal.ts";
import { refusalOf } from "../mesh/rpc.ts";
import { traceparentOr } from "../mesh/telemetry.ts";
import type { Method } from "../mesh/wiring.ts";
import type { Refusal } from "../values/outcome.ts";
import { callerOf } from "./identity.ts";
import { grpcRefusal, grpcUnavailable } from "./refusal.ts";

/** For the first word that it is begun. */
const BEGIN_MS = 5_000;
/** The longest that a stream may last, whatever its caller says. */
const CEILING_MS = 30 * 60_000;
/** Streams that one gateway holds at a time. */
const MAX_STREAMS = 100;

export interface StreamParts {
  readonly door: Door;
  readonly service: string;
  // biome-ignore lint/suspicious/noExplicitAny: the messages pass through undecoded.
  readonly method: Method<any, any>;
  /** What no caller may do without: a name, and a request that is not too large. */
  early(request: Buffer): Refusal | undefined;
  readonly nobody: Refusal;
}

let open = 0;

export function streamHandler(parts: StreamParts): handleServerStreamingCall<Buffer, Buffer> {
  const { door, method, early, nobody } = parts;
  return (call) => {
    const startedMs = performance.now();
    const end = (outcome: string, error?: Partial<StatusObject>) => {
      door.answered();
      door.telemetry.metrics.calls.inc({ method: method.name, outcome });
      door.telemetry.metrics.callSeconds.observe({ method: method.name }, (performance.now() - startedMs) / 1_000);
      if (error) call.emit("error", error);
    };
    const refuse = (refusal: Refusal) => end(refusal.status, grpcRefusal(refusal));
    const caller = callerOf(call.getAuthContext()?.sslPeerCertificate);
    if (!caller) return refuse(nobody);
    const fault = checkRole(method, caller) ?? early(call.request);
    if (fault) return refuse(fault);
    if (open >= MAX_STREAMS) return end("UNAVAILABLE", grpcUnavailable("too many streams", 1_000));
    open += 1;
    const trace = traceparentOr(String(call.metadata.get("traceparent")[0] ?? ""));
    const begin = { caller, hash: contentHash(call.request), timeoutMs: BEGIN_MS, traceparent: trace, long: randomUUID() };
    pass(parts, call, begin)
      .then(
        (error) => {
          if (error) return end(status[error.code ?? status.UNKNOWN] ?? "UNKNOWN", error);
          const trailer = new Metadata();
          trailer.set("nrcms-trace", trace.slice(3, 35));
          end("OK");
          call.end(trailer);
        },
        (error: unknown) => {
          door.log.error({ err: error, method: method.name, trace }, "a stream could not be passed on");
          end("INTERNAL", { code: status.INTERNAL, details: "INTERNAL: 网关错误 / gateway error" });
        },
      )
      .finally(() => {
        open -= 1;
      });
  };
}

/** Begins it and passes on its words; gives what it ended with, undefined where all was said. */
async function pass(
  { door: { client }, service, method }: StreamParts,
  call: ServerWritableStream<Buffer, Buffer>,
  begin: Parameters<typeof client.call>[3],
): Promise<Partial<StatusObject> | undefined> {
  const untilMs = performance.now() + CEILING_MS;
  let reply = await client.call(service, method.name, call.request, begin);
  const { more } = reply;
  const stop = () => client.stop(more);
  call.once("cancelled", stop);
  try {
    while (reply.status === "OK" || reply.status === "MORE") {
      if (call.cancelled) {
        stop();
        return { code: status.CANCELLED, details: "cancelled" };
      }
      if (reply.data.length > 0) call.write(Buffer.from(reply.data));
      // The first answer only says where the words are told.
      if (reply.status === "OK" && reply.more === "") return undefined;
      if (performance.now() > untilMs) {
        stop();
        return { code: status.DEADLINE_EXCEEDED, details: `no end after ${CEILING_MS / 60_000} minutes` };
      }
      reply = await client.word(more);
    }
  } finally {
    call.off("cancelled", stop);
  }
  if (reply.status === "UNAVAILABLE") return grpcUnavailable(reply.reason, reply.retryAfterMs || 1_000);
  return grpcRefusal(refusalOf(reply.data));
}
