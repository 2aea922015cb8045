/**
 * Stored claims for a back-test, person by person: read from a secondary where there is one, in one pass sorted on that member's disk, by a process of its own. The working pairs are not asked for
 * anything, and nothing is written.
 */
import { type Document, MongoClient } from "mongodb";
import type { CatalogueItem } from "../benefit/scheme.ts";
import type { Holder, StoredClaim } from "./backtest.ts";
import type { Case, RuleBill, Rulebook } from "./rule.ts";

/** Persons whose covers are read together. */
const PAGE = 300;
/** Of one person; more are left out and told. */
const MAX_HOLDER_CLAIMS = 2_000;
const SELECTION_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 120_000;

export interface Wanted {
  /** Claims of this insured county; empty: of all. */
  readonly county: string;
  /** Discharged on these days, both inclusive. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Claims before these, which only stand beside them, are read from here on. */
  readonly beforeDay: string;
  /** At most so many claims are read. */
  readonly most: number;
  readonly limitMs: number;
}

export interface Read {
  readonly holders: number;
  readonly claims: number;
  /** The number of claims was reached before the end. */
  readonly cut: boolean;
}

export interface RuleStore {
  catalogue(version: string): Promise<{ readonly items: readonly CatalogueItem[]; readonly diagnoses: readonly string[] } | undefined>;
  /** The book in force on a day. */
  book(day: string): Promise<Rulebook | undefined>;
  count(wanted: Wanted): Promise<number>;
  /** Gives every person's claims to `use`. */
  each(wanted: Wanted, use: (holder: Holder) => void | Promise<void>, signal?: AbortSignal): Promise<Read>;
  close(): Promise<void>;
}

interface ClaimRow extends Document {
  readonly _id: string;
  readonly bill: RuleBill & { readonly invoiceNumber: string };
  readonly county: string;
  readonly level: Case["level"];
  readonly state: string;
  readonly reviewed: boolean;
  readonly basis: { readonly uncoveredDays: readonly string[] };
  readonly deductions?: readonly unknown[];
  readonly submittedAtMs: number;
  readonly paper?: { readonly institutionId: string; readonly invoices: RuleBill["invoices"] };
}

interface CoverRow extends Document {
  readonly _id: string;
  readonly stretches: readonly { readonly fromDay: string; readonly toDay: string }[];
  readonly person?: Case["person"];
}

