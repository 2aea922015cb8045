/**
 * Enters or changes a designated institution (定点医疗机构). It stays in the county where it was registered: its claims,
 * payables and prefunds lie in that county's books. The county is not guarded: counties are never removed.
 */
import { sameAccount } from "../../values/account.ts";
import type { Decision } from "../../values/decision.ts";
import { counties, type Institution, type InstitutionDocument, institutions } from "./documents.ts";
import type { AdministrationEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** Replies with the institution as it now stands. Refuses UNKNOWN_COUNTY, COUNTY_CHANGED. */
export const registerInstitution: Decision<Institution, Institution, AdministrationEvents> = {
  needs: (institution) => [counties.key(institution.county), institutions.key(institution.institutionId)],
  decide(institution, state, change) {
    const { institutionId, county } = institution;
    if (!state.get(counties.key(county))) return refuse("UNKNOWN_COUNTY", { field: "institution.county", county });
    const key = institutions.key(institutionId);
    const known = state.get(key);
    if (known && known.county !== county)
      return refuse("COUNTY_CHANGED", { field: "institution.county", institution: institutionId, county: known.county });
    if (known && sameInstitution(known, institution)) return institution;
    const document: InstitutionDocument = { ...institution, revision: (known?.revision ?? 0) + 1 };
    change.put(key, document);
    change.tell("InstitutionChanged", county, { institution, version: BigInt(document.revision) });
    change.about(institutionId);
    return institution;
  },
};

function sameInstitution(a: Institution, b: Institution): boolean {
  return a.name === b.name && a.level === b.level && a.paySchedule === b.paySchedule && sameAccount(a.account, b.account);
}
