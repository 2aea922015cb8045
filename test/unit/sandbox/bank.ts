/** Runs the bank simulator as its own process in a run directory of its own, with certificates of a fresh authority, and listens where the gateways would. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:https";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { ensureSandboxCertificates } from "../../../deploy/local/authority.ts";
import type { ShownBooks } from "../../../deploy/sandbox/bank/show.ts";
import type { Topology } from "../../../services/mesh/topology.ts";
import { openSigning, SIGNATURE_HEADER, type Signing } from "../../../services/payment/bank/signature.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const START_LIMIT_MS = 20_000;
const POLL_MS = 25;
export const DEBTOR = "6405000000000001";

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Whether it carries the bank's signature under these bytes. */
  readonly signed: boolean;
}

/** Signs as somebody of the run directory, and believes the bank. */
export function signerOf({ path }: RunDirectory, name: string): Signing {
  const certificate = (file: string) => readFileSync(join(path, "certs", file));
  return openSigning({ key: certificate(`${name}.key`), certificate: certificate(`${name}.pem`) }, certificate("bank-signing.pem"));
}

export interface Ports {
  readonly bank: number;
  readonly gateways: readonly [number, number];
}

export interface RunDirectory {
  readonly path: string;
  readonly ports: Ports;
  remove(): void;
}

async function freePorts(count: number): Promise<number[]> {
  const sockets = await Promise.all(
    Array.from({ length: count }, () => {
      const socket = createSocket();
      return new Promise<typeof socket>((resolve) => socket.listen(0, "127.0.0.1", () => resolve(socket)));
    }),
  );
  const ports = sockets.map((socket) => (socket.address() as { port: number }).port);
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  return ports;
}

