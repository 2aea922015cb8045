/** The bank itself: files in, answers out, and what follows by itself (settlements that were deferred, returns, callbacks). Knows no HTTP server. */
import type { Logger } from "pino";
import { Agenda } from "./agenda.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Books } from "./books.ts";
import { Messenger, type MessengerParts } from "./callbacks.ts";
import { decideCase } from "./cancel.ts";
import type { Dialect } from "./dialect.ts";
import { execute } from "./execute.ts";
import { bookingOf, type FileRecord, type Transaction } from "./records.ts";

export interface BankParts {
  readonly books: Books;
  readonly behaviour: Behaviour;
  readonly dialect: Dialect;
  readonly offer: MessengerParts["offer"];
  readonly log: Logger;
}

export interface Answer {
  readonly document: string;
  /** The client is to wait in vain. */
  readonly hang: boolean;
  readonly delayMs: number;
}

const HUGE_CHARACTERS = 50 * 1024 * 1024;

/** One of so many times; false where there is none left. */
function spend(behaviour: Behaviour, what: "answerAnother" | "malformed" | "huge" | "bookTwice"): boolean {
  if (behaviour[what] <= 0) return false;
  behaviour[what] -= 1;
  return true;
}

export class Bank {
  readonly books: Books;
  readonly behaviour: Behaviour;
  readonly dialect: Dialect;
  readonly #agenda: Agenda;
  readonly #messenger: Messenger;
  readonly #log: Logger;

