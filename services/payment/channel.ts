/**
 * The channel to the bank: ISO 20022 over HTTPS, both sides showing a certificate. Only an answer with a document counts as one; everything else,
 * a refused connection as much as a timeout or a 500, is silence, because none of it says what the bank has done.
 * The bank knows a file by its MsgId, so the same bytes may be repeated.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";

/** From the first byte out to the last byte in. */
export const SOCKET_DEADLINE_MS = 5_000;
export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
const MAX_SOCKETS = 8;

export type BankReply =
  | { readonly kind: "answer"; readonly document: Uint8Array }
  /** The bank says that it has no such thing (404). */
  | { readonly kind: "absent" }
  | { readonly kind: "silent"; readonly why: string };

/** A way to one bank. No call throws; each ends within the socket deadline. */
export interface Channel {
  /** Sends an order file. `absent` never comes back from here. */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<BankReply>;
  /** What became of a file. */
  enquire(messageId: string, signal: AbortSignal): Promise<BankReply>;
  statement(day: string, signal: AbortSignal): Promise<BankReply>;
}

export interface BankPlace {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer;
}

/** The payment centre's client certificate in the run directory. Throws where a file is missing. */
export function readCredentials(run: string): Credentials {
  const read = (name: string) => readFileSync(join(run, "certs", name));
  return { key: read("payment-client.key"), cert: read("payment-client.pem"), ca: read("authority.pem") };
}

export function openChannel(place: BankPlace, credentials: Credentials, deadlineMs = SOCKET_DEADLINE_MS): Channel {
  const agent = new Agent({ ...credentials, keepAlive: true, maxSockets: MAX_SOCKETS });
  const call = async (method: "GET" | "POST", path: string, body: Uint8Array | undefined, signal: AbortSignal): Promise<BankReply> => {
    const wanted = { agent, place, method, path, body, signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) };
    try {
      try {
        return await exchange(wanted);
      } catch (error) {
        // The bank had closed the idle connection; once more on another, under the same deadline.
        if (!(error instanceof StaleSocket)) throw error;
        return await exchange(wanted);
      }
    } catch (error) {
      return { kind: "silent", why: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    async send(bytes, signal) {
      const reply = await call("POST", "/pain.001", bytes, signal);
      return reply.kind === "absent" ? { kind: "silent", why: "HTTP 404 on sending" } : reply;
    },
    enquire: (messageId, signal) => call("GET", `/pain.001/${encodeURIComponent(messageId)}/status`, undefined, signal),
    statement: (day, signal) => call("GET", `/camt.053?day=${encodeURIComponent(day)}`, undefined, signal),
  };
}

class StaleSocket extends Error {}

interface Exchange {
  readonly agent: Agent;
  readonly place: BankPlace;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** One request and its whole answer. Rejects for a socket's error, a deadline, a body that is too long. */
function exchange({ agent, place, method, path, body, signal }: Exchange): Promise<BankReply> {
  return new Promise((resolve, reject) => {
    const headers = body ? { "content-type": "application/xml; charset=utf-8", "content-length": body.byteLength } : {};
    const outgoing = request({ ...place, agent, method, path, headers, signal }, (incoming) => {
      readBody(incoming).then((document) => resolve(replyOf(incoming.statusCode ?? 0, document)), reject);
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      reject(outgoing.reusedSocket && error.code === "ECONNRESET" ? new StaleSocket(error.message, { cause: error }) : error);
    });
    outgoing.end(body);
  });
}

function replyOf(status: number, document: Uint8Array): BankReply {
  if (status === 200 && document.byteLength > 0) return { kind: "answer", document };
  if (status === 404) return { kind: "absent" };
  return { kind: "silent", why: `HTTP ${status}` };
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > MAX_RESPONSE_BYTES) throw new Error(`the bank's answer is longer than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
