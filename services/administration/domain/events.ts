/** What administration tells. All are states: the newest version wins. */
import type { County, Institution } from "./documents.ts";
import type { orderMessage } from "./pairs.ts";

export type AdministrationEvents = {
  readonly CountyChanged: { readonly county: County; readonly version: bigint };
  readonly InstitutionChanged: { readonly institution: Institution; readonly version: bigint };
  readonly PairOrdered: { readonly order: ReturnType<typeof orderMessage> };
};
