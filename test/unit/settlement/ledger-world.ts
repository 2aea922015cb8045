/** A world with county funds, the inputs that settlement hears in short form, and the invariants that must hold after every one of them. */
import { expect } from "vitest";
import type { Reader } from "../../../services/mesh/wiring.ts";
import { settlementConfig } from "../../../services/settlement/config.ts";
import { adjust } from "../../../services/settlement/domain/adjust.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { closeWindow } from "../../../services/settlement/domain/close-window.ts";
import {
  type Account,
  accounts,
  type Book,
  books,
  type ClearingWindow,
  type DayTotal,
  type Dispute,
  type Entry,
  LEDGER,
  type Payable,
  type Silence,
  type Withholding,
} from "../../../services/settlement/domain/documents.ts";
import { knowCounty } from "../../../services/settlement/domain/know-county.ts";
import { pairsOf, positionsOf } from "../../../services/settlement/domain/netting.ts";
import { roomOf } from "../../../services/settlement/domain/payables.ts";
import { reservationIdOf } from "../../../services/settlement/domain/prefund.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { reservePrefund } from "../../../services/settlement/domain/reserve-prefund.ts";
import { setPrefund } from "../../../services/settlement/domain/set-prefund.ts";
import { settle } from "../../../services/settlement/domain/settle.ts";
import { takeBack } from "../../../services/settlement/domain/take-back.ts";
import { isNetted } from "../../../services/settlement/domain/windows.ts";
import { tells } from "../../../services/settlement/messages.ts";
import { timers } from "../../../services/settlement/timers.ts";
import type { Doc, Key, Kind } from "../../../services/values/decision.ts";
import { sum } from "../../../services/values/money.ts";
import { newWorld, type Outcome, type World } from "../../harness/decide.ts";

export const ZHONGNING = "640521";
export const JINGYUAN = "640424";
export const HAIYUAN = "640522";

export interface CountyFund {
  readonly fundsFen?: bigint;
  readonly floorFen?: bigint;
  readonly prefundFen?: bigint;
}

/** A world in which these counties are known. */
export function worldOf(counties: Readonly<Record<string, CountyFund>>): World {
  const world = newWorld();
  for (const [county, { fundsFen = 0n, floorFen = 0n, prefundFen = 0n }] of Object.entries(counties)) {
    world.run(knowCounty, { county, floorFen, countyVersion: 1n });
    if (fundsFen > 0n) world.run(receiveFunds, { county, source: "CENTRAL", amountFen: fundsFen, reference: "opening" });
    if (prefundFen > 0n) limited(world, county, prefundFen);
  }
  return world;
}

/** Sets a county's prefund, with the usual thresholds. */
export function limited(world: World, county: string, limitFen: bigint) {
  return world.run(setPrefund, { county, limitFen, yellowBp: 7_000n, redBp: 9_000n });
}

export function approval(claimId: string, home: string, treating: string, fundFen: bigint, decision = 1) {
  return {
    approvalId: `claim/${claimId}/decision/${decision}`,
    claimId,
    homeCounty: home,
    treatingCounty: treating,
    institutionId: `H-${treating}`,
    fundFen,
    accountFen: 0n,
    fund: "INPATIENT" as const,
    approvedOn: "2011-11-25",
    dischargedOn: "2011-11-24",
    totalFen: 2n * fundFen,
  };
}

export function reserve(world: World, claimId: string, home: string, fundFen: bigint, admitted = false) {
  return world.run(reservePrefund, { reservationId: reservationIdOf(claimId), claimId, homeCounty: home, fundFen, admitted });
}

/** Approves a claim; one treated elsewhere has its prefund reserved first. */
export function promised(world: World, claimId: string, home: string, treating: string, fundFen: bigint) {
  if (home !== treating) reserve(world, claimId, home, fundFen);
  return world.run(approve, approval(claimId, home, treating, fundFen));
}

