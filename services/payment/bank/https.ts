/** A bank that is called over HTTPS, both sides showing a certificate: ISO 20022 XML, or JSON. */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { wordsOf } from "../../values/thrown.ts";
import type { BankReply, Channel } from "./channel.ts";
import { SIGNATURE_HEADER, type Signing } from "./signature.ts";

/** From the first byte out to the last byte in. */
export const SOCKET_DEADLINE_MS = 5_000;
/** As many entries of a statement as are read are 14 MB of XML. */
export const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const MAX_SOCKETS = 8;

export interface BankPlace {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer;
}

/** Where a bank of one form takes and answers things. */
export interface Paths {
  readonly contentType: string;
  readonly send: string;
  readonly cancel: string;
  enquire(batchId: string): string;
  statement(day: string): string;
}

export const ISO20022_PATHS: Paths = {
  contentType: "application/xml; charset=utf-8",
  send: "/pain.001",
  cancel: "/camt.056",
  enquire: (batchId) => `/pain.001/${encodeURIComponent(batchId)}/status`,
  statement: (day) => `/camt.053?day=${encodeURIComponent(day)}`,
};
export const JSON_PATHS: Paths = {
  contentType: "application/json; charset=utf-8",
  send: "/payments",
  cancel: "/cancellations",
  enquire: (batchId) => `/payments/${encodeURIComponent(batchId)}`,
  statement: (day) => `/statements/${encodeURIComponent(day)}`,
};

/** The payment centre's client certificate in the run directory. Throws where a file is missing. */
export function readCredentials(run: string): Credentials {
  const read = (name: string) => readFileSync(join(run, "certs", name));
  return { key: read("payment-client.key"), cert: read("payment-client.pem"), ca: read("authority.pem") };
}

export interface HttpsParts {
  readonly place: BankPlace;
  readonly paths: Paths;
  readonly credentials: Credentials;
  /** Undefined where neither side signs. */
  readonly signing?: Signing | undefined;
  readonly deadlineMs?: number;
  /** The time that stands in our signatures. */
  readonly nowMs?: () => number;
}

export function openHttps({ place, paths, credentials, signing, deadlineMs = SOCKET_DEADLINE_MS, nowMs = Date.now }: HttpsParts): Channel {
  const agent = new Agent({ ...credentials, keepAlive: true, maxSockets: MAX_SOCKETS });
  const call = async (method: "GET" | "POST", path: string, body: Uint8Array | undefined, signal: AbortSignal): Promise<BankReply> => {
    try {
      const headers: Record<string, string> = body ? { "content-type": paths.contentType, "content-length": String(body.byteLength) } : {};
      if (body && signing) headers[SIGNATURE_HEADER] = await signing.sign(body, nowMs());
      const wanted = { agent, place, method, path, headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) };
      return await trusted(await answerTo(wanted), signing);
    } catch (error) {
      return { kind: "silent", why: wordsOf(error) };
    }
  };
  return {
    async send(_batchId, bytes, signal) {
      const reply = await call("POST", paths.send, bytes, signal);
      return reply.kind === "absent" ? { kind: "silent", why: "HTTP 404 on sending" } : reply;
    },
    cancel: (_caseId, bytes, signal) => call("POST", paths.cancel, bytes, signal),
    enquire: (batchId, signal) => call("GET", paths.enquire(batchId), undefined, signal),
    statement: (day, signal) => call("GET", paths.statement(day), undefined, signal),
  };
}

interface Answer {
  readonly status: number;
  readonly document: Uint8Array;
  readonly signature: string;
}

async function trusted({ status, document, signature }: Answer, signing: Signing | undefined): Promise<BankReply> {
  // That there is nothing needs no signature: it is believed only when nothing can be under way any more.
  if (status === 404) return { kind: "absent" };
  if (status !== 200 || document.byteLength === 0) return { kind: "silent", why: `HTTP ${status}` };
  const checked = await signing?.check(document, signature);
  return checked && !checked.trusted ? { kind: "distrusted", why: checked.why, document } : { kind: "answer", document };
}

class StaleSocket extends Error {}

interface Exchange {
  readonly agent: Agent;
  readonly place: BankPlace;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

async function answerTo(wanted: Exchange): Promise<Answer> {
  try {
    return await exchange(wanted);
  } catch (error) {
    // The bank had closed the idle connection; once more on another, under the same deadline.
    if (!(error instanceof StaleSocket)) throw error;
    return await exchange(wanted);
  }
}

/** One request and its whole answer. Rejects for a socket's error, a deadline, a body that is too long. */
function exchange({ agent, place, method, path, headers, body, signal }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...place, agent, method, path, headers, signal }, (incoming) => {
      const signature = incoming.headers[SIGNATURE_HEADER];
      readBody(incoming).then(
        (document) => resolve({ status: incoming.statusCode ?? 0, document, signature: typeof signature === "string" ? signature : "" }),
        reject,
      );
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      reject(outgoing.reusedSocket && error.code === "ECONNRESET" ? new StaleSocket(error.message, { cause: error }) : error);
    });
    outgoing.end(body);
  });
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
