/** What administration tells. All are states: the newest version wins. */
import type { County, Institution } from "./documents.ts";

/** A pair's order as it is told. */
export interface OrderMessage {
  readonly service: string;
  readonly version: bigint;
  readonly settings: {
    readonly mode: "DUAL_ACTIVE" | "HOT_STANDBY";
    readonly takeover: "AUTOMATIC" | "CONFIRM";
    readonly failback: string;
    readonly preferred: string;
  };
  readonly successor: string;
  readonly overEpoch: bigint;
  readonly resting: string[];
  readonly orderedBy: string;
  readonly orderedAtMs: bigint;
}

export type AdministrationEvents = {
  readonly CountyChanged: { readonly county: County; readonly version: bigint };
  readonly InstitutionChanged: { readonly institution: Institution; readonly version: bigint };
  readonly PairOrdered: { readonly order: OrderMessage };
};
