/** The counties' bank accounts against the bank's evenings: what is lost, doubled or late is found on its day, and ends when a later evening agrees. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Timer } from "../../../services/mesh/wiring.ts";
import { bankTimers } from "../../../services/settlement/bank-timers.ts";
import {
  type BankDay,
  bankDays,
  compareBank,
  knowStatement,
  type LedgerSide,
  type Link,
  POSTING_GRACE_MS,
  type StatementSums,
} from "../../../services/settlement/domain/bank-days.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { settle } from "../../../services/settlement/domain/settle.ts";
import { takeBack } from "../../../services/settlement/domain/take-back.ts";
import type { Told, World } from "../../harness/decide.ts";
import { worldReader } from "../../harness/world-reader.ts";
import { bankInput, closed, HAIYUAN, JINGYUAN, promised, worldOf, ZHONGNING } from "./ledger-world.ts";

const NOTHING: StatementSums = {
  openingFen: 0n,
  closingFen: 0n,
  otherDebitsFen: 0n,
  otherCreditsFen: 0n,
  missingDebitsFen: 0n,
  missingReturnsFen: 0n,
};
const IDLE: LedgerSide = { paidFen: 0n, returnedFen: 0n, transfersFen: 0n, receiptsFen: 0n, accountsFen: 0n };
const LATER = POSTING_GRACE_MS;

/** What one day may see, in fen: seven things of which the first three should be the same on both sides. */
const dayOfBank = fc.record({
  paid: fc.integer({ min: 0, max: 9 }),
  back: fc.integer({ min: 0, max: 9 }),
  strangeDebits: fc.integer({ min: 0, max: 3 }),
  received: fc.integer({ min: 0, max: 9 }),
  /** Of what was ever received, so much is credited that day. */
  creditedShare: fc.integer({ min: 0, max: 4 }),
  /** Booked here and not at the bank that day. */
  missing: fc.integer({ min: 0, max: 3 }),
  /** Posted twice, or not at all. */
  lost: fc.constantFrom(0, 0, 0, 0, 2, -2),
});

test("what nothing explains is found, to the fen, on its day; everything else is explained", () => {
  fc.assert(
    fc.property(fc.array(dayOfBank, { minLength: 1, maxLength: 8 }), (days) => {
      let balance = 1_000n;
      let [pending, standing] = [0n, 0n];
      const links: Link[] = [];
      const wanted: { difference: bigint; standing: bigint }[] = [];
      for (const { paid, back, strangeDebits, received, creditedShare, missing, lost } of days) {
        pending += BigInt(received);
        const credited = creditedShare === 4 ? pending : (pending * BigInt(creditedShare)) / 4n;
        pending -= credited;
        const openingFen = balance;
        balance += BigInt(back - paid - strangeDebits) + credited;
        const statement = {
          ...NOTHING,
          openingFen,
          closingFen: balance,
          otherDebitsFen: BigInt(strangeDebits),
          otherCreditsFen: credited,
          missingDebitsFen: BigInt(missing),
        };
        const ledger = { ...IDLE, paidFen: BigInt(paid + missing + lost), returnedFen: BigInt(back), receiptsFen: BigInt(received) };
        links.push({ statement, ledger, heardAtMs: 0 });
        standing += BigInt(lost);
        wanted.push({ difference: BigInt(lost), standing });
      }
      const found = compareBank(undefined, links, LATER);
      expect(found.map(({ differenceFen, standingFen }) => ({ difference: differenceFen, standing: standingFen }))).toEqual(wanted);
      const agreed = wanted.findLastIndex((one) => one.standing === 0n);
      expect(found.map(({ isOpen }) => isOpen)).toEqual(wanted.map(({ difference }, index) => difference !== 0n && index > agreed));
      // The same, looked at in two parts.
      const cut = Math.floor(days.length / 2);
      const head = compareBank(undefined, links.slice(0, cut), LATER);
      const before = head.at(-1);
      const statement = links[cut - 1]?.statement ?? NOTHING;
      const stored: BankDay | undefined = before && {
        county: "640000",
        day: "",
        statementVersion: 1n,
        statement,
        heardAtMs: 0,
        found: before,
        looks: 1,
      };
      expect(compareBank(stored, links.slice(cut), LATER).map((one) => one.standingFen)).toEqual(
        found.slice(cut).map((one) => one.standingFen),
      );
    }),
    { numRuns: 300 },
  );
});

