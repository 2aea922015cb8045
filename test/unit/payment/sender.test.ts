import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pause } from "../../../services/mesh/clock.ts";
import { logger } from "../../../services/mesh/log.ts";
import type { Leading } from "../../../services/mesh/wiring.ts";
import type { BankReply, Channel } from "../../../services/payment/bank/channel.ts";
import { SOCKET_DEADLINE_MS } from "../../../services/payment/bank/https.ts";
import { readerOf } from "../../../services/payment/bank/read.ts";
import { attempt } from "../../../services/payment/domain/attempt.ts";
import { files } from "../../../services/payment/domain/documents.ts";
import { wantStatement } from "../../../services/payment/domain/statement.ts";
import { leadPayment } from "../../../services/payment/lead.ts";
import { BELIEVE_ABSENCE_MS } from "../../../services/payment/sender.ts";
import { strandedBatches } from "../../../services/payment/store.ts";
import type { Decision } from "../../../services/values/decision.ts";
import { isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { holdTime, pass } from "../../harness/held-time.ts";
import {
  approved,
  batchIn,
  COUNTY_BANKS,
  camt053,
  cutAll,
  DAY,
  DEBTOR,
  done,
  JINGYUAN,
  MAKER,
  OTHER,
  OTHER_DEBTOR,
  ordersIn,
  pain002,
  putDue,
  putPayee,
  readerOver,
  sentBatch,
  ZHONGNING,
} from "./scene.ts";

const SILENT: BankReply = { kind: "silent", why: "timeout" };
const ENQUIRE_AFTER_MS = 2_000;
const log = logger("payment.test");
log.level = "silent";

/** A bank with its own books: it executes a file once. `deaf` loses what is sent, `mute` executes and does not answer, `hangs` keeps each connection until its deadline. */
class Bank implements Channel {
  mood: "well" | "deaf" | "mute" | "down" | "hangs" = "well";
  readonly got: { at: number; text: string }[] = [];
  readonly executed = new Map<string, string[]>();
  enquiries = 0;
  code = "ACSC";
  statements = new Map<string, Uint8Array>();

  async send(_batchId: string, bytes: Uint8Array): Promise<BankReply> {
    const text = new TextDecoder().decode(bytes);
    this.got.push({ at: performance.now(), text });
    if (this.mood === "hangs") return await hung();
    if (this.mood === "deaf" || this.mood === "down") return SILENT;
    const batchId = /<MsgId>(.*?)<\/MsgId>|"messageId":"(.*?)"/.exec(text)?.slice(1).find(Boolean) ?? "";
    const ids = [...text.matchAll(/<EndToEndId>(.*?)<\/EndToEndId>|"endToEndId":"(.*?)"/g)].map(([, xml, json]) => xml ?? json ?? "");
    if (!this.executed.has(batchId)) this.executed.set(batchId, ids);
    if (this.mood === "mute") return SILENT;
    return this.answerOn(batchId);
  }

  async enquire(batchId: string): Promise<BankReply> {
    this.enquiries += 1;
    if (this.mood === "hangs") return await hung();
    if (this.mood === "down") return SILENT;
    return this.executed.has(batchId) ? this.answerOn(batchId) : { kind: "absent" };
  }

  async cancel(): Promise<BankReply> {
    return { kind: "silent", why: "this bank cancels nothing" };
  }

  async statement(day: string): Promise<BankReply> {
    const document = this.statements.get(day);
    return document ? { kind: "answer", document } : { kind: "absent" };
  }

  private answerOn(batchId: string): BankReply {
    const ids = this.executed.get(batchId) ?? [];
    const document = pain002(
      batchId,
      ids.map((endToEndId) => ({ endToEndId, status: this.code })),
    );
    return { kind: "answer", document };
  }
}

async function hung(): Promise<BankReply> {
  await new Promise((resolve) => setTimeout(resolve, SOCKET_DEADLINE_MS));
  return SILENT;
}

const NEWS_MS = 50;

/** A twin that leads under an epoch: its inputs are decided in the test world, a repeated id gets the first answer. */
class LeadingTwin {
  readonly ended = new AbortController();
  readonly entered: string[] = [];
  /** Ids whose commit succeeds and whose answer is lost, once. */
  readonly lost = new Set<string>();
  commitMs = 0;
  private running: Promise<void> | undefined;
  private readonly world: World;
  private readonly banks: Readonly<Record<string, Bank>>;
  private readonly journal: Map<string, unknown>;
  private readonly epoch: number;

  constructor(world: World, banks: Readonly<Record<string, Bank>>, journal: Map<string, unknown>, epoch: number) {
    this.world = world;
    this.banks = banks;
    this.journal = journal;
    this.epoch = epoch;
  }

  start(): void {
    const enter = async <I, R>(id: string, decision: Decision<I, R, never>, input: I): Promise<unknown> => {
      if (this.ended.signal.aborted) throw new Error("no longer leading");
      if (this.commitMs > 0) await new Promise((resolve) => setTimeout(resolve, this.commitMs));
      this.entered.push(id);
      if (this.journal.has(id)) return this.journal.get(id);
      const { result } = this.world.run(decision, input, { id, epoch: this.epoch });
      if (isUnavailable(result)) throw new Error(result.reason);
      this.journal.set(id, result);
      if (this.lost.delete(id)) throw new Error("the outcome of the commit is not known");
      return isRefusal(result) ? result : structuredClone(result);
    };
    // Something is committed every so often.
    const news = (limitMs: number) => pause(Math.min(limitMs, NEWS_MS), this.ended.signal);
    const leading = { epoch: this.epoch, signal: this.ended.signal, enter, news } as unknown as Leading;
    const reader = readerOver(this.world);
    const parts = Object.entries(this.banks).map(([name, channel]) => {
      const read = readerOf("iso20022", name === OTHER ? OTHER_DEBTOR.accountNumber : DEBTOR.accountNumber);
      const hearing = { bank: name, reader, read, signing: undefined };
      const monotonicMs = () => performance.now();
      return { bank: name, reader, log, channel, enquireAfterMs: ENQUIRE_AFTER_MS, read, hearing, monotonicMs };
    });
    this.running = leadPayment(parts, leading);
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await pass(1);
    await this.running;
  }
}

let world: World;
let bank: Bank;
let other: Bank;
let journal: Map<string, unknown>;
let twins: LeadingTwin[];

function lead(epoch = 1): LeadingTwin {
  const twin = new LeadingTwin(world, { main: bank, [OTHER]: other }, journal, epoch);
  twins.push(twin);
  twin.start();
  return twin;
}

function ready(payee = "H1", county = ZHONGNING): string {
  putPayee(world, payee);
  putDue(world, { payableId: `p/${payee}`, payeeId: payee, county });
  const batchId = cutAll(world, [`p/${payee}`], MAKER.name, COUNTY_BANKS)[0]?.batchId ?? "";
  approved(world, batchId);
  return batchId;
}

beforeEach(() => {
  holdTime();
  world = newWorld();
  bank = new Bank();
  other = new Bank();
  journal = new Map();
  twins = [];
});

afterEach(async () => {
  for (const twin of twins) await twin.stop();
  vi.useRealTimers();
});

describe("the sender", () => {
  test("sends what is approved within moments, byte for byte, and enters the answer", async () => {
    lead();
    const batchId = ready();
    await pass(60);
    expect(bank.got.map(({ text }) => text)).toEqual([world.get(files.key(batchId))?.content]);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 1, attemptEpoch: 1 });
    expect(ordersIn(world, batchId)[0]?.state).toBe("SETTLED");
    await pass(30_000);
    expect([bank.got.length, bank.enquiries]).toEqual([1, 0]);
  });

  test("keeps no bank waiting for another: while one hangs with more files than are under way at once, the other is paid at once", async () => {
    lead();
    bank.mood = "hangs";
    const stuck = Array.from({ length: 30 }, (_, n) => ready(`H${n + 10}`));
    await pass(2_000);
    expect(new Set(stuck.map((batchId) => batchIn(world, batchId).state))).toEqual(new Set(["APPROVED", "SENDING"]));
    const batchId = ready("H1", JINGYUAN);
    await pass(400);
    expect(batchIn(world, batchId)).toMatchObject({ bank: OTHER, state: "DONE", attempts: 1 });
    expect([other.got.length, bank.executed.size]).toEqual([1, 0]);
    expect(bank.got.some(({ text }) => text.includes(batchId))).toBe(false);
    bank.mood = "well";
    await pass(SOCKET_DEADLINE_MS);
  });

  test("says which batches are at a bank that the topology names no more", async () => {
    const batchId = ready("H1", JINGYUAN);
    const found = await strandedBatches(readerOver(world), ["main"], 10);
    expect(found.map((batch) => [batch.batchId, batch.bank])).toEqual([[batchId, OTHER]]);
    expect(await strandedBatches(readerOver(world), ["main", OTHER], 10)).toEqual([]);
  });

  test("leaves what is only proposed", async () => {
    lead();
    putPayee(world, "H1");
    putDue(world, { payableId: "p", payeeId: "H1" });
    cutAll(world, ["p"]);
    await pass(5_000);
    expect(bank.got).toEqual([]);
  });

  test("asks before it repeats: what the bank executed without an answer is never sent again", async () => {
    lead();
    bank.mood = "mute";
    const batchId = ready();
    await pass(100);
    expect(batchIn(world, batchId).state).toBe("UNKNOWN");
    await pass(ENQUIRE_AFTER_MS - 200);
    expect(bank.enquiries).toBe(0);
    await pass(600);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 1 });
    expect(bank.got).toHaveLength(1);
  });

  test("repeats the same bytes under the same MsgId when the bank has nothing, but not before no attempt can be under way", async () => {
    lead();
    bank.mood = "deaf";
    const batchId = ready();
    await pass(100);
    bank.mood = "well";
    await pass(BELIEVE_ABSENCE_MS - 200);
    expect(bank.enquiries).toBeGreaterThan(0);
    expect(bank.got).toHaveLength(1);
    await pass(1_000);
    expect(bank.got).toHaveLength(2);
    expect(bank.got[1]?.text).toBe(bank.got[0]?.text);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 2 });
    expect(journal.has(`batch/${batchId}/attempt/2`)).toBe(true);
  });

  test("keeps asking a bank that is down, ever more slowly, and sends nothing meanwhile", async () => {
    lead();
    bank.mood = "down";
    const batchId = ready();
    await pass(60_000);
    expect(bank.got).toHaveLength(1);
    expect(bank.enquiries).toBeGreaterThan(4);
    expect(bank.enquiries).toBeLessThan(10);
    bank.mood = "well";
    await pass(BELIEVE_ABSENCE_MS + 2_000);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 2 });
  });

  test("asks again about orders that the bank still has in hand, and enters no news twice", async () => {
    const twin = lead();
    bank.code = "PDNG";
    const batchId = ready();
    await pass(20_000);
    expect(batchIn(world, batchId).state).toBe("ACCEPTED");
    expect(bank.enquiries).toBeGreaterThan(1);
    expect(twin.entered.filter((id) => id.includes("/answer/"))).toHaveLength(1);
    bank.code = "ACSC";
    await pass(40_000);
    expect(batchIn(world, batchId).state).toBe("DONE");
    expect(bank.got).toHaveLength(1);
  });

  test("does not send when its commit took too long, and does not call that a failure", async () => {
    const twin = lead();
    twin.commitMs = 2_500;
    const batchId = ready();
    await pass(6_000);
    expect(bank.got).toEqual([]);
    expect(batchIn(world, batchId).state).toBe("UNKNOWN");
    twin.commitMs = 0;
    await pass(BELIEVE_ABSENCE_MS);
    expect(bank.got).toHaveLength(1);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 2 });
  });

  test("does not lose a batch whose attempt was committed without its knowing", async () => {
    const twin = lead();
    const batchId = ready();
    twin.lost.add(`batch/${batchId}/attempt/1`);
    await pass(BELIEVE_ABSENCE_MS + 3_000);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 2 });
    expect(bank.got).toHaveLength(1);
  });

  test("sends a few files at a time, and all of them", async () => {
    lead();
    const ids = Array.from({ length: 30 }, (_, n) => ready(`H${n}`));
    await pass(1_000);
    expect(ids.map((id) => batchIn(world, id).state)).toEqual(ids.map(() => "DONE"));
    expect(bank.got).toHaveLength(30);
  });
});

