/** What payment is asked. The checks here are the contract at the door: what fails them is no input. */
import {
  type KnownAccount as AccountMessage,
  type Break as BreakMessage,
  type Cancellation as CancellationMessage,
  PaymentServiceDefinition as definition,
  type LedgerBeside as LedgerBesideMessage,
  type Order as OrderMessage,
} from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { UnavailableError } from "../mesh/rpc.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { accountFault } from "../values/account.ts";
import { bankName, bankOf, type CountyBanks, MAIN_BANK } from "../values/banks.ts";
import { daysBetween, isDay } from "../values/days.ts";
import { assert, badRequest, type Refusal } from "../values/outcome.ts";
import { type Hearing, hearingOf } from "./bank/hear.ts";
import { BadBankMessage, NotReadNow } from "./bank/message.ts";
import { mustWait } from "./bank/read.ts";
import { confirmAccount } from "./domain/accounts.ts";
import { approve } from "./domain/approve.ts";
import { type Terms, termsOf } from "./domain/banks.ts";
import { viewOf } from "./domain/batch.ts";
import { cancel } from "./domain/cancel.ts";
import { type Cut, cut } from "./domain/cut.ts";
import { decline, MAX_DECLINED } from "./domain/decline.ts";
import {
  type BatchState,
  type Break,
  batches,
  type Cancellation,
  type KnownAccount,
  type LedgerBeside,
  type Order,
  orders,
  type Schedule,
  type Statement,
  statementKey,
} from "./domain/documents.ts";
import { breaksOf } from "./domain/ledger-compared.ts";
import type { Limits } from "./domain/limits.ts";
import { hear } from "./domain/receive.ts";
import { refuse } from "./domain/refusals.ts";
import { reissue } from "./domain/reissue.ts";
import { isReconciled, wantStatement } from "./domain/statement.ts";
import { TASKS } from "./domain/tasks.ts";
import {
  batchesIn,
  disprovedAccounts,
  doubtedMessages,
  newestCancellations,
  ordersOf,
  ordersToReissue,
  statementsWithBreaks,
  waitingUpTo,
} from "./store.ts";

const MAX_LISTED = 200;
const MAX_ID = 35;
const MAX_REASON = 200;
const MAX_DOCUMENT = 4 * 1024 * 1024;

interface CallParts {
  readonly reader: Reader;
  readonly terms: Terms;
  /** Of each bank, the main one first. */
  readonly hearings: readonly Hearing[];
  readonly countyBanks: CountyBanks;
  readonly secondAboveFen: bigint;
  readonly limits: Limits;
}

