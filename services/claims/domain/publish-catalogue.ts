/** Publishes a version of the province's catalogue (目录). Immutable: the same content again gets the same answer, other content a refusal. */
import type { CatalogueItem } from "../../benefit/scheme.ts";
import type { Decision } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { badScheme, refuse } from "./refusals.ts";
import { byItemCode, catalogues } from "./scheme.ts";

export interface CatalogueInput {
  readonly catalogueVersion: string;
  readonly items: readonly CatalogueItem[];
  /** ICD-10 codes; empty: any. */
  readonly diagnoses: readonly string[];
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
}

/** Replies with the content's hash. */
export const publishCatalogue: Decision<CatalogueInput, string> = {
  needs: ({ catalogueVersion }) => [catalogues.key(catalogueVersion)],
  decide({ catalogueVersion, items, diagnoses, contentHash }, state, change) {
    const key = catalogues.key(catalogueVersion);
    const stored = state.get(key);
    if (stored) {
      if (stored.contentHash === contentHash) return contentHash;
      return refuse("CATALOGUE_EXISTS", { field: "catalogue_version", catalogue: catalogueVersion });
    }
    const seen = new Set<string>();
    for (const [index, { itemCode }] of items.entries()) {
      if (seen.has(itemCode)) return badScheme(`items[${index}].item_code`, `项目 ${itemCode} 重复`, `item ${itemCode} is there twice`);
      seen.add(itemCode);
    }
    const codes = new Set<string>();
    const twice = diagnoses.findIndex((code) => codes.size === codes.add(code).size);
    if (twice >= 0)
      return badScheme(`diagnoses[${twice}]`, `诊断 ${diagnoses[twice]} 重复`, `diagnosis ${diagnoses[twice]} is there twice`);
    change.put(key, { county: PROVINCE, contentHash, items: [...items].sort(byItemCode), diagnoses: [...diagnoses].sort() });
    change.about(catalogueVersion);
    return contentHash;
  },
};
