/**
 * The life of a benefit scheme's version (补助方案): DRAFT → SIMULATED (it decides its golden cases as its authors did) → APPROVED (by two different people) → PUBLISHED → SUPERSEDED.
 * A published version never changes. It takes effect the next day at the earliest, so that no claim is decided by a version that its day did not have;
 * only a county's first scheme and a year that has ended may reach back.
 */
import { goldenFaults } from "../../benefit/golden.ts";
import type { Scheme } from "../../benefit/scheme.ts";
import { catalogueFaults, type SchemeFault } from "../../benefit/scheme-check.ts";
import { yearOf } from "../../values/days.ts";
import type { Decision, Key, Loaded } from "../../values/decision.ts";
import { askOwner, type Refusal } from "../../values/outcome.ts";
import { pathText } from "../../values/shape.ts";
import { counties } from "./documents.ts";
import type { ClaimsEvents } from "./events.ts";
import { familyFenPerHead } from "./family-account.ts";
import { badScheme, refuse } from "./refusals.ts";
import {
  type Catalogue,
  catalogues,
  type Draft,
  type DraftState,
  drafts,
  itemOf,
  schemeIdOf,
  schemes,
  type Timetable,
  type TimetableRow,
  timetables,
} from "./scheme.ts";

const APPROVALS = 2;

export interface DraftInput {
  readonly scheme: Scheme;
  /** The YAML as it came. */
  readonly document: string;
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
  /** Whether administration knows the county, where the projection did not. */
  readonly asked?: { readonly countyKnown: boolean };
}

/** Names a version, and its content where the caller wants to be sure of it. */
export interface VersionInput {
  readonly county: string;
  readonly year: number;
  readonly version: number;
  /** The content hash that the caller has seen; empty: whatever it is. */
  readonly contentHash: string;
}

/** Stores a draft, also in the place of one that is not published yet: its simulation and approvals are then void. */
export const draftScheme: Decision<DraftInput, Draft> = {
  needs: ({ scheme }) => [
    drafts.key(scheme.county, scheme.year, scheme.version),
    counties.key(scheme.county),
    catalogues.key(scheme.catalogueVersion),
  ],
  decide({ scheme, document, contentHash, asked }, state, change, { caller }) {
    const { county, catalogueVersion } = scheme;
    const key = drafts.key(county, scheme.year, scheme.version);
    const stored = state.get(key);
    if (stored?.contentHash === contentHash) return stored;
    if (stored?.state === "PUBLISHED" || stored?.state === "SUPERSEDED")
      return refuse("SCHEME_EXISTS", { field: "document", scheme: schemeIdOf(scheme) });
    if (!state.get(counties.key(county)) && !asked?.countyKnown)
      return asked ? refuse("UNKNOWN_COUNTY", { field: "document", county }) : askOwner();
    const catalogue = state.get(catalogues.key(catalogueVersion));
    if (!catalogue) return badScheme("catalogue_version", `没有目录 ${catalogueVersion}`, `there is no catalogue ${catalogueVersion}`);
    const [fault] = catalogueFaults(scheme, catalogue.items);
    if (fault) return refusalOf(fault);
    const draft: Draft = { county, scheme, contentHash, document, state: "DRAFT", draftedBy: caller.name, approvedBy: [] };
    change.put(key, draft);
    change.about(schemeIdOf(scheme));
    return draft;
  },
};

/** Decides the golden cases: all hold, or the first that does not is named. */
export const simulateScheme: Decision<VersionInput, Draft> = {
  needs: (input, loaded) => [draftKey(input), ...catalogueKeys(input, loaded)],
  decide(input, state, change) {
    const draft = draftIn(input, state, ["DRAFT", "SIMULATED"]);
    if ("outcome" in draft) return draft;
    const { scheme } = draft;
    const catalogue = state.must(catalogues.key(scheme.catalogueVersion));
    const [fault] = goldenFaults(scheme, (itemCode) => itemOf(catalogue, itemCode));
    if (fault) return refusalOf(fault);
    const simulated: Draft = { ...draft, state: "SIMULATED" };
    change.put(draftKey(input), simulated);
    change.about(schemeIdOf(scheme));
    return simulated;
  },
};

/** One person's approval; the second makes it APPROVED. */
export const approveScheme: Decision<VersionInput, Draft> = {
  needs: (input) => [draftKey(input)],
  decide(input, state, change, { caller }) {
    const draft = draftIn(input, state, ["SIMULATED"]);
    if ("outcome" in draft) return draft;
    const scheme = schemeIdOf(draft.scheme);
    if (draft.approvedBy.includes(caller.name)) return refuse("ALREADY_APPROVED", { scheme, name: caller.name });
    const approvedBy = [...draft.approvedBy, caller.name];
    const approved: Draft = { ...draft, approvedBy, state: approvedBy.length >= APPROVALS ? "APPROVED" : "SIMULATED" };
    change.put(draftKey(input), approved);
    change.about(scheme);
    return approved;
  },
};

