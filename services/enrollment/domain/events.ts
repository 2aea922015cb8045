/** What enrollment tells. Neither carries a name or an identity number. */
import type { Cover } from "./documents.ts";

export type EnrollmentEvents = {
  /** State: the newest version wins. */
  readonly HouseholdCovered: {
    readonly householdId: string;
    readonly county: string;
    readonly version: bigint;
    readonly covers: Cover[];
  };
  /** Fact, follows nothing. */
  readonly ContributionsReceived: {
    readonly receiptId: string;
    readonly county: string;
    readonly year: number;
    readonly heads: number;
    readonly contributionsFen: bigint;
    readonly receivedOn: string;
  };
};
