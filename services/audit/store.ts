/**
 * The stored documents of all services as one instant of the cluster shows them: every read of an audit goes through one snapshot session, so that an event
 * and what followed from it are seen together or not at all. Outside of every transaction, because mongod ends those after a second (protocols 5).
 */
import { type AggregateOptions, type ClientSession, type Document, MongoClient, MongoError, MongoNetworkError } from "mongodb";
import type {
  AccountView,
  AssessmentView,
  BankDayView,
  BillReportView,
  BookView,
  CapitationView,
  ClaimEventView,
  ClaimView,
  ContributionView,
  CountyView,
  DayMoveView,
  DayTotalView,
  DisputeView,
  DueView,
  EnrolledView,
  EntryView,
  GrantedView,
  HeadView,
  HouseholdView,
  IdentityView,
  JournalView,
  LedgerView,
  OrderPartView,
  OrderView,
  ParkedCountView,
  ParkedView,
  PayableView,
  PersonCoversView,
  PlacementView,
  Records,
  ReservationView,
  SchemeView,
  SecondView,
  SeenView,
  SharePageView,
  StatementView,
  TallyView,
  UpheldView,
  WindowView,
  WithholdingView,
  YearView,
} from "./records.ts";

const PREFIX = "nrcms_";
/** The mesh's own collections, whose documents belong to no county. */
const MESH_KINDS = new Set(["journal", "heads", "parked", "leases", "marks", "attachments.files", "attachments.chunks"]);
const BATCH = 1000;
/** A sort on disk may take this long before its first document. */
const SOCKET_TIMEOUT_MS = 120_000;
const SELECTION_TIMEOUT_MS = 10_000;
/** An audit begins anew, at a new instant, where its snapshot is gone or an engine changed hands meanwhile. */
const MAX_ATTEMPTS = 3;
const SNAPSHOT_TOO_OLD = 239;
/** Snapshot too old; snapshot unavailable (a collection was made meanwhile); the primary stepped down or is being changed. */
const ANEW_CODES = new Set([SNAPSHOT_TOO_OLD, 246, 91, 189, 10107, 11600, 11602, 13435, 13436, 175, 237]);

/** Gives each work a consistent view of the whole mesh, at an instant of its own. A work may be done again from the start. Throws where MongoDB cannot be read. */
export async function withRecords<R>(
  uri: string,
  use: (at: <T>(work: (records: Records) => Promise<T>) => Promise<T>) => Promise<R>,
): Promise<R> {
  const client = new MongoClient(uri, {
    appName: "audit",
    useBigInt64: true,
    promoteBuffers: true,
    readPreference: "primary",
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
    maxPoolSize: 8,
  });
  try {
    return await use((work) => atOneInstant(client, work));
  } finally {
    await client.close();
  }
}

async function atOneInstant<T>(client: MongoClient, work: (records: Records) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const session = client.startSession({ snapshot: true });
    try {
      return await work(recordsAt(client, session));
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS && isTooOld(error)) throw new Error(TOO_OLD, { cause: error });
      if (attempt >= MAX_ATTEMPTS || !isWorthAnother(error)) throw error;
    } finally {
      await session.endSession();
    }
  }
}

/** What an operator can do where one invariant alone takes longer than the engine keeps what was. */
const TOO_OLD = "MongoDB keeps what was for too short a time: raise minSnapshotHistoryWindowInSeconds (300 by default) on every mongod";

function isTooOld(error: unknown): boolean {
  return error instanceof MongoError && error.code === SNAPSHOT_TOO_OLD;
}

function isWorthAnother(error: unknown): boolean {
  // Node's own EPIPE, which the driver lets through where the other side has half closed the connection.
  const broken = error instanceof MongoNetworkError || (error instanceof Error && "code" in error && error.code === "EPIPE");
  return broken || (error instanceof MongoError && typeof error.code === "number" && ANEW_CODES.has(error.code));
}

