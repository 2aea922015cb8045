/**
 * The bank's door: HTTPS, both sides showing a certificate of the same authority. Without one only GET /health is answered.
 * POST /pain.001 · GET /pain.001/<MsgId>/status · GET /camt.053?day= (JSON: /payments, /payments/<id>, /statements/<day>) · GET /books, /books/summary · GET, POST /control · GET /health
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { Logger } from "pino";
import { dayOf, isDay } from "../../../services/values/days.ts";
import type { Answer, Bank } from "./bank.ts";
import { BadBehaviour, control, showBehaviour } from "./behaviour.ts";
import type { Credentials, Place } from "./callbacks.ts";
import { listBooks, summarizeBooks } from "./show.ts";
import { SIGNATURE_HEADER, type Signing } from "./signing.ts";

export const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_CONTROL_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
/** A client that is left waiting is let go after so long. */
const MAX_HANG_MS = 600_000;
const MAX_CONNECTIONS = 512;
const CUSTOMER = "nrcms://SERVICE";
/** Where order files are taken, as XML or as JSON. */
const SENDS = new Set(["/pain.001", "/payments"]);
/** And where wishes to cancel an order are. */
const CANCELS = new Set(["/camt.056", "/cancellations"]);

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly signature?: string;
}

const json = (status: number, body: object): Reply => ({
  status,
  type: "application/json; charset=utf-8",
  body: `${JSON.stringify(body)}\n`,
});
const message = (body: string, bank: Bank): Reply => ({ status: 200, type: bank.dialect.contentType, body });
const wrong = (status: number, error: string): Reply => json(status, { error });

export interface DoorParts {
  readonly place: Place;
  readonly credentials: Credentials;
  /** Undefined where neither side signs. */
  readonly signing: Signing | undefined;
  readonly bank: Promise<Bank>;
  readonly log: Logger;
}

