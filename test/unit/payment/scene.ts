/** Payees, dues and batches as the tests of payment need them, a reader over the test world, and the bank's messages as XML. */

import { isDeepStrictEqual } from "node:util";
import type { FindOptions, Reader } from "../../../services/mesh/wiring.ts";
import { approve } from "../../../services/payment/domain/approve.ts";
import { attempt } from "../../../services/payment/domain/attempt.ts";
import { ALWAYS_OPEN } from "../../../services/payment/domain/calendar.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import {
  type Batch,
  batches,
  type Order,
  type Original,
  orders,
  type Payee,
  type Schedule,
} from "../../../services/payment/domain/documents.ts";
import { NO_LIMITS } from "../../../services/payment/domain/limits.ts";
import { payableDue } from "../../../services/payment/domain/payable-due.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import type { BankAccount } from "../../../services/values/account.ts";
import type { CountyBanks } from "../../../services/values/banks.ts";
import type { Caller, Doc, Key } from "../../../services/values/decision.ts";
import { yuan } from "../../../services/values/money.ts";
import { isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import type { Outcome, World } from "../../harness/decide.ts";

export const MAKER: Caller = { name: "maker.li", role: "MAKER", scope: "640000" };
export const CHECKER: Caller = { name: "checker.ma", role: "CHECKER", scope: "640000" };
export const DEBTOR: BankAccount = { bankCode: "105871000019", accountNumber: "6405000000000001", accountName: "宁夏新农合集中支付中心" };
/** The centre's account at a second bank, which keeps Jingyuan's money where a test says so. */
export const OTHER = "icbc";
export const OTHER_DEBTOR: BankAccount = { ...DEBTOR, bankCode: "102871000014", accountNumber: "6405000000000002" };
export const COUNTY_BANKS: CountyBanks = { "640424": OTHER };
/** What a checker approves under, apart from the batch. */
export const TERMS = {
  terms: {
    main: { debtor: DEBTOR, format: "iso20022", calendar: ALWAYS_OPEN },
    icbc: { debtor: OTHER_DEBTOR, format: "json", calendar: ALWAYS_OPEN },
  },
  secondAboveFen: 100_000_000n,
  limits: NO_LIMITS,
} as const;
export const DAY = "2011-11-25";
export const ZHONGNING = "640521";
export const JINGYUAN = "640424";

/** A message of this id as far as it matters where its bytes do not. */
export function originalNamed(messageId: string): Original {
  return { messageId, hash: `hash of ${messageId}`, from: "caller:bank", bytes: 0, head: "" };
}

/** What a decision gave, where it must have ended well. */
export function done<R>(outcome: Outcome<R>): R {
  const { result } = outcome;
  if (isRefusal(result)) throw new Error(`refused: ${result.code} ${result.en}`);
  if (isUnavailable(result)) throw new Error(`unavailable: ${result.reason}`);
  return result;
}

export function accountOf(name: string): BankAccount {
  return { bankCode: "103871000027", accountNumber: `62${name.replaceAll(/\D/g, "").padStart(10, "0")}`, accountName: `${name} 医院` };
}

export function putPayee(world: World, payeeId: string, schedule: Schedule = "IMMEDIATE", stateVersion = 1n): void {
  const payee: Payee = { county: ZHONGNING, payeeId, account: accountOf(payeeId), schedule, stateVersion };
  done(world.run(payeeChanged, payee));
}

export interface DueParts {
  readonly payableId: string;
  readonly payeeId: string;
  readonly amountFen?: bigint;
  readonly county?: string;
  readonly atMs?: number;
}

export function putDue(world: World, { payableId, payeeId, amountFen = 12_345n, county = ZHONGNING, atMs }: DueParts): void {
  const told = { payableId, county, amountFen, payeeId, claimId: `C-${payableId}`, dueOn: DAY };
  done(world.run(payableDue, told, atMs === undefined ? {} : { atMs }));
}

/** Payables 1 … n, each `<payee>/<n>`, cut into batches. */
export function cutAll(world: World, payableIds: readonly string[], maker = MAKER.name, countyBanks: CountyBanks = {}): Batch[] {
  const { batches: made } = done(world.run(cut, { countyBanks, payableIds, schedule: "IMMEDIATE", maker, serial: 0 }, { caller: MAKER }));
  return made.map(({ batchId }) => batchIn(world, batchId));
}

export function batchIn(world: World, batchId: string): Batch {
  const batch = world.get(batches.key(batchId));
  if (!batch) throw new Error(`no batch ${batchId}`);
  return batch;
}

export function orderIn(world: World, orderId: string): Order {
  const order = world.get(orders.key(orderId));
  if (!order) throw new Error(`no order ${orderId}`);
  return order;
}

export function ordersIn(world: World, batchId: string): Order[] {
  return batchIn(world, batchId).orderIds.map((id) => orderIn(world, id));
}

export function approved(world: World, batchId: string): Batch {
  const expectedHash = batchIn(world, batchId).contentHash;
  done(world.run(approve, { batchId, expectedHash, ...TERMS }, { caller: CHECKER }));
  return batchIn(world, batchId);
}

/** One batch with an order to each payee, sent and not yet answered. */
export function sentBatch(world: World, payeeIds: readonly string[], amountFen = 12_345n): Batch {
  for (const payeeId of payeeIds) {
    putPayee(world, payeeId);
    putDue(world, { payableId: `claim/${payeeId}/decision/1`, payeeId, amountFen });
  }
  const [batch] = cutAll(
    world,
    payeeIds.map((payeeId) => `claim/${payeeId}/decision/1`),
  );
  if (!batch) throw new Error("nothing was cut");
  approved(world, batch.batchId);
  done(world.run(attempt, { batchId: batch.batchId, attempt: 1 }));
  return batchIn(world, batch.batchId);
}

/** Reads of the test world with the few filter shapes that payment's store uses. */
export function readerOver(world: World): Reader {
  const matches = (value: unknown, wanted: unknown): boolean => {
    if (typeof wanted !== "object" || wanted === null) return value === wanted;
    return Object.entries(wanted).every(([operator, bound]) => {
      if (operator === "$in") return (bound as unknown[]).includes(value);
      if (operator === "$nin") return !(bound as unknown[]).includes(value);
      if (operator === "$exists") return (value !== undefined) === bound;
      if (operator === "$ne") return !isDeepStrictEqual(value, bound);
      if (operator === "$lt") return (value as number) < (bound as number);
      if (operator === "$gt") return (value as string) > (bound as string);
      if (operator === "$lte") return (value as string) <= (bound as string);
      throw new Error(`the test reader knows no ${operator}`);
    });
  };
  const find = <D extends Doc>(name: string, filter: Readonly<Record<string, unknown>>, options: FindOptions = {}): D[] => {
    const found = world
      .all<D>(name)
      .filter((doc) =>
        Object.entries(filter).every(([field, wanted]) => matches((doc as unknown as Record<string, unknown>)[field], wanted)),
      );
    const [sort] = Object.entries(options.sort ?? {});
    if (sort) {
      const value = (doc: D) => (doc as unknown as Record<string, number>)[sort[0]] ?? 0;
      found.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * sort[1]);
    }
    return found.slice(0, options.limit ?? 1000);
  };
  return {
    get: async (key) => world.get(key),
    getAll: async <D extends Doc>(keys: readonly Key<D>[]) =>
      new Map(keys.map((key) => [key.id, world.get(key)] as const).filter((row): row is readonly [string, D] => row[1] !== undefined)),
    find: async (kind, filter, options) => find(kind.name, filter, options),
    count: async (kind, filter) => find(kind.name, filter).length,
  };
}

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:";

