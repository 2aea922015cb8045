/** The golden cases of a scheme: worked out by hand by its authors, decided here by the same code that decides claims. */
import { adjudicate } from "./adjudicate.ts";
import { type Before, type Law, NOTHING_BEFORE, type Visit } from "./case.ts";
import { entitlementOf } from "./entitlement.ts";
import { type CatalogueItem, GOLDEN_RESULTS, type GoldenCase, type Scheme } from "./scheme.ts";
import type { SchemeFault } from "./scheme-check.ts";

/** Where a scheme does not decide its golden cases as they say; empty where it does. */
export function goldenFaults(scheme: Scheme, itemOf: (itemCode: string) => CatalogueItem | undefined): SchemeFault[] {
  const { classes, catalogueVersion } = scheme;
  // Hashes are for the trace, which nobody asks for here.
  const law: Law = { scheme, schemeHash: "", classes, catalogueVersion, catalogueHash: "" };
  return scheme.golden.flatMap((golden, index) => faultsOf(golden, ["golden", index], law, itemOf));
}

function faultsOf(
  golden: GoldenCase,
  path: readonly (string | number)[],
  law: Law,
  itemOf: (itemCode: string) => CatalogueItem | undefined,
): SchemeFault[] {
  const unknown = golden.visit.lines.findIndex(({ itemCode }) => !itemOf(itemCode));
  if (unknown >= 0) {
    const { itemCode } = golden.visit.lines[unknown] ?? {};
    const at = [...path, "visit", "lines", unknown, "item_code"];
    return [{ path: at, zh: `目录没有项目 ${itemCode}`, en: `the catalogue has no item ${itemCode}` }];
  }
  const visit = visitOf(golden, law.scheme.fromDay, itemOf);
  const entitlement = entitlementOf(visit, law.scheme);
  if (!entitlement)
    return [{ path: [...path, "visit"], zh: `“${golden.name}”不属任何待遇`, en: `no benefit fits the case "${golden.name}"` }];
  const { amounts } = adjudicate(visit, entitlement, law, beforeOf(golden));
  return GOLDEN_RESULTS.flatMap((name) => {
    const [wanted, found] = [golden.expect[name], amounts[name]];
    if (wanted === undefined || wanted === found) return [];
    const zh = `“${golden.name}”的 ${name} 应为 ${wanted}，算得 ${found}`;
    return [{ path: [...path, "expect", snake(name)], zh, en: `the case "${golden.name}" expects ${name} ${wanted} and gets ${found}` }];
  });
}

/** As the document names it. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function visitOf({ visit }: GoldenCase, firstDay: string, itemOf: (itemCode: string) => CatalogueItem | undefined): Visit {
  return {
    ...visit,
    lines: visit.lines.flatMap(({ itemCode, fen, quantityE4, day, covered }) => {
      const item = itemOf(itemCode);
      return item ? [{ item, quantityE4, billedFen: fen, day: day || firstDay, covered }] : [];
    }),
  };
}

function beforeOf({ before }: GoldenCase): Before {
  const { usedFen, compensatedStays, accountFen, borneFen } = before;
  return {
    ...NOTHING_BEFORE,
    usedFen: Object.fromEntries(usedFen.map(({ cap, fen }) => [cap, fen])),
    compensatedStays,
    accountFen,
    borneFen,
  };
}