/** A change after the approval: taken back or corrected. */
export function adjusted(world: World, claimId: string, home: string, treating: string, deltaFen: bigint, what = "void") {
  const { approvalId, institutionId } = approval(claimId, home, treating, 0n);
  const adjustmentId = `claim/${claimId}/${what}`;
  const input = {
    adjustmentId,
    approvalId,
    claimId,
    homeCounty: home,
    treatingCounty: treating,
    institutionId,
    deltaFen,
    accountDeltaFen: 0n,
  };
  return world.run(adjust, { ...input, fund: "INPATIENT", adjustedOn: "2011-11-27" });
}

export function bankInput(world: World, id: string, county: string, payableIds: readonly string[]) {
  const stored = new Map(world.all<Payable>("payables").map((payable) => [payable.payableId, payable]));
  const payables = payableIds.map((payableId) => {
    const payable = stored.get(payableId);
    return { payableId, claimId: payable?.claimId ?? "", orderId: "O1", amountFen: payable?.amountFen ?? 1n };
  });
  return { id, batchId: "B1", bank: "main", county, payables, amountFen: sum(payables.map((payable) => payable.amountFen)) };
}

export function paid(world: World, id: string, county: string, payableIds: readonly string[]) {
  return world.run(settle, { ...bankInput(world, id, county, payableIds), settledOn: "2011-11-26" });
}

export function returned(world: World, id: string, county: string, payableIds: readonly string[]) {
  return world.run(takeBack, bankInput(world, id, county, payableIds));
}

/** Cut and, where its debtors have no days to answer, netted. */
export function closed(world: World, windowId: string, confirmDays = 0, silence: Silence = "CONFIRM") {
  return world.run(closeWindow, { windowId, confirmDays, silence });
}

export function balance(world: World, county: string, account: string): bigint {
  return world.get(accounts.key(county, account))?.balanceFen ?? 0n;
}

export function bookOf(world: World, county: string): Book {
  const book = world.get(books.key(county));
  if (!book) throw new Error(`${county} has no book`);
  return book;
}

type Plain = Readonly<Record<string, unknown>>;
const OPERATORS: Readonly<Record<string, (value: never, wanted: never) => boolean>> = {
  $gt: (value, wanted) => value > wanted,
  $gte: (value, wanted) => value >= wanted,
  $lte: (value, wanted) => value <= wanted,
  $elemMatch: (value: readonly Plain[], wanted: Plain) => value.some((one) => matches(one, wanted)),
};

/** As the server does, for the few operators that the store asks with. */
function matches(doc: object, filter: Plain): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const value = field.split(".").reduce<unknown>((part, name) => (part as Plain | undefined)?.[name], doc) as never;
    if (typeof wanted !== "object" || wanted === null) return value === wanted;
    return Object.entries(wanted).every(([name, operand]) => OPERATORS[name]?.(value, operand as never));
  });
}

/** The reader that queries and timers see, over the world's documents. */
export function readerOf(world: World): Reader {
  const found = <D extends Doc>(kind: Kind<D>, filter: Readonly<Record<string, unknown>>) =>
    world.all<D>(kind.name).filter((doc) => matches(doc, filter));
  return {
    get: async <D extends Doc>(key: Key<D>) => world.get(key),
    getAll: async <D extends Doc>(keys: readonly Key<D>[]) =>
      new Map(
        keys.flatMap((key): [string, D][] => {
          const doc = world.get(key);
          return doc ? [[key.id, doc]] : [];
        }),
      ),
    async find(kind, filter, { sort = {}, limit = 1000 } = {}) {
      const rows = found(kind, filter).sort((a, b) => {
        for (const [field, direction] of Object.entries(sort)) {
          const [left, right] = [a, b].map((doc) => (doc as unknown as Record<string, string | number | bigint>)[field] ?? "") as [
            string,
            string,
          ];
          if (left !== right) return left < right ? -direction : direction;
        }
        return 0;
      });
      return rows.slice(0, limit);
    },
    count: async (kind, filter) => found(kind, filter).length,
  };
}

export const CONFIG = settlementConfig({});

