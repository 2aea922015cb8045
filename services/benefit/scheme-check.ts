/** Where a scheme, good in form, contradicts itself or its catalogue. Each fault names its place in the document. */
import { yearOf } from "../values/days.ts";
import type { BenefitRule, Cap, CatalogueItem, Rate, Scheme, Segment } from "./scheme.ts";

export type SchemePath = readonly (string | number)[];

export interface SchemeFault {
  readonly path: SchemePath;
  readonly zh: string;
  readonly en: string;
}

const FULL_BP = 10_000;

/** Every contradiction within the scheme. */
export function schemeFaults(scheme: Scheme): SchemeFault[] {
  return [
    ...dayFaults(scheme),
    ...codeFaults(scheme),
    ...twice(
      ["classes"],
      "class",
      scheme.classes.map((entry) => entry.class),
    ),
    ...twice(
      ["result_unit_at"],
      "level",
      scheme.resultUnitAt.map(({ level }) => level),
    ),
    ...fundFaults(scheme),
    ...scheme.benefits.flatMap(benefitFaults),
    ...scheme.seriousDiseases.flatMap(({ fundBp, assistanceBp }, index) =>
      fundBp + assistanceBp > FULL_BP
        ? [fault(["serious_diseases", index, "assistance_bp"], "基金与救助之和超过 100%", "fund and assistance together are above 100 %")]
        : [],
    ),
    ...scheme.diseasePrices.flatMap(({ separately }, index) =>
      twice(
        ["disease_prices", index, "separately"],
        "items",
        separately.flatMap(({ items }) => items),
      ),
    ),
    ...segmentFaults(["catastrophic"], scheme.catastrophic),
    ...capFaults(scheme),
    ...goldenPlaces(scheme),
  ];
}

/** Classes of the catalogue's items to which the scheme gives no share. */
export function catalogueFaults(scheme: Scheme, items: readonly CatalogueItem[]): SchemeFault[] {
  const classes = new Set(scheme.classes.map((entry) => entry.class));
  const found = new Map(items.filter((item) => !classes.has(item.class)).map((item) => [item.class, item]));
  return [...found.values()].map((item) =>
    fault(
      ["classes"],
      `目录项目 ${item.itemCode} 的类别 ${item.class} 没有先自付比例`,
      `class ${item.class} of the catalogue's item ${item.itemCode} has no self-first share`,
    ),
  );
}

function fault(path: SchemePath, zh: string, en: string): SchemeFault {
  return { path, zh, en };
}

function dayFaults({ fromDay, toDay, year }: Scheme): SchemeFault[] {
  const outside = [
    ["from_day", fromDay],
    ["to_day", toDay],
  ].flatMap(([name = "", day = ""]) =>
    yearOf(day) === year ? [] : [fault([name], `${day} 不在 ${year} 年内`, `${day} is not in ${year}`)],
  );
  if (toDay >= fromDay) return outside;
  return [...outside, fault(["to_day"], `末日 ${toDay} 早于首日 ${fromDay}`, `the last day ${toDay} is before the first, ${fromDay}`)];
}

/** Benefits, diseases and caps share one space of codes, because caps name them. */
function codeFaults(scheme: Scheme): SchemeFault[] {
  const seen = new Set<string>();
  const lists = [
    ["benefits", scheme.benefits],
    ["serious_diseases", scheme.seriousDiseases],
    ["disease_prices", scheme.diseasePrices],
    ["caps", scheme.caps],
  ] as const;
  return lists.flatMap(([name, entries]) =>
    entries.flatMap(({ code }, index) => {
      if (!seen.has(code)) {
        seen.add(code);
        return [];
      }
      return [fault([name, index, "code"], `代码 ${code} 重复`, `the code ${code} is there twice`)];
    }),
  );
}

function twice(path: SchemePath, field: string, names: readonly string[]): SchemeFault[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [fault([...path, index, field], `${name} 重复`, `${name} is there twice`)] : [],
  );
}

/** Funds share the whole income: by shares that sum to 100 %, or by amounts a head that sum to what is raised. */
function fundFaults({ funds, financing }: Scheme): SchemeFault[] {
  const doubled = twice(
    ["funds"],
    "fund",
    funds.map(({ fund }) => fund),
  );
  if (funds.length === 0 || doubled.length > 0) return doubled;
  const byShare = funds.filter(({ shareBp }) => shareBp !== undefined);
  const unclear = funds.findIndex(({ shareBp, fenPerHead }) => (shareBp === undefined) === (fenPerHead === undefined));
  if (unclear >= 0) return [fault(["funds", unclear], "须有 share_bp 或 fen_per_head 之一", "has either share_bp or fen_per_head")];
  const use = funds.findIndex(({ minUseBp, maxUseBp }) => minUseBp > maxUseBp);
  if (use >= 0) return [fault(["funds", use, "min_use_bp"], "高于 max_use_bp", "is above max_use_bp")];
  if (byShare.length === funds.length) {
    const sum = byShare.reduce((total, { shareBp = 0 }) => total + shareBp, 0);
    return sum === FULL_BP ? [] : [fault(["funds"], `份额之和为 ${sum / 100}%，应为 100%`, `the shares sum to ${sum / 100} %, not 100 %`)];
  }
  if (byShare.length > 0) return [fault(["funds"], "不得混用份额与人均金额", "shares and amounts a head are not mixed")];
  const raised = financing.filter(({ categories }) => categories.length === 0).reduce((total, { fenPerHead }) => total + fenPerHead, 0n);
  const given = funds.reduce((total, { fenPerHead = 0n }) => total + fenPerHead, 0n);
  return given === raised
    ? []
    : [fault(["funds"], `人均分配 ${given} 分，人均筹资 ${raised} 分`, `${given} fen a head is given out and ${raised} is raised`)];
}