describe("a successor", () => {
  test("asks at once about what its predecessor was sending, and repeats nothing that the bank has", async () => {
    const batchId = sentBatch(world, ["H1"]).batchId;
    await bank.send(batchId, new TextEncoder().encode(world.get(files.key(batchId))?.content));
    lead(2);
    await pass(500);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 1 });
    expect(bank.got).toHaveLength(1);
  });

  test("believes that the bank has nothing only after lease, send limit and socket deadline, counted from when it began", async () => {
    const { batchId } = sentBatch(world, ["H1"]);
    await pass(60_000);
    lead(2);
    await pass(BELIEVE_ABSENCE_MS - 100);
    expect(bank.enquiries).toBeGreaterThan(1);
    expect(bank.got).toEqual([]);
    await pass(1_000);
    expect(bank.got).toHaveLength(1);
    expect(batchIn(world, batchId)).toMatchObject({ state: "DONE", attempts: 2, attemptEpoch: 2 });
  });

  test("does not send on the strength of an attempt that was committed under another epoch", async () => {
    const batchId = ready();
    const result = done(world.run(attempt, { batchId, attempt: 1 }, { epoch: 1 }));
    journal.set(`batch/${batchId}/attempt/1`, result);
    // A stale read shows the batch as it was before that commit.
    const stale = { ...batchIn(world, batchId), state: "APPROVED" as const, attempts: 0 };
    world.put({ kind: "batches", id: batchId }, stale);
    lead(2);
    await pass(1_000);
    expect(bank.got).toEqual([]);
  });
});

