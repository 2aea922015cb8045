/**
 * What has been promised is always posted; the fund's floor holds back only the word to the payment centre (protocols 18). What is held waits in line:
 * while a county has held payables, new ones join them, so that nobody is overtaken for being cheaper.
 */
import type { Change, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import { type Book, books, type Payable, payables, type Withheld } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

/** What a county's fund can still let go: money at the bank less what is with the payment centre less the floor. May be negative. */
export function roomOf(book: Book): bigint {
  return book.bankFen - book.dueFen - book.floorFen;
}

export interface Promised {
  readonly payableId: string;
  /** The county whose money pays. */
  readonly county: string;
  /** Above 0. */
  readonly amountFen: bigint;
  /** What was set off besides. */
  readonly setOffFen?: bigint;
  /** What is withheld besides. */
  readonly withheld?: Withheld;
  readonly payee: string;
  readonly claimId: string;
  readonly day: string;
}

/** Stores a new payable, due or held. Looks at the payable and at the county's book. */
export function promise(state: State, change: Change<SettlementEvents>, promised: Promised): void {
  const { payableId, county, amountFen, setOffFen = 0n, withheld, payee, claimId, day } = promised;
  const key = payables.key(payableId);
  assert(amountFen > 0n && !state.get(key), `payable ${payableId} is new and above zero`);
  const book = state.must(books.key(county));
  const besides = { ...(setOffFen > 0n ? { setOffFen } : {}), ...(withheld ? { withheld } : {}) };
  const payable = { county, payableId, amountFen, ...besides, payee, claimId, paidBy: "", surplusFen: 0n };
  if (book.heldPayables === 0 && amountFen <= roomOf(book)) {
    change.put(books.key(county), withDue(book, amountFen));
    change.put(key, { ...payable, state: "DUE", dueOn: day });
    tellDue(change, { ...payable, state: "DUE", dueOn: day });
  } else {
    change.put(books.key(county), { ...book, heldFen: book.heldFen + amountFen, heldPayables: book.heldPayables + 1 });
    change.put(key, { ...payable, state: "HELD", dueOn: "" });
    change.tell("PayableHeld", county, { payableId, county, amountFen });
  }
}

export function tellDue(change: Change<SettlementEvents>, payable: Payable): void {
  const { payableId, county, amountFen, payee, claimId, dueOn } = payable;
  change.tell("PayableDue", county, { payableId, county, amountFen, payeeId: payee, claimId, dueOn });
}

/** The book with one more payable at the payment centre. */
export function withDue(book: Book, amountFen: bigint): Book {
  return { ...book, dueFen: book.dueFen + amountFen, duePayables: book.duePayables + 1 };
}

/** The book with one payable less that is held back. */
export function withoutHeld(book: Book, amountFen: bigint): Book {
  assert(book.heldFen >= amountFen && book.heldPayables > 0, `${book.county} has ${book.heldFen} fen held, ${amountFen} of it goes`);
  return { ...book, heldFen: book.heldFen - amountFen, heldPayables: book.heldPayables - 1 };
}

/** The book with one payable less at the payment centre. */
export function withoutDue(book: Book, amountFen: bigint): Book {
  assert(book.dueFen >= amountFen && book.duePayables > 0, `${book.county} has ${book.dueFen} fen due, ${amountFen} of it was paid`);
  return { ...book, dueFen: book.dueFen - amountFen, duePayables: book.duePayables - 1 };
}

/** What the payee was promised at first, in whatever way it came to it. */
export function promisedFen({ amountFen, setOffFen = 0n, withheld }: Payable): bigint {
  return amountFen + setOffFen + (withheld?.promisedFen ?? 0n);
}

/** Whether a payable is a household's: a share of a second compensation, or for a bill on paper. */
export function isHouseholds(payableId: string): boolean {
  return payableId.startsWith("second/") || payableId.startsWith("paper/");
}