/** Listens; `bank` may still be opening its books. Rejects where the port is taken. */
export async function openDoor({ place, credentials, signing, bank, log }: DoorParts): Promise<Server> {
  const server = createServer({ ...credentials, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    serve(request, response, bank, signing).catch((error: unknown) => {
      log.error({ err: error, method: request.method, path: request.url }, "a request could not be answered");
      say(response, wrong(500, "the bank has failed; what became of the request is not known"));
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(place.port, place.host, () => resolve());
  });
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  opening: Promise<Bank>,
  signing: Signing | undefined,
): Promise<void> {
  const url = URL.parse(request.url ?? "", "https://bank");
  if (!url) return say(response, wrong(400, "the path cannot be read"));
  const bank = await opening;
  const { down } = bank.behaviour;
  if (request.method === "GET" && url.pathname === "/health") return say(response, json(200, { status: "ok", down }));
  if (!(request.socket as TLSSocket).authorized) return say(response, wrong(403, "a client certificate of the authority is wanted"));
  if (down && url.pathname !== "/control") return void request.socket.destroy();
  if (request.method === "POST" && SENDS.has(url.pathname) && !isCustomer(request.socket as TLSSocket))
    return say(response, wrong(403, `only the payment centre's certificate (${CUSTOMER}/…) may order payments`));
  if (request.method === "POST" && CANCELS.has(url.pathname) && isCustomer(request.socket as TLSSocket))
    return await takeWish(request, response, bank, signing);
  if (request.method === "POST" && SENDS.has(url.pathname)) return await takeFile(request, response, bank, signing);
  say(response, signedReply(await route(request, url, bank), bank, signing));
}

/** The payment centre's own programs; a hospital's or a clerk's certificate orders nothing here. */
function isCustomer(socket: TLSSocket): boolean {
  return (socket.getPeerCertificate().subjectaltname ?? "").split(", ").some((name) => name.startsWith(`URI:${CUSTOMER}/`));
}

async function route(request: IncomingMessage, url: URL, bank: Bank): Promise<Reply> {
  if (url.pathname === "/control") return await takeControl(request, bank);
  if (request.method !== "GET") return wrong(405, `${request.method} is not accepted here`);
  const [, , enquiry] = /^\/(pain\.001|payments)\/([^/]{1,200})(?:\/status)?$/.exec(url.pathname) ?? [];
  if (enquiry !== undefined) {
    const messageId = decoded(enquiry);
    const report = messageId === undefined ? undefined : await bank.status(messageId);
    return report === undefined ? wrong(404, "the bank has never seen this MsgId") : message(report, bank);
  }
  const day = /^\/statements\/([^/]{1,20})$/.exec(url.pathname)?.[1] ?? url.searchParams.get("day") ?? "";
  switch (url.pathname) {
    case "/camt.053":
    case `/statements/${day}`: {
      if (!isDay(day)) return wrong(400, "day: YYYY-MM-DD is wanted");
      const statement = await bank.statement(day, dayOf(bank.books.now()));
      return statement === undefined ? wrong(404, `${day} has not come yet`) : message(statement, bank);
    }
    case "/books":
      await bank.books.durable();
      return json(200, listBooks(bank.books));
    case "/books/summary":
      await bank.books.durable();
      return json(200, summarizeBooks(bank.books));
    default:
      return wrong(404, `there is no ${url.pathname.slice(0, 100)}`);
  }
}

async function takeControl(request: IncomingMessage, bank: Bank): Promise<Reply> {
  if (request.method === "POST") {
    const body = await bodyOf(request, MAX_CONTROL_BYTES);
    if (!body) return wrong(413, `more than ${MAX_CONTROL_BYTES} bytes`);
    try {
      control(bank.behaviour, body.toString("utf8"));
      await bank.obey();
    } catch (error) {
      if (error instanceof BadBehaviour) return wrong(400, error.message);
      throw error;
    }
  } else if (request.method !== "GET") return wrong(405, `${request.method} is not accepted here`);
  return json(200, showBehaviour(bank.behaviour));
}

async function takeWish(request: IncomingMessage, response: ServerResponse, bank: Bank, signing: Signing | undefined): Promise<void> {
  const body = await signedBody(request, response, signing);
  if (!body) return;
  const outcome = await bank.cancel(body);
  if (typeof outcome !== "string") return say(response, wrong(400, outcome.unreadable));
  say(response, signedReply(message(outcome, bank), bank, signing));
}

/** The whole body with its customer's signature; undefined where it was answered that it is not. */
async function signedBody(request: IncomingMessage, response: ServerResponse, signing: Signing | undefined): Promise<Buffer | undefined> {
  const body = await bodyOf(request, MAX_BODY_BYTES);
  if (!body) {
    say(response, wrong(413, `a file has at most ${MAX_BODY_BYTES} bytes`));
    return undefined;
  }
  if (!signing || signing.isCustomers(body, String(request.headers[SIGNATURE_HEADER] ?? ""))) return body;
  say(response, wrong(403, `${SIGNATURE_HEADER} is not the customer's signature under these bytes`));
  return undefined;
}

async function takeFile(request: IncomingMessage, response: ServerResponse, bank: Bank, signing: Signing | undefined): Promise<void> {
  const body = await signedBody(request, response, signing);
  if (!body) return;
  const outcome = await bank.take(body);
  if ("unreadable" in outcome) return say(response, wrong(400, outcome.unreadable));
  if (await wait(outcome, response)) say(response, signedReply(message(outcome.document, bank), bank, signing));
}

/** Waits as told; false where the client has gone or is not to be answered. */
async function wait({ hang, delayMs }: Answer, response: ServerResponse): Promise<boolean> {
  if (!hang && delayMs === 0) return true;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    await sleep(hang ? MAX_HANG_MS : delayMs, undefined, { signal: gone.signal, ref: false });
  } catch (error) {
    if (gone.signal.aborted) return false;
    throw error;
  }
  if (hang) response.destroy();
  return !hang;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The whole body, or undefined as soon as it is too large; the rest is then read away, so that the client hears why. */
async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** A message of the bank's with its signature; whatever else is answered needs none. */
function signedReply(reply: Reply, bank: Bank, signing: Signing | undefined): Reply {
  if (!signing || reply.status !== 200 || reply.type !== bank.dialect.contentType) return reply;
  return { ...reply, signature: signing.sign(Buffer.from(reply.body, "utf8"), bank.books.now()) };
}

function say(response: ServerResponse, { status, type, body, signature }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const signed = signature === undefined ? {} : { [SIGNATURE_HEADER]: signature };
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), ...signed });
  response.end(body);
}
