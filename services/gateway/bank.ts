/** The bank's callbacks: POST /bank/v1/messages over HTTPS with the bank's client certificate. The document goes to payment as it came, under its own MsgId. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { PaymentServiceDefinition, ReceiveBankMessageRequest } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { checkRole } from "../mesh/access.ts";
import type { Door } from "../mesh/door.ts";
import { contentHash } from "../mesh/journal.ts";
import { refusalOf } from "../mesh/rpc.ts";
import { newTraceparent } from "../mesh/telemetry.ts";
import { hostOf } from "../mesh/topology.ts";
import { callerOf } from "./identity.ts";

const BODY_LIMIT_BYTES = 4 * 1024 * 1024 - 1024;
const TIMEOUT_MS = 10_000;
const HTTP_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  FAILED_PRECONDITION: 409,
  RESOURCE_EXHAUSTED: 413,
  UNAVAILABLE: 503,
};

export interface BankDoor {
  close(): Promise<void>;
}

/** Listens on the twin's bank port. Throws where the port is taken or a certificate is missing. */
export async function openBankDoor(door: Door): Promise<BankDoor> {
  const { config } = door;
  const port = config.place.bank;
  if (port === undefined) throw new Error(`gateway.${config.twin} has no bank port in the topology`);
  const certificate = (name: string) => readFileSync(join(config.run, "certs", name));
  const server: Server = createServer(
    {
      ca: certificate("authority.pem"),
      cert: certificate(`gateway-${config.twin}.pem`),
      key: certificate(`gateway-${config.twin}.key`),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      receive(door, request, response).catch((error: unknown) => {
        door.log.error({ err: error }, "a bank message could not be taken");
        say(response, 500, { code: "INTERNAL", zh: "网关错误", en: "gateway error" });
      });
    },
  );
  server.requestTimeout = TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, config.place.listen ?? hostOf(config.topology, config.place.server), () => resolve());
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function say(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}

async function receive(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST" || request.url !== "/bank/v1/messages") {
    return say(response, 404, { code: "NOT_FOUND", zh: "只接受 POST /bank/v1/messages", en: "POST /bank/v1/messages only" });
  }
  const caller = callerOf((request.socket as TLSSocket).getPeerCertificate());
  if (!caller) return say(response, 401, { code: "UNKNOWN_CALLER", zh: "调用者不明", en: "the caller is unknown" });
  const method = PaymentServiceDefinition.methods.receiveBankMessage;
  const wrong = checkRole(method, caller);
  if (wrong) return say(response, 403, wrong);
  const document = await bodyOf(request);
  if (!document)
    return say(response, 413, {
      code: "TOO_LARGE",
      zh: `报文过大，上限 ${BODY_LIMIT_BYTES} 字节`,
      en: `the message is larger than ${BODY_LIMIT_BYTES} bytes`,
    });
  const header = request.headers["x-jws-signature"];
  const signature = typeof header === "string" ? header : "";
  // Its id is its content: what somebody sends in the bank's name takes no id away from what the bank sends.
  const requestId = createHash("sha256").update(signature).update("\n").update(document).digest("hex");
  const data = ReceiveBankMessageRequest.encode({ requestId, document, signature }).finish();
  const reply = await door.client.call("payment", method.name, data, {
    caller,
    traceparent: newTraceparent(),
    hash: contentHash(data),
    timeoutMs: TIMEOUT_MS,
  });
  door.answered();
  if (reply.status === "OK") {
    const { doubts } = method.responseType.decode(reply.data);
    return doubts ? say(response, 403, doubts) : say(response, 200, { code: "OK", request: requestId });
  }
  if (reply.status === "UNAVAILABLE")
    return say(response, 503, { code: "UNAVAILABLE", zh: "系统繁忙，请稍后重发", en: "busy, send again later" });
  const refusal = refusalOf(reply.data);
  say(response, HTTP_STATUS[refusal.status] ?? 500, refusal);
}

/** The whole body, or undefined where it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
