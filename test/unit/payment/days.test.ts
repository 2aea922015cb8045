/**
 * Random days at two banks, each of which keeps one county's money: they settle, reject, return, forget to answer, repeat old messages in any order, and speak of each other's orders; makers reissue, finders cut twice, statements come.
 * Whatever happens, nobody is paid twice, and once the banks have told everything nobody is forgotten.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { confirmAccount, recheck } from "../../../services/payment/domain/accounts.ts";
import { answer, reportHash, type StatusReport } from "../../../services/payment/domain/answer.ts";
import { attempt, silence } from "../../../services/payment/domain/attempt.ts";
import { orderIdIn } from "../../../services/payment/domain/batch.ts";
import { cancel, caseIdOf, resolve } from "../../../services/payment/domain/cancel.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import { decline } from "../../../services/payment/domain/decline.ts";
import {
  type Batch,
  type Due,
  type KnownAccount,
  type Order,
  statementKey,
  TO_REISSUE,
} from "../../../services/payment/domain/documents.ts";
import { hear } from "../../../services/payment/domain/receive.ts";
import type { StatementEntry } from "../../../services/payment/domain/reconcile.ts";
import { reissue } from "../../../services/payment/domain/reissue.ts";
import { bookStatement } from "../../../services/payment/domain/statement.ts";
import { bankOf, bankOfCounty, MAIN_BANK } from "../../../services/values/banks.ts";
import { sum } from "../../../services/values/money.ts";
import { isRefusal } from "../../../services/values/outcome.ts";
import { newWorld, type Outcome, type World } from "../../harness/decide.ts";
import {
  accountOf,
  approved,
  CHECKER,
  COUNTY_BANKS,
  DAY,
  done,
  JINGYUAN,
  MAKER,
  OTHER,
  originalNamed,
  putDue,
  putPayee,
  TERMS,
  ZHONGNING,
} from "./scene.ts";

/** What was put on the check list in the last round but two is confirmed, ordered and paid in the ones after it. */
const FINISHING_ROUNDS = 5;

type Fate = "PENDING" | "SETTLED" | "REJECTED" | "RETURNED";

/** A bank's own books: what became of each EndToEndId. It executes a file once, whoever sends it again. */
interface Bank {
  readonly id: string;
  readonly fates: Map<string, { fate: Fate; amountFen: bigint }>;
  readonly files: Map<string, string[]>;
  /** What it said to each wish to cancel, for ever. */
  readonly cases: Map<string, boolean>;
  /** Every message that it ever wrote, to be repeated in any order. */
  readonly written: (() => Outcome<unknown>)[];
}

function newBank(id: string): Bank {
  return { id, fates: new Map(), files: new Map(), cases: new Map(), written: [] };
}

class Day {
  readonly world: World = newWorld();
  readonly banks: readonly [Bank, Bank] = [newBank(MAIN_BANK), newBank(OTHER)];
  /** Net of what was told, by payable. */
  readonly paid = new Map<string, bigint>();
  readonly toldIds = new Set<string>();
  private serial = 0;
  /** From now on the bank pays whatever it is sent. */
  private willing = false;

  constructor() {
    for (const payee of ["H1", "H2", "H3"]) putPayee(this.world, payee);
  }

  due(n: number): void {
    this.serial += 1;
    putDue(this.world, {
      payableId: `p${this.serial}`,
      payeeId: `H${(n % 3) + 1}`,
      county: n % 2 ? ZHONGNING : JINGYUAN,
      amountFen: BigInt(n * 100 + 1),
    });
  }

  cut(n: number): void {
    const payableIds = this.world.all<Due>("dues").map((due) => due.payableId);
    // Every third finder saw an old serial.
    this.hear(
      this.world.run(cut, { countyBanks: COUNTY_BANKS, payableIds, schedule: "IMMEDIATE", maker: "rule", serial: n % 3 === 0 ? 1 : 0 }),
    );
  }

  private bankOf(of: { readonly bank?: string }): Bank {
    const found = this.banks.find(({ id }) => id === bankOf(of));
    if (!found) throw new Error(`no bank ${of.bank}`);
    return found;
  }

  private batches(...states: Batch["state"][]): Batch[] {
    return this.world.all<Batch>("batches").filter((batch) => states.includes(batch.state));
  }

