/**
 * Publishes a version of a county's benefit scheme (补助方案). It takes effect the next day at the earliest, so that no claim is decided by a version
 * that its day did not have; only a county's first scheme and a year that has ended may reach back.
 */

import { yearOf } from "../../values/days.ts";
import type { Decision } from "../../values/decision.ts";
import { askOwner, type Refusal } from "../../values/outcome.ts";
import { counties } from "./documents.ts";
import { badScheme, refuse } from "./refusals.ts";
import { type Catalogue, capOf, catalogues, type Scheme, schemeIdOf, schemes, type Timetable, timetables } from "./scheme.ts";

export interface SchemeInput {
  readonly scheme: Scheme;
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
  /** Whether administration knows the county, where the projection did not. */
  readonly asked?: { readonly countyKnown: boolean };
}

export interface PublishedScheme {
  readonly schemeId: string;
  readonly contentHash: string;
}

export const publishScheme: Decision<SchemeInput, PublishedScheme> = {
  needs({ scheme }, loaded) {
    const { county, year, version } = scheme;
    const previous = previousOf(scheme, loaded.get(timetables.key(county)));
    return [
      schemes.key(county, year, version),
      timetables.key(county),
      counties.key(county),
      catalogues.key(scheme.catalogueVersion),
      ...(previous ? [schemes.key(county, year, previous)] : []),
    ];
  },
  decide({ scheme, contentHash, asked }, state, change, context) {
    const { county, year, version, fromDay, toDay } = scheme;
    const key = schemes.key(county, year, version);
    const published = { schemeId: schemeIdOf(scheme), contentHash };
    const stored = state.get(key);
    if (stored) {
      if (stored.contentHash === contentHash) return published;
      return refuse("SCHEME_EXISTS", { field: "scheme.version", scheme: published.schemeId });
    }
    if (!state.get(counties.key(county)) && !asked?.countyKnown)
      return asked ? refuse("UNKNOWN_COUNTY", { field: "scheme.county", county }) : askOwner();
    const timetable = state.get(timetables.key(county));
    const ended = year < yearOf(context.day);
    if (timetable && !ended && fromDay <= context.day)
      return refuse("TOO_EARLY", { field: "scheme.from_day", day: fromDay, today: context.day });
    const previous = previousOf(scheme, timetable);
    const fault =
      schemeFault(scheme, state.get(catalogues.key(scheme.catalogueVersion))) ??
      (previous ? successionFault(scheme, state.must(schemes.key(county, year, previous)).scheme) : undefined);
    if (fault) return fault;
    change.put(key, { county, scheme, contentHash });
    change.put(timetables.key(county), { county, rows: [...(timetable?.rows ?? []), { year, version, fromDay, toDay }] });
    change.about(published.schemeId);
    return published;
  },
};

/** The highest version published of the scheme's year, if any. */
function previousOf({ year }: Scheme, timetable: Timetable | undefined): number | undefined {
  const versions = (timetable?.rows ?? []).filter((row) => row.year === year).map((row) => row.version);
  return versions.length > 0 ? Math.max(...versions) : undefined;
}

/** Where a scheme contradicts itself or its catalogue. */
function schemeFault(scheme: Scheme, catalogue: Catalogue | undefined): Refusal | undefined {
  const { fromDay, toDay, year, catalogueVersion } = scheme;
  if (toDay < fromDay)
    return badScheme("scheme.to_day", `末日 ${toDay} 早于首日 ${fromDay}`, `the last day ${toDay} is before the first, ${fromDay}`);
  for (const [field, day] of [
    ["from_day", fromDay],
    ["to_day", toDay],
  ] as const)
    if (yearOf(day) !== year) return badScheme(`scheme.${field}`, `${day} 不在 ${year} 年内`, `${day} is not in ${year}`);
  if (!catalogue) return badScheme("scheme.catalogue_version", `没有目录 ${catalogueVersion}`, `there is no catalogue ${catalogueVersion}`);
  const repeated =
    twice(
      "rules",
      scheme.rules.map((rule) => `${rule.visitKind} ${rule.level}`),
    ) ??
    twice(
      "caps",
      scheme.caps.map((cap) => cap.visitKind),
    ) ??
    twice(
      "classes",
      scheme.classes.map((entry) => entry.class),
    ) ??
    twice("deductible_waived", scheme.deductibleWaived);
  if (repeated) return repeated;
  const classes = new Set(scheme.classes.map((entry) => entry.class));
  const item = catalogue.items.find((entry) => !classes.has(entry.class));
  if (item)
    return badScheme(
      "scheme.classes",
      `目录项目 ${item.itemCode} 的类别 ${item.class} 没有先自付比例`,
      `class ${item.class} of the catalogue's item ${item.itemCode} has no self-first share`,
    );
  return undefined;
}

function twice(field: string, names: readonly string[]): Refusal | undefined {
  const index = names.findIndex((name, at) => names.indexOf(name) < at);
  if (index < 0) return undefined;
  return badScheme(`scheme.${field}[${index}]`, `${names[index]} 重复`, `${names[index]} is there twice`);
}

/** A later version of a year has a higher number, and does not lower a yearly cap on which standing claims have drawn (invariant 3). */
function successionFault(scheme: Scheme, previous: Scheme): Refusal | undefined {
  if (scheme.version < previous.version)
    return badScheme(
      "scheme.version",
      `${scheme.year} 年已有版本 ${previous.version}，新版本号须更大`,
      `${scheme.year} has version ${previous.version} already; a later version has a higher number`,
    );
  for (const [index, { visitKind, capFen }] of scheme.caps.entries()) {
    const beforeFen = capOf(previous, visitKind);
    if (beforeFen === undefined || capFen < beforeFen)
      return badScheme(
        `scheme.caps[${index}].cap_fen`,
        `年度封顶线在年内不得新设或降低（版本 ${previous.version}）`,
        `a yearly cap is not introduced or lowered within its year (version ${previous.version})`,
      );
  }
  return undefined;
}
