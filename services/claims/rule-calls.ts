/** What claims is asked about review rules: published, checked, shown with their scores; what they flag, and the sample, looked at afterwards. */
import {
  type Deduction as DeductionForm,
  ClaimsServiceDefinition as definition,
  type Finding as FindingMessage,
  type Look as LookMessage,
  type RuleNight as RuleNightMessage,
  type RuleScore as RuleScoreMessage,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import type { PlacedFault } from "../mesh/yaml.ts";
import type { Finding } from "../rules/rule.ts";
import { readRules } from "../rules/rules-file.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { deductionFormsFault, deductionsFrom, findingMessage } from "./answers.ts";
import { hashOf } from "./domain/canonical.ts";
import { badCode, badCount, badCounty, badDay, badId, badNumber, badText, missing } from "./domain/fields.ts";
import { type CloseInput, closeLook, type ReportInput, reportFindings } from "./domain/look.ts";
import { refuse } from "./domain/refusals.ts";
import { LAST_NIGHT, type RuleNight } from "./domain/rule-night.ts";
import { bookVersionOn, codesOf, type Look, type PublishRulesInput, publishRules, rulesets, ruleTimes, SAMPLE } from "./domain/rulebook.ts";
import { catalogues } from "./domain/scheme.ts";
import { openLooks, scoresOf } from "./store.ts";

const MAX_NOTE = 200;
const MAX_FOUND = 50;
const MAX_FINDINGS = 20;
const MAX_SENTENCE = 500;

export function ruleCalls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  return [
    command(methods.publishRules, {
      check: ({ document }) => documentFault(document),
      input: ({ document }) => rulesFrom(document),
      decision: publishRules,
      reply: ({ book, contentHash }) => ({ version: book.version, contentHash }),
    }),
    query(methods.checkRules, async ({ document }) => ({ faults: await faultsOf(document, reader) })),
    query(methods.getRules, async ({ day }) => {
      const fault = badDay("day", day);
      if (fault) return fault;
      const version = bookVersionOn(await reader.get(ruleTimes.key(PROVINCE)), day);
      const stored = version === undefined ? undefined : await reader.get(rulesets.key(version));
      if (!stored) return refuse("UNKNOWN_RULES", { field: "day", rules: day });
      const { book, document, contentHash } = stored;
      const scores = await scoresOf(reader, book);
      const sample = scores.find(({ ruleId }) => ruleId === SAMPLE);
      return {
        version: book.version,
        fromDay: book.fromDay,
        document,
        contentHash,
        scores: scores.filter(({ ruleId }) => ruleId !== SAMPLE).map(scoreMessage),
        sample: sample && scoreMessage(sample),
        lastNight: nightMessage(await reader.get(LAST_NIGHT)),
      };
    }),
    command(methods.reportFindings, {
      check: ({ version, found }) =>
        badNumber("version", version, 1, 99_999) ?? badCount("found", found.length, 1, MAX_FOUND) ?? foundFault(found),
      input: ({ version, found }): ReportInput => ({
        version,
        found: found.map(({ claimId, findings }) => ({ claimId, findings: findings.map(findingFrom) })),
      }),
      decision: reportFindings,
      reply: (claims) => ({ claims }),
    }),
    query(methods.listLooks, async ({ county }) => {
      const fault = badCounty("county", county);
      return fault ?? { looks: (await openLooks(reader, county)).map(lookMessage) };
    }),
    command(methods.closeLook, {
      check: ({ county, claimId, state, note, deductions }) =>
        badCounty("county", county) ?? badId("claim_id", claimId) ?? closingFault(state, note, deductions),
      input: ({ county, claimId, state, note, deductions }): CloseInput => ({
        county,
        claimId,
        verdict: state === "FAULTY" ? "FAULTY" : "RIGHT",
        note,
        deductions: deductionsFrom(deductions),
      }),
      decision: closeLook,
      reply: (look) => ({ look: lookMessage(look) }),
    }),
  ];
}

function closingFault(state: string, note: string, deductions: readonly DeductionForm[]): Refusal | undefined {
  if (state !== "RIGHT" && state !== "FAULTY") return missing("state");
  if (state === "FAULTY" || note !== "") {
    const fault = badText("note", note, MAX_NOTE);
    if (fault) return fault;
  }
  if (state === "RIGHT" && deductions.length > 0)
    return badRequest("deductions", "无误的补偿单不得扣减", "nothing is taken off a claim that is right");
  return deductionFormsFault(deductions);
}

