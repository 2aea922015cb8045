/**
 * A province's claims with all that follows from them in every service's database: paid, posted, ordered, reconciled, journalled with whole chains. Made by rule and not by the services'
 * decisions, which would take hours; the audit then finds it right to the fen, or this file is wrong.
 */
import type { Document, MongoClient } from "mongodb";
import { CHAIN_START, chainHash, type StoredEvent } from "../../services/mesh/journal.ts";
import { addDays } from "../../services/values/days.ts";
import { PROVINCE } from "../../services/values/region.ts";

/** As many counties as the province has; their codes are made up beyond the first. */
const COUNTIES = Array.from({ length: 22 }, (_, index) => `6401${String(index + 21).padStart(2, "0")}`);
const INSTITUTIONS = 10;
const MEMBERS = 4;
/** Claims of one institution that one order pays. */
const ORDER_CLAIMS = 50;
/** Claims that are made, paid and forgotten together: whole households of whole orders. */
const ROUND = COUNTIES.length * INSTITUTIONS * ORDER_CLAIMS;
/** Every so many is treated in another county. */
const ELSEWHERE_EVERY = 10;
const FIRST_DAY = "2011-01-01";
const YEAR = 2011;
const DAYS = 365;
const BORNE_FEN = 100_000n;
const RECEIVED_FEN = 900_000_000_000n;
const BILL_LINES = 8;
const EVENT_BYTES = 240;
const NOW = Date.parse("2011-12-31T12:00:00+08:00");