describe("a credit of the bank's", () => {
  const link = (credits: bigint, receipts: bigint): Link => ({
    statement: { ...NOTHING, closingFen: credits, otherCreditsFen: credits },
    ledger: { ...IDLE, receiptsFen: receipts },
    heardAtMs: 0,
  });

  test("beyond what was ever received is a difference, until it is received", () => {
    const [first] = compareBank(undefined, [link(70n, 40n)], LATER);
    expect(first).toMatchObject({ pendingFen: -30n, differenceFen: 30n, standingFen: 30n, isOpen: true });
    const idle = { ...link(0n, 30n), statement: { ...NOTHING, openingFen: 70n, closingFen: 70n } };
    const both = compareBank(undefined, [link(70n, 40n), idle], LATER);
    expect(both).toMatchObject([
      { standingFen: 30n, isOpen: false },
      { pendingFen: 0n, differenceFen: -30n, standingFen: 0n, isOpen: false },
    ]);
  });

  test("may lack for ever where the money came by another account", () => {
    expect(compareBank(undefined, [link(0n, 40n)], LATER)).toMatchObject([{ pendingFen: 40n, differenceFen: 0n }]);
  });
});

describe("in the ledger", () => {
  const D1 = "2011-11-25";
  const D2 = "2011-11-26";
  const D3 = "2011-11-27";
  const at = (day: string, hour = 20) => Date.parse(`${day}T${String(hour).padStart(2, "0")}:00:00+08:00`);
  let world: World;
  let timers: readonly Timer[];
  let version: bigint;
  let told: Told[];

  beforeEach(() => {
    world = worldOf({ [ZHONGNING]: { fundsFen: 100_000n, prefundFen: 10_000n }, [JINGYUAN]: { fundsFen: 50_000n }, [HAIYUAN]: {} });
    timers = bankTimers(worldReader(world), ["main"], {});
    version = 0n;
    told = [];
  });

  function statement(day: string, openingFen: bigint, closingFen: bigint, change: Partial<StatementSums> = {}): void {
    version += 1n;
    world.run(knowStatement, { bank: "main", ...NOTHING, day, version, openingFen, closingFen, ...change }, { atMs: at(day) });
  }

  /** The timer until it finds nothing more; gives how often it found something. */
  async function look(nowMs: number): Promise<number> {
    let found = 0;
    for (let turn = 0; turn < 6; turn += 1)
      for (const timer of timers)
        for (const { id, decision, input } of await timer.due(nowMs + turn * 400_000)) {
          found += 1;
          told.push(...world.run(decision, input, { id, atMs: nowMs + turn * 400_000 }).told);
        }
    return found;
  }

  const pay = (id: string, county: string, payableId: string, settledOn: string) =>
    world.run(settle, { ...bankInput(world, id, county, [payableId]), settledOn }, { atMs: at(settledOn, 12) });
  const dayIn = (day: string) => world.get(bankDays.key(day));

  test("payments, returns, transfers and receipts follow the statements; the baseline is what the account held apart from them", async () => {
    promised(world, "C1", ZHONGNING, ZHONGNING, 700n);
    promised(world, "C2", JINGYUAN, JINGYUAN, 300n);
    promised(world, "C3", ZHONGNING, JINGYUAN, 40n);
    pay("S1", ZHONGNING, "claim/C1/decision/1", D1);
    pay("S2", JINGYUAN, "claim/C2/decision/1", D1);
    pay("S3", JINGYUAN, "claim/C3/decision/1", D1);
    statement(D1, 9_000_000n, 8_998_960n);
    expect(await look(at(D1))).toBe(1);
    expect(dayIn(D1)).toMatchObject({
      found: {
        ledger: { paidFen: 1_040n, returnedFen: 0n, transfersFen: 0n, receiptsFen: 150_000n, accountsFen: 148_960n },
        bankFen: -1_040n,
        differenceFen: 0n,
        standingFen: 0n,
        baselineFen: 9_000_000n,
        isOpen: false,
      },
    });
    expect(dayIn(D1)?.openSinceMs).toBeUndefined();
    expect(told.map(({ name, body }) => [name, body.day, body.isOpen])).toEqual([["BankCompared", D1, false]]);
    // A transfer leaves the centre's account, and stays in the counties'.
    closed(world, "W1");
    pay("S4", ZHONGNING, `window/W1/transfer/${ZHONGNING}/${JINGYUAN}`, D2);
    world.run(takeBack, bankInput(world, "R1", ZHONGNING, ["claim/C1/decision/1"]), { atMs: at(D2, 13) });
    statement(D2, 8_998_960n, 8_999_620n);
    await look(at(D2));
    expect(dayIn(D2)?.found).toMatchObject({
      ledger: { paidFen: 40n, returnedFen: 700n, transfersFen: 40n, receiptsFen: 0n, accountsFen: 149_660n },
      bankFen: 660n,
      differenceFen: 0n,
      standingFen: 0n,
    });
  });

  test("what the bank paid and nobody posted waits its time, is a break then, and ends when it is posted", async () => {
    promised(world, "C1", ZHONGNING, ZHONGNING, 700n);
    statement(D1, 1_000n, 300n);
    for (const { id, decision, input } of (await timers[0]?.due(at(D1) + POSTING_GRACE_MS - 1)) ?? [])
      world.run(decision, input, { id, atMs: at(D1) + POSTING_GRACE_MS - 1 });
    expect(dayIn(D1)?.found).toMatchObject({ differenceFen: -700n, isOpen: false });
    expect(await look(at(D1) + POSTING_GRACE_MS)).toBe(1);
    expect(dayIn(D1)?.found).toMatchObject({ differenceFen: -700n, standingFen: -700n, isOpen: true });
    expect(told.at(-1)).toMatchObject({ name: "BankCompared", body: { day: D1, isOpen: true, differenceFen: -700n } });
    pay("S1", ZHONGNING, "claim/C1/decision/1", D1);
    expect(await look(at(D2))).toBe(1);
    expect(dayIn(D1)?.found).toMatchObject({ differenceFen: 0n, isOpen: false });
    expect(dayIn(D1)?.openSinceMs).toBeUndefined();
    expect(await look(at(D3))).toBe(0);
  });

  test("what is posted on another day than the bank's ends with that day's evening", async () => {
    promised(world, "C1", ZHONGNING, ZHONGNING, 700n);
    statement(D1, 1_000n, 300n);
    await look(at(D1) + POSTING_GRACE_MS);
    expect(dayIn(D1)?.found?.isOpen).toBe(true);
    pay("S1", ZHONGNING, "claim/C1/decision/1", D2);
    statement(D2, 300n, 300n);
    await look(at(D2));
    expect([dayIn(D1)?.found, dayIn(D2)?.found]).toMatchObject([
      { differenceFen: -700n, isOpen: false },
      { differenceFen: 700n, standingFen: 0n, isOpen: false },
    ]);
    expect(world.all<BankDay>("bankdays").every(({ openSinceMs }) => openSinceMs === undefined)).toBe(true);
  });

  test("what is on payment's own list is no break here", async () => {
    statement(D1, 1_000n, 995n, { otherDebitsFen: 5n });
    await look(at(D1) + POSTING_GRACE_MS);
    expect(dayIn(D1)?.found).toMatchObject({ differenceFen: 0n, isOpen: false });
  });

  test("a credit is explained by what was received", async () => {
    statement(D1, 1_000n, 1_000n);
    await look(at(D1));
    world.run(receiveFunds, { county: ZHONGNING, source: "COUNTY", amountFen: 60n, reference: "more" }, { atMs: at(D2, 9) });
    statement(D2, 1_000n, 1_060n, { otherCreditsFen: 60n });
    await look(at(D2) + POSTING_GRACE_MS);
    expect(dayIn(D2)?.found).toMatchObject({ ledger: { receiptsFen: 60n }, differenceFen: 0n, isOpen: false });
  });

  test("an older telling of a statement changes nothing, a newer one is compared anew", async () => {
    statement(D1, 1_000n, 1_000n);
    await look(at(D1));
    expect(world.run(knowStatement, { bank: "main", ...NOTHING, day: D1, version: 1n, openingFen: 5n }).result).toEqual({ taken: false });
    statement(D1, 1_000n, 999n);
    expect(dayIn(D1)?.openSinceMs).toBeDefined();
    await look(at(D2));
    expect(dayIn(D1)?.found).toMatchObject({ differenceFen: -1n, isOpen: true });
  });

  test("each bank is compared with the accounts of its own counties, and with what went through it", async () => {
    timers = bankTimers(worldReader(world), ["main", "icbc"], { [JINGYUAN]: "icbc" });
    const other = (day: string) => world.get(bankDays.key(`icbc|${day}`));
    const told = (bank: string, day: string, openingFen: bigint, closingFen: bigint) =>
      world.run(knowStatement, { ...NOTHING, bank, day, version: 1n, openingFen, closingFen }, { atMs: at(day) });
    promised(world, "C1", ZHONGNING, ZHONGNING, 700n);
    promised(world, "C2", JINGYUAN, JINGYUAN, 300n);
    promised(world, "C3", ZHONGNING, JINGYUAN, 40n);
    pay("S1", ZHONGNING, "claim/C1/decision/1", D1);
    const through = (id: string, county: string, payableId: string, day: string, bank: string) =>
      world.run(settle, { ...bankInput(world, id, county, [payableId]), bank, settledOn: day }, { atMs: at(day, 12) });
    through("S2", JINGYUAN, "claim/C2/decision/1", D1, "icbc");
    through("S3", JINGYUAN, "claim/C3/decision/1", D1, "icbc");
    told("main", D1, 9_000n, 8_300n);
    told("icbc", D1, 500n, 160n);
    await look(at(D1));
    expect(dayIn(D1)?.found).toMatchObject({ ledger: { paidFen: 700n, receiptsFen: 100_000n, accountsFen: 99_300n }, differenceFen: 0n });
    expect(other(D1)?.found).toMatchObject({ ledger: { paidFen: 340n, receiptsFen: 50_000n, accountsFen: 49_660n }, differenceFen: 0n });
    // A transfer goes from the one bank's account to the county that is kept at the other: in its book at once.
    closed(world, "W1");
    pay("S4", ZHONGNING, `window/W1/transfer/${ZHONGNING}/${JINGYUAN}`, D2);
    told("main", D2, 8_300n, 8_260n);
    // What the other bank moves by itself is its own break.
    told("icbc", D2, 160n, 155n);
    await look(at(D2) + POSTING_GRACE_MS);
    expect(dayIn(D2)?.found).toMatchObject({
      ledger: { paidFen: 40n, transfersFen: 0n, receiptsFen: 0n },
      differenceFen: 0n,
      isOpen: false,
    });
    expect(other(D2)?.found).toMatchObject({
      ledger: { paidFen: 0n, transfersFen: 40n, receiptsFen: 0n },
      differenceFen: -5n,
      isOpen: true,
    });
    // A county that has moved since: what was under way through its former bank is that bank's.
    timers = bankTimers(worldReader(world), ["main", "icbc"], {});
    promised(world, "C4", JINGYUAN, JINGYUAN, 30n);
    through("S5", JINGYUAN, "claim/C4/decision/1", D3, "icbc");
    told("main", D3, 8_260n, 8_260n);
    told("icbc", D3, 155n, 125n);
    await look(at(D3) + POSTING_GRACE_MS);
    expect(dayIn(D3)?.found).toMatchObject({ ledger: { paidFen: 0n, receiptsFen: 0n }, differenceFen: 0n });
    expect(other(D3)?.found).toMatchObject({ ledger: { paidFen: 30n, receiptsFen: 0n }, differenceFen: 0n, standingFen: -5n });
  });
});