/** The records as this session sees them. */
export function recordsAt(client: MongoClient, session: ClientSession): Records {
  const options: AggregateOptions = { session, allowDiskUse: true, batchSize: BATCH };
  /** Views are the stored shape of their documents; what else a document has is left where it is. */
  function read<T>(service: string, kind: string, ...stages: Document[]): AsyncIterable<T> {
    return client
      .db(PREFIX + service)
      .collection(kind)
      .aggregate(stages, options) as unknown as AsyncIterable<T>;
  }
  const byId = { $sort: { _id: 1 } };
  const leaner = { $project: { "bill.lines": 0, basis: 0 } };
  const services = async () => {
    const { databases } = await client.db("admin").admin().listDatabases({ nameOnly: true });
    return databases
      .filter(({ name }) => name.startsWith(PREFIX))
      .map(({ name }) => name.slice(PREFIX.length))
      .sort();
  };
  return {
    services,
    counties: () => read<CountyView>("administration", "counties"),

    claims: () => read<ClaimView>("claims", "claims", byId, leaner),
    claimsByPerson: () => read<ClaimView>("claims", "claims", leaner, { $sort: { "bill.personId": 1, year: 1 } }),
    claimsByBillDay: () => read<ClaimView>("claims", "claims", leaner, { $sort: { "bill.institutionId": 1, "bill.dischargedOn": 1 } }),
    billReports: () => read<BillReportView>("claims", "billreports", { $sort: { institutionId: 1, day: 1 } }),
    claimEvents: (names) => read<ClaimEventView>("claims", "journal", ...claimEventStages(names)),
    households: () => read<HouseholdView>("claims", "households", { $sort: { _id: 1 } }),
    seconds: () => read<SecondView>("claims", "seconds"),
    sharePages: () => read<SharePageView>("claims", "shares"),
    granted: (by) => read<GrantedView>("claims", "shares", ...GRANTED_STAGES, { $sort: { [by]: 1 } }),
    years: () => read<YearView>("claims", "years", { $sort: { holder: 1, year: 1 } }),
    schemes: () => read<SchemeView>("claims", "schemes"),

    enrolled: () => read<EnrolledView>("enrollment", "households", byId, { $project: { "members.name": 0, "former.name": 0 } }),
    personCovers: () => read<PersonCoversView>("enrollment", "households", ...PERSON_COVERS_STAGES),
    identities: () => read<IdentityView>("enrollment", "identities", byId),
    tallies: () => read<TallyView>("enrollment", "tallies"),
    contributions: () => read<ContributionView>("enrollment", "receipts", ...CONTRIBUTIONS_STAGES),

    entries: () => read<EntryView>("settlement", "entries", { $sort: { sequence: 1 } }),
    receiptEntries: () => read<EntryView>("settlement", "entries", { $match: { _id: { $regex: "^(contributions|receipt)/" } } }, byId),
    bankEntries: () => read<EntryView>("settlement", "entries", { $match: { _id: { $regex: "^(settled|returned)/" } } }),
    accounts: () => read<AccountView>("settlement", "accounts"),
    totals: () => read<DayTotalView>("settlement", "totals", byId),
    dayMoves: () => read<DayMoveView>("settlement", "entries", ...DAY_MOVE_STAGES),
    books: () => read<BookView>("settlement", "books"),
    async ledger() {
      for await (const ledger of read<LedgerView>("settlement", "sequences", { $match: { _id: "ledger" } })) return ledger;
      return undefined;
    },
    payables: () => read<PayableView>("settlement", "payables", byId),
    payablesByClaim: () => read<PayableView>("settlement", "payables", { $match: { claimId: { $ne: "" } } }, { $sort: { claimId: 1 } }),
    sharePayables: () => read<PayableView>("settlement", "payables", { $match: { _id: { $regex: "^second/" } } }, byId),
    withholdings: () => read<WithholdingView>("settlement", "withholdings"),
    assessments: () => read<AssessmentView>("settlement", "assessments"),
    capitations: () => read<CapitationView>("settlement", "capitations"),
    reservations: () => read<ReservationView>("settlement", "reservations"),
    windows: () => read<WindowView>("settlement", "windows", { $sort: { number: 1 } }),
    disputes: () => read<DisputeView>("settlement", "disputes", { $sort: { sequence: 1 } }),
    upheld: () => read<UpheldView>("settlement", "upheld"),

    dues: () => read<DueView>("payment", "dues", byId),
    orders: () => read<OrderView>("payment", "orders", { $project: { account: 0 } }),
    orderParts: () => read<OrderPartView>("payment", "orders", ...ORDER_PART_STAGES),
    statements: () => read<StatementView>("payment", "statements", { $sort: { day: 1 } }),
    bankDays: () => read<BankDayView>("settlement", "bankdays", { $sort: { day: 1 } }),

    heads: (service) => read<HeadView>(service, "heads"),
    journal: (service, twin) => read<JournalView>(service, "journal", { $match: { twin } }, { $sort: { number: 1 } }),
    parked: (service) => read<ParkedView>(service, "parked", { $match: { resolved: false } }),

    seens: () => read<SeenView>("monitoring", "seens"),
    parkedCounts: () => read<ParkedCountView>("monitoring", "parkedcounts"),

    async *placements() {
      for (const service of await services()) {
        const kinds = await client
          .db(PREFIX + service)
          .listCollections({}, { nameOnly: true })
          .toArray();
        for (const { name } of kinds) {
          if (name.startsWith("system.")) continue;
          const stages = MESH_KINDS.has(name) ? (name === "journal" ? JOURNAL_COUNTY_STAGES : undefined) : COUNTY_STAGES;
          if (!stages) continue;
          const kind = name === "journal" ? "journal (events)" : name;
          for await (const { _id, documents } of read<{ _id: unknown; documents: number }>(service, name, ...stages)) {
            const placement: PlacementView = { service, kind, county: typeof _id === "string" ? _id : "", documents };
            yield placement;
          }
        }
      }
    },
  };
}

