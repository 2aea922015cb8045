import { describe, expect, test } from "vitest";
import { PaymentServiceDefinition as definition, type GetBatchResponse } from "../../../proto/generated/nrcms/payment/v1/payment.ts";
import type { CommandCall, QueryCall, Reader } from "../../../services/mesh/wiring.ts";
import { readerOf } from "../../../services/payment/bank/read.ts";
import type { Signing } from "../../../services/payment/bank/signature.ts";
import { calls } from "../../../services/payment/calls.ts";
import { orders } from "../../../services/payment/domain/documents.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import {
  accountOf,
  batchIn,
  CHECKER,
  COUNTY_BANKS,
  camt053,
  camt054,
  cutAll,
  DAY,
  DEBTOR,
  MAKER,
  OTHER,
  OTHER_DEBTOR,
  ordersIn,
  putDue,
  putPayee,
  readerOver,
  sentBatch,
  TERMS,
} from "./scene.ts";

/** A bank that was agreed not to sign. */
function parts(reader: Reader) {
  const hearing = { bank: "main", reader, read: readerOf("iso20022", DEBTOR.accountNumber), signing: undefined };
  return { reader, ...TERMS, hearings: [hearing], countyBanks: {} };
}

function commandOf(name: string, world = newWorld()): CommandCall {
  const found = calls(parts(readerOver(world))).find((call) => call.method.name === name);
  if (found?.act !== "command") throw new Error(`${name} is no command`);
  return found;
}

function queryOf(name: string, world: World): QueryCall {
  const found = calls(parts(readerOver(world))).find((call) => call.method.name === name);
  if (found?.act !== "query") throw new Error(`${name} is no query`);
  return found;
}

const DECLINED = { batchId: "B20111125000001", expectedHash: "0a".repeat(32), orderIds: ["P20111125000001-0001"], reason: "户名不符" };

test("every method of the contract is answered, once", () => {
  const names = calls(parts(readerOver(newWorld()))).map((call) => call.method.name);
  expect(names.toSorted()).toEqual(
    Object.values(definition.methods)
      .map((method) => method.name)
      .toSorted(),
  );
});