export interface Reported {
  readonly endToEndId: string;
  readonly status: string;
  readonly reason?: string;
  readonly amountFen?: bigint;
}

export function pain002(
  batchId: string,
  reported: readonly Reported[],
  group: { status?: string; reason?: string; messageId?: string } = {},
): Uint8Array {
  const reason = (code: string | undefined) => (code ? `<StsRsnInf><Rsn><Cd>${code}</Cd></Rsn></StsRsnInf>` : "");
  const transactions = reported.map(
    ({ endToEndId, status, reason: code, amountFen }) =>
      `<TxInfAndSts><OrgnlInstrId>${endToEndId.slice(0, -2)}</OrgnlInstrId><OrgnlEndToEndId>${endToEndId}</OrgnlEndToEndId><TxSts>${status}</TxSts>${reason(code)}` +
      `<AccptncDtTm>2011-11-25T10:00:00+08:00</AccptncDtTm>` +
      (amountFen === undefined ? "" : `<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">${yuan(amountFen)}</InstdAmt></Amt></OrgnlTxRef>`) +
      `</TxInfAndSts>`,
  );
  const status = group.status ? `<GrpSts>${group.status}</GrpSts>` : "";
  return xml(
    "pain.002.001.12",
    `<CstmrPmtStsRpt><GrpHdr><MsgId>${group.messageId ?? `S${batchId}`}</MsgId><CreDtTm>2011-11-25T10:00:01+08:00</CreDtTm></GrpHdr>` +
      `<OrgnlGrpInfAndSts><OrgnlMsgId>${batchId}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${status}${reason(group.reason)}</OrgnlGrpInfAndSts>` +
      (transactions.length > 0
        ? `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${batchId}</OrgnlPmtInfId>${transactions.join("")}</OrgnlPmtInfAndSts>`
        : "") +
      `</CstmrPmtStsRpt>`,
  );
}

