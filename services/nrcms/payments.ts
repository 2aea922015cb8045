/** What the payment centre does with batches and orders: reads them, approves or declines, pays anew what came back, looks at a day's breaks. */
import { createHash } from "node:crypto";
import Table from "cli-table3";
import type { BankAccount } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type Bank,
  type Batch,
  type BatchState,
  type Cancellation,
  type DoubtedMessage,
  type GetBatchResponse,
  type GetReconciliationResponse,
  type KnownAccount,
  type LedgerBeside,
  type OpenBreak,
  type Order,
  PaymentServiceDefinition,
} from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { MAIN_BANK } from "../values/banks.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

const STYLE = { head: [], border: [], compact: true };

/** The payment centre's accounts, the main one first. */
export async function listBanks(who: GatewayClient): Promise<Bank[]> {
  return (await who.call(PaymentServiceDefinition, "listBanks", {})).banks;
}

/** Of one bank, or with "" of all. */
export async function listBatches(who: GatewayClient, state: BatchState, bank = ""): Promise<Batch[]> {
  return (await who.call(PaymentServiceDefinition, "listBatches", { state, bank })).batches;
}

export async function showBatch(who: GatewayClient, batchId: string): Promise<GetBatchResponse> {
  return await who.call(PaymentServiceDefinition, "getBatch", { batchId });
}

/** The batch as it was read: of another hash it is refused. */
export async function approveBatch(who: GatewayClient, batchId: string, expectedHash: string): Promise<Batch> {
  const approval = { batchId, expectedHash };
  const request = { requestId: idOf("approve", batchId, approval), ...approval };
  return wanted((await who.call(PaymentServiceDefinition, "approveBatch", request)).batch);
}

export interface Declined {
  readonly batchId: string;
  readonly expectedHash: string;
  /** None: all of the batch. */
  readonly orderIds: string[];
  readonly reason: string;
}

export async function declineOrders(who: GatewayClient, declined: Declined): Promise<Batch> {
  const request = { requestId: idOf("decline", declined.batchId, declined), ...declined };
  return wanted((await who.call(PaymentServiceDefinition, "declineOrders", request)).batch);
}

export async function ordersToReissue(who: GatewayClient): Promise<Order[]> {
  return (await who.call(PaymentServiceDefinition, "listOrdersToReissue", {})).orders;
}

/** To the account that the order had, with what is corrected of it. */
export async function reissueOrder(who: GatewayClient, orderId: string, corrected: Partial<BankAccount>): Promise<Order> {
  const { order } = await who.call(PaymentServiceDefinition, "getOrder", { orderId });
  if (!order?.account) throw new Error(`order ${orderId} came without its account`);
  const account = { ...order.account, ...corrected };
  // What was refused while the order had another state is asked for anew.
  const requestId = idOf("reissue", orderId, { state: order.state, account });
  const reissued = await who.call(PaymentServiceDefinition, "reissueOrder", { requestId, orderId, account });
  if (!reissued.order) throw new Error("an answer without its order");
  return reissued.order;
}

export async function reconciliation(who: GatewayClient, day: string, bank: string = MAIN_BANK): Promise<GetReconciliationResponse> {
  return await who.call(PaymentServiceDefinition, "getReconciliation", { day, bank });
}

/** Every break that is open, with its age on that day; of one bank, or with "" of all. */
export async function openBreaks(who: GatewayClient, onDay: string, bank = ""): Promise<OpenBreak[]> {
  return (await who.call(PaymentServiceDefinition, "listBreaks", { onDay, bank })).breaks;
}

export async function cancelOrder(who: GatewayClient, orderId: string, reason: string): Promise<Cancellation> {
  const wish = { orderId, reason };
  const { cancellation } = await who.call(PaymentServiceDefinition, "cancelOrder", { requestId: idOf("cancel", orderId, wish), ...wish });
  if (!cancellation) throw new Error("an answer without its cancellation");
  return cancellation;
}

export async function listCancellations(who: GatewayClient): Promise<Cancellation[]> {
  return (await who.call(PaymentServiceDefinition, "listCancellations", {})).cancellations;
}