/** Runs the timers once, as the leading twin does. */
export async function tick(world: World, atMs = Date.parse("2011-11-25T10:00:00+08:00")): Promise<Outcome<unknown>[]> {
  const outcomes: Outcome<unknown>[] = [];
  for (const timer of timers({ reader: readerOf(world), config: CONFIG }))
    for (const { id, decision, input } of await timer.due(atMs)) outcomes.push(world.run(decision, input, { id, atMs }));
  return outcomes;
}

/** Everything that the ledger promises at any moment. */
export function expectTrueBooks(world: World): void {
  const posted = world.all<Entry>("entries");
  const rows = world.all<Account>("accounts");
  const owed = world.all<Payable>("payables");
  const windows = world.all<ClearingWindow>("windows");

  // Accounts are the sum of the entries, nothing else; each book is zero, and so is the whole.
  const sums = new Map<string, { fen: bigint; entries: number }>();
  for (const entry of posted) {
    for (const name of new Set(entry.lines.map((line) => `${line.county}/${line.account}`))) {
      const own = entry.lines.filter((line) => `${line.county}/${line.account}` === name);
      const before = sums.get(name) ?? { fen: 0n, entries: 0 };
      sums.set(name, { fen: before.fen + sum(own.map((line) => line.debitFen - line.creditFen)), entries: before.entries + 1 });
    }
  }
  expect(new Map(rows.map((row) => [`${row.county}/${row.account}`, { fen: row.balanceFen, entries: row.entries }]))).toEqual(sums);
  for (const county of new Set(rows.map((row) => row.county)))
    expect(sum(rows.filter((row) => row.county === county).map((row) => row.balanceFen))).toBe(0n);

  // What each day moved in an account sums to its balance.
  const days = Map.groupBy(world.all<DayTotal>("totals"), (total) => `${total.county}/${total.account}`);
  for (const { county, account, balanceFen } of rows)
    expect(sum((days.get(`${county}/${account}`) ?? []).map((total) => total.debitFen - total.creditFen))).toBe(balanceFen);

  // The order has no holes.
  expect(posted.map((entry) => entry.sequence).sort((a, b) => Number(a - b))).toEqual(posted.map((_, index) => BigInt(index + 1)));
  if (posted.length > 0) expect(world.get(LEDGER)?.sequence).toBe(BigInt(posted.length));

  const arriving = windows.flatMap((window) => window.transfers.filter((transfer) => !transfer.settled));
  for (const book of world.all<Book>("books")) {
    const { county } = book;
    const own = owed.filter((payable) => payable.county === county);
    const due = own.filter((payable) => payable.state === "DUE");
    const held = own.filter((payable) => payable.state === "HELD");
    const fenOf = (list: readonly Payable[]) => sum(list.map((payable) => payable.amountFen));
    expect({ ...book, prefund: undefined }).toMatchObject({
      bankFen: balance(world, county, "1003"),
      dueFen: fenOf(due),
      duePayables: due.length,
      heldFen: fenOf(held),
      heldPayables: held.length,
    });
    // What is owed to institutions, households and other counties is what is open.
    expect(
      -balance(world, county, "PAYABLE") - balance(world, county, "PAYABLE-HOUSEHOLD") - balance(world, county, "PAYABLE-COUNTY"),
    ).toBe(fenOf(due) + fenOf(held));
    // What institutions and households owe is in the book's debts, and what payment is still asked about.
    const hospitals = rows.filter((row) => row.county === county && /^(HOSPITAL|HOUSEHOLD)\//.test(row.account));
    const asked = own.filter((payable) => payable.recall === "ASKED");
    for (const { account, balanceFen } of hospitals) {
      const institutionId = account.slice(account.indexOf("/") + 1);
      const waiting = fenOf(asked.filter((payable) => payable.payee === institutionId));
      expect(balanceFen, account).toBe((book.debts?.[institutionId] ?? 0n) + waiting);
    }
    expect(sum(Object.values(book.debts ?? {}))).toBe(sum(hospitals.map((row) => row.balanceFen)) - fenOf(asked));
    // What stands withheld is what the claims of open rounds say.
    const rounds = new Map(world.all<Withholding>("withholdings").map(({ institutionId, round }) => [institutionId, round]));
    const standing = new Map<string, bigint>();
    for (const { payee, withheld } of own)
      if (withheld && withheld.round === rounds.get(payee)) {
        const account = `WITHHELD/${payee}/${withheld.purpose}`;
        standing.set(account, (standing.get(account) ?? 0n) + withheld.heldFen);
      }
    for (const { account, balanceFen } of rows.filter((row) => row.county === county && row.account.startsWith("WITHHELD/")))
      expect(-balanceFen, account).toBe(standing.get(account) ?? 0n);
    // What the control account holds is what closed windows still bring in; nothing once all are settled.
    expect(balance(world, county, "CLEARING")).toBe(sum(arriving.filter((row) => row.toCounty === county).map((row) => row.amountFen)));
    // The prefund holds what is owed gross in windows that are not settled, and what others owe it there.
    const unsettled = windows.filter((window) => window.state !== "SETTLED").flatMap((window) => pairsOf(window.pairs));
    expect(book.prefund.committedFen).toBe(sum(unsettled.filter((pair) => pair.from === county).map((pair) => pair.fen)));
    expect(book.prefund.incomingFen ?? 0n).toBe(sum(unsettled.filter((pair) => pair.to === county).map((pair) => pair.fen)));
    // Between counties, claims and debts mirror each other.
    for (const other of world.all<Book>("books"))
      expect(balance(world, county, `DUE_TO/${other.county}`)).toBe(-balance(world, other.county, `DUE_FROM/${county}`));
  }
  expectOneWindow(posted, windows, world.all<Dispute>("disputes"));
  for (const window of windows) {
    expect(sum(positionsOf(pairsOf(window.pairs)).map((position) => position.netFen))).toBe(0n);
    if (isNetted(window)) expect(window.positions).toEqual(positionsOf(pairsOf(window.pairs)));
  }
}

/** Every row is in the window of its place in the ledger's order, or where its disputes have brought it: each window's pairs are the sum of its rows, and each row is in exactly one, or waits upheld. */
function expectOneWindow(posted: readonly Entry[], windows: readonly ClearingWindow[], disputes: readonly Dispute[]): void {
  const moved = new Map(disputes.map((dispute) => [dispute.rowId, dispute]));
  const pairs = new Map<string, Record<string, { fen: bigint; obligations: number }>>();
  for (const { sequence, obligation } of posted) {
    if (!obligation) continue;
    const { rowId, debtor, creditor, fen } = obligation;
    const dispute = moved.get(rowId);
    if (dispute?.state === "UPHELD") {
      expect(dispute.window).toBe(0);
      continue;
    }
    const joined = windows.filter(
      ({ fromSequence, toSequence, state }) => sequence > fromSequence && (state === "OPEN" || sequence <= toSequence),
    );
    expect(joined).toHaveLength(1);
    if (dispute)
      expect([dispute.fen, dispute.county, dispute.creditor, dispute.origin]).toEqual([fen, debtor, creditor, joined[0]?.number]);
    const number = dispute ? dispute.window : joined[0]?.number;
    const name = `${debtor}/${creditor}`;
    const window = pairs.get(`W${number}`) ?? {};
    const before = window[name] ?? { fen: 0n, obligations: 0 };
    pairs.set(`W${number}`, { ...window, [name]: { fen: before.fen + fen, obligations: before.obligations + 1 } });
  }
  for (const { number, pairs: stored } of windows) expect(stored).toEqual(pairs.get(`W${number}`) ?? {});
}

/** No fund has let go more than it has above its floor: for funds that began above it. */
export function expectFloors(world: World): void {
  for (const book of world.all<Book>("books")) expect(roomOf(book)).toBeGreaterThanOrEqual(0n);
}

/** Every event that was told goes through its contract message unchanged. */
export function expectContract(outcome: Outcome<unknown>): void {
  for (const { name, body } of outcome.told) {
    const codec = (
      tells as unknown as Record<string, { encode(body: unknown): { finish(): Uint8Array }; decode(bytes: Uint8Array): unknown }>
    )[name];
    if (!codec) throw new Error(`${name} has no codec`);
    expect(codec.decode(codec.encode(body).finish())).toEqual(body);
  }
}
