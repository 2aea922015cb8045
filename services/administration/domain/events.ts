/** What administration tells. Both are states: the newest version wins. */
import type { County, Institution } from "./documents.ts";

export type AdministrationEvents = {
  readonly CountyChanged: { readonly county: County; readonly version: bigint };
  readonly InstitutionChanged: { readonly institution: Institution; readonly version: bigint };
};
