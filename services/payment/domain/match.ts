/**
 * Which order an entry of the bank's is of (三级勾对), by what it names: EndToEndId, else InstrId, else a whole batch by PmtInfId and its sum, else a reference of the bank's (AcctSvcrRef) that came with an
 * order before. An order or a batch of another bank's is none. Nothing is guessed: amount, account and day make a proposal that is shown and never applied.
 */
import { bankOf, bankPart } from "../../values/banks.ts";
import type { Key, Loaded } from "../../values/decision.ts";
import { sum } from "../../values/money.ts";
import { batchAt, orderAt, orderIdIn } from "./batch.ts";
import { type Batch, batches, type Order, orders, type Reference, references } from "./documents.ts";

/** What an entry names of ours or the bank's; left out or empty where it does not. */
export interface EntryKeys {
  readonly endToEndId: string;
  /** Where the bank names it: it must be the order's. */
  readonly amountFen?: bigint;
  readonly instructionId?: string;
  /** PmtInfId: our batch. */
  readonly paymentInformationId?: string;
  /** How many of the batch's orders it is for (NbOfTxs). */
  readonly transactions?: number;
  /** AcctSvcrRef. */
  readonly reference?: string;
}

/** An entry that names a batch and is not its orders' sum. */
export interface UnlikeBatch {
  readonly batchId: string;
  /** What its orders that could have been debited come to. */
  readonly ordersFen: bigint;
}

export interface Matched<E> {
  /** The entries, each under its order's EndToEndId where one is known; that of a batch as one of each of its orders. */
  readonly entries: readonly E[];
  /** By the entry. */
  readonly unlike: ReadonlyMap<E, UnlikeBatch>;
}

/** Keys of what a bank's entries name. Asked again with what was loaded. */
export function matchKeys(entries: readonly EntryKeys[], bank: string, loaded: Loaded): Key[] {
  const keys = new Map<string, Key>();
  const add = <K extends Key>(key: K): K => {
    keys.set(`${key.kind} ${key.id}`, key);
    return key;
  };
  for (const entry of entries) {
    if (entry.endToEndId !== "") add(orders.key(orderIdIn(entry.endToEndId)));
    if (orderAt(bank, entry.endToEndId, loaded)) continue;
    if (entry.instructionId) add(orders.key(entry.instructionId));
    const batch = namesBatchOnly(entry) ? loaded.get(add(batches.key(entry.paymentInformationId ?? ""))) : undefined;
    for (const id of batch?.orderIds ?? []) add(orders.key(id));
    const known = entry.reference ? loaded.get(add(referenceKey(bank, entry.reference))) : undefined;
    if (known) add(orders.key(known.orderId));
  }
  return [...keys.values()];
}

/** `day`: on which orders are taken for those of a batch, where only some of it was booked then; empty where it does not matter. */
export function match<E extends EntryKeys>(entries: readonly E[], bank: string, day: string, from: Loaded): Matched<E> {
  const unlike = new Map<E, UnlikeBatch>();
  const matched = entries.flatMap((entry): E[] => {
    // Whose amount it has is no matter where it names the order: a difference is a break of that order.
    const order = orderAt(bank, entry.endToEndId, from) ?? byInstruction(entry, bank, from);
    if (order) return [under(entry, order)];
    const batch = namesBatchOnly(entry) ? batchAt(bank, entry.paymentInformationId ?? "", from) : undefined;
    const covered = batch && coveredBy(entry, batch, day, from);
    if (covered && "orders" in covered) return covered.orders.map((one) => ({ ...under(entry, one), amountFen: one.amountFen }));
    const known = byReference(entry, bank, from);
    if (known) return [under(entry, known)];
    if (covered) unlike.set(entry, covered);
    return [entry];
  });
  return { entries: matched, unlike };
}

function under<E extends EntryKeys>(entry: E, order: Order): E {
  return entry.endToEndId === order.endToEndId ? entry : { ...entry, endToEndId: order.endToEndId };
}

/** What a bank's own reference is known as. */
export function referenceKey(bank: string, reference: string): Key<Reference> {
  return references.key(bankPart(bank, reference));
}

/** Our InstrId is the order's id. With another amount it is not believed. */
function byInstruction({ instructionId, amountFen }: EntryKeys, bank: string, from: Loaded): Order | undefined {
  const order = instructionId ? from.get(orders.key(instructionId)) : undefined;
  return order && order.amountFen === amountFen && bankOf(order) === bank ? order : undefined;
}

function byReference({ reference, amountFen }: EntryKeys, bank: string, from: Loaded): Order | undefined {
  const known = reference ? from.get(referenceKey(bank, reference)) : undefined;
  const order = known && orderAt(bank, known.endToEndId, from);
  return order?.amountFen === amountFen ? order : undefined;
}

function namesBatchOnly({ endToEndId, instructionId = "", paymentInformationId = "" }: EntryKeys): boolean {
  return endToEndId === "" && instructionId === "" && paymentInformationId !== "";
}

/** The batch's orders that the entry pays: all that the bank has not refused, or those of them that were not booked on another day before. Only with the exact sum. */
function coveredBy(
  { amountFen, transactions }: EntryKeys,
  batch: Batch,
  day: string,
  from: Loaded,
): { readonly orders: readonly Order[] } | UnlikeBatch {
  const debited = batch.orderIds
    .flatMap((id) => from.get(orders.key(id)) ?? [])
    .filter((order) => order.state === "OPEN" || order.settledOn !== "");
  const left = debited.filter(({ settledOn }) => settledOn === "" || settledOn === day);
  const fits = (some: readonly Order[]) =>
    some.length > 0 && totalOf(some) === amountFen && (transactions === undefined || transactions === some.length);
  const some = [left, debited].find(fits);
  return some ? { orders: some } : { batchId: batch.batchId, ordersFen: totalOf(left) };
}

function totalOf(some: readonly Order[]): bigint {
  return sum(some.map((order) => order.amountFen));
}

/** For entries that name no order: the one that they could be of, by amount and account; of two it could be either. */
export function proposals(
  candidates: readonly Order[],
): (entry: { readonly amountFen: bigint; readonly account?: string }) => Order | undefined {
  const name = (amountFen: bigint, account: string) => `${amountFen} ${account}`;
  const alike = Map.groupBy(candidates, ({ amountFen, account }) => name(amountFen, account.accountNumber));
  return ({ amountFen, account }) => {
    const found = account ? alike.get(name(amountFen, account)) : undefined;
    return found?.length === 1 ? found[0] : undefined;
  };
}
