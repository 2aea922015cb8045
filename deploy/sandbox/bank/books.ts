/**
 * The bank's own books: one append-only file, a JSON record a line, on disk before anything is answered. What the records say is kept in memory;
 * after a restart it is read again, and a line that a crash cut short is dropped, because nobody had an answer to it.
 * Appends that come while one is being written go out together with the next one: one fsync for all of them.
 */
import { open } from "node:fs/promises";
import { dayOf } from "../../../services/values/days.ts";
import { wordsOf } from "../../../services/values/thrown.ts";
import {
  type Booking,
  type BookRecord,
  bookingOf,
  type CaseRecord,
  type FileRecord,
  type Returned,
  type Settled,
  strayTransaction,
  type Transaction,
  type TransactionStatus,
} from "./records.ts";

/** A line that is no record, or a record that does not follow from the ones before: the books are damaged and nobody may go on with them. */
export class DamagedBooks extends Error {}

interface Writing {
  readonly lines: string[];
  readonly done: PromiseWithResolvers<void>;
}

/** What the books are written on. */
export interface Paper {
  readFile(): Promise<Buffer>;
  truncate(length: number): Promise<void>;
  write(bytes: Buffer, from: number): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export class Books {
  readonly files = new Map<string, FileRecord>();
  readonly settled = new Map<string, Settled>();
  readonly returned = new Map<string, Returned>();
  readonly cases = new Map<string, CaseRecord>();
  readonly delivered = new Set<string>();
  readonly bookings: Booking[] = [];
  openingFen = 0n;
  balanceFen = 0n;
  account = "";
  /** EndToEndIds of what was pending and will never leave. */
  readonly #cancelled = new Set<string>();
  readonly #byEndToEndId = new Map<string, { transaction: Transaction; of: string }>();
  readonly #handle: Paper;
  readonly #clock: () => number;
  #lastMs = 0;
  #serial = 0;
  #gathering: Writing | undefined;
  #writing: Writing | undefined;
  #busy = false;
  readonly #failure = Promise.withResolvers<unknown>();
  /** Resolves with the reason when the disk fails: what is in memory is then no longer what is on disk, and nothing may be answered. */
  readonly failed: Promise<unknown> = this.#failure.promise;

  private constructor(handle: Paper, clock: () => number) {
    this.#handle = handle;
    this.#clock = clock;
  }

  /** Opens the books, or begins them with an opening balance. Throws DamagedBooks, or what the disk says. */
  static async open(path: string, clock: () => number, opening: { account: string; fen: bigint }): Promise<Books> {
    return await Books.on(await open(path, "a+", 0o600), path, clock, opening);
  }

  /** The same on any paper; `path` is its name in what is thrown. */
  static async on(paper: Paper, path: string, clock: () => number, opening: { account: string; fen: bigint }): Promise<Books> {
    const books = new Books(paper, clock);
    await books.#load(path);
    if (books.account === "") await books.append({ kind: "opened", atMs: books.now(), account: opening.account, fen: opening.fen });
    if (books.account !== opening.account) throw new DamagedBooks(`${path} is of account ${books.account}, not ${opening.account}`);
    return books;
  }

  /** The bank's time: never below that of its last record. */
  now(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#clock());
    return this.#lastMs;
  }

  /** A message id of the bank's own, unique in these books. */
  nextMessageId(): string {
    this.#serial += 1;
    return `BK${dayOf(this.now()).replaceAll("-", "")}${String(this.#serial).padStart(9, "0")}`;
  }

  transactionOf(endToEndId: string): { transaction: Transaction; of: string } | undefined {
    return this.#byEndToEndId.get(endToEndId);
  }

  /** The transaction's status as it now is: what was pending may have been settled. */
  statusOf(file: FileRecord, transaction: Transaction): TransactionStatus {
    if (transaction.status !== "PDNG") return transaction.status;
    if (this.isCancelled(transaction)) return "RJCT";
    return this.settled.has(file.of) ? "ACSC" : "PDNG";
  }

  isCancelled({ endToEndId }: Transaction): boolean {
    return this.#cancelled.has(endToEndId);
  }

  /** Enters a record at once in memory; resolves when it is on disk, rejects where the disk fails: then nothing may be answered any more. */
  append(record: BookRecord): Promise<void> {
    this.#apply(record);
    this.#gathering ??= { lines: [], done: Promise.withResolvers() };
    this.#gathering.lines.push(`${JSON.stringify(record, (_, value) => (typeof value === "bigint" ? Number(value) : value))}\n`);
    const { promise } = this.#gathering.done;
    if (!this.#busy) setImmediate(() => void this.#write());
    this.#busy = true;
    return promise;
  }

  /** Resolves when everything that has been entered so far is on disk. */
  async durable(): Promise<void> {
    await (this.#gathering ?? this.#writing)?.done.promise;
  }

  async close(): Promise<void> {
    await this.durable();
    await this.#handle.close();
  }

  /** Writes what has gathered, again and again until nothing is left. A turn of the loop lies before the first, so that requests that are there join in. */
  async #write(): Promise<void> {
    for (let next = this.#gathering; next; next = this.#gathering) {
      this.#gathering = undefined;
      this.#writing = next;
      try {
        const bytes = Buffer.from(next.lines.join(""), "utf8");
        for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
        await this.#handle.datasync();
        next.done.resolve();
      } catch (error) {
        this.#failure.resolve(error);
        next.done.reject(error);
        return;
      }
    }
    this.#writing = undefined;
    this.#busy = false;
  }

  async #load(path: string): Promise<void> {
    const bytes = await this.#handle.readFile();
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) await this.#handle.truncate(whole);
    for (let from = 0, number = 1; from < whole; number += 1) {
      const end = bytes.indexOf(0x0a, from);
      const line = bytes.toString("utf8", from, end);
      from = end + 1;
      try {
        this.#apply(JSON.parse(line, (key, value) => (key === "fen" ? BigInt(value) : value)) as BookRecord);
      } catch (error) {
        throw new DamagedBooks(`${path}, line ${number}: ${wordsOf(error)}`, { cause: error });
      }
    }
  }

