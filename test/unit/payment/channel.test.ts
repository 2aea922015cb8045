import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAuthority } from "../../../deploy/local/authority.ts";
import type { Channel } from "../../../services/payment/bank/channel.ts";
import { type HttpsParts, ISO20022_PATHS, MAX_RESPONSE_BYTES, openHttps, readCredentials } from "../../../services/payment/bank/https.ts";

const DEADLINE_MS = 300;

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let run: string;
let stranger: string;
let server: Server;
let handler: Handler;
let place: { host: string; port: number };
let channel: Channel;
const signal = new AbortController().signal;

/** A run directory with an authority and the certificates of both sides. */
async function certified(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "nrcms-channel-"));
  const authority = await openAuthority(join(directory, "certs"));
  authority.issueServer({ name: "bank", hosts: ["127.0.0.1"] });
  authority.issueClient({ name: "payment-client", role: "SERVICE", scope: "640000" });
  return directory;
}

beforeAll(async () => {
  [run, stranger] = await Promise.all([certified(), certified()]);
});

afterAll(() => {
  for (const directory of [run, stranger]) rmSync(directory, { recursive: true });
});

beforeEach(async () => {
  const read = (name: string) => readFileSync(join(run, "certs", name));
  const bank = { key: read("bank.key"), cert: read("bank.pem"), ca: read("authority.pem") };
  server = createServer({ ...bank, requestCert: true, rejectUnauthorized: true }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    handler(request, response, Buffer.concat(chunks).toString());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  channel = open(DEADLINE_MS);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const open = (deadlineMs: number, other: Partial<HttpsParts> = {}) =>
  openHttps({ place, paths: ISO20022_PATHS, credentials: readCredentials(run), deadlineMs, ...other });

const FILE = new TextEncoder().encode("<Document>支付</Document>");

describe("the channel to the bank", () => {
  test("carries the exact bytes there and the document back", async () => {
    const seen: string[] = [];
    handler = (request, response, body) => {
      seen.push(`${request.method} ${request.url} ${body}`);
      response.end("<answer/>");
    };
    const reply = await channel.send("B1", FILE, signal);
    expect(reply).toEqual({ kind: "answer", document: Buffer.from("<answer/>") });
    await channel.enquire("B1/..", signal);
    await channel.statement("2011-11-25", signal);
    expect(seen).toEqual(["POST /pain.001 <Document>支付</Document>", "GET /pain.001/B1%2F../status ", "GET /camt.053?day=2011-11-25 "]);
  });

  test.each([
    [500, "HTTP 500"],
    [302, "HTTP 302"],
    [204, "HTTP 204"],
  ])("takes %s for silence", async (status, why) => {
    handler = (_, response) => response.writeHead(status).end(status === 204 ? undefined : "<oops/>");
    expect(await channel.send("B1", FILE, signal)).toEqual({ kind: "silent", why });
  });

  test("believes 404 of an enquiry only", async () => {
    handler = (_, response) => response.writeHead(404).end();
    expect(await channel.enquire("B1", signal)).toEqual({ kind: "absent" });
    expect(await channel.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
  });

  test("ends at its deadline, before the answer and in the middle of one", async () => {
    const started = performance.now();
    handler = () => undefined;
    expect(await channel.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
    handler = (_, response) => void response.write("<half");
    expect(await channel.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS * 2 + 1_000);
  });

  test("tries once more where an idle connection turns out to be closed, and no more than once", async () => {
    let cuts = 0;
    const used = new Set<unknown>();
    handler = (request, response, body) => {
      const reused = used.has(request.socket);
      used.add(request.socket);
      if (!reused) return void response.end(`<got>${body}</got>`);
      cuts += 1;
      request.socket.destroy();
    };
    await channel.enquire("B1", signal);
    expect(await channel.send("B1", FILE, signal)).toMatchObject({ kind: "answer" });
    expect(cuts).toBe(1);
    handler = (request) => void request.socket.destroy();
    expect(await channel.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
  });

  test("ends with the lease", async () => {
    handler = () => undefined;
    const ended = new AbortController();
    const reply = channel.send("B1", FILE, ended.signal);
    ended.abort();
    expect(await reply).toMatchObject({ kind: "silent" });
  });

  test("does not read on for ever", async () => {
    const patient = open(5_000);
    handler = (_, response) => void response.end(Buffer.alloc(MAX_RESPONSE_BYTES + 1, "x"));
    expect(await patient.enquire("B1", signal)).toMatchObject({ kind: "silent", why: expect.stringContaining("longer than") });
  });

  test("takes a refused connection for silence", async () => {
    const nobody = open(DEADLINE_MS, { place: { ...place, port: 1 } });
    expect(await nobody.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
  });

  test("talks to no bank whose certificate is another authority's, and to none as a stranger", async () => {
    handler = (_, response) => response.end("<answer/>");
    const wrongAuthority = open(DEADLINE_MS, { credentials: { ...readCredentials(run), ca: readCredentials(stranger).ca } });
    expect(await wrongAuthority.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
    const unknown = open(DEADLINE_MS, { credentials: { ...readCredentials(stranger), ca: readCredentials(run).ca } });
    expect(await unknown.send("B1", FILE, signal)).toMatchObject({ kind: "silent" });
  });
});