  /** What its file names; declined orders are not in it. */
  private ordersOf(batch: Batch): Order[] {
    return this.world.all<Order>("orders").filter((order) => batch.orderIds.includes(order.orderId));
  }

  approve(): void {
    for (const batch of this.batches("PROPOSED")) approved(this.world, batch.batchId);
  }

  /** A checker sends one order of each batch back, or all of them. */
  decline(n: number): void {
    for (const { batchId, contentHash: expectedHash, orderIds } of this.batches("PROPOSED")) {
      const some = n % 3 === 0 ? [] : orderIds.slice(n % orderIds.length).slice(0, 1);
      this.hear(this.world.run(decline, { batchId, expectedHash, orderIds: some, reason: "no" }, { caller: CHECKER }));
    }
  }

  /** Sends a file that waits or is unknown: n decides whether it arrives, and whether the answer does. */
  send(n: number): void {
    for (const batch of this.batches("APPROVED", "SENDING", "UNKNOWN")) {
      const bank = this.bankOf(batch);
      const known = bank.files.has(batch.batchId);
      // A bank that has the file answers the enquiry: no second attempt then, unless the enquiry is lost too.
      if (batch.state !== "APPROVED" && known && n % 4 !== 0) {
        this.answerOn(bank, batch.batchId);
        continue;
      }
      const number = batch.attempts + 1;
      const { send } = done(this.world.run(attempt, { batchId: batch.batchId, attempt: number }));
      if (!send) continue;
      if (n % 3 !== 0) this.execute(batch, n);
      if (n % 2 === 0) this.hear(this.world.run(silence, { batchId: batch.batchId, attempt: number }));
      else if (bank.files.has(batch.batchId)) this.answerOn(bank, batch.batchId);
    }
  }

  private execute(batch: Batch, n: number): void {
    const bank = this.bankOf(batch);
    if (bank.files.has(batch.batchId)) return;
    const ids: string[] = [];
    for (const [index, order] of this.ordersOf(batch).entries()) {
      const mood = (["SETTLED", "PENDING", "REJECTED", "SETTLED"] as const)[(n + index) % 4] ?? "PENDING";
      const fate = this.willing ? "SETTLED" : mood;
      bank.fates.set(order.endToEndId, { fate, amountFen: order.amountFen });
      ids.push(order.endToEndId);
    }
    bank.files.set(batch.batchId, ids);
  }

  /** The bank's status report as of now, written once more. */
  private answerOn(bank: Bank, batchId: string): void {
    const codes: Record<Fate, string> = { SETTLED: "ACSC", RETURNED: "ACSC", REJECTED: "RJCT", PENDING: "PDNG" };
    const transactions = (bank.files.get(batchId) ?? []).map((endToEndId) => {
      const { fate, amountFen } = bank.fates.get(endToEndId) ?? { fate: "PENDING" as const, amountFen: 0n };
      return { endToEndId, status: codes[fate], reason: fate === "REJECTED" ? "AC01" : "", on: "", amountFen };
    });
    const report: StatusReport = { messageId: "S", originalMessageId: batchId, groupStatus: "", groupReason: "", transactions };
    this.write(bank, () => this.world.run(answer, { bank: bank.id, batchId, hash: reportHash(report), report }));
  }

  /** The usual way, so that a short day has something at the bank. */
  pay(n: number): void {
    this.due(n);
    this.due(n + 1);
    this.cut(1);
    this.approve();
    this.send(n);
  }

  /** Something moves at the bank: pending ones get their end, settled ones come back. It tells, or keeps it for the statement. */
  move(n: number): void {
    const bank = this.banks[n % 2 === 0 ? 0 : 1];
    const rows = [...bank.fates];
    const row = rows[n % Math.max(1, rows.length)];
    if (!row) return;
    const [endToEndId, state] = row;
    const next: Record<Fate, Fate> = {
      PENDING: n % 2 ? "SETTLED" : "REJECTED",
      SETTLED: "RETURNED",
      REJECTED: "REJECTED",
      RETURNED: "RETURNED",
    };
    state.fate = next[state.fate];
    if (state.fate === "REJECTED" || n % 3 === 0) return;
    const { amountFen } = state;
    const evidence = { endToEndId, says: state.fate === "SETTLED" ? "SETTLED" : "RETURNED", reason: "AC04", on: DAY, amountFen } as const;
    this.serial += 1;
    const messageId = `N${this.serial}`;
    this.write(bank, () =>
      this.world.run(hear, { bank: bank.id, original: originalNamed(messageId), content: { kind: "camt.054", evidence: [evidence] } }),
    );
  }