  #apply(record: BookRecord): void {
    this.#lastMs = Math.max(this.#lastMs, record.atMs);
    switch (record.kind) {
      case "opened":
        this.account = record.account;
        this.openingFen = record.fen;
        this.balanceFen = record.fen;
        return;
      case "file":
        if (this.files.has(record.of)) throw new DamagedBooks(`file ${record.of} is there twice`);
        this.files.set(record.of, record);
        this.#takeSerial(record.messageId);
        for (const transaction of record.transactions) {
          // Refused or not, an EndToEndId is used up by its first transaction.
          if (!this.#byEndToEndId.has(transaction.endToEndId))
            this.#byEndToEndId.set(transaction.endToEndId, { transaction, of: record.of });
          if (transaction.status === "ACSC") this.#book(record.atMs, "DBIT", transaction, record.of, "");
          // Pending money is set aside, so that it cannot be spent twice.
          if (transaction.status === "PDNG") this.balanceFen -= transaction.fen;
        }
        return;
      case "settled": {
        const file = this.files.get(record.of);
        if (!file || this.settled.has(record.of)) throw new DamagedBooks(`${record.of} is settled without a file, or twice`);
        this.settled.set(record.of, record);
        this.#takeSerial(record.messageId);
        for (const transaction of file.transactions) {
          if (transaction.status !== "PDNG" || this.isCancelled(transaction)) continue;
          this.balanceFen += transaction.fen;
          this.#book(record.atMs, "DBIT", transaction, record.of, "");
        }
        return;
      }
      case "case": {
        if (this.cases.has(record.caseId)) throw new DamagedBooks(`case ${record.caseId} is there twice`);
        this.cases.set(record.caseId, record);
        this.#takeSerial(record.messageId);
        if (!record.granted) return;
        const found = this.#byEndToEndId.get(record.endToEndId);
        if (!found) throw new DamagedBooks(`${record.endToEndId} is cancelled without a payment`);
        this.#cancelled.add(record.endToEndId);
        // The money that was set aside is free again.
        this.balanceFen += found.transaction.fen;
        return;
      }
      case "doubled": {
        const found = this.#byEndToEndId.get(record.endToEndId);
        if (!found) throw new DamagedBooks(`${record.endToEndId} is doubled without a payment`);
        this.#book(record.atMs, "DBIT", found.transaction, found.of, "");
        return;
      }
      case "stray":
        this.#book(record.atMs, record.direction, strayTransaction(record.fen, record.name), "", "");
        return;
      case "returned": {
        const found = this.#byEndToEndId.get(record.endToEndId);
        if (!found || this.returned.has(record.endToEndId))
          throw new DamagedBooks(`${record.endToEndId} is returned without a payment, or twice`);
        this.returned.set(record.endToEndId, record);
        this.#takeSerial(record.messageId);
        this.#book(record.atMs, "CRDT", found.transaction, found.of, record.reason);
        return;
      }
      case "delivered":
        this.delivered.add(record.messageId);
        return;
      default:
        throw new DamagedBooks(`unknown kind of record ${JSON.stringify(record satisfies never)}`);
    }
  }

  #takeSerial(messageId: string): void {
    this.#serial = Math.max(this.#serial, Number(messageId.slice(-9)));
  }

  #book(atMs: number, direction: Booking["direction"], transaction: Transaction, of: string, returnReason: string): void {
    this.balanceFen += direction === "DBIT" ? -transaction.fen : transaction.fen;
    this.bookings.push(bookingOf(direction, transaction, of, atMs, returnReason));
  }
}
