/** gRPC with mutual TLS: the caller's role is checked here, the bytes are hashed once and forwarded undecoded, and the answer's bytes come back the same way. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { Act } from "../../proto/generated/nrcms/values/v1/access.ts";
import { accessOf, checkRole } from "../mesh/access.ts";
import type { Door } from "../mesh/door.ts";
import { contentHash } from "../mesh/journal.ts";
import { type RpcReply, refusalOf } from "../mesh/rpc.ts";
import { REQUEST_LIMIT_BYTES } from "../mesh/serve-calls.ts";
import { traceparentOr } from "../mesh/telemetry.ts";
import { hostOf } from "../mesh/topology.ts";
import type { Method } from "../mesh/wiring.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { streamHandler } from "./grpc-stream.ts";
import { holdForClaim } from "./hold.ts";
import { callerOf } from "./identity.ts";
import { publicServices } from "./methods.ts";
import { reflectionService } from "./reflection.ts";
import { grpcRefusal, grpcUnavailable } from "./refusal.ts";

/** Used where the caller names no deadline; and the longest that one may name. */
const DEADLINE_MS = 10_000;
const DEADLINE_CEILING_MS = 60_000;
/**
 * A command that could not be done for so long is given back as UNAVAILABLE, well before most callers' deadlines: no fault that the mesh mends by itself lasts longer,
 * and where this gateway's side of a cut network has no majority, the other gateway is asked next. As soon as the guardian knows that, it is given back at once.
 */
const COMMAND_MS = 3_000;
const ALONE_RETRY_MS = 500;
/** A query gets half of its caller's time: in the other half the other gateway can be asked. A machine that is alone knows what it knows at once. */
const QUERY_SHARE = 0.5;
const ALONE_QUERY_MS = 1_000;
/** What gRPC itself lets in, so that a larger message is refused in our words up to here. */
const RECEIVE_LIMIT_BYTES = 16 * 1024 * 1024;
const DRAIN_MS = 3_500;

const same = (bytes: Buffer) => bytes;

export interface GrpcDoor {
  /** At rest it lets nobody in and shows those who are in the way out (GOAWAY): a client that knows both addresses goes to the other without a failed call. */
  rest(resting: boolean): Promise<void>;
  close(): Promise<void>;
}

const NOBODY: Refusal = {
  outcome: "refused",
  code: "UNKNOWN_CALLER",
  status: "UNAUTHENTICATED",
  field: "",
  zh: "证书未注明角色与范围，调用者不明",
  en: "the certificate names no role and scope: the caller is unknown",
};

