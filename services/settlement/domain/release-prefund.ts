/** PrefundReleased: the claim will not be approved; its reservation goes back into the prefund, once. */
import type { Decision } from "../../values/decision.ts";
import { unavailable } from "../../values/outcome.ts";
import { books, reservations } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";
import { putPrefund } from "./prefund.ts";

export interface ReleasePrefundInput {
  readonly reservationId: string;
  readonly claimId: string;
}

export const releasePrefund: Decision<ReleasePrefundInput, { released: boolean }, SettlementEvents> = {
  needs({ reservationId }, loaded) {
    const reservation = loaded.get(reservations.key(reservationId));
    return reservation ? [reservations.key(reservationId), books.key(reservation.county)] : [reservations.key(reservationId)];
  },
  decide({ reservationId, claimId }, state, change) {
    change.about(claimId);
    const reservation = state.get(reservations.key(reservationId));
    if (!reservation) return unavailable(`${reservationId} is not there yet`);
    if (reservation.state !== "RESERVED") return { released: false };
    const book = state.must(books.key(reservation.county));
    putPrefund(book, { reservedFen: -reservation.amountFen }, change);
    change.put(reservations.key(reservationId), { ...reservation, state: "RELEASED" });
    return { released: true };
  },
};