describe("at the door", () => {
  const account = accountOf("H1");
  test.each([
    ["CutBatch", { schedule: "UNSPECIFIED", upToDay: DAY }, "schedule"],
    ["CutBatch", { schedule: "DAILY", upToDay: "" }, "up_to_day"],
    ["CutBatch", { schedule: "DAILY", upToDay: "2011-02-29" }, "up_to_day"],
    ["ApproveBatch", { batchId: "", expectedHash: "0".repeat(64) }, "batch_id"],
    ["ApproveBatch", { batchId: "b/1", expectedHash: "0".repeat(64) }, "batch_id"],
    ["ApproveBatch", { batchId: "B1", expectedHash: "" }, "expected_hash"],
    ["ApproveBatch", { batchId: "B1", expectedHash: "A".repeat(64) }, "expected_hash"],
    ["DeclineOrders", { ...DECLINED, batchId: "" }, "batch_id"],
    ["DeclineOrders", { ...DECLINED, expectedHash: "x" }, "expected_hash"],
    ["DeclineOrders", { ...DECLINED, orderIds: ["P1", "p"] }, "order_ids[1]"],
    ["DeclineOrders", { ...DECLINED, orderIds: ["P1", "P2", "P1"] }, "order_ids[2]"],
    ["DeclineOrders", { ...DECLINED, orderIds: Array.from({ length: 501 }, (_, n) => `P${n}`) }, "order_ids"],
    ["DeclineOrders", { ...DECLINED, reason: "  " }, "reason"],
    ["DeclineOrders", { ...DECLINED, reason: "长".repeat(201) }, "reason"],
    ["DeclineOrders", { ...DECLINED, reason: "a\nb" }, "reason"],
    ["ReissueOrder", { orderId: "P".repeat(36), account }, "order_id"],
    ["ReissueOrder", { orderId: "P1", account: undefined }, "account"],
    ["ReissueOrder", { orderId: "P1", account: { ...account, bankCode: "12345678901" } }, "account.bank_code"],
    ["ReissueOrder", { orderId: "P1", account: { ...account, accountNumber: "62 1" } }, "account.account_number"],
    ["ReissueOrder", { orderId: "P1", account: { ...account, accountName: "" } }, "account.account_name"],
    ["ReissueOrder", { orderId: "P1", account: { ...account, accountName: "a\u0000b" } }, "account.account_name"],
    ["ReissueOrder", { orderId: "P1", account: { ...account, accountName: "长".repeat(141) } }, "account.account_name"],
    ["ReceiveBankMessage", { document: new Uint8Array() }, "document"],
    ["ReceiveBankMessage", { document: new Uint8Array(4 * 1024 * 1024 + 1) }, "document"],
    ["FetchStatement", { day: "25.11.2011" }, "day"],
  ])("%s with a bad %o is refused for %s", (name, request, field) => {
    expect(commandOf(name).check({ requestId: "r", ...request }, MAKER)).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test.each([
    ["CutBatch", { schedule: "WEEKLY", upToDay: DAY }],
    ["ApproveBatch", { batchId: "B20111125000001", expectedHash: "0a".repeat(32) }],
    ["DeclineOrders", DECLINED],
    ["DeclineOrders", { ...DECLINED, orderIds: [] }],
    ["ReissueOrder", { orderId: "P20111125000001-0001", account }],
    ["ReceiveBankMessage", { document: new Uint8Array(1) }],
    ["FetchStatement", { day: DAY, bank: "" }],
    ["FetchStatement", { day: DAY, bank: OTHER }],
  ])("%s with a good request comes in", (name, request) => {
    expect(commandOf(name).check({ requestId: "r", ...request }, MAKER)).toBeUndefined();
  });

  test.each([
    ["ListBatches", { state: "UNSPECIFIED" }, "state"],
    ["GetBatch", { batchId: "" }, "batch_id"],
    ["GetOrder", { orderId: "x" }, "order_id"],
    ["GetReconciliation", { day: "yesterday" }, "day"],
    ["ListBreaks", { onDay: "" }, "on_day"],
  ])("%s with a bad %o is refused for %s", async (name, request, field) => {
    expect(await queryOf(name, newWorld()).answer(request, CHECKER)).toMatchObject({ code: "BAD_REQUEST", field });
  });
});

describe("CutBatch", () => {
  test("cuts what its caller asked for, in the caller's name", async () => {
    const world = newWorld();
    putPayee(world, "D", "DAILY");
    putDue(world, { payableId: "d", payeeId: "D", amountFen: 5n });
    const call = commandOf("CutBatch", world);
    const before = await call.input({ requestId: "r", schedule: "DAILY", upToDay: "2011-11-24" }, MAKER);
    expect(call.reply(world.run(call.decision, before).result)).toEqual({ batches: [] });
    const input = await call.input({ requestId: "r", schedule: "DAILY", upToDay: DAY }, MAKER);
    expect(call.reply(world.run(call.decision, input).result)).toMatchObject({
      batches: [{ maker: MAKER.name, orders: 1, amountFen: 5n }],
    });
  });
});

describe("ReceiveBankMessage", () => {
  test("refuses what cannot be read", async () => {
    const call = commandOf("ReceiveBankMessage");
    const bad = await call.input({ requestId: "N1", document: new TextEncoder().encode("<x"), signature: "" }, MAKER);
    expect(bad).toMatchObject({ code: "BAD_BANK_MESSAGE", status: "INVALID_ARGUMENT" });
  });

  test("keeps what is not believed, says so, and shows it", async () => {
    const world = newWorld();
    const reader = readerOver(world);
    const signing: Signing = { sign: async () => "", check: async () => ({ trusted: false, why: "FORGED" }) };
    const suspicious = calls({ ...parts(reader), hearings: parts(reader).hearings.map((hearing) => ({ ...hearing, signing })) });
    const call = suspicious.find((one) => one.method.name === "ReceiveBankMessage");
    if (call?.act !== "command") throw new Error("it is a command");
    const input = await call.input({ requestId: "N1", document: camt054("N1", []), signature: "x" }, MAKER);
    expect(call.reply(world.run(call.decision, input).result)).toMatchObject({ kind: "", entries: 0, doubts: { code: "NOT_BELIEVED" } });
    expect(await queryOf("ListDoubtedMessages", world).answer({}, CHECKER)).toMatchObject({
      messages: [{ messageId: "N1", why: "FORGED", from: `caller:${MAKER.name}`, times: 1 }],
    });
  });

  test("books a statement, against all that is held settled on its day", async () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1", "H2"], 700n);
    const ids = ordersIn(world, batchId).map((order) => order.endToEndId);
    const receive = commandOf("ReceiveBankMessage", world);
    const run = async (requestId: string, document: Uint8Array) => {
      const input = await receive.input({ requestId, document }, MAKER);
      if (isRefusal(input)) throw new Error(input.en);
      return receive.reply(world.run(receive.decision, input).result);
    };
    const debits = ids.map((endToEndId) => ({ endToEndId, side: "DBIT" as const, amountFen: 700n }));
    await run("N1", camt054("N1", debits));
    expect(await run("ST1", camt053("ST1", debits.slice(1), { openingFen: 1_400n }))).toEqual({ kind: "camt.053", entries: 1 });
    const answer = await queryOf("GetReconciliation", world).answer({ day: DAY, bank: "" }, CHECKER);
    expect(answer).toMatchObject({
      day: DAY,
      entries: 1,
      debitsFen: 700n,
      closingFen: 700n,
      breaks: [{ kind: "MISSING_AT_BANK", endToEndId: ids[0], owner: "TREASURER" }],
    });
    const { batch, orders: shown } = (await queryOf("GetBatch", world).answer({ batchId }, CHECKER)) as GetBatchResponse;
    expect(batch?.state).toBe("DONE");
    // The statement has one of the two: only that is reconciled.
    expect(shown.map(({ state, settledOn, reconciled }) => [state, settledOn, reconciled])).toEqual([
      ["SETTLED", DAY, false],
      ["SETTLED", DAY, true],
    ]);
    // Two days later, with a statement between that does not join.
    const next = "2011-11-26";
    expect(await run("ST2", camt053("ST2", [], { openingFen: 800n }, next))).toMatchObject({ entries: 0 });
    const open = await queryOf("ListBreaks", world).answer({ onDay: "2011-11-27", bank: "" }, CHECKER);
    expect(open).toMatchObject({
      breaks: [
        { day: DAY, bank: "main", ageDays: 2, found: { kind: "MISSING_AT_BANK", owner: "TREASURER" } },
        { day: next, ageDays: 1, found: { kind: "BALANCE_GAP", owner: "OPERATOR", oursFen: 700n, banksFen: 800n } },
      ],
    });
    // The bank has booked on the next day what the first statement lacked: the break is gone.
    await run("ST3", camt053("ST3", debits.slice(0, 1), { openingFen: 700n }, next));
    expect(await queryOf("ListBreaks", world).answer({ onDay: next, bank: "" }, CHECKER)).toEqual({ breaks: [] });
  });
});

describe("questions", () => {
  test("about a batch and an order are answered as the contract says", async () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1"], 700n);
    const [order] = ordersIn(world, batchId);
    const { contentHash } = batchIn(world, batchId);
    const batch = {
      batchId,
      bank: "main",
      state: "SENDING",
      maker: MAKER.name,
      checker: CHECKER.name,
      approvals: [],
      orders: 1,
      amountFen: 700n,
      contentHash,
      attempts: 1,
      createdOn: DAY,
    };
    const message = {
      orderId: order?.orderId,
      batchId,
      payeeId: "H1",
      account: accountOf("H1"),
      amountFen: 700n,
      endToEndId: `${order?.orderId}01`,
      bank: "main",
      state: "OPEN",
      reason: "",
      payableIds: ["claim/H1/decision/1"],
      replaces: "",
      replacedBy: "",
      settledOn: "",
      reconciled: false,
    };
    expect(await queryOf("GetBatch", world).answer({ batchId }, CHECKER)).toEqual({ batch, orders: [message] });
    expect(await queryOf("GetOrder", world).answer({ orderId: order?.orderId }, CHECKER)).toEqual({ order: message });
    expect(await queryOf("ListBatches", world).answer({ state: "SENDING", bank: "" }, CHECKER)).toEqual({ batches: [batch] });
    expect(await queryOf("ListBatches", world).answer({ state: "DONE", bank: "" }, CHECKER)).toEqual({ batches: [] });
  });

  test("about what is not there name it", async () => {
    const world = newWorld();
    expect(await queryOf("GetBatch", world).answer({ batchId: "B1" }, CHECKER)).toMatchObject({ code: "UNKNOWN_BATCH" });
    expect(await queryOf("GetOrder", world).answer({ orderId: "P1" }, CHECKER)).toMatchObject({ code: "UNKNOWN_ORDER" });
    expect(await queryOf("GetReconciliation", world).answer({ day: DAY, bank: "" }, CHECKER)).toMatchObject({ code: "NO_STATEMENT" });
  });

  test("about what waits for the maker list what was declined and came back, and is not yet reissued", async () => {
    const world = newWorld();
    const { batchId } = sentBatch(world, ["H1", "H2", "H3", "H4"]);
    const [rejected, returned, settled, replaced] = ordersIn(world, batchId);
    if (!(rejected && returned && settled && replaced)) throw new Error("not four orders");
    for (const [order, state] of [
      [rejected, "REJECTED"],
      [returned, "RETURNED"],
      [settled, "SETTLED"],
      [replaced, "REPLACED"],
    ] as const)
      world.put(orders.key(order.orderId), { ...order, state });
    putPayee(world, "H5");
    putDue(world, { payableId: "five", payeeId: "H5" });
    const [batch] = cutAll(world, ["five"]);
    const decline = commandOf("DeclineOrders", world);
    const input = await decline.input(
      { requestId: "r", ...DECLINED, batchId: batch?.batchId, expectedHash: batch?.contentHash, orderIds: [] },
      CHECKER,
    );
    expect(decline.reply(world.run(decline.decision, input, { caller: CHECKER }).result)).toMatchObject({
      batch: { state: "DONE", orders: 0 },
    });
    const answer = (await queryOf("ListOrdersToReissue", world).answer({}, MAKER)) as { orders: { orderId: string; state: string }[] };
    expect(answer.orders.map(({ orderId, state }) => [orderId, state])).toEqual([
      [rejected.orderId, "REJECTED"],
      [returned.orderId, "RETURNED"],
      [batch?.orderIds[0], "DECLINED"],
    ]);
  });

  test("about the worklist list the oldest first", async () => {
    const world = newWorld();
    putPayee(world, "H1");
    for (const payableId of ["a", "b", "c"]) {
      putDue(world, { payableId, payeeId: "H1" });
      cutAll(world, [payableId]);
    }
    const answer = (await queryOf("ListBatches", world).answer({ state: "PROPOSED", bank: "" }, CHECKER)) as {
      batches: { batchId: string }[];
    };
    expect(answer.batches.map(({ batchId }) => batchId)).toEqual(["B20111125000001", "B20111125000002", "B20111125000003"]);
  });
});

