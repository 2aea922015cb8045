/** The published documents that the claims of a year were computed by, and those that the draft goes with: read when first needed, kept because they never change. */
import type { ApartStore } from "../../mesh/store-apart.ts";
import { assert } from "../../values/outcome.ts";
import type { Documents } from "../domain/compute.ts";
import type { Past } from "../domain/estimate/replay.ts";
import { type Catalogue, type SchemeDocument, versionOf } from "../domain/scheme.ts";

export interface Law {
  /** Reads what these claims need. */
  learn(claims: Iterable<Past>): Promise<void>;
  wasUnder(past: Past): Documents;
  wouldBeUnder(past: Past): Documents;
}

/** Throws where a published document is not there, which is a bug, or its store does not answer. */
export function lawOver(store: ApartStore, draft: SchemeDocument): Law {
  const schemes = new Map<string, SchemeDocument>();
  const catalogues = new Map<string, Catalogue>();
  const fetch = async <D extends SchemeDocument | Catalogue>(kind: string, known: Map<string, D>, ids: ReadonlySet<string>) => {
    const missing = [...ids].filter((id) => !known.has(id));
    if (missing.length === 0) return;
    for (const [id, doc] of await store.some<D>({ service: "claims", kind }, missing)) known.set(id, doc);
    for (const id of missing) assert(known.has(id), `${kind} ${id} is published`);
  };
  const schemeOf = (id: string): SchemeDocument => {
    const found = schemes.get(id);
    assert(found, `scheme ${id} was read`);
    return found;
  };
  const catalogueOf = ({ scheme }: SchemeDocument): Catalogue => {
    const found = catalogues.get(scheme.catalogueVersion);
    assert(found, `catalogue ${scheme.catalogueVersion} was read`);
    return found;
  };
  return {
    async learn(claims) {
      const ids = new Set<string>();
      for (const { benefit, basis } of claims) ids.add(benefit.schemeId).add(basis.treatingSchemeId);
      await fetch("schemes", schemes, ids);
      const versions = [draft, ...schemes.values()].map(({ scheme }) => scheme.catalogueVersion);
      await fetch("catalogues", catalogues, new Set(versions));
    },
    wasUnder({ benefit, basis }) {
      const treating = schemeOf(basis.treatingSchemeId);
      return { home: schemeOf(benefit.schemeId), treating, catalogue: catalogueOf(treating) };
    },
    wouldBeUnder({ county, basis }) {
      // Its own lines are priced by the draft; those of another county's institutions by what was theirs.
      const isHome = versionOf(basis.treatingSchemeId)?.county === county;
      const treating = isHome || draft.scheme.crossRegionCatalogue === "INSURED_PLACE" ? draft : schemeOf(basis.treatingSchemeId);
      return { home: draft, treating, catalogue: catalogueOf(treating) };
    },
  };
}
