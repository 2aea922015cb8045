/** Enters or changes a county. The same content again changes and tells nothing, so that an import may be repeated. */
import { sameAccount } from "../../values/account.ts";
import type { Decision } from "../../values/decision.ts";
import { type County, type CountyDocument, counties } from "./documents.ts";
import type { AdministrationEvents } from "./events.ts";

/** Replies with the county as it now stands. */
export const registerCounty: Decision<County, County, AdministrationEvents> = {
  needs: (county) => [counties.key(county.county)],
  decide(county, state, change) {
    const key = counties.key(county.county);
    const known = state.get(key);
    if (known && sameCounty(known, county)) return county;
    const document: CountyDocument = { ...county, revision: (known?.revision ?? 0) + 1 };
    change.put(key, document);
    change.tell("CountyChanged", county.county, { county, version: BigInt(document.revision) });
    change.about(county.county);
    return county;
  },
};

function sameCounty(a: County, b: County): boolean {
  return (
    a.nameZh === b.nameZh &&
    a.nameEn === b.nameEn &&
    a.prefecture === b.prefecture &&
    a.fundFloorFen === b.fundFloorFen &&
    sameAccount(a.account, b.account)
  );
}
