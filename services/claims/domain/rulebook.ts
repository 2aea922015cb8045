/**
 * The province's review rules (审核规则) as published, what waits to be looked at because of them, and how reviewers have judged them. A published book never changes, so a decision reads it without
 * a guard; which book is in force is in the timetable, where a new one takes effect the next day at the earliest.
 */
import type { Finding, Rule, Rulebook } from "../../rules/rule.ts";
import { type Codes, rulebookFaults } from "../../rules/rules-check.ts";
import type { Change, Decision, Doc, Key, State } from "../../values/decision.ts";
import { kind } from "../../values/decision.ts";
import type { Refusal } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { type Path, pathText } from "../../values/shape.ts";
import { canonical } from "./canonical.ts";
import { refuse } from "./refusals.ts";
import { type Catalogue, catalogues, itemOf } from "./scheme.ts";

export interface Ruleset extends Doc {
  readonly book: Rulebook;
  /** SHA-256 of the canonical content. */
  readonly contentHash: string;
  /** The YAML as it came. */
  readonly document: string;
}

export interface RuleTimetable extends Doc {
  readonly rows: readonly { readonly version: number; readonly fromDay: string }[];
}

/** How reviewers have judged a rule's findings in a county; of the rule "sample", how the sampled claims were. */
export interface RuleScore extends Doc {
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly right: number;
  readonly wrong: number;
}

/** A passed claim that somebody is to look at: flagged by rules, or in the sample. */
export interface Look extends Doc {
  readonly claimId: string;
  readonly sampled: boolean;
  readonly bookVersion: number;
  readonly findings: readonly Finding[];
  readonly state: "OPEN" | "RIGHT" | "FAULTY";
  readonly sinceMs: number;
  readonly closedBy: string;
  readonly note: string;
  readonly deltaFen: bigint;
}

/** rulesets/<version> */
export const rulesets = kind<Ruleset>("rulesets", { immutable: true });
/** ruletimes/<province> */
export const ruleTimes = kind<RuleTimetable>("ruletimes");
/** rulescores/<rule>/<version>/<county> */
export const ruleScores = kind<RuleScore>("rulescores");
/** looks/<claim> */
export const looks = kind<Look>("looks");

/** The name under which the sample is scored, by the book's version. No rule is called so: a rule's id is at most 40 characters of another form. */
export const SAMPLE = "(sample)";

/** The book in force on a day: the one that began last. */
export function bookVersionOn(times: RuleTimetable | undefined, day: string): number | undefined {
  return times?.rows.findLast(({ fromDay }) => fromDay <= day)?.version;
}

export function codesOf(catalogue: Catalogue): Codes {
  const { diagnoses } = catalogue;
  return {
    hasItem: (itemCode) => itemOf(catalogue, itemCode) !== undefined,
    hasDiagnosis: (prefix) => diagnoses.length === 0 || diagnoses.some((code) => code.startsWith(prefix)),
  };
}

function badRules(path: Path, zh: string, en: string): Refusal {
  return refuse("BAD_RULES", { field: pathText(path), zh, en });
}

export interface PublishRulesInput {
  readonly book: Rulebook;
  readonly document: string;
  readonly contentHash: string;
}

/** Replies with the book as it is stored; the same content again gets the same answer. */
export const publishRules: Decision<PublishRulesInput, Ruleset> = {
  needs({ book }, loaded) {
    const last = loaded.get(ruleTimes.key(PROVINCE))?.rows.at(-1);
    const keys: Key[] = [rulesets.key(book.version), ruleTimes.key(PROVINCE), catalogues.key(book.catalogueVersion)];
    return last ? [...keys, rulesets.key(last.version)] : keys;
  },
  decide({ book, document, contentHash }, state, change, { day }) {
    const { version, fromDay, catalogueVersion } = book;
    const stored = state.get(rulesets.key(version));
    if (stored) return stored.contentHash === contentHash ? stored : refuse("RULES_EXIST", { field: "document", rules: version });
    const catalogue = state.get(catalogues.key(catalogueVersion));
    if (!catalogue) return badRules(["catalogue_version"], `没有目录 ${catalogueVersion}`, `there is no catalogue ${catalogueVersion}`);
    const [fault] = rulebookFaults(book, codesOf(catalogue));
    if (fault) return badRules(fault.path, fault.zh, fault.en);
    const times = state.get(ruleTimes.key(PROVINCE));
    const last = times?.rows.at(-1);
    if (last && version < last.version)
      return badRules(
        ["version"],
        `已有版本 ${last.version}，新版本号须更大`,
        `there is version ${last.version} already; a later one has a higher number`,
      );
    const [, after = day] = [day, last?.fromDay ?? ""].sort();
    if (last && fromDay <= after) return refuse("TOO_EARLY", { field: "from_day", day: fromDay, today: after });
    const changed = last && changedRule(book.rules, state.must(rulesets.key(last.version)).book.rules);
    if (changed !== undefined)
      return badRules(
        ["rules", changed, "version"],
        "内容已变，版本号须更大",
        "has changed since its last publication: it wants a higher version",
      );
    const ruleset: Ruleset = { county: PROVINCE, book, document, contentHash };
    change.put(rulesets.key(version), ruleset);
    change.put(ruleTimes.key(PROVINCE), { county: PROVINCE, rows: [...(times?.rows ?? []), { version, fromDay }] });
    change.about(`rules/${version}`);
    return ruleset;
  },
};

/** A finding names a rule by id and version: one version means one content. */
function changedRule(rules: readonly Rule[], before: readonly Rule[]): number | undefined {
  const index = rules.findIndex((rule) => {
    const known = before.find(({ id }) => id === rule.id);
    return known && (rule.version < known.version || (rule.version === known.version && canonical(rule) !== canonical(known)));
  });
  return index < 0 ? undefined : index;
}

export type Bearing = "RIGHT" | "WRONG";

export function scoreKeys(county: string, findings: readonly Pick<Finding, "ruleId" | "version">[]): Key<RuleScore>[] {
  return findings.map(({ ruleId, version }) => ruleScores.key(ruleId, version, county));
}

/** A reviewer's word on one finding. */
export function score(
  county: string,
  { ruleId, version }: Pick<Finding, "ruleId" | "version">,
  bearing: Bearing,
  state: State,
  change: Change,
): void {
  const key = ruleScores.key(ruleId, version, county);
  const { right, wrong } = state.get(key) ?? { right: 0, wrong: 0 };
  const more = bearing === "RIGHT" ? { right: right + 1, wrong } : { right, wrong: wrong + 1 };
  change.put(key, { county, ruleId, ruleVersion: version, ...more });
}