describe("a statement that is wanted", () => {
  test("is fetched when the bank has it, and booked", async () => {
    const twin = lead();
    done(world.run(wantStatement, { bank: "main", day: DAY }));
    await pass(5_000);
    expect(world.all<{ county: string; state: string }>("statements")[0]?.state).toBe("WANTED");
    bank.statements.set(DAY, camt053("ST1", [{ endToEndId: "X", side: "DBIT", amountFen: 5n }], { openingFen: 10n }));
    await pass(10_000);
    expect(world.all("statements")[0]).toMatchObject({ state: "BOOKED", messageId: "ST1", breaks: [{ kind: "MISSING_HERE" }] });
    done(world.run(wantStatement, { bank: "main", day: DAY }));
    await pass(3_000);
    expect(world.all("statements")[0]).toMatchObject({ state: "BOOKED", wanted: 2 });
    expect(twin.entered.filter((id) => id.startsWith("statement/"))).toHaveLength(2);
  });

  test("is not booked where the bank sends another day's", async () => {
    lead();
    done(world.run(wantStatement, { bank: "main", day: DAY }));
    bank.statements.set(DAY, camt053("ST1", [], { openingFen: 10n }, "2011-11-24"));
    await pass(10_000);
    expect(world.all("statements")).toMatchObject([{ state: "WANTED", messageId: "" }]);
  });
});
