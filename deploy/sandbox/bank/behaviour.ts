/** How the bank behaves: read from <run>/bank/behaviour.json at the start, changed by POST /control. Every fault of the content is named. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { isDay } from "../../../services/values/days.ts";
import { wordsOf } from "../../../services/values/thrown.ts";

const MAX_DELAY_MS = 30 * 86_400_000;
const reason = z.string().regex(/^[A-Z0-9]{4}$/, "an ISO 20022 reason code such as AC04");
const account = z.string().min(1).max(34);
const count = z.int().min(0).max(1_000_000).optional();

const change = z.strictObject({
  /** normal: settled at once. deferred: PDNG at once, settled and told by camt.054 after `delayMs`. */
  mode: z.enum(["normal", "deferred"]).optional(),
  /** normal: the answer comes so late. deferred: the settlement does. */
  delayMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
  /** So many of the next files are executed, and then nothing is answered until the client gives up. */
  timeoutAfterExecuting: z.int().min(0).max(1_000_000).optional(),
  /** The answer of so many of the next files comes a second time, as a callback. */
  answerTwice: z.int().min(0).max(1_000_000).optional(),
  /** Accounts that are refused: with AC01 where it is a list, otherwise with the code given. */
  rejectAccounts: z.union([z.array(account), z.record(account, reason)]).optional(),
  /** Accounts whose money comes back: with which reason, how long after the settlement. */
  returnAccounts: z.record(account, z.strictObject({ reason, afterMs: z.int().min(0).max(MAX_DELAY_MS) })).optional(),
  /** A batch's debits on statements and notifications. asked: one entry each, or one for all with its transactions, as the file asks. details: one entry with them; sum: one entry without. */
  bookBatches: z.enum(["asked", "details", "sum"]).optional(),
  /** Connections are dropped without a word and no callback goes out. */
  down: z.boolean().optional(),
  /** So many of the next files are answered with what became of the file before. */
  answerAnother: count,
  /** So many of the next files are answered with half a document, or with 50 MB. */
  malformed: count,
  huge: count,
  /** Of so many of the next files one order is debited a second time, without a word. */
  bookTwice: count,
  /** So many movements that nobody has ordered are booked now: charges and interest, in turn. */
  stray: z.int().min(0).max(1_000).optional(),
  /** Statements close with so much more than they come to. */
  wrongClosingFen: z.int().min(-1_000_000_000).max(1_000_000_000).optional(),
  /** Statements that are brought to the gateway now, in this order, as often as they are named. */
  tellStatements: z.array(z.string().refine(isDay, "a day YYYY-MM-DD")).max(100).optional(),
  /** The bank's clock is so many days ahead. It never goes back: what was booked stays where it is. */
  clockDays: z.int().min(0).max(366).optional(),
});

const start = change.extend({
  /** What the payment centre's account holds when the books are opened for the first time. */
  openingFen: z.int().min(0).max(1_000_000_000_000).optional(),
});

export interface Return {
  readonly reason: string;
  readonly afterMs: number;
}

export interface Behaviour {
  mode: "normal" | "deferred";
  delayMs: number;
  timeoutAfterExecuting: number;
  answerTwice: number;
  rejectAccounts: ReadonlyMap<string, string>;
  returnAccounts: ReadonlyMap<string, Return>;
  bookBatches: "asked" | "details" | "sum";
  down: boolean;
  answerAnother: number;
  malformed: number;
  huge: number;
  bookTwice: number;
  /** What is to be done at once, and is then done: see `Bank.obey`. */
  stray: number;
  tellStatements: readonly string[];
  wrongClosingFen: number;
  clockDays: number;
}

/** Ten billion yuan. */
const OPENING_FEN = 1_000_000_000_000n;
const REJECT_REASON = "AC01";

/** What is wrong with a behaviour, in one text. */
export class BadBehaviour extends Error {}

function check<T>(schema: z.ZodType<T>, content: unknown, where: string): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  throw new BadBehaviour(
    `${where}: ${result.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`).join("; ")}`,
  );
}

function apply(behaviour: Behaviour, { rejectAccounts, returnAccounts, ...plain }: z.infer<typeof change>): void {
  Object.assign(behaviour, plain);
  if (rejectAccounts !== undefined)
    behaviour.rejectAccounts = new Map(
      Array.isArray(rejectAccounts) ? rejectAccounts.map((number) => [number, REJECT_REASON]) : Object.entries(rejectAccounts),
    );
  if (returnAccounts !== undefined) behaviour.returnAccounts = new Map(Object.entries(returnAccounts));
}

/** The behaviour at the start. Throws BadBehaviour. */
export function readBehaviour(file: string): { behaviour: Behaviour; openingFen: bigint } {
  const behaviour: Behaviour = {
    mode: "normal",
    delayMs: 0,
    timeoutAfterExecuting: 0,
    answerTwice: 0,
    rejectAccounts: new Map(),
    returnAccounts: new Map(),
    bookBatches: "asked",
    down: false,
    answerAnother: 0,
    malformed: 0,
    huge: 0,
    bookTwice: 0,
    stray: 0,
    tellStatements: [],
    wrongClosingFen: 0,
    clockDays: 0,
  };
  if (!existsSync(file)) return { behaviour, openingFen: OPENING_FEN };
  const content = check(start, parseJson(readFileSync(file, "utf8"), file), file);
  apply(behaviour, content);
  return { behaviour, openingFen: content.openingFen === undefined ? OPENING_FEN : BigInt(content.openingFen) };
}

/** Changes what is named, leaves the rest. Throws BadBehaviour, and then nothing is changed. */
export function control(behaviour: Behaviour, body: string): void {
  apply(behaviour, check(change, parseJson(body, "control"), "control"));
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadBehaviour(`${where} is no JSON: ${wordsOf(error)}`);
  }
}

/** For GET /control. */
export function showBehaviour(behaviour: Behaviour): object {
  return {
    ...behaviour,
    rejectAccounts: Object.fromEntries(behaviour.rejectAccounts),
    returnAccounts: Object.fromEntries(behaviour.returnAccounts),
  };
}
