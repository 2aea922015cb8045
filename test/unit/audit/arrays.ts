import type { Records } from "../../../services/audit/records.ts";
import { dayMovesOf } from "../../harness/day-moves.ts";
import { AWAY, HOME, type Sample } from "./sample.ts";

/** The sample as the audit reads it: each stream in the order that `Records` names. */
export function recordsOf(sample: Sample): Records {
  const by = <T>(rows: readonly T[], key: (row: T) => string | number | bigint) =>
    stream([...rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)));
  const byId = <T extends { _id: string }>(rows: readonly T[]) => by(rows, ({ _id }) => _id);
  return {
    services: async () => ["claims", "monitoring"],
    counties: () => stream([{ _id: HOME }, { _id: AWAY }]),
    claims: () => byId(sample.claims),
    claimsByPerson: () => by(sample.claims, ({ bill, year }) => `${bill.personId}/${year}`),
    claimsByBillDay: () => by(sample.claims, ({ bill }) => `${bill.institutionId}\u0000${bill.dischargedOn}`),
    billReports: () => by(sample.billReports, ({ institutionId, day }) => `${institutionId}\u0000${day}`),
    claimEvents: (names) => {
      const rows = sample.journal.flatMap(({ about, events }) => about.flatMap((claimId) => events.map(({ name }) => ({ claimId, name }))));
      return by(
        rows.filter(({ name }) => names.includes(name)),
        ({ claimId }) => claimId,
      );
    },
    years: () => by(sample.years, ({ holder, year }) => `${holder}/${year}`),
    seconds: () => stream(sample.seconds),
    sharePages: () => stream(sample.sharePages),
    granted: (order) => {
      const pages = sample.sharePages.filter(({ granted }) => granted);
      const rows = pages.flatMap(({ _id, county, shares }) =>
        shares.map(({ claimId, personId, shareFen: fen }) => {
          return { payableId: `second/${county}/${_id.split("/")[1]}/${claimId}`, claimId, personId, county, fen };
        }),
      );
      return by(rows, (row) => row[order]);
    },
    households: () => by(sample.households, ({ _id }) => _id),
    schemes: () => stream(sample.schemes),
    enrolled: () => byId(sample.enrolled),
    personCovers: () => {
      const rows = sample.enrolled.flatMap(({ _id, members, former, covers }) =>
        [...members, ...former].map(({ memberNo, identityNumber }) => {
          const personId = _id + memberNo;
          return { identityNumber, personId, covers: covers.filter((cover) => cover.personId === personId) };
        }),
      );
      return by(rows, ({ identityNumber }) => identityNumber);
    },
    identities: () => byId(sample.identities),
    tallies: () => stream(sample.tallies),
    contributions: () => by(sample.contributions, ({ receiptId }) => receiptId),
    receiptEntries: () => byId(sample.entries.filter(({ _id }) => /^(contributions|receipt)\//.test(_id))),
    entries: () => by(sample.entries, ({ sequence }) => sequence),
    bankEntries: () => stream(sample.entries.filter(({ _id }) => /^(settled|returned)\//.test(_id))),
    accounts: () => stream(sample.accounts),
    totals: () => byId(sample.totals),
    dayMoves: () => stream(dayMovesOf(sample.entries)),
    books: () => stream(sample.books),
    ledger: async () => sample.sequences[0],
    payables: () => byId(sample.payables),
    payablesByClaim: () =>
      by(
        sample.payables.filter(({ claimId }) => claimId !== ""),
        ({ claimId }) => claimId,
      ),
    sharePayables: () => byId(sample.payables.filter(({ _id }) => _id.startsWith("second/"))),
    withholdings: () => stream(sample.withholdings),
    assessments: () => stream(sample.assessments),
    capitations: () => stream(sample.capitations),
    reservations: () => stream(sample.reservations),
    windows: () => by(sample.windows, ({ number }) => number),
    disputes: () => by(sample.disputes, ({ sequence }) => sequence),
    upheld: () => stream(sample.upheld),
    dues: () => byId(sample.dues),
    orders: () => stream(sample.orders),
    orderParts: () => {
      const parts = sample.orders.flatMap((order) =>
        order.payables.map(({ payableId, amountFen }) => ({ payableId, partFen: amountFen, order })),
      );
      return by(parts, ({ payableId }) => payableId);
    },
    statements: () => by(sample.statements, ({ day }) => day),
    bankDays: () => by(sample.bankDays, ({ day }) => day),
    heads: (service) => stream(service === "claims" ? [sample.head] : []),
    journal: (service) => (service === "claims" ? by(sample.journal, ({ number }) => number) : stream([])),
    parked: (service) => stream(service === "claims" ? sample.parked : []),
    seens: () => stream(sample.seens),
    parkedCounts: () => stream(sample.parkedCounts),
    placements: () => stream(sample.placements),
  };
}

async function* stream<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}
