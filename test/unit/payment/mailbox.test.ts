/** A bank behind a folder: our channel and mailbox on one side, the sandbox's front-end machine on the other, a real folder between them, both signing. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAuthority } from "../../../deploy/local/authority.ts";
import { Bank } from "../../../deploy/sandbox/bank/bank.ts";
import { readBehaviour } from "../../../deploy/sandbox/bank/behaviour.ts";
import { Books } from "../../../deploy/sandbox/bank/books.ts";
import { DIALECTS } from "../../../deploy/sandbox/bank/dialect.ts";
import { leave, runFrontEnd } from "../../../deploy/sandbox/bank/front-end.ts";
import { openSigning as openBankSigning } from "../../../deploy/sandbox/bank/signing.ts";
import type { Leading } from "../../../services/mesh/wiring.ts";
import type { Channel } from "../../../services/payment/bank/channel.ts";
import { MAX_FILE_BYTES, openFolder } from "../../../services/payment/bank/folder.ts";
import { NotReadNow } from "../../../services/payment/bank/message.ts";
import { readerOf } from "../../../services/payment/bank/read.ts";
import { openSigning } from "../../../services/payment/bank/signature.ts";
import { approve } from "../../../services/payment/domain/approve.ts";
import { attempt, silence } from "../../../services/payment/domain/attempt.ts";
import { sealed } from "../../../services/payment/domain/batch-text.ts";
import { type Doubted, files } from "../../../services/payment/domain/documents.ts";
import { readMailboxWhileLeading, WRITING_MS } from "../../../services/payment/mailbox.ts";
import type { Decision } from "../../../services/values/decision.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { batchIn, CHECKER, cutAll, DAY, DEBTOR, done, ordersIn, putDue, putPayee, readerOver, TERMS } from "./scene.ts";

const AT_MS = Date.UTC(2011, 10, 25, 2);
const log = pino({ level: "silent" });
const signal = new AbortController().signal;

let certificates: string;
let folder: string;
let world: World;
let channel: Channel;
let bank: Bank;
let ended: AbortController;
let running: Promise<unknown>[];
let clockMs: number;
/** How often the reader of a file is ended from outside. */
let ends: number;

const certificate = (name: string) => readFileSync(join(certificates, name));
const own = (name: string) => ({ key: certificate(`${name}.key`), certificate: certificate(`${name}.pem`) });
const inFolder = (name: string) => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)).sort() : []);
const bankSigning = () => openBankSigning(own("bank-signing"), certificate("payment-signing.pem"));

beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), "nrcms-mailbox-certs-"));
  const authority = await openAuthority(certificates);
  for (const name of ["payment-signing", "bank-signing", "stranger"]) authority.issueClient({ name, role: "SIGNER", scope: "640000" });
  return () => rmSync(certificates, { recursive: true });
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-mailbox-"));
  world = newWorld();
  clockMs = 0;
  ends = 0;
  ended = new AbortController();
  running = [];
  const signing = openSigning(own("payment-signing"), certificate("bank-signing.pem"));
  channel = openFolder({ folder, signing, nowMs: () => AT_MS });
  const books = await Books.open(join(folder, "books.jsonl"), () => AT_MS, { account: DEBTOR.accountNumber, fen: 10_000_000n });
  const { behaviour } = readBehaviour("");
  const offer = async (messageId: string, document: string) => {
    await leave(folder, `${messageId}.txt`, document, bankSigning().sign(Buffer.from(document), AT_MS));
    return undefined;
  };
  bank = new Bank({ books, behaviour, dialect: DIALECTS["batch-file"], offer, log });
  const { mailbox } = channel;
  if (!mailbox) throw new Error("a folder has a mailbox");
  const enter = async <I, R>(id: string, decision: Decision<I, R, never>, input: I) =>
    world.run(decision, input, { id, atMs: AT_MS }).result;
  const leading = { epoch: 1, signal: ended.signal, enter, news: async () => undefined } as unknown as Leading;
  const reader = readerOf("batch-file", DEBTOR.accountNumber);
  const read = async (bytes: Uint8Array) => {
    if (ends === 0) return await reader(bytes);
    ends -= 1;
    throw new NotReadNow("ended from outside");
  };
  const hearing = { bank: "main", reader: readerOver(world), read, signing };
  running.push(readMailboxWhileLeading({ mailbox, hearing, log, monotonicMs: () => clockMs }, leading));
});

afterEach(async () => {
  ended.abort();
  await Promise.all(running);
  bank.stop();
  await bank.books.close();
  rmSync(folder, { recursive: true });
});

