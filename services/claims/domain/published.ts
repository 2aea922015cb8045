/** The published documents that a stored claim was computed by. They never change and are never taken away: that one is not there is a bug. */
import type { Key, Loaded, State } from "../../values/decision.ts";
import { assert } from "../../values/outcome.ts";
import type { Documents } from "./compute.ts";
import type { Claim } from "./documents.ts";
import { catalogues, type SchemeDocument, schemes, versionOf } from "./scheme.ts";

export function schemeKeyOf(schemeId: string): Key<SchemeDocument> {
  const version = versionOf(schemeId);
  assert(version, `${schemeId} is a scheme's id`);
  return schemes.key(version.county, version.year, version.version);
}

/** In two rounds: the treatment place's scheme names the catalogue. */
export function documentKeys({ benefit, basis }: Claim, loaded: Loaded): Key[] {
  const key = schemeKeyOf(basis.treatingSchemeId);
  const treating = loaded.get(key);
  return [schemeKeyOf(benefit.schemeId), key, ...(treating ? [catalogues.key(treating.scheme.catalogueVersion)] : [])];
}

export function documentsOf({ benefit, basis }: Claim, state: State): Documents {
  const treating = state.must(schemeKeyOf(basis.treatingSchemeId));
  return {
    home: state.must(schemeKeyOf(benefit.schemeId)),
    treating,
    catalogue: state.must(catalogues.key(treating.scheme.catalogueVersion)),
  };
}