export interface Booked {
  readonly endToEndId: string;
  readonly side: "DBIT" | "CRDT";
  readonly amountFen: bigint;
  /** The reason of a return; absent for what is none. */
  readonly returned?: string;
  readonly status?: string;
}

export function entryXml({ endToEndId, side, amountFen, returned, status = "BOOK" }: Booked, day = DAY): string {
  const rest = returned === undefined ? "" : `<RtrInf><Rsn><Cd>${returned}</Cd></Rsn></RtrInf>`;
  const details =
    endToEndId === "" ? "" : `<NtryDtls><TxDtls><Refs><EndToEndId>${endToEndId}</EndToEndId></Refs>${rest}</TxDtls></NtryDtls>`;
  return (
    `<Ntry><Amt Ccy="CNY">${yuan(amountFen)}</Amt><CdtDbtInd>${side}</CdtDbtInd><Sts><Cd>${status}</Cd></Sts><BookgDt><Dt>${day}</Dt></BookgDt>` +
    `<BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd>${details}</Ntry>`
  );
}

const ACCOUNT = `<Acct><Id><Othr><Id>${DEBTOR.accountNumber}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>`;

export function camt054(messageId: string, booked: readonly Booked[]): Uint8Array {
  return xml(
    "camt.054.001.08",
    `<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2011-11-25T12:00:00+08:00</CreDtTm></GrpHdr>` +
      `<Ntfctn><Id>${messageId}</Id>${ACCOUNT}${booked.map((entry) => entryXml(entry)).join("")}</Ntfctn></BkToCstmrDbtCdtNtfctn>`,
  );
}

export function camt053(
  messageId: string,
  booked: readonly Booked[],
  balances: { openingFen: bigint; closingFen?: bigint },
  day = DAY,
): Uint8Array {
  const { openingFen } = balances;
  const moved = booked.reduce((total, { side, amountFen }) => total + (side === "DBIT" ? -amountFen : amountFen), 0n);
  const balance = (code: string, fen: bigint) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${yuan(fen < 0n ? -fen : fen)}</Amt>` +
    `<CdtDbtInd>${fen < 0n ? "DBIT" : "CRDT"}</CdtDbtInd><Dt><Dt>${day}</Dt></Dt></Bal>`;
  return xml(
    "camt.053.001.08",
    `<BkToCstmrStmt><GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2011-11-25T23:59:00+08:00</CreDtTm></GrpHdr><Stmt><Id>${messageId}</Id>${ACCOUNT}` +
      `${balance("OPBD", openingFen)}${balance("CLBD", balances.closingFen ?? openingFen + moved)}${booked.map((entry) => entryXml(entry, day)).join("")}</Stmt></BkToCstmrStmt>`,
  );
}

export function xml(name: string, body: string): Uint8Array {
  return new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${NAMESPACE}${name}">${body}</Document>`);
}