describe("with two banks", () => {
  const twoBanks = (reader: Reader) => {
    const other = { bank: OTHER, reader, read: readerOf("json", OTHER_DEBTOR.accountNumber), signing: undefined };
    return calls({ ...parts(reader), hearings: [...parts(reader).hearings, other], countyBanks: COUNTY_BANKS });
  };
  const named = (world: World, name: string) => twoBanks(readerOver(world)).find((call) => call.method.name === name);

  test("ListBanks tells the accounts and whose money is kept there", async () => {
    const call = named(newWorld(), "ListBanks");
    if (call?.act !== "query") throw new Error("it is a query");
    expect(await call.answer({}, CHECKER)).toEqual({
      banks: [
        { bank: "main", account: DEBTOR, format: "iso20022", counties: [] },
        { bank: OTHER, account: OTHER_DEBTOR, format: "json", counties: ["640424"] },
      ],
    });
  });

  test.each([
    ["ListBatches", { state: "PROPOSED" }],
    ["GetReconciliation", { day: DAY }],
    ["ListBreaks", { onDay: DAY }],
    ["FetchStatement", { day: DAY }],
    ["ConfirmAccount", { bankCode: "103871000027", accountNumber: "620000000001", reason: "asked" }],
  ])("%s of a bank that is none is refused", async (name, request) => {
    const call = named(newWorld(), name);
    const asked = { requestId: "r", ...request, bank: "boc" };
    const answer = call?.act === "query" ? await call.answer(asked, CHECKER) : call?.act === "command" && call.check(asked, CHECKER);
    expect(answer).toMatchObject({ code: "UNKNOWN_BANK", field: "bank", en: "the topology names no bank boc" });
  });

  test("a message is its bringer's bank's: read in that bank's form, of that bank's account", async () => {
    const call = named(newWorld(), "ReceiveBankMessage");
    if (call?.act !== "command") throw new Error("it is a command");
    const brought = (name: string, document: string | Uint8Array) =>
      call.input(
        { requestId: "N1", document: typeof document === "string" ? new TextEncoder().encode(document) : document, signature: "" },
        { name, role: "BANK", scope: "640000" },
      );
    const notice = (account: string) => JSON.stringify({ kind: "notice", messageId: "N1", account, entries: [] });
    expect(await brought("bank-icbc-client", notice(OTHER_DEBTOR.accountNumber))).toMatchObject({ bank: OTHER });
    expect(await brought("bank-icbc-client", notice(DEBTOR.accountNumber))).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    expect(await brought("bank-icbc-client", camt054("N1", []))).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    expect(await brought("bank-client", camt054("N1", []))).toMatchObject({ bank: "main" });
    expect(await brought("bank-client", notice(OTHER_DEBTOR.accountNumber))).toMatchObject({ code: "BAD_BANK_MESSAGE" });
  });
});