const digits = (value: number, width: number) => String(value).padStart(width, "0");
const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Sums by name, as documents of a kind in the end. */
class Sums {
  readonly #sums = new Map<string, { debitFen: bigint; creditFen: bigint; count: number }>();
  add(name: string, debitFen: bigint, creditFen = 0n): void {
    const before = this.#sums.get(name) ?? { debitFen: 0n, creditFen: 0n, count: 0 };
    this.#sums.set(name, { debitFen: before.debitFen + debitFen, creditFen: before.creditFen + creditFen, count: before.count + 1 });
  }
  fen(name: string): bigint {
    const { debitFen, creditFen } = this.#sums.get(name) ?? { debitFen: 0n, creditFen: 0n };
    return debitFen - creditFen;
  }
  entries() {
    return [...this.#sums];
  }
}

/** One twin's journal, entry after entry. */
class Journal {
  readonly rows: Document[] = [];
  readonly #twin: string;
  #previous = CHAIN_START;
  #number = 0;
  event = 0;
  constructor(twin: string) {
    this.#twin = twin;
  }
  add(id: string, method: string, county: string, names: readonly string[], about: readonly string[]): void {
    this.#number += 1;
    const events: StoredEvent[] = names.map((name) => {
      this.event += 1;
      return { number: this.event, name, county, bytes: Buffer.alloc(EVENT_BYTES, this.event) };
    });
    const fixed = {
      twin: this.#twin,
      number: this.#number,
      atMs: NOW - 86_400_000,
      caller: "bench",
      method,
      hash: "",
      outcome: "done" as const,
    };
    const body = { ...fixed, id, reply: Buffer.from(id), events, about, trace: "" };
    const chain = chainHash(this.#previous, body);
    const { id: _id, ...rest } = body;
    this.rows.push({ _id, ...rest, previous: this.#previous, chain });
    this.#previous = chain;
  }
  head(): Document {
    return { _id: this.#twin, number: this.#number, chain: this.#previous, event: this.event, published: this.event };
  }
}

interface Line {
  readonly county: string;
  readonly account: string;
  readonly debitFen: bigint;
  readonly creditFen: bigint;
}
const debit = (county: string, account: string, fen: bigint): Line => ({ county, account, debitFen: fen, creditFen: 0n });
const credit = (county: string, account: string, fen: bigint): Line => ({ county, account, debitFen: 0n, creditFen: fen });

interface Made {
  readonly claimId: string;
  readonly payableId: string;
  readonly home: string;
  readonly treating: string;
  readonly institutionId: string;
  readonly personId: string;
  readonly fen: bigint;
  readonly day: string;
}

function madeOf(index: number, many: number): Made {
  const home = at(COUNTIES, index);
  const round = Math.floor(index / COUNTIES.length);
  const treating = index % ELSEWHERE_EVERY === 0 ? at(COUNTIES, index + 7) : home;
  const institutionId = `H${treating}${digits(1 + (round % INSTITUTIONS), 3)}`;
  const claimId = `${institutionId}-${digits(index, 9)}`;
  return {
    claimId,
    payableId: `claim/${claimId}/decision/1`,
    home,
    treating,
    institutionId,
    personId: `${home}${digits(Math.floor(round / MEMBERS), 8)}${digits(1 + (round % MEMBERS), 2)}`,
    fen: 10_000n + BigInt(index % 50_000),
    day: addDays(FIRST_DAY, Math.floor((index * DAYS) / many)),
  };
}

function claimOf({ claimId, home, treating, institutionId, personId, fen, day }: Made): Document {
  const totalFen = fen + BORNE_FEN;
  const line = (index: number) => ({
    category: "DRUG",
    code: `86900000${digits(index, 6)}`,
    name: "注射用头孢曲松钠",
    quantityE4: 10_000n,
    billedFen: totalFen / 8n,
  });
  const none = { subsidyFen: 0n, accountFen: 0n, assistanceFen: 0n, catastrophicFen: 0n, hospitalFen: 0n, overCapFen: 0n };
  const times = { submittedAtMs: NOW - 90_000_000, decidedAtMs: NOW - 90_000_000, paidAtMs: NOW - 80_000_000 };
  const bill = {
    claimId,
    institutionId,
    personId,
    visitKind: "INPATIENT",
    diagnosis: "J18.9",
    admittedOn: day,
    dischargedOn: day,
    newborn: 0,
  };
  return {
    _id: claimId,
    county: home,
    treatingCounty: treating,
    state: "PAID",
    decision: 1,
    year: YEAR,
    reason: "",
    ...times,
    bill: { ...bill, invoiceNumber: claimId, totalFen, lines: Array.from({ length: BILL_LINES }, (_, index) => line(index)) },
    benefit: { totalFen, fundFen: fen, patientFen: BORNE_FEN, ...none, schemeId: `${home}/${YEAR}/1`, code: "IP", fund: "INPATIENT" },
    basis: { treatingSchemeId: `${treating}/${YEAR}/1`, category: "ORDINARY", uncoveredDays: [], registrations: [] },
    drawn: { caps: [{ code: "YEAR_IP", holder: personId }], stay: true, borneFen: BORNE_FEN, months: [], deducted: "", accountFen: 0n },
  };
}

export interface Filled {
  readonly documents: number;
  readonly claims: number;
  readonly nowMs: number;
}

/** Fills the databases. `tell` hears how many claims are there. */
export async function fillYear(client: MongoClient, many: number, tell: (claims: number) => void): Promise<Filled> {
  let documents = 0;
  const put = async (service: string, kind: string, rows: Document[]): Promise<void> => {
    if (rows.length === 0) return;
    documents += rows.length;
    await client
      .db(`nrcms_${service}`)
      .collection(kind)
      .insertMany(rows, { ordered: false, writeConcern: { w: 1, journal: false } });
  };
  const [accounts, totals, committed, pairs, paidOn] = [new Sums(), new Sums(), new Sums(), new Sums(), new Sums()];
  const journals = { claims: [new Journal("a"), new Journal("b")], settlement: [new Journal("a")], payment: [new Journal("a")] };
  let sequence = 0n;
  const entry = (id: string, county: string, day: string, about: string, lines: Line[], payables?: object[]): Document => {
    sequence += 1n;
    for (const line of lines) {
      accounts.add(`${line.county}/${line.account}`, line.debitFen, line.creditFen);
      totals.add(`${line.county}/${line.account}/${day}`, line.debitFen, line.creditFen);
    }
    return { _id: id, county, sequence, day, atMs: NOW, lines, about, ...(payables ? { payables } : {}) };
  };

  await put(
    "administration",
    "counties",
    COUNTIES.map((county) => ({ _id: county, county })),
  );
  const received = COUNTIES.map((county) =>
    entry(`receipt/${county}/R1`, county, FIRST_DAY, `receipt/${county}/R1`, [
      debit(county, "1003", RECEIVED_FEN),
      credit(county, `4004-CENTRAL/${YEAR}`, RECEIVED_FEN),
    ]),
  );
  await put("settlement", "entries", received);

  for (let from = 0; from < many; from += ROUND) {
    const made = Array.from({ length: Math.min(ROUND, many - from) }, (_, index) => madeOf(from + index, many));
    const elsewhere = made.filter(({ home, treating }) => home !== treating);
    const approvals = made.map(({ payableId, claimId, home, treating, fen, day }, index) => {
      journals.claims[index % 2]?.add(
        `bench/SubmitClaim/${claimId}`,
        "SubmitClaim",
        home,
        home === treating ? ["ClaimApproved"] : ["PrefundRequested", "ClaimApproved"],
        [claimId],
      );
      journals.settlement[0]?.add(payableId, "ClaimApproved", treating, ["PayableDue"], [claimId]);
      journals.payment[0]?.add(payableId, "PayableDue", treating, [], [claimId]);
      const cost = debit(home, `5001-INPATIENT/${YEAR}`, fen);
      if (home === treating) return entry(payableId, home, day, claimId, [cost, credit(home, "PAYABLE", fen)]);
      pairs.add(`${home}/${treating}`, fen);
      committed.add(home, fen);
      const [owes, claims] = [credit(home, `DUE_TO/${treating}`, fen), debit(treating, `DUE_FROM/${home}`, fen)];
      return entry(payableId, home, day, claimId, [cost, owes, claims, credit(treating, "PAYABLE", fen)]);
    });
    const day = made.at(-1)?.day ?? FIRST_DAY;
    const orders: Document[] = [];
    const orderOf = new Map<string, string>();
    const settled = [...Map.groupBy(made, ({ institutionId }) => institutionId)].map(([institutionId, parts], index) => {
      const orderId = `P${day.replaceAll("-", "")}${digits(from / ROUND, 6)}-${digits(index + 1, 4)}`;
      const county = institutionId.slice(1, 7);
      const fen = parts.reduce((sum, part) => sum + part.fen, 0n);
      for (const { payableId } of parts) orderOf.set(payableId, orderId);
      paidOn.add(day, fen);
      const payables = parts.map(({ payableId, claimId, fen: amountFen }) => ({ payableId, claimId, amountFen }));
      const ends = { replaces: "", replacedBy: "", settledOn: day, returnedOn: "", contradiction: "", reason: "" };
      orders.push({
        _id: orderId,
        orderId,
        county,
        payeeId: institutionId,
        batchId: orderId.slice(0, 15),
        amountFen: fen,
        attempt: 1,
        endToEndId: `${orderId}01`,
        state: "SETTLED",
        payables,
        ...ends,
      });
      const about = parts.map(({ claimId }) => claimId);
      journals.payment[0]?.add(`settle/${orderId}`, "due", county, ["PaymentsSettled"], [orderId]);
      journals.settlement[0]?.add(`settled/${orderId}`, "PaymentsSettled", county, ["PaymentsPosted"], [orderId]);
      journals.claims[0]?.add(`paid/${orderId}`, "PaymentsPosted", county, ["ClaimsPaid"], about);
      const lines = [debit(county, "PAYABLE", fen), credit(county, "1003", fen)];
      return entry(
        `settled/${orderId}`,
        county,
        day,
        orderId,
        lines,
        parts.map((part) => ({ payableId: part.payableId, fen: part.fen })),
      );
    });
    const owed = (row: Made) => ({
      _id: row.payableId,
      payableId: row.payableId,
      county: row.treating,
      amountFen: row.fen,
      claimId: row.claimId,
    });
    const households = new Map(made.map(({ personId, home }) => [personId.slice(0, 14), home]));
    await Promise.all([
      put("claims", "claims", made.map(claimOf)),
      put(
        "claims",
        "years",
        made.map(({ personId, home, fen }) => ({
          _id: `${personId}/${YEAR}`,
          county: home,
          holder: personId,
          year: YEAR,
          usedFen: { YEAR_IP: fen },
          compensatedStays: 1,
          borneFen: BORNE_FEN,
          months: [],
          deducted: [],
          visits: [],
          others: [],
        })),
      ),
      put(
        "claims",
        "invoices",
        made.map(({ claimId, home }) => ({ _id: `invoice/${claimId}`, county: home, claimId })),
      ),
      put(
        "claims",
        "households",
        [...households].map(([_id, county]) => ({ _id, county, heads: { [YEAR]: MEMBERS }, takenFen: 0n })),
      ),
      put("settlement", "entries", [...approvals, ...settled]),
      put(
        "settlement",
        "payables",
        made.map((row) => ({
          ...owed(row),
          payee: row.institutionId,
          state: "PAID",
          dueOn: row.day,
          paidBy: `settled/${orderOf.get(row.payableId)}`,
          surplusFen: 0n,
        })),
      ),
      put(
        "settlement",
        "reservations",
        elsewhere.map(({ claimId, home, fen }) => ({
          _id: `claim/${claimId}/reservation`,
          county: home,
          claimId,
          amountFen: fen,
          state: "COMMITTED",
        })),
      ),
      put(
        "payment",
        "dues",
        made.map((row) => ({
          ...owed(row),
          payeeId: row.institutionId,
          dueOn: row.day,
          dueAtMs: NOW,
          schedule: "IMMEDIATE",
          state: "ORDERED",
          orderId: orderOf.get(row.payableId),
        })),
      ),
      put("payment", "orders", orders),
      ...Object.entries(journals).flatMap(([service, list]) => list.map(({ rows }) => put(service, "journal", rows.splice(0)))),
    ]);
    tell(from + made.length);
  }

  const split = (name: string) => ({ county: name.slice(0, 6), account: name.slice(7) });
  await put(
    "settlement",
    "accounts",
    accounts
      .entries()
      .map(([name, { debitFen, creditFen, count }]) => ({ _id: name, ...split(name), balanceFen: debitFen - creditFen, entries: count })),
  );
  await put(
    "settlement",
    "totals",
    totals.entries().map(([name, { debitFen, creditFen, count }]) => ({
      _id: name,
      county: name.slice(0, 6),
      account: name.slice(7, -11),
      day: name.slice(-10),
      debitFen,
      creditFen,
      entries: count,
    })),
  );
  const nothing = { dueFen: 0n, duePayables: 0, heldFen: 0n, heldPayables: 0 };
  await put(
    "settlement",
    "books",
    COUNTIES.map((county) => ({
      _id: county,
      county,
      countyVersion: 1n,
      floorFen: 0n,
      bankFen: accounts.fen(`${county}/1003`),
      ...nothing,
      prefund: { limitFen: RECEIVED_FEN, reservedFen: 0n, committedFen: committed.fen(county) },
    })),
  );
  const owedPairs = Object.fromEntries(pairs.entries().map(([name, { debitFen, count }]) => [name, { fen: debitFen, obligations: count }]));
  await put("settlement", "windows", [
    {
      _id: "W1",
      county: PROVINCE,
      number: 1,
      state: "OPEN",
      fromSequence: 0n,
      toSequence: 0n,
      pairs: owedPairs,
      positions: [],
      transfers: [],
      hash: "",
      revision: 0,
    },
  ]);
  await client
    .db("nrcms_settlement")
    .collection<{ _id: string }>("sequences")
    .insertOne({ _id: "ledger", county: PROVINCE, sequence, openWindow: 1 } as never);
  const scheme = (county: string) => ({ county, year: YEAR, caps: [{ code: "YEAR_IP", fen: 5_000_000n }], funds: [], financing: [] });
  await put(
    "claims",
    "schemes",
    COUNTIES.map((county) => ({ _id: `${county}/${YEAR}/1`, county, scheme: scheme(county) })),
  );
  let openingFen = RECEIVED_FEN * BigInt(COUNTIES.length);
  const statements = Array.from({ length: DAYS }, (_, index) => {
    const day = addDays(FIRST_DAY, index);
    const debitsFen = paidOn.fen(day);
    const row = {
      _id: day,
      county: PROVINCE,
      day,
      state: "BOOKED",
      openingFen,
      debitsFen,
      creditsFen: 0n,
      closingFen: openingFen - debitsFen,
      breaks: [],
    };
    openingFen -= debitsFen;
    return row;
  });
  await put("payment", "statements", statements);
  for (const [service, list] of Object.entries(journals)) {
    await put(
      service,
      "heads",
      list.map((one) => one.head()),
    );
    await put(
      "monitoring",
      "seens",
      list.map((one) => ({ _id: `${service}.${one.head()._id}`, county: PROVINCE, reached: one.event, early: [] })),
    );
    await client.db(`nrcms_${service}`).collection("journal").createIndex({ twin: 1, number: 1 }, { unique: true });
  }
  return { documents, claims: many, nowMs: NOW };
}