  repeat(n: number): void {
    const { written } = this.banks[n % 2 === 0 ? 0 : 1];
    const old = written[n % Math.max(1, written.length)];
    if (old) this.hear(old());
  }

  /** One bank speaks of the other's orders, in each way that there is, under the ids that the other has used: nothing of theirs changes. */
  meddle(n: number): void {
    const [bank, other] = n % 2 === 0 ? this.banks : ([this.banks[1], this.banks[0]] as const);
    const orders = this.world.all<Order>("orders").filter((order) => this.bankOf(order) === other);
    const order = orders[n % Math.max(1, orders.length)];
    if (!order) return;
    const ofOther = () =>
      ["orders", "batches", "statements", "cancellations", "knownaccounts", "dues"].flatMap((name) =>
        this.world.all<{ county: string; bank?: string }>(name).filter((doc) => name === "dues" || this.bankOf(doc) === other),
      );
    const before = structuredClone(ofOther());
    const { endToEndId, amountFen, orderId, batchId } = order;
    const says = (["SETTLED", "RETURNED", "REJECTED"] as const)[n % 3] ?? "SETTLED";
    const evidence = [{ endToEndId, says, reason: "AC04", on: DAY, amountFen, reference: "R1" }] as const;
    const transactions = [{ endToEndId, status: "ACSC", reason: "", on: DAY, amountFen }];
    const report: StatusReport = { messageId: "S", originalMessageId: batchId, groupStatus: "RJCT", groupReason: "AC04", transactions };
    const resolution = { caseId: caseIdOf(order), endToEndId, says: "GRANTED", reason: "" } as const;
    const named = { instructionId: orderId, paymentInformationId: batchId, reference: "R1" };
    const entries: StatementEntry[] = [
      { endToEndId, direction: "DEBIT", amountFen, returned: false, reason: "" },
      { endToEndId: "", ...named, direction: "DEBIT", amountFen, returned: false, reason: "" },
      { endToEndId: "", paymentInformationId: batchId, direction: "DEBIT", amountFen, returned: false, reason: "" },
    ];
    const content = { messageId: "N1", day: DAY, openingFen: 0n, closingFen: -3n * amountFen, entries };
    const statement = { bank: bank.id, content, expectedOrderIds: [], previousDay: "" };
    this.serial += 1;
    const contents = [
      { kind: "camt.054", evidence },
      { kind: "pain.002", report },
      { kind: "camt.029", resolution },
      { kind: "camt.053", statement },
    ] as const;
    for (const [index, one] of contents.entries()) {
      const outcome = this.world.run(hear, { bank: bank.id, original: originalNamed(`M${this.serial}-${index}`), content: one });
      expect(outcome.told.filter(({ name }) => name !== "StatementBooked")).toEqual([]);
      if (one.kind !== "camt.053") expect(outcome.result).toMatchObject({ code: "BAD_BANK_MESSAGE" });
    }
    expect(ofOther()).toEqual(before);
    const booked = this.world.get(statementKey(bank.id, DAY));
    expect(booked?.breaks.map(({ kind }) => kind).filter((kind) => kind === "MISSING_HERE" || kind === "BATCH_SUM")).toHaveLength(3);
  }

  reissue(n: number): void {
    const candidates = this.world.all<Order>("orders").filter((order) => TO_REISSUE.includes(order.state));
    const order = candidates[n % Math.max(1, candidates.length)];
    if (order)
      this.hear(
        this.world.run(reissue, { countyBanks: COUNTY_BANKS, orderId: order.orderId, account: accountOf(`H${n}`) }, { caller: MAKER }),
      );
  }