/** A run directory with certificates; the bank's own folder is empty. */
export async function newRun(): Promise<RunDirectory> {
  const path = mkdtempSync(join(tmpdir(), "nrcms-bank-"));
  await ensureSandboxCertificates(join(path, "certs"), { counties: [], institutions: ["H640521001"] });
  mkdirSync(join(path, "bank"));
  const [bank = 0, a = 0, b = 0] = await freePorts(3);
  return { path, ports: { bank, gateways: [a, b] }, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CallOptions {
  /** Whose certificate is shown; empty for none. */
  readonly as?: string;
  readonly signal?: AbortSignal;
  /** Who signs the body; empty for nobody. The payment centre by default. */
  readonly signedBy?: string;
}

export interface BankProcess {
  call(method: string, path: string, body?: string | Buffer, options?: CallOptions): Promise<Reply>;
  control(behaviour: object): Promise<void>;
  books(): Promise<ShownBooks>;
  /** Sends the signal and waits for the end; gives the exit code and how long it took. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>;
  /** What the program wrote. */
  output(): string;
}

/** Starts the bank; `atMs` is what its clock is to show now. Rejects with its output where it does not open. */
export async function startBank(
  run: RunDirectory,
  options: { behaviour?: object; atMs?: number; format?: Topology["bank"]["format"] } = {},
): Promise<BankProcess> {
  const topology = parse(readFileSync(join(ROOT, "deploy", "topology.yaml"), "utf8")) as Topology;
  topology.other_banks = [];
  topology.bank.port = run.ports.bank;
  topology.bank.format = options.format ?? "iso20022";
  const pair = topology.services.gateway;
  if (!pair) throw new Error("the topology has no gateway");
  [pair.a.bank, pair.b.bank] = run.ports.gateways;
  topology.clock_offset_ms = options.atMs === undefined ? 0 : Math.round(options.atMs - Date.now());
  const file = join(run.path, "topology.yaml");
  writeFileSync(file, stringify(topology));
  if (options.behaviour) writeFileSync(join(run.path, "bank", "behaviour.json"), JSON.stringify(options.behaviour));

  const child: ChildProcess = spawn(process.execPath, [join(ROOT, "deploy", "sandbox", "bank", "main.ts")], {
    env: { PATH: process.env.PATH, NRCMS_TOPOLOGY: file, NRCMS_RUN: run.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const agents = new Map<string, Agent>();
  const agentOf = (name: string): Agent => {
    const certificate = (ending: string) => readFileSync(join(run.path, "certs", `${name}.${ending}`));
    const own = name === "" ? {} : { cert: certificate("pem"), key: certificate("key") };
    const agent = agents.get(name) ?? new Agent({ ca: readFileSync(join(run.path, "certs", "authority.pem")), ...own, keepAlive: true });
    agents.set(name, agent);
    return agent;
  };
  const bank: BankProcess = {
    async call(method, path, body, { as = "payment-client", signal, signedBy = "payment-signing" } = {}) {
      const signature = body === undefined || signedBy === "" ? "" : await signerOf(run, signedBy).sign(Buffer.from(body), Date.now());
      const headers = signature === "" ? {} : { [SIGNATURE_HEADER]: signature };
      return await new Promise((resolve, reject) => {
        const outgoing = request(
          { host: "127.0.0.1", port: run.ports.bank, method, path, headers, agent: agentOf(as), ...(signal ? { signal } : {}) },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
            incoming.once("end", () => {
              const document = Buffer.concat(chunks);
              const reply = { status: incoming.statusCode ?? 0, body: document.toString("utf8") };
              signerOf(run, "payment-signing")
                .check(document, String(incoming.headers[SIGNATURE_HEADER] ?? ""))
                .then(({ trusted }) => resolve({ ...reply, signed: trusted }), reject);
            });
            incoming.once("error", reject);
          },
        );
        outgoing.once("error", reject);
        outgoing.end(body);
      });
    },
    async control(behaviour) {
      const { status, body } = await bank.call("POST", "/control", JSON.stringify(behaviour));
      if (status !== 200) throw new Error(body);
    },
    books: async () => JSON.parse((await bank.call("GET", "/books")).body) as ShownBooks,
    async end(signal) {
      const from = performance.now();
      child.kill(signal);
      const code = await ended;
      for (const agent of agents.values()) agent.destroy();
      return { code, tookMs: performance.now() - from };
    },
    output: () => output,
  };
  const ready = await until(() => child.exitCode !== null || output.includes("the bank is open"), START_LIMIT_MS);
  if (!ready || child.exitCode !== null) {
    child.kill("SIGKILL");
    throw new Error(`the bank did not open:\n${output}`);
  }
  return bank;
}

/** True as soon as the condition holds, false after the limit. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

export interface Gateway {
  readonly documents: string[];
  /** What it answers; 200 unless told otherwise. */
  status: number;
  close(): Promise<void>;
}

/** A gateway's bank door: takes what the bank posts there. */
export async function startGateway(run: RunDirectory, twin: "a" | "b"): Promise<Gateway> {
  const certificate = (name: string) => readFileSync(join(run.path, "certs", name));
  const documents: string[] = [];
  const gateway: Gateway = {
    documents,
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server: Server = createServer(
    {
      ca: certificate("authority.pem"),
      cert: certificate(`gateway-${twin}.pem`),
      key: certificate(`gateway-${twin}.key`),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => {
        if (gateway.status === 200 && incoming.method === "POST" && incoming.url === "/bank/v1/messages")
          documents.push(Buffer.concat(chunks).toString("utf8"));
        response.writeHead(gateway.status).end();
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(run.ports.gateways[twin === "a" ? 0 : 1], "127.0.0.1", () => resolve()));
  return gateway;
}

export interface Transfer {
  readonly endToEndId: string;
  readonly fen?: number;
  readonly account?: string;
  readonly bankCode?: string;
}

const yuan = (fen: number) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;

/** A pain.001.001.09 as a payment centre writes it. */
export function payFile(
  messageId: string,
  transfers: readonly Transfer[],
  options: { batchBooking?: boolean; debtor?: string } = {},
): string {
  const rows = transfers.map(({ endToEndId, fen = 35_520, account = "2987330000000017", bankCode = "105871000016" }) => ({
    endToEndId,
    fen,
    account,
    bankCode,
  }));
  const total = yuan(rows.reduce((sum, row) => sum + row.fen, 0));
  const totals = `<NbOfTxs>${rows.length}</NbOfTxs><CtrlSum>${total}</CtrlSum>`;
  const agent = (code: string) =>
    `<FinInstnId><ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId><MmbId>${code}</MmbId></ClrSysMmbId></FinInstnId>`;
  const transfer = (row: (typeof rows)[number]) =>
    `<CdtTrfTxInf><PmtId><InstrId>${row.endToEndId}</InstrId><EndToEndId>${row.endToEndId}</EndToEndId></PmtId>` +
    `<Amt><InstdAmt Ccy="CNY">${yuan(row.fen)}</InstdAmt></Amt><CdtrAgt>${agent(row.bankCode)}</CdtrAgt>` +
    `<Cdtr><Nm>中宁县人民医院 &amp; 分院</Nm></Cdtr><CdtrAcct><Id><Othr><Id>${row.account}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>` +
    `<GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2011-11-25T10:00:00+08:00</CreDtTm>${totals}<InitgPty><Nm>集中支付中心</Nm></InitgPty></GrpHdr>` +
    `<PmtInf><PmtInfId>${messageId}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>${options.batchBooking ?? false}</BtchBookg>${totals}` +
    `<ReqdExctnDt><Dt>2011-11-25</Dt></ReqdExctnDt><Dbtr><Nm>集中支付中心</Nm></Dbtr><DbtrAcct><Id><Othr><Id>${options.debtor ?? DEBTOR}</Id></Othr></Id></DbtrAcct>` +
    `<DbtrAgt>${agent("105871000019")}</DbtrAgt>${rows.map(transfer).join("")}</PmtInf></CstmrCdtTrfInitn></Document>\n`
  );
}