/** From now on it is law, from its first day on. */
export const publishScheme: Decision<VersionInput, Draft, ClaimsEvents> = {
  needs(input, loaded) {
    const previous = previousOf(input, loaded.get(timetables.key(input.county)));
    return [
      draftKey(input),
      timetables.key(input.county),
      schemes.key(input.county, input.year, input.version),
      ...(previous === undefined ? [] : [drafts.key(input.county, input.year, previous)]),
    ];
  },
  decide(input, state, change, context) {
    const draft = draftIn(input, state, ["APPROVED", "PUBLISHED"]);
    if ("outcome" in draft || draft.state === "PUBLISHED") return draft;
    const { scheme, contentHash } = draft;
    const { county, year, version, fromDay } = scheme;
    const timetable = state.get(timetables.key(county));
    const ended = year < yearOf(context.day);
    if (timetable && !ended && fromDay <= context.day) return refuse("TOO_EARLY", { field: "from_day", day: fromDay, today: context.day });
    const before = previousOf(input, timetable);
    const previous = before === undefined ? undefined : state.must(drafts.key(county, year, before));
    const fault = previous && successionFault(scheme, previous.scheme);
    if (fault) return fault;
    if (previous) change.put(drafts.key(county, year, previous.scheme.version), { ...previous, state: "SUPERSEDED" });
    const published: Draft = { ...draft, state: "PUBLISHED" };
    change.put(draftKey(input), published);
    change.put(schemes.key(county, year, version), { county, scheme, contentHash });
    change.put(timetables.key(county), { county, rows: [...(timetable?.rows ?? []), rowFor(scheme)] });
    // How the year's income is shared by funds: an amount a head weighs like its fen, a share like its basis points.
    const funds = scheme.funds.map(({ fund, shareBp, fenPerHead }) => ({ fund, weight: fenPerHead ?? BigInt(shareBp ?? 0) }));
    change.tell("SchemePublished", county, { county, year, version, funds, capitation: [...scheme.capitation] });
    change.about(schemeIdOf(scheme));
    return published;
  },
};

function rowFor(scheme: Scheme): TimetableRow {
  const { year, version, fromDay, toDay } = scheme;
  const fenPerHead = familyFenPerHead(scheme);
  return { year, version, fromDay, toDay, ...(fenPerHead > 0n ? { familyFenPerHead: fenPerHead } : {}) };
}

function draftKey({ county, year, version }: VersionInput): Key<Draft> {
  return drafts.key(county, year, version);
}

function catalogueKeys(input: VersionInput, loaded: Loaded): Key<Catalogue>[] {
  const draft = loaded.get(draftKey(input));
  return draft ? [catalogues.key(draft.scheme.catalogueVersion)] : [];
}

/** The draft, where it is there, in one of the states wanted, and what the caller has seen. */
function draftIn(input: VersionInput, state: Loaded, wanted: readonly DraftState[]): Draft | Refusal {
  const draft = state.get(draftKey(input));
  const scheme = schemeIdOf(input);
  if (!draft) return refuse("UNKNOWN_SCHEME", { field: "scheme_id", scheme });
  if (input.contentHash !== "" && input.contentHash !== draft.contentHash)
    return refuse("SCHEME_CHANGED", { field: "content_hash", scheme, hash: draft.contentHash });
  if (!wanted.includes(draft.state))
    return refuse("WRONG_SCHEME_STATE", { field: "scheme_id", scheme, state: draft.state, wanted: wanted[0] ?? "" });
  return draft;
}

function refusalOf({ path, zh, en }: SchemeFault): Refusal {
  return badScheme(pathText(path), zh, en);
}

/** The highest version published of the year, if any. */
function previousOf({ year }: VersionInput, timetable: Timetable | undefined): number | undefined {
  const versions = (timetable?.rows ?? []).filter((row) => row.year === year).map((row) => row.version);
  return versions.length > 0 ? Math.max(...versions) : undefined;
}

/** A later version of a year has a higher number, and neither takes away nor lowers a yearly cap on which standing claims have drawn (invariant 3). */
function successionFault(scheme: Scheme, previous: Scheme): Refusal | undefined {
  if (scheme.version < previous.version)
    return badScheme(
      "version",
      `${scheme.year} 年已有版本 ${previous.version}，新版本号须更大`,
      `${scheme.year} has version ${previous.version} already; a later version has a higher number`,
    );
  for (const [index, cap] of scheme.caps.entries()) {
    const before = previous.caps.find(({ code }) => code === cap.code);
    if (!before || cap.fen < before.fen || cap.scope !== before.scope)
      return badScheme(
        `caps[${index}].fen`,
        `年度封顶线在年内不得新设、降低或改变范围（版本 ${previous.version}）`,
        `a yearly cap is not introduced, lowered or changed in scope within its year (version ${previous.version})`,
      );
  }
  return undefined;
}