function foundFault(found: readonly { readonly claimId: string; readonly findings: readonly FindingMessage[] }[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [index, { claimId, findings }] of found.entries()) {
    const at = `found[${index}]`;
    const fault =
      badId(`${at}.claim_id`, claimId) ??
      (seen.has(claimId) ? badRequest(`${at}.claim_id`, "补偿单重复", "the claim is there twice") : undefined) ??
      badCount(`${at}.findings`, findings.length, 1, MAX_FINDINGS);
    if (fault) return fault;
    seen.add(claimId);
    for (const [place, finding] of findings.entries()) {
      const bad = findingFault(`${at}.findings[${place}]`, finding);
      if (bad) return bad;
    }
  }
  return undefined;
}

function findingFault(at: string, { ruleId, version, zh, en, claimIds, lines, values }: FindingMessage): Refusal | undefined {
  return (
    badCode(`${at}.rule_id`, ruleId) ??
    badNumber(`${at}.version`, version, 1, 9_999) ??
    badText(`${at}.zh`, zh, MAX_SENTENCE) ??
    badText(`${at}.en`, en, MAX_SENTENCE) ??
    badCount(`${at}.claim_ids`, claimIds.length, 0, MAX_FINDINGS) ??
    badCount(`${at}.lines`, lines.length, 0, MAX_FINDINGS) ??
    badCount(`${at}.values`, values.length, 0, MAX_FINDINGS) ??
    first(claimIds, (claimId, index) => badId(`${at}.claim_ids[${index}]`, claimId)) ??
    first(
      values,
      ({ name, value }, index) =>
        badCode(`${at}.values[${index}].name`, name) ?? badText(`${at}.values[${index}].value`, value, MAX_SENTENCE),
    )
  );
}

function first<T>(items: readonly T[], faultOf: (item: T, index: number) => Refusal | undefined): Refusal | undefined {
  for (const [index, item] of items.entries()) {
    const fault = faultOf(item, index);
    if (fault) return fault;
  }
  return undefined;
}

/** What a nightly rule finds is a flag. */
function findingFrom({ ruleId, version, zh, en, claimIds, lines, values }: FindingMessage): Finding {
  return { ruleId, version, action: "FLAG", zh, en, claims: claimIds, lines, values, excess: [] };
}

function documentFault(document: string): Refusal | undefined {
  const read = readRules(document);
  if (!("faults" in read)) return undefined;
  const [fault] = read.faults;
  return fault && refusalOf(fault);
}

/** The place is told as line and column too: a person looks for it in a file. */
function refusalOf({ field, line, column, zh, en }: PlacedFault): Refusal {
  const at = `${line}:${column}`;
  return refuse("BAD_RULES", { field: field === "" ? "document" : field, zh: `${at} ${zh}`, en: `${at} ${en}` });
}

function rulesFrom(document: string): PublishRulesInput | Refusal {
  const read = readRules(document);
  if ("faults" in read) return documentFault(document) ?? missing("document");
  return { book: read.book, document, contentHash: hashOf(read.book) };
}

async function faultsOf(document: string, reader: Reader): Promise<PlacedFault[]> {
  const read = readRules(document);
  if ("faults" in read) return [...read.faults];
  const { catalogueVersion } = read.book;
  const catalogue = await reader.get(catalogues.key(catalogueVersion));
  if (!catalogue)
    return [
      read.place({ path: ["catalogue_version"], zh: `没有目录 ${catalogueVersion}`, en: `there is no catalogue ${catalogueVersion}` }),
    ];
  const again = readRules(document, codesOf(catalogue));
  return "faults" in again ? [...again.faults] : [];
}

function scoreMessage({
  ruleId,
  ruleVersion,
  right,
  wrong,
}: {
  ruleId: string;
  ruleVersion: number;
  right: number;
  wrong: number;
}): RuleScoreMessage {
  return { ruleId, version: ruleVersion, right, wrong };
}

function nightMessage(night: RuleNight | undefined): RuleNightMessage | undefined {
  if (!night) return undefined;
  const { day, version, claims, found, left, fault, endedAtMs, times } = night;
  return { day, version, claims, found, left, fault, endedAtMs: BigInt(endedAtMs), times };
}

function lookMessage({ claimId, state, sampled, findings, sinceMs, closedBy, note, deltaFen }: Look): LookMessage {
  return { claimId, state, sampled, findings: findings.map(findingMessage), sinceMs: BigInt(sinceMs), closedBy, note, deltaFen };
}
