/** `nrcms payments …`: the payment centre's makers and checkers at the command line. */
import { type Command, InvalidArgumentError } from "commander";
import { BatchState } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { MAIN_BANK } from "../values/banks.ts";
import { dayOf } from "../values/days.ts";
import { AS, type Asking, aDay, answering, JSON_WORDS, type Tools } from "./command-parts.ts";

const OF_BANK = "只看一家银行 · of one bank only (nrcms payments banks)";
const STATES = Object.values(BatchState).filter((state) => state !== BatchState.UNSPECIFIED);

export function addPaymentCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const payments = program
    .command("payments")
    .description(
      "集中支付：批次、复核、退回、重新支付、对账\nthe payment centre: batches, approving, declining, paying anew, reconciliation",
    );
  const subcommand = (name: string, description: string, person: string) =>
    payments.command(name).description(description).option("--as <person>", AS, person).option("--json", JSON_WORDS);

  subcommand(
    "banks",
    "支付中心在各银行的账户，及各县资金存于何处\nthe payment centre's accounts, and which county's money is kept where",
    "checker",
  ).action(async (options: Asking) => {
    const { banksText, listBanks } = await import("./payments.ts");
    await answer(options, listBanks, banksText);
  });

  subcommand("batches", "某状态的批次，先旧后新\nthe batches in a state, oldest first", "checker")
    .option("--state <state>", `状态 · ${STATES.join(", ")}`, aState, BatchState.PROPOSED)
    .option("--bank <bank>", OF_BANK, "")
    .action(async (options: Asking & { state: BatchState; bank: string }) => {
      const { batchesText, listBatches } = await import("./payments.ts");
      await answer(options, (who) => listBatches(who, options.state, options.bank), batchesText);
    });

  subcommand("show", "一个批次与其支付单，及复核所需的摘要\na batch with its orders, and the hash that a checker names", "checker")
    .argument("<batch>")
    .action(async (batchId: string, options: Asking) => {
      const { batchText, showBatch } = await import("./payments.ts");
      await answer(options, (who) => showBatch(who, batchId), batchText);
    });

  subcommand(
    "approve",
    "复核已阅的批次（摘要）；大额批次须两人\napprove the batch that was read, by its hash; a large one wants two checkers",
    "checker",
  )
    .argument("<batch>")
    .argument("<hash>")
    .action(async (batchId: string, hash: string, options: Asking) => {
      const { approveBatch, batchesText } = await import("./payments.ts");
      await answer(
        options,
        (who) => approveBatch(who, batchId, hash),
        (batch) => batchesText([batch]),
      );
    });

  subcommand(
    "decline",
    "把支付单退回制单人并说明原因；其余的另行复核\nsend orders back to the maker, with a reason; the rest is approved anew",
    "checker",
  )
    .argument("<batch>")
    .argument("<hash>")
    .argument("<reason>")
    .option("--order <order...>", "只退回这些支付单 · only these orders; by default all of the batch")
    .action(async (batchId: string, expectedHash: string, reason: string, options: Asking & { order?: string[] }) => {
      const { batchesText, declineOrders } = await import("./payments.ts");
      await answer(
        options,
        (who) => declineOrders(who, { batchId, expectedHash, orderIds: options.order ?? [], reason }),
        (batch) => batchesText([batch]),
      );
    });

  subcommand("waiting", "待重新支付的支付单：被退回、被拒、被退汇\norders to be paid anew: declined, rejected or returned", "maker").action(
    async (options: Asking) => {
      const { ordersText, ordersToReissue } = await import("./payments.ts");
      await answer(options, (who) => ordersToReissue(who), ordersText);
    },
  );

  subcommand("reissue", "按更正后的账户重新支付\npay an order anew, to the account as it is corrected", "maker")
    .argument("<order>")
    .option("--bank <code>", "开户行号 · the bank's code")
    .option("--account <number>", "账号 · the account's number")
    .option("--name <name>", "户名 · the account's name")
    .action(async (orderId: string, options: Asking & { bank?: string; account?: string; name?: string }) => {
      const { ordersText, reissueOrder } = await import("./payments.ts");
      const corrected = {
        ...(options.bank !== undefined && { bankCode: options.bank }),
        ...(options.account !== undefined && { accountNumber: options.account }),
        ...(options.name !== undefined && { accountName: options.name }),
      };
      await answer(
        options,
        (who) => reissueOrder(who, orderId, corrected),
        (order) => ordersText([order]),
      );
    });

  subcommand("reconciliation", "某日对账单的结果\nwhat a day's statement and the orders do not agree in", "treasurer")
    .argument("<day>", "日期 · the day", aDay)
    .option("--bank <bank>", "哪家银行的对账单 · whose statement", MAIN_BANK)
    .action(async (day: string, options: Asking & { bank: string }) => {
      const { reconciliation, reconciliationText } = await import("./payments.ts");
      await answer(options, (who) => reconciliation(who, day, options.bank), reconciliationText);
    });

  subcommand("cancel", "向银行撤销已受理的支付单\nask the bank to cancel an order that it has", "maker")
    .argument("<order>")
    .argument("<reason>")
    .action(async (orderId: string, reason: string, options: Asking) => {
      const { cancellationsText, cancelOrder } = await import("./payments.ts");
      await answer(
        options,
        (who) => cancelOrder(who, orderId, reason),
        (one) => cancellationsText([one]),
      );
    });

  subcommand("cancellations", "撤销申请与银行的答复，先新后旧\nwhat the bank was asked to cancel, and what it said", "maker").action(
    async (options: Asking) => {
      const { cancellationsText, listCancellations } = await import("./payments.ts");
      await answer(options, listCancellations, cancellationsText);
    },
  );

  subcommand(
    "accounts",
    "核验名单：银行称账号或户名有误的账户，应付款项暂不支付\nthe check list: accounts that the bank has disproved; what is due to them waits",
    "treasurer",
  ).action(async (options: Asking) => {
    const { accountsOnCheck, accountsText } = await import("./payments.ts");
    await answer(options, accountsOnCheck, accountsText);
  });

  subcommand("confirm-account", "已核实的账户移出核验名单\nan account that was made sure of leaves the check list", "treasurer")
    .argument("<bank-code>")
    .argument("<account-number>")
    .argument("<reason>", "如何核实 · how it was made sure of")
    .option("--bank <bank>", "由哪家付款行所称 · which bank of ours has disproved it", MAIN_BANK)
    .action(async (bankCode: string, accountNumber: string, reason: string, options: Asking & { bank: string }) => {
      const { accountsText, confirmAccount } = await import("./payments.ts");
      await answer(
        options,
        (who) => confirmAccount(who, { bank: options.bank, bankCode, accountNumber, reason }),
        (one) => accountsText([one]),
      );
    });

  subcommand(
    "doubted",
    "未被采信的报文：冒用银行名义、被改动或过期\nwhat came in the bank's name and was not believed",
    "treasurer",
  ).action(async (options: Asking) => {
    const { doubtedMessages, doubtedText } = await import("./payments.ts");
    await answer(options, doubtedMessages, doubtedText);
  });

  subcommand("breaks", "未了结的不符项：账龄、责任人、建议\nevery open break: its age, its owner and what is proposed", "treasurer")
    .option("--day <day>", "账龄算到这天 · the day that ages are counted to", aDay, dayOf(Date.now()))
    .option("--bank <bank>", OF_BANK, "")
    .action(async (options: Asking & { day: string; bank: string }) => {
      const { breaksText, openBreaks } = await import("./payments.ts");
      await answer(options, (who) => openBreaks(who, options.day, options.bank), breaksText);
    });
}

function aState(text: string): BatchState {
  const state = STATES.find((one) => one === text.toUpperCase());
  if (state) return state;
  throw new InvalidArgumentError(`须为其一 · must be one of ${STATES.join(", ")}`);
}
