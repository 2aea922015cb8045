/** The invariants of the whole, at rest: the product's own audit over the simulated documents, and what only the outside can see: the bank's books, the streams, the replies. */
import type { ClientSession } from "mongodb";
import { audit } from "../../services/audit/audit.ts";
import type { Records, SeenView } from "../../services/audit/records.ts";
import { recordsAt } from "../../services/audit/store.ts";
import type { Household, Receipt, SourceReceipt } from "../../services/enrollment/domain/documents.ts";
import type { Due, Order } from "../../services/payment/domain/documents.ts";
import type { Entry } from "../../services/settlement/domain/documents.ts";
import { bankOf, bankOfCounty } from "../../services/values/banks.ts";
import { dayMovesOf } from "../harness/day-moves.ts";
import { databaseOf, type Invariants } from "./invariants.ts";
import { simulatedClient } from "./mongo.ts";
import type { Province } from "./province.ts";
import { reachedBy } from "./rest.ts";
import { COUNTY_BANKS } from "./services.ts";
import { Breach } from "./world.ts";

const SHOWN = 8;

export async function checkAtRest(province: Province, invariants: Invariants): Promise<void> {
  const { world, set, people } = province;
  const client = simulatedClient(world, set, people, { readConcernLevel: "majority" });
  const records: Records = {
    ...recordsAt(client, undefined as unknown as ClientSession),
    seens: () => seensOf(province),
    parkedCounts: () => nothing(),
    ...enrolmentOf(rowsOf(province, "enrollment")),
    dayMoves: () => given(dayMovesOf(set.collection(databaseOf("settlement"), "entries").majority.values() as unknown as Iterable<Entry>)),
  };
  const lines = await audit(records, { nowMs: Date.now(), settled: true });
  const breaches = lines.flatMap(({ invariant, breaches: found }) => found.map((breach) => `invariant ${invariant}: ${breach}`));
  if (breaches.length > 0) throw new Breach(breaches.slice(0, SHOWN).join("\n"));
  checkBanks(province);
  invariants.finish();
}

/** What monitoring would have heard, had it heard all that the streams ever held: each twin's events from the first, without a hole. */
async function* seensOf(province: Province): AsyncGenerator<SeenView> {
  yield* reachedBy(province).map(({ service, twin, reached }) => ({ _id: `${service}.${twin}`, reached, early: [] }));
}

type Rows = <T>(kind: string) => T[];

const rowsOf =
  ({ set }: Province, service: string): Rows =>
  <T>(kind: string) =>
    [...set.collection(databaseOf(service), kind).majority.values()] as unknown as T[];

/** What the audit has mongod put together of enrollment's documents. */
function enrolmentOf(rows: Rows): Pick<Records, "personCovers" | "contributions"> {
  const by = <T>(all: T[], key: (row: T) => string) => given(all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
  return {
    personCovers: () => {
      const people = rows<Household>("households").flatMap(({ householdId, members, former, covers }) =>
        [...members, ...former].map(({ memberNo, identityNumber }) => {
          const personId = householdId + memberNo;
          return { identityNumber, personId, covers: covers.filter((cover) => cover.personId === personId) };
        }),
      );
      return by(people, ({ identityNumber }) => identityNumber);
    },
    contributions: () => {
      const own = rows<Receipt>("receipts").map(({ receiptId, receivedOn, contributionsFen: fen }) => ({ receiptId, receivedOn, fen }));
      const others = rows<SourceReceipt>("sourcereceipts").map(({ receiptId, receivedOn, amountFen: fen }) => ({
        receiptId,
        receivedOn,
        fen,
      }));
      return by([...own, ...others], ({ receiptId }) => receiptId);
    },
  };
}

async function* nothing<T>(): AsyncGenerator<T> {}

async function* given<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

/** Every due is paid exactly once, by the bank that keeps its county's money (what went out for it, less what came back), and what was withdrawn never. */
function checkBanks({ world, banks, set }: Province): void {
  const rows = <T>(kind: string): T[] => [...set.collection(databaseOf("payment"), kind).majority.values()] as unknown as T[];
  const paid = new Map<string, number>();
  const orders = new Map(rows<Order>("orders").map((order) => [order.endToEndId, order]));
  for (const [id, { transaction, direction }] of banks.flatMap(({ id, books }) => books.bookings.map((one) => [id, one] as const))) {
    const order = orders.get(transaction.endToEndId);
    if (!order) throw new Breach(`bank ${id} booked ${transaction.endToEndId}, which no order has`);
    const keeper = bankOfCounty(order.county, COUNTY_BANKS);
    world.hold(id === keeper && id === bankOf(order), () => `bank ${id} booked ${order.orderId} of ${order.county}, which ${keeper} keeps`);
    world.hold(
      order.amountFen === transaction.fen,
      () => `the bank booked ${transaction.fen} fen for ${order.orderId}, which orders ${order.amountFen}`,
    );
    for (const { payableId } of order.payables) paid.set(payableId, (paid.get(payableId) ?? 0) + (direction === "DBIT" ? 1 : -1));
  }
  for (const { payableId, state } of rows<Due>("dues")) {
    const times = paid.get(payableId) ?? 0;
    world.hold(times === (state === "WITHDRAWN" ? 0 : 1), () => `the bank has paid ${payableId}, ${state}, ${times} times`);
  }
}
