/** Compares a statement (对账) with itself and the one before it, then every entry with its order, then every order with its entry. Pure. */
import { sum, yuan } from "../../values/money.ts";
import type { Break, BreakKind, Order } from "./documents.ts";
import { type EntryKeys, proposals, type UnlikeBatch } from "./match.ts";

/** A booked entry; a batch booking gives one for each of its transactions that it lists. */
export interface StatementEntry extends EntryKeys {
  /** The other side's account; left out where the bank does not name it. */
  readonly account?: string;
  readonly direction: "DEBIT" | "CREDIT";
  readonly amountFen: bigint;
  /** A credit that gives back one of our payments. */
  readonly returned: boolean;
  readonly reason: string;
}

export interface StatementContent {
  readonly messageId: string;
  readonly day: string;
  readonly openingFen: bigint;
  readonly closingFen: bigint;
  readonly entries: readonly StatementEntry[];
}

export interface ReconciledOrders {
  /** The orders that the entries name, whatever became of them. */
  readonly byEndToEndId: ReadonlyMap<string, Order>;
  /** What we hold settled on that day. */
  readonly settled: readonly Order[];
  /** What we hold returned on that day. */
  readonly returned: readonly Order[];
  /** Entries that name a batch and are not its orders' sum. */
  readonly unlike?: ReadonlyMap<StatementEntry, UnlikeBatch>;
  /** What an entry that names no order might be of, besides what the statement lacks. */
  readonly open?: readonly Order[];
}

/** The statement that was booked before this one. */
export interface Previous {
  readonly day: string;
  readonly closingFen: bigint;
}

export function reconcile(content: StatementContent, orders: ReconciledOrders, previous?: Previous): Break[] {
  const debits = content.entries.filter((entry) => entry.direction === "DEBIT");
  const returns = content.entries.filter((entry) => entry.direction === "CREDIT" && entry.returned);
  return [
    ...arithmetic(content),
    ...(previous ? continuity(content, previous) : []),
    ...side(debits, orders, orders.settled, DEBITS, content.day),
    ...side(returns, orders, orders.returned, RETURNS, content.day),
  ];
}

/** OPBD + Σ entries = CLBD. */
function arithmetic({ openingFen, closingFen, entries }: StatementContent): Break[] {
  const reached = openingFen + sum(entries.map((entry) => (entry.direction === "DEBIT" ? -entry.amountFen : entry.amountFen)));
  if (reached === closingFen) return [];
  return [
    {
      kind: "STATEMENT_SUM",
      endToEndId: "",
      oursFen: reached,
      banksFen: closingFen,
      zh: `期初余额加发生额为 ${yuan(reached)} 元，而期末余额为 ${yuan(closingFen)} 元`,
      en: `opening balance and entries make ${yuan(reached)} yuan, the closing balance is ${yuan(closingFen)}`,
    },
  ];
}

/** It begins where the one before it ended. */
export function continuity({ openingFen }: Pick<StatementContent, "openingFen">, { day, closingFen }: Previous): Break[] {
  if (openingFen === closingFen) return [];
  return [
    {
      kind: "BALANCE_GAP",
      endToEndId: "",
      oursFen: closingFen,
      banksFen: openingFen,
      zh: `期初余额为 ${yuan(openingFen)} 元，而 ${day} 对账单的期末余额为 ${yuan(closingFen)} 元`,
      en: `the opening balance is ${yuan(openingFen)} yuan, the statement of ${day} closed with ${yuan(closingFen)}`,
    },
  ];
}

interface Side {
  readonly zhName: string;
  readonly enName: string;
  /** The day on which the order has it. */
  readonly dayIn: (order: Order) => string;
  /** What an entry is that no order accounts for. */
  readonly stranger: BreakKind;
}

const DEBITS: Side = { zhName: "支出", enName: "debit", dayIn: (order) => order.settledOn, stranger: "MISSING_HERE" };
const RETURNS: Side = { zhName: "退汇", enName: "return", dayIn: (order) => order.returnedOn, stranger: "RETURN_UNMATCHED" };

function side(
  entries: readonly StatementEntry[],
  { byEndToEndId: known, unlike, open = [] }: ReconciledOrders,
  expected: readonly Order[],
  { zhName, enName, dayIn, stranger }: Side,
  day: string,
): Break[] {
  const breaks: Break[] = [];
  const add = (kind: BreakKind, endToEndId: string, oursFen: bigint, banksFen: bigint, zh: string, en: string, looksLike = "") =>
    void breaks.push({
      kind,
      endToEndId,
      ...(looksLike === "" ? {} : { looksLike }),
      oursFen,
      banksFen,
      zh: `${zhName}：${zh}`,
      en: `${enName}: ${en}`,
    });
  const named = new Set(entries.map((entry) => entry.endToEndId));
  const lacking = new Map([...expected, ...open].filter((order) => !named.has(order.endToEndId)).map((order) => [order.orderId, order]));
  const proposalFor = proposals([...lacking.values()]);
  const inUnlike = new Set([...(unlike?.values() ?? [])].map(({ batchId }) => batchId));
  const seen = new Set<string>();
  for (const entry of entries) {
    const { endToEndId, amountFen } = entry;
    const order = known.get(endToEndId);
    const batch = unlike?.get(entry);
    if (batch) {
      const { batchId, ordersFen } = batch;
      add(
        "BATCH_SUM",
        batchId,
        ordersFen,
        amountFen,
        "整批入账的金额或笔数与该批支付单不符",
        "the batch is booked as one entry, which its orders do not sum to",
      );
    } else if (!order) {
      const like = proposalFor(entry)?.orderId ?? "";
      const [zhLike, enLike] = like === "" ? ["", ""] : [`；疑为支付单 ${like}`, `; it looks like order ${like}`];
      const zh = `对账单上有，本中心没有此支付单${zhLike}`;
      add(stranger, endToEndId, 0n, amountFen, zh, `the statement has it, there is no such order here${enLike}`, like);
    } else if (seen.has(endToEndId)) {
      add("DUPLICATE", endToEndId, order.amountFen, amountFen, "对账单上出现不止一次", "the statement has it more than once");
    } else if (order.amountFen !== amountFen) {
      add("AMOUNT", endToEndId, order.amountFen, amountFen, "金额不符", "the amounts differ");
    } else if (dayIn(order) === "") {
      const was = order.state;
      add(stranger, endToEndId, 0n, amountFen, `对账单上有，本中心状态为 ${was}`, `the statement has it, the order here is ${was}`);
    } else if (dayIn(order) !== day) {
      const other = dayIn(order);
      add("DUPLICATE", endToEndId, order.amountFen, amountFen, `${other} 的对账单上已有`, `the statement of ${other} has it already`);
    }
    seen.add(endToEndId);
  }
  for (const { endToEndId, amountFen, batchId } of expected) {
    // What is the matter with its batch is said once.
    if (!seen.has(endToEndId) && !inUnlike.has(batchId))
      add("MISSING_AT_BANK", endToEndId, amountFen, 0n, "本中心已记账，对账单上没有", "booked here, the statement lacks it");
  }
  return breaks;
}