/** Throws where MongoDB cannot be reached. */
export async function openRuleStore(uri: string): Promise<RuleStore> {
  const client = new MongoClient(uri, {
    appName: "rules",
    useBigInt64: true,
    readPreference: "secondaryPreferred",
    readConcernLevel: "majority",
    maxPoolSize: 3,
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
  });
  await client.connect();
  const db = client.db("nrcms_claims");
  const filterOf = ({ county, beforeDay, toDay }: Wanted): Document => ({
    ...(county === "" ? {} : { county }),
    "bill.dischargedOn": { $gte: beforeDay, $lte: toDay },
  });
  return {
    async catalogue(version) {
      const found = await db.collection<Document & { _id: string }>("catalogues").findOne({ _id: version });
      return found ? { items: found.items, diagnoses: found.diagnoses } : undefined;
    },
    async book(day) {
      const times = await db.collection<Document & { _id: string }>("ruletimes").findOne({}, { sort: { _id: 1 } });
      const rows = (times?.rows ?? []) as { version: number; fromDay: string }[];
      const version = rows.findLast(({ fromDay }) => fromDay <= day)?.version;
      const found =
        version === undefined ? null : await db.collection<Document & { _id: string }>("rulesets").findOne({ _id: `${version}` });
      return found ? (found.book as Rulebook) : undefined;
    },
    count: (wanted) => db.collection("claims").countDocuments(filterOf(wanted), { limit: wanted.most, maxTimeMS: wanted.limitMs }),
    async each(wanted, use, signal) {
      const stages: Document[] = [
        { $match: filterOf(wanted) },
        { $sort: { "bill.personId": 1, "bill.newborn": 1, submittedAtMs: 1 } },
        { $limit: wanted.most },
        {
          $project: {
            bill: 1,
            county: 1,
            level: 1,
            state: 1,
            reviewed: 1,
            "basis.uncoveredDays": 1,
            deductions: 1,
            submittedAtMs: 1,
            paper: 1,
          },
        },
      ];
      const cursor = db.collection("claims").aggregate<ClaimRow>(stages, { allowDiskUse: true, batchSize: 500, maxTimeMS: wanted.limitMs });
      let page: ClaimRow[][] = [];
      const read = { holders: 0, claims: 0 };
      const flush = async (): Promise<void> => {
        const people = [...new Set(page.map(([first]) => first?.bill.personId ?? ""))];
        const covers = await db
          .collection<CoverRow>("covers")
          .find({ _id: { $in: people } })
          .toArray();
        const coverOf = new Map(covers.map((cover) => [cover._id, cover]));
        const looks = await looksOf(page.flat().map(({ _id }) => _id));
        for (const rows of page) {
          await use(holderOf(rows, coverOf.get(rows[0]?.bill.personId ?? ""), looks, wanted));
          read.holders += 1;
        }
        page = [];
      };
      const looksOf = async (ids: readonly string[]): Promise<ReadonlyMap<string, boolean>> => {
        const closed = await db
          .collection<Document & { _id: string }>("looks")
          .find({ _id: { $in: [...ids] }, state: { $ne: "OPEN" } })
          .toArray();
        return new Map(closed.map(({ _id, state }) => [_id, state === "FAULTY"]));
      };
      try {
        for await (const row of cursor) {
          signal?.throwIfAborted();
          read.claims += 1;
          const last = page.at(-1);
          if (last && isSame(last[0], row) && last.length < MAX_HOLDER_CLAIMS) last.push(row);
          else {
            if (page.length >= PAGE) await flush();
            page.push([row]);
          }
        }
        await flush();
      } finally {
        await cursor.close();
      }
      return { ...read, cut: read.claims >= wanted.most };
    },
    close: () => client.close(),
  };
}

function isSame(a: ClaimRow | undefined, b: ClaimRow): boolean {
  return a?.bill.personId === b.bill.personId && a.bill.newborn === b.bill.newborn;
}

function holderOf(rows: readonly ClaimRow[], cover: CoverRow | undefined, looks: ReadonlyMap<string, boolean>, wanted: Wanted): Holder {
  const claims = rows.map((row) => claimFrom(row, cover, looks, wanted));
  return { claims, ...(cover?.person ? { person: cover.person } : {}) };
}

function claimFrom(row: ClaimRow, cover: CoverRow | undefined, looks: ReadonlyMap<string, boolean>, { fromDay }: Wanted): StoredClaim {
  const { bill, paper, county, level, state, reviewed, deductions = [], basis, submittedAtMs } = row;
  const refused = state === "REFUSED";
  const cut = reviewed && deductions.length > 0;
  return {
    bill: {
      ...bill,
      institutionId: paper?.institutionId ?? bill.institutionId,
      invoices: paper?.invoices ?? [{ invoiceNumber: bill.invoiceNumber, totalFen: bill.totalFen }],
    },
    county,
    level,
    // As it is known now: a death or a move may have been heard of since.
    uncoveredDays: cover ? uncovered(bill, cover) : basis.uncoveredDays,
    submittedAtMs,
    stands: !refused && state !== "VOIDED",
    faulty: looks.get(row._id) ?? (refused || cut ? true : reviewed ? false : undefined),
    ...(bill.dischargedOn < fromDay ? { background: true } : {}),
  };
}

function uncovered({ lines }: RuleBill, { stretches }: CoverRow): string[] {
  const days = [...new Set(lines.map(({ day }) => day))];
  return days.filter((day) => !stretches.some(({ fromDay, toDay }) => fromDay <= day && day <= toDay)).sort();
}