export function calls({ reader, terms, hearings, countyBanks, secondAboveFen, limits }: CallParts): readonly Call[] {
  const { methods } = definition;
  const badBank = (bank: string): Refusal | undefined =>
    bank === "" || termsOf(bank, terms) ? undefined : refuse("UNKNOWN_BANK", { field: "bank", bank });
  /** Each bank comes with a certificate of its own; whoever brings a message and is none of the others speaks for the main one. */
  const hearingBy = (caller: string): Hearing => {
    const found = hearings.find(({ bank }) => caller === `${bankName(bank)}-client`) ?? hearings.find(({ bank }) => bank === MAIN_BANK);
    assert(found, "there is a main bank");
    return found;
  };
  return [
    query(methods.listBanks, async () => ({
      banks: Object.entries(terms).map(([bank, { debtor, format }]) => ({
        bank,
        account: debtor,
        format,
        counties: Object.keys(countyBanks).filter((county) => countyBanks[county] === bank),
      })),
    })),
    command(methods.cutBatch, {
      check: ({ schedule, upToDay }) => (schedule === "UNSPECIFIED" ? missing("schedule") : badDay("up_to_day", upToDay)),
      input: async (request, caller): Promise<Cut> => {
        const schedule = request.schedule as Schedule;
        const found = await waitingUpTo(reader, schedule, request.upToDay);
        return { payableIds: found.map((due) => due.payableId), schedule, maker: caller.name, serial: 0, countyBanks };
      },
      decision: cut,
      reply: ({ batches }) => ({ batches: [...batches] }),
    }),
    query(methods.listBatches, async ({ state, bank }) => {
      const bad = state === "UNSPECIFIED" ? missing("state") : badBank(bank);
      if (bad) return bad;
      return { batches: (await batchesIn(reader, [state as BatchState], MAX_LISTED, bank)).map(viewOf) };
    }),
    query(methods.getBatch, async ({ batchId }) => {
      const bad = badId("batch_id", batchId);
      if (bad) return bad;
      const batch = await reader.get(batches.key(batchId));
      if (!batch) return refuse("UNKNOWN_BATCH", { field: "batch_id", batch: batchId });
      return { batch: viewOf(batch), orders: await orderMessages(reader, await ordersOf(reader, batch)) };
    }),
    command(methods.approveBatch, {
      check: ({ batchId, expectedHash }) => badId("batch_id", batchId) ?? badHash("expected_hash", expectedHash),
      input: ({ batchId, expectedHash }) => ({ batchId, expectedHash, terms, secondAboveFen, limits }),
      decision: approve,
      reply: (batch) => ({ batch }),
    }),
    command(methods.declineOrders, {
      check: ({ batchId, expectedHash, orderIds, reason }) =>
        badId("batch_id", batchId) ?? badHash("expected_hash", expectedHash) ?? badOrderIds(orderIds) ?? badReason(reason),
      input: ({ batchId, expectedHash, orderIds, reason }) => ({ batchId, expectedHash, orderIds, reason: reason.trim() }),
      decision: decline,
      reply: (batch) => ({ batch }),
    }),
    command(methods.cancelOrder, {
      check: ({ orderId, reason }) => badId("order_id", orderId) ?? badReason(reason),
      input: ({ orderId, reason }) => ({ orderId, reason: reason.trim(), terms }),
      decision: cancel,
      reply: (cancellation) => ({ cancellation: cancellationMessage(cancellation) }),
    }),
    query(methods.listCancellations, async () => ({
      cancellations: (await newestCancellations(reader, MAX_LISTED)).map(cancellationMessage),
    })),
    query(methods.listOrdersToReissue, async () => ({ orders: await orderMessages(reader, await ordersToReissue(reader, MAX_LISTED)) })),
    command(methods.reissueOrder, {
      check: ({ orderId, account }) => badId("order_id", orderId) ?? accountFault("account", account),
      input: ({ orderId, account }) => (account ? { orderId, account, countyBanks } : missing("account")),
      decision: reissue,
      reply: (order) => ({ order: orderMessage(order, undefined) }),
    }),
    query(methods.getOrder, async ({ orderId }) => {
      const bad = badId("order_id", orderId);
      if (bad) return bad;
      const order = await reader.get(orders.key(orderId));
      if (!order) return refuse("UNKNOWN_ORDER", { field: "order_id", order: orderId });
      const [shown] = await orderMessages(reader, [order]);
      return { order: shown };
    }),
    command(methods.receiveBankMessage, {
      check: ({ document }) => badDocument(document),
      async input({ document, signature }, caller) {
        if (mustWait(document)) throw new UnavailableError("other long documents are being read");
        try {
          return await hearingOf(hearingBy(caller.name), { from: `caller:${caller.name}`, document, signature });
        } catch (error) {
          if (error instanceof NotReadNow) throw new UnavailableError(error.message);
          if (error instanceof BadBankMessage) return refuse("BAD_BANK_MESSAGE", { field: "document", why: error.message });
          throw error;
        }
      },
      decision: hear,
      reply: ({ kind, entries, doubts }) => ({ kind, entries, doubts }),
    }),
    query(methods.listAccountsOnCheck, async () => ({ accounts: (await disprovedAccounts(reader, MAX_LISTED)).map(accountMessage) })),
    command(methods.confirmAccount, {
      check: ({ bankCode, accountNumber, reason, bank }) => badAccount(bankCode, accountNumber) ?? badReason(reason) ?? badBank(bank),
      input: ({ bankCode, accountNumber, reason, bank }) => ({ bank: bankOf({ bank }), bankCode, accountNumber, reason: reason.trim() }),
      decision: confirmAccount,
      reply: (known) => ({ account: accountMessage(known) }),
    }),
    query(methods.listDoubtedMessages, async () => ({
      messages: (await doubtedMessages(reader, MAX_LISTED)).map(({ bank, hash, messageId, why, from, bytes, firstAtMs, times }) => ({
        bank: bankOf({ bank }),
        messageHash: hash,
        messageId,
        why,
        from,
        sizeBytes: bytes,
        firstAtMs: BigInt(firstAtMs),
        times,
      })),
    })),
    query(methods.getReconciliation, async (asked) => {
      const { day } = asked;
      const bad = badDay("day", day) ?? badBank(asked.bank);
      if (bad) return bad;
      const bank = bankOf(asked);
      const statement = await reader.get(statementKey(bank, day));
      if (!statement || statement.messageId === "") return refuse("NO_STATEMENT", { field: "day", day });
      const { entries, debitsFen, creditsFen, openingFen, closingFen, ledger } = statement;
      const breaks = breaksOf(statement).map(breakMessage);
      return { day, bank, entries, debitsFen, creditsFen, openingFen, closingFen, breaks, ledger: ledger && besideMessage(ledger) };
    }),
    query(methods.listBreaks, async ({ onDay, bank }) => {
      const bad = badDay("on_day", onDay) ?? badBank(bank);
      if (bad) return bad;
      const found = (await statementsWithBreaks(reader, MAX_LISTED, bank)).flatMap((statement) =>
        breaksOf(statement).map((one) => ({
          day: statement.day,
          bank: bankOf(statement),
          ageDays: Math.max(0, daysBetween(statement.day, onDay)),
          found: breakMessage(one),
        })),
      );
      return { breaks: found.slice(0, MAX_LISTED) };
    }),
    command(methods.fetchStatement, {
      check: ({ day, bank }) => badDay("day", day) ?? badBank(bank),
      input: ({ day, bank }) => ({ bank: bankOf({ bank }), day }),
      decision: wantStatement,
      reply: ({ bank, day }) => ({ bank, day }),
    }),
  ];
}