  /** The maker has second thoughts about an order that the bank has: what is pending is cancelled, what was paid is not. */
  cancel(n: number): void {
    const open = this.world.all<Order>("orders").filter(({ state }) => state === "OPEN" || state === "SETTLED");
    const order = open[n % Math.max(1, open.length)];
    if (!order) return;
    const asked = this.world.run(cancel, { orderId: order.orderId, reason: "no", terms: TERMS.terms }, { caller: MAKER });
    this.hear(asked);
    if (isRefusal(asked.result)) return;
    const { endToEndId } = order;
    const bank = this.bankOf(order);
    const at = bank.fates.get(endToEndId);
    const granted = bank.cases.get(endToEndId) ?? at?.fate === "PENDING";
    bank.cases.set(endToEndId, granted);
    if (granted && at) at.fate = "REJECTED";
    // One in three answers is lost; the bank still has it, and says it when it is asked again.
    if (n % 3 === 0) return;
    const resolution = { caseId: caseIdOf(order), endToEndId, says: granted ? "GRANTED" : "REFUSED", reason: "" } as const;
    this.write(bank, () => this.world.run(resolve, { bank: bank.id, resolution }));
  }

  /** Somebody makes sure of the accounts that the bank has disproved; what waited for them waits for its order. */
  private confirm(): void {
    for (const known of this.world.all<KnownAccount>("knownaccounts")) {
      if (known.state !== "DISPROVED") continue;
      const confirmed = { bank: bankOf(known), ...known.account, reason: "asked" };
      this.hear(this.world.run(confirmAccount, confirmed, { caller: CHECKER }));
    }
    const held = this.world.all<Due>("dues").filter(({ state }) => state === "ON_CHECK");
    this.hear(this.world.run(recheck, { countyBanks: COUNTY_BANKS, payableIds: held.map(({ payableId }) => payableId) }));
  }

  /** The whole truth of each bank's books as one statement. Every third books a batch's debits as one entry, which names no order; others name orders by our InstrId. */
  statement(n = 0): string[] {
    return this.banks.flatMap((bank) => this.statementOf(bank, n));
  }

  private statementOf(bank: Bank, n: number): string[] {
    const entries = [...bank.fates].flatMap(([endToEndId, { fate, amountFen }]): StatementEntry[] => {
      const debit = { endToEndId, direction: "DEBIT", amountFen, returned: false, reason: "" } as const;
      const back = { endToEndId, direction: "CREDIT", amountFen, returned: true, reason: "AC04" } as const;
      if (fate === "SETTLED") return [debit];
      return fate === "RETURNED" ? [debit, back] : [];
    });
    if (n % 3 === 1) return this.bookStatement(bank, this.asBatches(bank, entries));
    return this.bookStatement(bank, n % 3 === 2 ? entries.map(byInstruction) : entries);
  }

  /** What the bank has debited of each file, as one entry. */
  private asBatches(bank: Bank, entries: readonly StatementEntry[]): StatementEntry[] {
    const batches = [...bank.files].flatMap(([paymentInformationId, ids]): StatementEntry[] => {
      const debits = entries.filter(({ endToEndId, direction }) => direction === "DEBIT" && ids.includes(endToEndId));
      const amountFen = sum(debits.map((debit) => debit.amountFen));
      const batch = { endToEndId: "", paymentInformationId, transactions: debits.length, direction: "DEBIT", returned: false } as const;
      return debits.length > 0 ? [{ ...batch, amountFen, reason: "" }] : [];
    });
    return [...batches, ...entries.filter(({ direction }) => direction === "CREDIT")];
  }

  private bookStatement(bank: Bank, entries: readonly StatementEntry[]): string[] {
    const moved = sum(entries.map((entry) => (entry.direction === "DEBIT" ? -entry.amountFen : entry.amountFen)));
    const content = { messageId: "ST", day: DAY, openingFen: 0n, closingFen: moved, entries };
    const expectedOrderIds = this.world
      .all<Order>("orders")
      .filter((order) => this.bankOf(order) === bank && (order.settledOn === DAY || order.returnedOn === DAY))
      .map((order) => order.orderId);
    this.hear(this.world.run(bookStatement, { bank: bank.id, content, expectedOrderIds, previousDay: "" }));
    return (this.world.get(statementKey(bank.id, DAY))?.breaks ?? []).map((one) => one.kind);
  }

  /** Everybody works until nothing moves: the bank brings all to an end and tells it, what came back is paid anew. */
  finish(): void {
    this.willing = true;
    for (let round = 0; round < FINISHING_ROUNDS; round += 1) {
      for (const order of this.world.all<Order>("orders")) if (TO_REISSUE.includes(order.state)) this.reissue(0);
      this.confirm();
      this.cut(1);
      this.approve();
      this.send(1);
      for (const bank of this.banks) {
        for (const state of bank.fates.values()) if (state.fate === "PENDING") state.fate = "SETTLED";
        for (const batchId of bank.files.keys()) this.answerOn(bank, batchId);
      }
      this.statement();
    }
  }