const COUNTY_STAGES: Document[] = [{ $group: { _id: "$county", documents: { $sum: 1 } } }];
const JOURNAL_COUNTY_STAGES: Document[] = [{ $unwind: "$events" }, { $group: { _id: "$events.county", documents: { $sum: 1 } } }];

/** The lines of every account's day, summed where they lie: there are as many sums as day totals, and no need for them here all at once. */
const DAY_MOVE_STAGES: Document[] = [
  { $unwind: "$lines" },
  {
    $group: {
      _id: { $concat: ["$lines.county", "/", "$lines.account", "/", "$day"] },
      debitFen: { $sum: "$lines.debitFen" },
      creditFen: { $sum: "$lines.creditFen" },
    },
  },
  { $project: { _id: 0, key: "$_id", debitFen: 1, creditFen: 1 } },
  { $sort: { key: 1 } },
];

/** A page's `_id` is county/year/plan/page. */
const GRANTED_STAGES: Document[] = [
  { $match: { granted: true } },
  { $unwind: "$shares" },
  {
    $project: {
      _id: 0,
      payableId: { $concat: ["second/", "$county", "/", { $arrayElemAt: [{ $split: ["$_id", "/"] }, 1] }, "/", "$shares.claimId"] },
      claimId: "$shares.claimId",
      personId: "$shares.personId",
      county: 1,
      fen: "$shares.shareFen",
    },
  },
];

/** The covers of every member, also of those who are gone, beside the identity number. */
const PERSON_COVERS_STAGES: Document[] = [
  { $project: { covers: 1, people: { $concatArrays: ["$members", "$former"] } } },
  { $unwind: "$people" },
  {
    $project: {
      _id: 0,
      identityNumber: "$people.identityNumber",
      personId: { $concat: ["$_id", "$people.memberNo"] },
      covers: { $filter: { input: "$covers", cond: { $eq: ["$$this.personId", { $concat: ["$_id", "$people.memberNo"] }] } } },
    },
  },
  { $sort: { identityNumber: 1 } },
];

const CONTRIBUTIONS_STAGES: Document[] = [
  { $project: { _id: 0, receiptId: 1, receivedOn: 1, fen: "$contributionsFen" } },
  { $unionWith: { coll: "sourcereceipts", pipeline: [{ $project: { _id: 0, receiptId: 1, receivedOn: 1, fen: "$amountFen" } }] } },
  { $sort: { receiptId: 1 } },
];

const ORDER_PART_STAGES: Document[] = [
  { $unwind: "$payables" },
  {
    $project: {
      _id: 0,
      payableId: "$payables.payableId",
      partFen: "$payables.amountFen",
      order: {
        _id: "$_id",
        county: "$county",
        payeeId: "$payeeId",
        state: "$state",
        replaces: "$replaces",
        replacedBy: "$replacedBy",
        settledOn: "$settledOn",
      },
    },
  },
  { $sort: { payableId: 1 } },
];

/** An entry may close many claims, and is about each of them: one row for every claim and kind of event. */
function claimEventStages(names: readonly string[]): Document[] {
  return [
    { $match: { "events.name": { $in: [...names] } } },
    { $project: { _id: 0, claimId: { $setUnion: ["$about"] }, name: { $setIntersection: ["$events.name", [...names]] } } },
    { $unwind: "$claimId" },
    { $unwind: "$name" },
    { $sort: { claimId: 1 } },
  ];
}