  constructor({ books, behaviour, dialect, offer, log }: BankParts) {
    this.books = books;
    this.behaviour = behaviour;
    this.dialect = dialect;
    this.#log = log;
    this.#agenda = new Agenda(() => books.now());
    this.#messenger = new Messenger({
      offer,
      log,
      down: () => behaviour.down,
      taken: (messageId) => void books.append({ kind: "delivered", atMs: books.now(), messageId }),
    });
    for (const file of books.files.values()) this.#plan(file);
  }

  /** Executes a file and remembers it on disk. Gives the answer, or why there can be none. */
  async take(bytes: Uint8Array): Promise<Answer | { readonly unreadable: string }> {
    const execution = execute(bytes, this.books, this.behaviour, this.dialect.read);
    if (execution.kind === "unreadable") return { unreadable: execution.why };
    const { file } = execution;
    if (execution.kind === "reused") {
      this.#log.warn({ file: file.of }, "a MsgId came again with other content");
      return { document: this.dialect.status(file, this.books), hang: false, delayMs: 0 };
    }
    if (!execution.fresh) {
      await this.books.durable();
      return { document: this.dialect.status(file, this.books), hang: false, delayMs: 0 };
    }
    const { behaviour } = this;
    const hang = behaviour.timeoutAfterExecuting > 0;
    if (hang) behaviour.timeoutAfterExecuting -= 1;
    if (file.answerTwice) behaviour.answerTwice -= 1;
    await this.books.append(file);
    const paid = file.transactions.find(({ status }) => status === "ACSC");
    if (paid && spend(behaviour, "bookTwice"))
      await this.books.append({ kind: "doubled", atMs: this.books.now(), endToEndId: paid.endToEndId });
    const document = this.#misspoken(file);
    this.#plan(file);
    return { document, hang, delayMs: behaviour.mode === "normal" ? behaviour.delayMs : 0 };
  }

  /** The answer to a file, or what a bank says that is not at its best. */
  #misspoken(file: FileRecord): string {
    const { behaviour, books, dialect } = this;
    const before = [...books.files.values()].at(-2);
    if (before && spend(behaviour, "answerAnother")) return dialect.status(before, books);
    const document = dialect.status(file, books);
    if (spend(behaviour, "malformed")) return document.slice(0, document.length / 2);
    return spend(behaviour, "huge") ? document.padEnd(HUGE_CHARACTERS) : document;
  }

  /** Does what the behaviour asks for at once: movements that nobody has ordered, statements that nobody has asked for. */
  async obey(): Promise<void> {
    const { behaviour, books } = this;
    for (; behaviour.stray > 0; behaviour.stray -= 1) {
      const charge = behaviour.stray % 2 === 1;
      const movement = charge
        ? ({ direction: "DBIT", fen: 1_500n, name: "手续费" } as const)
        : ({ direction: "CRDT", fen: 321n, name: "利息" } as const);
      await books.append({ kind: "stray", atMs: books.now(), ...movement });
    }
    const days = behaviour.tellStatements;
    behaviour.tellStatements = [];
    for (const day of days) this.#messenger.send(`statement ${day}`, () => this.dialect.statement(day, books, behaviour));
  }

  /** Decides on a wish to cancel an order, once; gives the answer, or why there can be none. */
  async cancel(bytes: Uint8Array): Promise<string | { readonly unreadable: string }> {
    const reading = this.dialect.readWish(bytes);
    if (reading.kind === "unreadable") return { unreadable: reading.why };
    const { found, fresh } = decideCase(reading.wish, this.books);
    if (fresh) await this.books.append(found);
    else await this.books.durable();
    return this.dialect.resolution(found, this.books);
  }

  /** What became of a file; undefined where it was never seen. */
  async status(of: string): Promise<string | undefined> {
    const file = this.books.files.get(of);
    if (!file) return undefined;
    await this.books.durable();
    return this.dialect.status(file, this.books);
  }

  /** The statement of a day; undefined where the day has not come. */
  async statement(day: string, today: string): Promise<string | undefined> {
    if (day > today) return undefined;
    await this.books.durable();
    return this.dialect.statement(day, this.books, this.behaviour);
  }

  stop(): void {
    this.#agenda.stop();
    this.#messenger.stop();
  }

  /** What is still to come of a file: its callback, its settlement, its returns. */
  #plan(file: FileRecord): void {
    const { books } = this;
    if (file.answerTwice) this.#tell(file.messageId, () => this.dialect.status(file, books));
    const settled = books.settled.get(file.of);
    if (file.settleAtMs > 0 && !settled) this.#agenda.add(file.settleAtMs, () => this.#settle(file));
    if (settled) this.#tellSettled(file);
    for (const transaction of file.transactions) {
      const settledMs =
        transaction.status === "ACSC" ? file.atMs : books.statusOf(file, transaction) === "ACSC" ? settled?.atMs : undefined;
      if (settledMs !== undefined) this.#planReturn(file, transaction, settledMs);
    }
  }

  #settle(file: FileRecord): void {
    const { books } = this;
    const atMs = books.now();
    this.#after(books.append({ kind: "settled", atMs, messageId: books.nextMessageId(), of: file.of }), () => {
      this.#tellSettled(file);
      for (const transaction of file.transactions)
        if (books.statusOf(file, transaction) === "ACSC") this.#planReturn(file, transaction, atMs);
    });
  }

  #tellSettled(file: FileRecord): void {
    const { books } = this;
    const settled = books.settled.get(file.of);
    if (!settled) return;
    const bookings = file.transactions
      .filter((one) => one.status === "PDNG" && !books.isCancelled(one))
      .map((one) => bookingOf("DBIT", one, file.of, settled.atMs, ""));
    this.#tell(settled.messageId, () => this.dialect.notice(settled.messageId, settled.atMs, bookings, books, this.behaviour.bookBatches));
  }

  #planReturn(file: FileRecord, transaction: Transaction, settledMs: number): void {
    if (transaction.returnReason === "") return;
    if (this.books.returned.has(transaction.endToEndId)) this.#tellReturned(file, transaction);
    else this.#agenda.add(settledMs + transaction.returnAfterMs, () => this.#return(file, transaction));
  }

  #return(file: FileRecord, transaction: Transaction): void {
    const { books } = this;
    const { endToEndId, returnReason } = transaction;
    const record = { kind: "returned", atMs: books.now(), messageId: books.nextMessageId(), endToEndId, reason: returnReason } as const;
    this.#after(books.append(record), () => this.#tellReturned(file, transaction));
  }

  #tellReturned(file: FileRecord, transaction: Transaction): void {
    const { books } = this;
    const returned = books.returned.get(transaction.endToEndId);
    if (!returned) return;
    const booking = bookingOf("CRDT", transaction, file.of, returned.atMs, returned.reason);
    this.#tell(returned.messageId, () => this.dialect.notice(returned.messageId, returned.atMs, [booking], books));
  }

  #tell(messageId: string, document: () => string): void {
    if (!this.books.delivered.has(messageId)) this.#messenger.send(messageId, document);
  }

  /** What may only follow once it is on disk. Where the disk fails the program ends (main.ts), so nothing follows. */
  #after(written: Promise<void>, then: () => void): void {
    written.then(then, (error: unknown) => this.#log.fatal({ err: error }, "the books cannot be written"));
  }
}