  private write(bank: Bank, message: () => Outcome<unknown>): void {
    bank.written.push(message);
    this.hear(message());
  }

  private hear(outcome: Outcome<unknown>): void {
    if (isRefusal(outcome.result)) return;
    done(outcome);
    for (const { name, body } of outcome.told) {
      if (name === "BatchChanged" || name === "StatementBooked") continue;
      const id: string = body.settlementId ?? body.returnId;
      expect(this.toldIds.has(id), `${id} is told twice`).toBe(false);
      this.toldIds.add(id);
      expect(sum(body.payables.map((payable: { amountFen: bigint }) => payable.amountFen))).toBe(body.amountFen);
      for (const { payableId, amountFen } of body.payables)
        this.paid.set(payableId, (this.paid.get(payableId) ?? 0n) + (name === "PaymentsSettled" ? amountFen : -amountFen));
    }
    this.check();
  }

  /** What must hold at every moment. */
  private check(): void {
    const orders = this.world.all<Order>("orders");
    const paying = new Map<string, Order[]>();
    const open = new Map<string, number>();
    for (const order of orders) {
      for (const { payableId } of order.payables) paying.set(payableId, [...(paying.get(payableId) ?? []), order]);
      if (order.state === "OPEN") open.set(order.batchId, (open.get(order.batchId) ?? 0) + 1);
    }
    for (const due of this.world.all<Due>("dues")) {
      const paid = this.paid.get(due.payableId) ?? 0n;
      expect(paid === 0n || paid === due.amountFen, `${due.payableId} of ${due.amountFen} is paid ${paid}`).toBe(true);
      const own = paying.get(due.payableId) ?? [];
      const standing = own.filter((order) => order.state !== "REPLACED");
      expect(standing.map((order) => order.orderId)).toEqual(due.state === "ORDERED" ? [due.orderId] : []);
      const moved = own.filter((order) => this.bankOf(order).fates.get(order.endToEndId)?.fate === "SETTLED");
      expect(moved.length, `${due.payableId} left the bank ${moved.length} times`).toBeLessThanOrEqual(1);
    }
    for (const order of orders) {
      expect(bankOf(order)).toBe(bankOfCounty(order.county, COUNTY_BANKS));
      expect(this.banks.some((bank) => bank !== this.bankOf(order) && bank.fates.has(order.endToEndId))).toBe(false);
    }
    for (const batch of this.world.all<Batch>("batches")) {
      expect(this.ordersOf(batch).every((order) => order.bank === batch.bank)).toBe(true);
      expect(batch.open, `open orders of ${batch.batchId}`).toBe(open.get(batch.batchId) ?? 0);
      if (batch.state === "DONE") expect(batch.open).toBe(0);
    }
  }
}

function byInstruction(entry: StatementEntry): StatementEntry {
  return { ...entry, endToEndId: "", instructionId: orderIdIn(entry.endToEndId) };
}

const step = fc.record({
  act: fc.constantFrom(
    "pay",
    "pay",
    "due",
    "cut",
    "decline",
    "approve",
    "send",
    "move",
    "move",
    "move",
    "repeat",
    "repeat",
    "cancel",
    "meddle",
    "reissue",
    "statement",
  ),
  n: fc.integer({ min: 0, max: 60 }),
} as const);

test("nobody is paid twice, nobody is forgotten", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40, size: "max" }), (steps) => {
      const day = new Day();
      for (const { act, n } of steps) day[act](n);
      day.finish();
      for (const due of day.world.all<Due>("dues")) {
        const order = day.world.all<Order>("orders").find((one) => one.orderId === due.orderId);
        expect([due.payableId, due.state, order?.state, day.paid.get(due.payableId)]).toEqual([
          due.payableId,
          "ORDERED",
          "SETTLED",
          due.amountFen,
        ]);
        const bank = day.banks.find(({ id }) => id === bankOf(order ?? {}));
        expect(bank?.fates.get(order?.endToEndId ?? "")?.fate).toBe("SETTLED");
      }
      for (const booked of [0, 1, 2]) expect(day.statement(booked), `booked ${booked}`).toEqual([]);
    }),
    { numRuns: Number(process.env.NRCMS_RUNS ?? 150) },
  );
}, 1_800_000);