/** The front-end begins to look at the folder. */
const startFrontEnd = () => running.push(runFrontEnd({ folder, bank, signing: bankSigning(), log }, ended.signal));

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 400) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** An approved batch that was attempted: its id and its bytes. */
function sentFile(): { batchId: string; bytes: Buffer } {
  for (const payeeId of ["H1", "H2"]) {
    putPayee(world, payeeId);
    putDue(world, { payableId: `claim/${payeeId}/decision/1`, payeeId, amountFen: 700n });
  }
  const [batch] = cutAll(world, ["claim/H1/decision/1", "claim/H2/decision/1"]);
  if (!batch) throw new Error("nothing was cut");
  const { batchId, contentHash: expectedHash } = batch;
  done(
    world.run(
      approve,
      { batchId, expectedHash, ...TERMS, terms: { main: { ...TERMS.terms.main, format: "batch-file" } } },
      { caller: CHECKER },
    ),
  );
  done(world.run(attempt, { batchId, attempt: 1 }));
  return { batchId, bytes: Buffer.from(world.get(files.key(batchId))?.content ?? "", "utf8") };
}

/** Leaves a file in our mailbox, signed by whom it says. */
async function bring(name: string, document: string, signer?: string): Promise<void> {
  const signing = signer === undefined ? undefined : openBankSigning(own(signer), certificate("payment-signing.pem"));
  await leave(folder, name, document, signing?.sign(Buffer.from(document), AT_MS));
}

const notice = (messageId: string, endToEndId: string) =>
  sealed([`NRCMS-NOTICE|1|${messageId}|${DEBTOR.accountNumber}`, `1|${DAY}|D|7.00|${endToEndId}||`]);

