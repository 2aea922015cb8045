/** A bank of the sandbox with its real books, on paper in memory: files in, reports out; what it settles later or sends back it tells by itself. */
import { type Behaviour, readBehaviour } from "../../deploy/sandbox/bank/behaviour.ts";
import { Books } from "../../deploy/sandbox/bank/books.ts";
import { decideCase } from "../../deploy/sandbox/bank/cancel.ts";
import { execute } from "../../deploy/sandbox/bank/execute.ts";
import { notification, resolution, statement, statusReport } from "../../deploy/sandbox/bank/iso20022.ts";
import { readCancellation } from "../../deploy/sandbox/bank/pain001.ts";
import { bookingOf, type FileRecord, type Transaction } from "../../deploy/sandbox/bank/records.ts";
import type { BankReply, Channel } from "../../services/payment/bank/channel.ts";
import { SOCKET_DEADLINE_MS } from "../../services/payment/bank/https.ts";
import { way } from "./engines.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const OPENING_FEN = 1_000_000_000_000n;
const LOST_BP = 1_500;
/** The bank takes its time now and then. */
const LATE_BP = 500;
const LATE_MS: readonly [number, number] = [1_000, 6_000];
const DEFERRED_MS: readonly [number, number] = [50, 3_000];

export interface Bank {
  readonly id: string;
  readonly books: Books;
  readonly behaviour: Behaviour;
  channel(process: Process): Channel;
  /** Messages that the bank sends by itself: each until it is taken. */
  tell: (messageId: string, document: string) => Promise<void>;
  /** Settlements and returns to come, and messages that nobody has taken yet. */
  readonly due: number;
  open(): Promise<void>;
}

export function openBank(world: World, id: string, accountNumber: string): Bank {
  const { behaviour } = readBehaviour("");
  behaviour.mode = world.chance.chance(3_000) ? "deferred" : "normal";
  behaviour.delayMs = Math.round(world.span(...DEFERRED_MS));
  behaviour.bookBatches = world.chance.pick(["asked", "details", "sum"] as const);
  let opened: Books | undefined;
  let due = 0;
  /** Does something later, and tells of it until that is taken. */
  const later = (ms: number, act: (messageId: string) => string): void => {
    due += 1;
    world.after(ms, () => {
      const messageId = books().nextMessageId();
      bank.tell(messageId, act(messageId)).then(
        () => {
          due -= 1;
        },
        (error: unknown) => world.fail(error),
      );
    });
  };
  const books = (): Books => {
    if (!opened) throw new Error("the bank is not open");
    return opened;
  };

  const plan = (file: FileRecord): void => {
    if (file.settleAtMs > 0) later(behaviour.delayMs, (messageId) => settle(file, messageId));
    for (const transaction of file.transactions) if (transaction.status === "ACSC") planReturn(file, transaction);
  };
  const settle = (file: FileRecord, messageId: string): string => {
    const atMs = books().now();
    void books().append({ kind: "settled", atMs, messageId, of: file.of });
    const pending = file.transactions.filter((one) => one.status === "PDNG" && !books().isCancelled(one));
    for (const transaction of pending) planReturn(file, transaction);
    const bookings = pending.map((one) => bookingOf("DBIT", one, file.of, atMs, ""));
    return notification(messageId, atMs, bookings, books(), behaviour.bookBatches);
  };
  const planReturn = (file: FileRecord, transaction: Transaction): void => {
    const { endToEndId, returnReason: reason, returnAfterMs } = transaction;
    if (reason === "") return;
    later(world.span(0, returnAfterMs), (messageId) => {
      const atMs = books().now();
      void books().append({ kind: "returned", atMs, messageId, endToEndId, reason });
      return notification(messageId, atMs, [bookingOf("CRDT", transaction, file.of, atMs, reason)], books());
    });
  };
  const take = (bytes: Uint8Array): string | undefined => {
    const execution = execute(bytes, books(), behaviour);
    if (execution.kind === "unreadable") {
      world.hold(false, () => `the bank cannot read a file: ${execution.why}`);
      return undefined;
    }
    const { file } = execution;
    world.hold(execution.kind === "file", () => `the file ${file.of} came to the bank with other content`);
    if (execution.kind === "file" && execution.fresh) {
      world.trace.note(`bank ${id} executes ${file.of}`);
      void books().append(file);
      plan(file);
    }
    return statusReport(file, books());
  };

  const cancelled = (bytes: Uint8Array): string | undefined => {
    const reading = readCancellation(bytes);
    world.hold(reading.kind === "wish", () => "the bank cannot read a cancellation");
    if (reading.kind !== "wish") return undefined;
    const { found, fresh } = decideCase(reading.wish, books());
    if (fresh) {
      world.trace.note(`bank ${id} ${found.granted ? "cancels" : "does not cancel"} ${found.endToEndId}`);
      void books().append(found);
    }
    return resolution(found, books());
  };

  /** One call over HTTPS: it may be lost on either way, and ends within the socket's deadline. */
  const call = (process: Process, signal: AbortSignal, work: () => string | undefined): Promise<BankReply> =>
    new Promise((resolve) => {
      if (!world.effect(process)) return;
      let settled = false;
      const end = (reply: BankReply): void => {
        if (settled) return;
        settled = true;
        if (world.effect(process)) resolve(reply);
      };
      const silent = (why: string) => end({ kind: "silent", why });
      if (signal.aborted) return silent("aborted");
      signal.addEventListener("abort", () => silent("aborted"), { once: true });
      world.after(SOCKET_DEADLINE_MS, () => silent("timed out"), process);
      if (world.fault(LOST_BP)) return;
      world.after(way(world), () => {
        const document = work();
        if (world.fault(LOST_BP)) return;
        const lateMs = world.fault(LATE_BP) ? world.span(...LATE_MS) : 0;
        const reply: BankReply = document === undefined ? { kind: "absent" } : { kind: "answer", document: Buffer.from(document, "utf8") };
        world.after(lateMs + way(world), () => end(reply), process);
      });
    });

  const bank: Bank = {
    id,
    get books() {
      return books();
    },
    behaviour,
    channel: (process) => ({
      send: (_batchId, bytes, signal) => call(process, signal, () => take(bytes)),
      cancel: (_caseId, bytes, signal) => call(process, signal, () => cancelled(bytes)),
      enquire: (messageId, signal) =>
        call(process, signal, () => {
          const file = books().files.get(messageId);
          return file && statusReport(file, books());
        }),
      statement: (day, signal) => call(process, signal, () => statement(day, books(), behaviour)),
    }),
    tell: async () => undefined,
    get due() {
      return due;
    },
    async open() {
      opened = await Books.on(paper(), "books", Date.now, { account: accountNumber, fen: OPENING_FEN });
    },
  };
  return bank;
}

/** Nobody reads it again: the bank's own crashes are the sandbox's tests' matter. */
function paper() {
  return {
    readFile: async () => Buffer.alloc(0),
    truncate: async () => undefined,
    write: async (bytes: Buffer, from: number) => ({ bytesWritten: bytes.length - from }),
    datasync: async () => undefined,
    close: async () => undefined,
  };
}