function benefitFaults(benefit: BenefitRule, index: number): SchemeFault[] {
  const path = ["benefits", index];
  const { nthStay } = benefit.deductible;
  const order = nthStay.findIndex(({ from }, at) => at > 0 && from <= (nthStay[at - 1]?.from ?? 0));
  return [
    ...twice(
      [...path, "levels"],
      "level",
      benefit.levels.map(({ level }) => level),
    ),
    ...twice(
      [...path, "modifiers"],
      "when",
      benefit.modifiers.map(({ when }) => when),
    ),
    ...(order < 0 ? [] : [fault([...path, "deductible", "nth_stay", order, "from"], "次数须递增", "must be more than the one before it")]),
    ...benefit.levels.flatMap(({ rate, floorBp, deductibleFen }, at) => [
      ...rateFaults([...path, "levels", at], rate),
      ...((rate.kind === "QUOTA" || rate.kind === "MONTHLY_QUOTA") && (floorBp > 0 || deductibleFen > 0n)
        ? [fault([...path, "levels", at], "定额没有起付线和保底", "a quota has no deductible and no floor")]
        : []),
    ]),
  ];
}

function rateFaults(path: SchemePath, rate: Rate): SchemeFault[] {
  return rate.kind === "SEGMENTS" ? segmentFaults([...path, "segments"], rate.segments, true) : [];
}

/** Segments begin where the one before ends; benefits' at 0; only the last has no end, and it has none. */
function segmentFaults(path: SchemePath, segments: readonly Segment[], fromNothing = false): SchemeFault[] {
  return segments.flatMap(({ overFen, upToFen }, index) => {
    const before = segments[index - 1];
    const start = before ? before.upToFen : fromNothing ? 0n : overFen;
    const at = [...path, index];
    if (start === undefined)
      return [fault([...at, "over_fen"], "前一段没有上限，各段重叠", "the segment before it has no end: they overlap")];
    if (overFen < start)
      return [fault([...at, "over_fen"], `与前一段重叠：前一段到 ${start}`, `overlaps the segment before it, which goes to ${start}`)];
    if (overFen > start)
      return [fault([...at, "over_fen"], `与前一段之间有空档：应从 ${start} 起`, `leaves a gap: it should begin at ${start}`)];
    if (upToFen !== undefined && upToFen <= overFen) return [fault([...at, "up_to_fen"], "须大于下限", "must be above over_fen")];
    if (upToFen !== undefined && index === segments.length - 1)
      return [fault([...at, "up_to_fen"], "末段不得有上限", "the last segment has no end")];
    return [];
  });
}

function capFaults(scheme: Scheme): SchemeFault[] {
  const known = new Set([...scheme.benefits, ...scheme.seriousDiseases, ...scheme.diseasePrices, ...scheme.caps].map(({ code }) => code));
  return scheme.caps.flatMap((cap, index) => {
    const path = ["caps", index, "includes"];
    const unknown = cap.includes.findIndex((code) => !known.has(code));
    if (unknown >= 0) return [fault([...path, unknown], `没有代码 ${cap.includes[unknown]}`, `there is no code ${cap.includes[unknown]}`)];
    if (holdsItself(cap, scheme.caps)) return [fault(path, `封顶线 ${cap.code} 包含其自身`, `the cap ${cap.code} includes itself`)];
    return twice(path, "", cap.includes).map(({ path: at, ...rest }) => ({ ...rest, path: at.slice(0, -1) }));
  });
}

/** Directly or through others; each cap is visited once. */
function holdsItself(cap: Cap, caps: readonly Cap[]): boolean {
  const seen = new Set<string>();
  const open = [...cap.includes];
  for (let code = open.pop(); code !== undefined; code = open.pop()) {
    if (code === cap.code) return true;
    if (seen.has(code)) continue;
    seen.add(code);
    open.push(...(caps.find((other) => other.code === code)?.includes ?? []));
  }
  return false;
}

function goldenPlaces({ golden, caps }: Scheme): SchemeFault[] {
  const known = new Set(caps.map(({ code }) => code));
  return golden.flatMap(({ before }, index) =>
    before.usedFen.flatMap(({ cap }, at) =>
      known.has(cap) ? [] : [fault(["golden", index, "before", "used_fen", at, "cap"], `没有封顶线 ${cap}`, `there is no cap ${cap}`)],
    ),
  );
}