/** Listens on the twin's gRPC port with the certificates of the run directory. Throws where the port is taken or a certificate is missing. */
export async function openGrpc(door: Door): Promise<GrpcDoor> {
  const { config } = door;
  const port = config.place.grpc;
  if (port === undefined) throw new Error(`gateway.${config.twin} has no grpc port in the topology`);
  const certificate = (name: string) => readFileSync(join(config.run, "certs", name));
  const server = new Server({
    "grpc.max_receive_message_length": RECEIVE_LIMIT_BYTES,
    "grpc.max_send_message_length": RECEIVE_LIMIT_BYTES,
    "grpc.keepalive_time_ms": 20_000,
    "grpc.max_concurrent_streams": 2_000,
  });
  const health = new HealthImplementation({ "": "SERVING" });
  health.addToServer(server);
  reflectionService(
    server,
    join(import.meta.dirname, "..", "..", "proto", "generated", "image.binpb"),
    publicServices.map((service) => service.fullName),
  );
  const underWay = new Set<GiveBack>();
  door.alone.onSaid((why) => {
    for (const giveBack of underWay) giveBack(why);
  });
  for (const { fullName, service, methods } of publicServices) {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: Record<string, handleUnaryCall<Buffer, Buffer> | handleServerStreamingCall<Buffer, Buffer>> = {};
    for (const method of methods) {
      definition[method.name] = {
        path: `/${fullName}/${method.name}`,
        requestStream: false,
        responseStream: method.responseStream === true,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      };
      handlers[method.name] = method.responseStream
        ? streamHandler({ door, service, method, early: ({ length }) => tooLarge(length), nobody: NOBODY })
        : handler(door, underWay, service, method);
    }
    server.addService(definition, handlers);
    health.setStatus(fullName, "SERVING");
  }
  const credentials = ServerCredentials.createSsl(
    certificate("authority.pem"),
    [{ private_key: certificate(`gateway-${config.twin}.key`), cert_chain: certificate(`gateway-${config.twin}.pem`) }],
    true,
  );
  const address = `${config.place.listen ?? hostOf(config.topology, config.place.server)}:${port}`;
  const bind = () =>
    new Promise<void>((resolve, reject) => {
      server.bindAsync(address, credentials, (error) => (error ? reject(error) : resolve()));
    });
  const setStatus = (serving: "SERVING" | "NOT_SERVING") => {
    for (const name of ["", ...publicServices.map(({ fullName }) => fullName)]) health.setStatus(name, serving);
  };
  await bind();
  return {
    async rest(resting) {
      setStatus(resting ? "NOT_SERVING" : "SERVING");
      if (!resting) return await bind();
      server.drain(address, DRAIN_MS);
      server.unbind(address);
    },
    close: () =>
      new Promise((resolve) => {
        setStatus("NOT_SERVING");
        const timer = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, DRAIN_MS);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/** Ends a command that is under way as UNAVAILABLE: whatever becomes of it, the same request id gets the same answer elsewhere. */
type GiveBack = (why: string) => void;

// biome-ignore lint/suspicious/noExplicitAny: the messages pass through undecoded.
function handler(door: Door, underWay: Set<GiveBack>, service: string, method: Method<any, any>): handleUnaryCall<Buffer, Buffer> {
  const handle: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
    const startedMs = performance.now();
    const trace = traceparentOr(String(call.metadata.get("traceparent")[0] ?? ""));
    const caller = callerOf(call.getAuthContext()?.sslPeerCertificate);
    const early = caller ? (checkRole(method, caller) ?? tooLarge(call.request.length)) : NOBODY;
    let open = true;
    const end = (outcome: string, ...result: Parameters<typeof answer>) => {
      if (!open) return;
      open = false;
      underWay.delete(giveBack);
      door.answered();
      door.telemetry.metrics.calls.inc({ method: method.name, outcome });
      door.telemetry.metrics.callSeconds.observe({ method: method.name }, (performance.now() - startedMs) / 1000);
      answer(...result);
    };
    const giveBack: GiveBack = (why) => end("UNAVAILABLE", grpcUnavailable(why, ALONE_RETRY_MS));
    if (early || !caller) return end((early ?? NOBODY).status, grpcRefusal(early ?? NOBODY));
    const isCommand = accessOf(method).act === Act.COMMAND;
    const alone = door.alone.why;
    if (isCommand && alone !== "") return giveBack(alone);
    if (isCommand) underWay.add(giveBack);
    const timeoutMs = isCommand ? Math.min(deadlineOf(call), COMMAND_MS) : queryMs(deadlineOf(call), alone !== "");
    const parts = { caller, hash: contentHash(call.request), timeoutMs };
    const forward = async (traceparent: string): Promise<RpcReply> => {
      const reply = await door.client.call(service, method.name, call.request, { ...parts, traceparent });
      const leftMs = timeoutMs - (performance.now() - startedMs);
      return reply.status === "OK" && reply.pending
        ? await holdForClaim(door.client, reply.pending, reply, { ...parts, traceparent, timeoutMs: leftMs })
        : reply;
    };
    door.telemetry
      .span(`gateway/${method.name}`, "server", trace, { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method.name }, forward)
      .then(
        (reply) => {
          const trailer = new Metadata();
          trailer.set("nrcms-trace", trace.slice(3, 35));
          if (reply.status === "OK") end(reply.status, null, Buffer.from(reply.data), trailer);
          else if (reply.status === "UNAVAILABLE") end(reply.status, grpcUnavailable(decodeURIComponent(reply.reason), reply.retryAfterMs));
          else end(reply.status, grpcRefusal(refusalOf(reply.data)));
        },
        (error: unknown) => {
          door.log.error({ err: error, method: method.name, trace }, "a call could not be forwarded");
          end("INTERNAL", { code: status.INTERNAL, details: "INTERNAL: 网关错误 / gateway error" });
        },
      );
  };
  return (call, answer) => {
    try {
      handle(call, answer);
    } catch (error) {
      // Nothing has been sent on: a connection that is being closed no longer says whose it is. Sent again, it is the same call.
      door.log.error({ err: error, method: method.name }, "a call could not be taken");
      answer(grpcUnavailable("the call could not be taken", 50));
    }
  };
}

function deadlineOf(call: ServerUnaryCall<Buffer, Buffer>): number {
  const deadline = call.getDeadline();
  const leftMs = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  return Number.isFinite(leftMs) ? Math.max(1, Math.min(DEADLINE_CEILING_MS, leftMs)) : DEADLINE_MS;
}

function queryMs(leftMs: number, alone: boolean): number {
  return Math.min(QUERY_SHARE * leftMs, alone ? ALONE_QUERY_MS : DEADLINE_CEILING_MS);
}

function tooLarge(bytes: number): Refusal | undefined {
  if (bytes <= REQUEST_LIMIT_BYTES) return undefined;
  const zh = `请求过大：${bytes} 字节，上限 ${REQUEST_LIMIT_BYTES}`;
  return {
    ...badRequest("", zh, `the request is too large: ${bytes} bytes, at most ${REQUEST_LIMIT_BYTES}`),
    status: "RESOURCE_EXHAUSTED",
    code: "TOO_LARGE",
  };
}