describe("a bank behind a folder", () => {
  test("takes a file, executes it, and its result settles the orders; the statement closes the day", async () => {
    const { batchId, bytes } = sentFile();
    expect(await channel.send(batchId, bytes, signal)).toEqual({ kind: "taken" });
    done(world.run(silence, { batchId, attempt: 1 }));
    expect(batchIn(world, batchId).state).toBe("UNKNOWN");
    // Again, byte for byte, before the front-end has looked: nothing more.
    expect(await channel.send(batchId, bytes, signal)).toEqual({ kind: "taken" });
    startFrontEnd();
    await until(() => batchIn(world, batchId).state === "DONE", "the result");
    expect(ordersIn(world, batchId).map(({ state }) => state)).toEqual(["SETTLED", "SETTLED"]);
    await until(() => inFolder("done").includes(`${batchId}.result.txt`), "the file in done/");
    expect(inFolder("in")).toEqual([]);
    // Sent once more after it was taken: the bank does nothing again.
    expect(await channel.send(batchId, bytes, signal)).toEqual({ kind: "taken" });
    expect(bank.books.balanceFen).toBe(10_000_000n - 1_400n);
    expect(await channel.statement(DAY, signal)).toEqual({ kind: "taken" });
    await until(() => world.all("statements").length > 0, "the statement");
    expect(world.all("statements")).toMatchObject([{ day: DAY, state: "BOOKED", entries: 2, breaks: [] }]);
  });

  test("that executes and never answers is asked for the result", async () => {
    const { batchId, bytes } = sentFile();
    bank.behaviour.timeoutAfterExecuting = 1;
    startFrontEnd();
    expect(await channel.send(batchId, bytes, signal)).toEqual({ kind: "taken" });
    await until(() => inFolder("taken").includes(`${batchId}.txt`), "the taking");
    expect(batchIn(world, batchId).state).toBe("SENDING");
    expect(await channel.enquire(batchId, signal)).toEqual({ kind: "taken" });
    await until(() => batchIn(world, batchId).state === "DONE", "the result");
  });

  test("has never had what lies neither in out/ nor in taken/; without the folder nothing can be said", async () => {
    const nowhere = openFolder({ folder: join(folder, "not-mounted") });
    expect(await nowhere.enquire("B1", signal)).toMatchObject({ kind: "silent", why: expect.stringContaining("ENOENT") });
    await until(() => existsSync(join(folder, "taken")), "the folders");
    expect(await channel.enquire("B1", signal)).toEqual({ kind: "absent" });
    const { batchId, bytes } = sentFile();
    await channel.send(batchId, bytes, signal);
    expect(await channel.enquire(batchId, signal)).toEqual({ kind: "taken" });
    expect(await channel.send(batchId, Buffer.from("other"), signal)).toMatchObject({
      kind: "silent",
      why: expect.stringContaining("other content"),
    });
  });

  test("leaves a file: the same under another name changes nothing, other content under its id is doubted, and its own name may be used again", async () => {
    const { batchId } = sentFile();
    const [first, second] = ordersIn(world, batchId).map(({ endToEndId }) => endToEndId);
    await bring("a.txt", notice("N1", first ?? ""), "bank-signing");
    await until(() => inFolder("done").includes("a.txt"), "a.txt");
    expect(ordersIn(world, batchId)[0]?.state).toBe("SETTLED");
    const told = world.all("messages").length;
    await bring("b.txt", notice("N1", first ?? ""), "bank-signing");
    await until(() => inFolder("done").includes("b.txt"), "b.txt");
    expect(world.all("messages")).toHaveLength(told);
    await bring("a.txt", notice("N1", second ?? ""), "bank-signing");
    await until(() => inFolder("refused").includes("a.txt"), "the refusal");
    expect(ordersIn(world, batchId)[1]?.state).toBe("OPEN");
    expect(world.all<Doubted>("doubted")).toMatchObject([{ messageId: "N1", why: "ALTERED", from: "folder:a.txt" }]);
    expect(readFileSync(join(folder, "refused", "a.txt.why"), "utf8")).toContain("ALTERED");
  });

  test("is not whoever has a key of the authority", async () => {
    const { batchId } = sentFile();
    const [first] = ordersIn(world, batchId);
    await bring("forged.txt", notice("N9", first?.endToEndId ?? ""), "stranger");
    await until(() => inFolder("refused").includes("forged.txt"), "the refusal");
    expect(world.all<Doubted>("doubted")).toMatchObject([{ why: "UNKNOWN_KEY", from: "folder:forged.txt", messageId: "N9" }]);
    expect(ordersIn(world, batchId)[0]?.state).toBe("OPEN");
  });

  test("writes slowly: half a file, and one whose signature is not there, is waited for, and in the end refused", async () => {
    const { batchId } = sentFile();
    const [first] = ordersIn(world, batchId);
    const whole = notice("N1", first?.endToEndId ?? "");
    mkdirSync(join(folder, "in"), { recursive: true });
    writeFileSync(join(folder, "in", "slow.txt"), whole.slice(0, 40));
    writeFileSync(join(folder, "in", "slow.txt.jws"), bankSigning().sign(Buffer.from(whole), AT_MS));
    writeFileSync(join(folder, "in", "bare.txt"), whole.replace("N1", "N2"));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(inFolder("in")).toEqual(["bare.txt", "slow.txt", "slow.txt.jws"]);
    writeFileSync(join(folder, "slow.part"), whole);
    renameSync(join(folder, "slow.part"), join(folder, "in", "slow.txt"));
    await until(() => inFolder("done").includes("slow.txt"), "the whole file");
    expect(ordersIn(world, batchId)[0]?.state).toBe("SETTLED");
    clockMs = WRITING_MS + 1;
    await until(() => inFolder("refused").includes("bare.txt"), "the refusal");
    expect(world.all<Doubted>("doubted")).toMatchObject([{ why: "UNSIGNED", from: "folder:bare.txt" }]);
  });

  test("is not told of it when this machine had no room to read a file: it lies there until it is read", async () => {
    const { batchId } = sentFile();
    const [first] = ordersIn(world, batchId);
    ends = 2;
    await bring("a.txt", notice("N1", first?.endToEndId ?? ""), "bank-signing");
    await until(() => inFolder("done").includes("a.txt"), "a.txt");
    expect([ends, inFolder("refused")]).toEqual([0, []]);
    expect(ordersIn(world, batchId)[0]?.state).toBe("SETTLED");
  });

  test("leaves what is too large or no message: put aside with why, and the rest is read all the same", async () => {
    const { batchId } = sentFile();
    const [first] = ordersIn(world, batchId);
    mkdirSync(join(folder, "in"), { recursive: true });
    writeFileSync(join(folder, "in", "huge.txt"), Buffer.alloc(MAX_FILE_BYTES + 1, "x"));
    await bring("nonsense.txt", sealed(["HELLO|1|N1"]), "bank-signing");
    await bring("z.txt", notice("N1", first?.endToEndId ?? ""), "bank-signing");
    await until(() => inFolder("done").includes("z.txt"), "the good file");
    expect(inFolder("refused")).toEqual(["huge.txt", "huge.txt.why", "nonsense.txt", "nonsense.txt.jws", "nonsense.txt.why"]);
    expect(readFileSync(join(folder, "refused", "huge.txt.why"), "utf8")).toContain("more than");
    expect(readFileSync(join(folder, "refused", "nonsense.txt.why"), "utf8")).toContain("HELLO is none of");
  });
});
