/**
 * PrefundRequested: keeps a part of the home county's prefund for a stay elsewhere, or says that it does not suffice. Answered once. For a stay that was admitted before it is kept in any case:
 * what goes beyond the limit is the open call.
 */
import type { Decision } from "../../values/decision.ts";
import { assert, unavailable } from "../../values/outcome.ts";
import { books, reservations } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { freePrefund, putPrefund } from "./prefund.ts";

export interface ReservePrefundInput {
  readonly reservationId: string;
  readonly claimId: string;
  readonly homeCounty: string;
  readonly fundFen: bigint;
  /** The patient was admitted when there was something left. */
  readonly admitted: boolean;
}

export const reservePrefund: Decision<ReservePrefundInput, { reserved: boolean }, SettlementEvents> = {
  needs: ({ reservationId, homeCounty }) => [reservations.key(reservationId), books.key(homeCounty)],
  decide(input, state, change) {
    const { reservationId, claimId, homeCounty, fundFen } = input;
    change.about(claimId);
    const stored = state.get(reservations.key(reservationId));
    if (stored) {
      assert(
        stored.amountFen === fundFen && stored.county === homeCounty,
        `${reservationId} was asked for ${stored.amountFen} fen, now for ${fundFen}`,
      );
      return { reserved: stored.state !== "REFUSED" };
    }
    const book = state.get(books.key(homeCounty));
    if (!book) return unavailable(`county ${homeCounty} is not known yet`);
    const answer = { reservationId, claimId, homeCounty, fundFen };
    const reservation = { county: homeCounty, claimId, amountFen: fundFen };
    if (!input.admitted && freePrefund(book.prefund) < fundFen) {
      // The limit may be raised in the same moment: the answer holds only for the book that was looked at.
      change.guard(books.key(homeCounty));
      change.put(reservations.key(reservationId), { ...reservation, state: "REFUSED" });
      change.tell("PrefundRefused", homeCounty, answer);
      return { reserved: false };
    }
    putPrefund(book, { reservedFen: fundFen }, change);
    change.put(reservations.key(reservationId), { ...reservation, state: "RESERVED" });
    change.tell("PrefundReserved", homeCounty, answer);
    return { reserved: true };
  },
};