export function cancellationsText(cancellations: readonly Cancellation[]): string {
  if (cancellations.length === 0) return "没有撤销申请 · no cancellations";
  const table = new Table({
    head: ["支付单 order", "付款行 paid by", "状态 state", "银行答复 answer", "申请人 asked by", "申请日 asked on", "原因 reason"],
    style: STYLE,
  });
  for (const { orderId, bank, state, answer, askedBy, askedOn, reason } of cancellations)
    table.push([orderId, bank, state, answer, askedBy, askedOn, reason]);
  return table.toString();
}

/** Accounts that the bank has disproved and nobody has confirmed since. */
export async function accountsOnCheck(who: GatewayClient): Promise<KnownAccount[]> {
  return (await who.call(PaymentServiceDefinition, "listAccountsOnCheck", {})).accounts;
}

export async function confirmAccount(
  who: GatewayClient,
  confirmed: { readonly bank: string; readonly bankCode: string; readonly accountNumber: string; readonly reason: string },
): Promise<KnownAccount> {
  // What the bank says later may have to be confirmed again: the list names it anew.
  const known = (await accountsOnCheck(who)).find(
    ({ bank, account }) => bank === confirmed.bank && account?.accountNumber === confirmed.accountNumber,
  );
  const requestId = idOf("confirm", confirmed.accountNumber, { ...confirmed, since: known?.knownBy ?? "" });
  const { account } = await who.call(PaymentServiceDefinition, "confirmAccount", { requestId, ...confirmed });
  if (!account) throw new Error("an answer without its account");
  return account;
}

export function accountsText(accounts: readonly KnownAccount[]): string {
  if (accounts.length === 0) return "核验名单为空 · nothing on the check list";
  const table = new Table({
    head: ["付款行 paid by", "开户行 bank", "账号 account", "户名 name", "状态 state", "缘由 reason", "依据 known by", "日期 on"],
    style: STYLE,
  });
  for (const { bank, account, state, reason, knownBy, knownOn } of accounts)
    table.push([bank, account?.bankCode ?? "", account?.accountNumber ?? "", account?.accountName ?? "", state, reason, knownBy, knownOn]);
  return table.toString();
}

/** What came in the bank's name and was not believed, newest first. */
export async function doubtedMessages(who: GatewayClient): Promise<DoubtedMessage[]> {
  return (await who.call(PaymentServiceDefinition, "listDoubtedMessages", {})).messages;
}

export function doubtedText(messages: readonly DoubtedMessage[]): string {
  if (messages.length === 0) return "没有可疑报文 · nothing doubted";
  const table = new Table({
    head: ["首次 first at", "次数 times", "银行 bank", "缘由 why", "报文号 message", "来自 from", "字节 bytes", "摘要 hash"],
    style: STYLE,
    colAligns: ["left", "right", "left", "left", "left", "left", "right", "left"],
  });
  for (const { bank, firstAtMs, times, why, messageId, from, sizeBytes, messageHash } of messages) {
    const at = new Date(Number(firstAtMs)).toISOString();
    table.push([at, String(times), bank, why, messageId, from, String(sizeBytes), messageHash.slice(0, 16)]);
  }
  return table.toString();
}

export function banksText(banks: readonly Bank[]): string {
  const table = new Table({
    head: ["银行 bank", "开户行 bank code", "账号 account", "户名 name", "格式 format", "县区 counties"],
    style: STYLE,
  });
  for (const { bank, account, format, counties } of banks) {
    const kept = bank === MAIN_BANK ? "其余各县 all others" : counties.join(" ");
    table.push([bank, account?.bankCode ?? "", account?.accountNumber ?? "", account?.accountName ?? "", format, kept]);
  }
  return table.toString();
}

export function batchesText(batches: readonly Batch[]): string {
  if (batches.length === 0) return "没有批次 · no batches";
  const table = new Table({
    head: ["批次 batch", "银行 bank", "状态 state", "笔数 orders", "金额 amount", "制单 maker", "复核 checked by", "制单日 made on"],
    style: STYLE,
    colAligns: ["left", "left", "left", "right", "right", "left", "left", "left"],
  });
  for (const { batchId, bank, state, orders, amountFen, maker, checker, approvals, createdOn } of batches)
    table.push([batchId, bank, state, String(orders), yuan(amountFen), maker, checker || approvals.join(", "), createdOn]);
  return table.toString();
}