function accountMessage({ bank, account, state, reason, by, on }: KnownAccount): AccountMessage {
  return { bank: bankOf({ bank }), account, state, reason, knownBy: by, knownOn: on };
}

/** As `accountFault` has it, of an account whose name does not matter. */
function badAccount(bankCode: string, accountNumber: string): Refusal | undefined {
  const fault = accountFault("", { bankCode, accountNumber, accountName: "-" });
  return fault && { ...fault, field: fault.field.slice(1) };
}

function cancellationMessage({ bank, orderId, endToEndId, state, reason, by, askedOn, answer }: Cancellation): CancellationMessage {
  return { bank: bankOf({ bank }), orderId, endToEndId, state, reason, askedBy: by, askedOn, answer };
}

/** Orders with what the statements of their days say of them. */
async function orderMessages(reader: Reader, found: readonly Order[]): Promise<OrderMessage[]> {
  const keyOf = (order: Order) => statementKey(bankOf(order), order.settledOn);
  const keys = new Map(found.filter(({ settledOn }) => settledOn !== "").map((order) => [keyOf(order).id, keyOf(order)]));
  const booked = await reader.getAll([...keys.values()]);
  return found.map((order) => orderMessage(order, booked.get(keyOf(order).id)));
}

/** The statement is the one of the order's day, where there is one. */
function orderMessage(order: Order, statement: Statement | undefined): OrderMessage {
  const { orderId, batchId, payeeId, account, amountFen, endToEndId, state, reason, payables, replaces, replacedBy } = order;
  const payableIds = payables.map((payable) => payable.payableId);
  const { settledOn } = order;
  const reconciled = statement !== undefined && isReconciled(order, statement);
  return {
    orderId,
    batchId,
    bank: bankOf(order),
    payeeId,
    account,
    amountFen,
    endToEndId,
    state,
    reason,
    payableIds,
    replaces,
    replacedBy,
    settledOn,
    reconciled,
  };
}

function besideMessage({ version: _, isOpen: __, differenceFen: ___, ...ledger }: LedgerBeside): LedgerBesideMessage {
  return ledger;
}

function breakMessage(found: Break): BreakMessage {
  return { ...found, looksLike: found.looksLike ?? "", ...TASKS[found.kind] };
}

function missing(field: string): Refusal {
  return badRequest(field, "必填", "is missing");
}

function badDay(field: string, day: string): Refusal | undefined {
  if (day === "") return missing(field);
  return isDay(day) ? undefined : badRequest(field, "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
}

function badId(field: string, id: string): Refusal | undefined {
  if (id === "") return missing(field);
  if (id.length <= MAX_ID && /^[0-9A-Z-]+$/.test(id)) return undefined;
  return badRequest(field, `须为 1 至 ${MAX_ID} 位大写字母、数字或连字符`, `must be 1 to ${MAX_ID} characters A–Z, 0–9 or -`);
}

function badOrderIds(ids: readonly string[]): Refusal | undefined {
  if (ids.length > MAX_DECLINED) return badRequest("order_ids", `不得多于 ${MAX_DECLINED} 个`, `must not be more than ${MAX_DECLINED}`);
  for (const [index, id] of ids.entries()) {
    const field = `order_ids[${index}]`;
    const bad = badId(field, id) ?? (ids.indexOf(id) < index ? badRequest(field, "重复", "is named twice") : undefined);
    if (bad) return bad;
  }
  return undefined;
}

function badReason(reason: string): Refusal | undefined {
  const text = reason.trim();
  if (text === "") return missing("reason");
  if (text.length <= MAX_REASON && !/\p{Cc}/u.test(text)) return undefined;
  return badRequest(
    "reason",
    `须为至多 ${MAX_REASON} 字、不含控制字符`,
    `must be at most ${MAX_REASON} characters without control characters`,
  );
}

function badHash(field: string, hash: string): Refusal | undefined {
  if (hash === "") return missing(field);
  return /^[0-9a-f]{64}$/.test(hash) ? undefined : badRequest(field, "须为 64 位十六进制摘要", "must be 64 hexadecimal digits");
}

function badDocument(document: Uint8Array): Refusal | undefined {
  if (document.byteLength === 0) return missing("document");
  if (document.byteLength <= MAX_DOCUMENT) return undefined;
  return badRequest("document", `不得超过 ${MAX_DOCUMENT} 字节`, `must not be longer than ${MAX_DOCUMENT} bytes`);
}