export function ordersText(orders: readonly Order[]): string {
  if (orders.length === 0) return "没有支付单 · no orders";
  const table = new Table({
    head: [
      "支付单 order",
      "付款行 paid by",
      "状态 state",
      "户名 account name",
      "开户行 bank",
      "账号 account",
      "金额 amount",
      "应付 payables",
      "原因 reason",
    ],
    style: STYLE,
    colAligns: ["left", "left", "left", "left", "left", "left", "right", "right", "left"],
  });
  for (const { orderId, bank, state, reconciled, account, amountFen, payableIds, reason } of orders)
    table.push([
      orderId,
      bank,
      reconciled ? `${state} · 已对账 reconciled` : state,
      account?.accountName ?? "",
      account?.bankCode ?? "",
      account?.accountNumber ?? "",
      yuan(amountFen),
      String(payableIds.length),
      reason,
    ]);
  return table.toString();
}

export function batchText({ batch, orders }: GetBatchResponse): string {
  const shown = wanted(batch);
  return [
    batchesText([shown]),
    ordersText(orders),
    `摘要 hash ${shown.contentHash}`,
    ...(shown.state === "PROPOSED"
      ? [
          `复核 approve: nrcms payments approve ${shown.batchId} ${shown.contentHash}`,
          `退回 decline: nrcms payments decline ${shown.batchId} ${shown.contentHash} <reason> [--order <order> …]`,
        ]
      : []),
  ].join("\n");
}

export function reconciliationText(found: GetReconciliationResponse): string {
  const { day, bank, entries, debitsFen, creditsFen, openingFen, closingFen, breaks, ledger } = found;
  return [
    `${bank} ${day}: ${entries} 笔 entries · 期初 opening ${yuan(openingFen)} − 支出 debits ${yuan(debitsFen)} + 收入 credits ${yuan(creditsFen)}, 期末 closing ${yuan(closingFen)}`,
    ...(ledger ? [besideText(ledger)] : []),
    breaksText(breaks.map((one) => ({ day, bank, ageDays: 0, found: one }))),
  ].join("\n");
}

/** What the ledger has beside the bank's account, and what explains that the two are not the same. */
function besideText(ledger: LedgerBeside): string {
  const { bankFen, expectedFen, paidFen, returnedFen, transfersFen, receiptsFen, accountsFen, pendingFen, baselineFen, standingFen } =
    ledger;
  return [
    `账簿 ledger: 银行变动 the bank moved ${yuan(bankFen)}, 应为 expected ${yuan(expectedFen)} · 支付 paid ${yuan(paidFen)} (其中县际 of it between counties ${yuan(transfersFen)}), 退汇 come back ${yuan(returnedFen)}, 收款 received ${yuan(receiptsFen)}`,
    `  其县 1003 合计 its counties' 1003 ${yuan(accountsFen)} · 期初基数 baseline ${yuan(baselineFen)} · 已收未见入账 received and not credited ${yuan(pendingFen)} · 不明差额 unexplained ${yuan(standingFen)}`,
  ].join("\n");
}

export function breaksText(breaks: readonly OpenBreak[]): string {
  if (breaks.length === 0) return "无不符 · no breaks";
  const rows = breaks.map(({ day, bank, ageDays, found }) => {
    if (!found) throw new Error(`a break of ${day} came without what it is`);
    const { kind, endToEndId, oursFen, banksFen, zh, en, owner, repairZh, repairEn } = found;
    return [
      `${bank} ${day}${ageDays > 0 ? ` (${ageDays} 天 days)` : ""} ${kind} ${endToEndId} · 我方 ours ${yuan(oursFen)}, 银行 bank's ${yuan(banksFen)} · 责任人 owner ${owner}`,
      `  ${zh} · ${en}`,
      `  → ${repairZh} · ${repairEn}`,
    ].join("\n");
  });
  return rows.join("\n");
}

/** The same word about the same thing is one request, however often it is given. */
function idOf(step: string, id: string, content: object): string {
  return `${step}-${id}-${createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16)}`;
}

function wanted(batch: Batch | undefined): Batch {
  if (!batch) throw new Error("an answer without its batch");
  return batch;
}
