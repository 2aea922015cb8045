/** Whether a book of rules can be followed: whether each rule has what its form asks for and nothing else, refers to what there is, and does not wait for itself. */
import type { Fault, Path } from "../values/shape.ts";
import type { Form, Rule, Rulebook } from "./rule.ts";

type Field = "items" | "diagnoses" | "levels" | "mostE4" | "mostPerDayE4" | "per" | "days" | "limits" | "sex" | "ages";

/** What a form needs, what it may have besides, and whether it can say what is too much of a line. */
const FORMS: Readonly<Record<Form, { needs: readonly Field[]; may?: readonly Field[]; deducts?: true }>> = {
  DUPLICATE_INVOICE: { needs: ["days"] },
  OVERLAPPING_STAY: { needs: [], may: ["days"] },
  VISIT_DURING_STAY: { needs: [] },
  NOT_ENROLLED: { needs: [] },
  FREQUENCY: { needs: ["items", "mostE4", "per"], deducts: true },
  QUANTITY_OVER_COURSE: { needs: ["items"], may: ["mostE4", "mostPerDayE4"], deducts: true },
  PRICE_OVER_LIMIT: { needs: [], may: ["items", "limits"], deducts: true },
  SEX_MISMATCH: { needs: ["sex"], may: ["items", "diagnoses"], deducts: true },
  AGE_MISMATCH: { needs: ["ages"], may: ["items", "diagnoses"], deducts: true },
  SPLIT_STAY: { needs: ["days"] },
  TRAUMA: { needs: ["diagnoses"] },
  UNREFERRED_HIGH_LEVEL: { needs: ["levels"] },
};

const NAMES: Readonly<Record<Field, string>> = {
  items: "items",
  diagnoses: "diagnoses",
  levels: "levels",
  mostE4: "most_e4",
  mostPerDayE4: "most_per_day_e4",
  per: "per",
  days: "days",
  limits: "limits",
  sex: "sex",
  ages: "from_years",
};

function has(rule: Rule, field: Field): boolean {
  if (field === "ages") return rule.fromYears !== undefined || rule.toYears !== undefined;
  const value = rule[field];
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** The codes that a catalogue has. */
export interface Codes {
  hasItem(itemCode: string): boolean;
  /** Whether a diagnosis begins so. */
  hasDiagnosis(prefix: string): boolean;
}

/** All faults of a book, with their places; `codes` are those of its catalogue, where they are known. */
export function rulebookFaults({ rules }: Pick<Rulebook, "rules">, codes?: Codes): Fault[] {
  const faults: Fault[] = [];
  const ids = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    const at: Path = ["rules", index];
    if (ids.has(rule.id)) faults.push({ path: [...at, "id"], zh: `规则 ${rule.id} 重复`, en: `rule ${rule.id} is there twice` });
    ids.set(rule.id, index);
  }
  for (const [index, rule] of rules.entries()) {
    const at: Path = ["rules", index];
    faults.push(...formFaults(rule, at), ...actionFaults(rule, at));
    for (const [place, other] of rule.unless.entries())
      if (!ids.has(other)) faults.push({ path: [...at, "unless", place], zh: `没有规则 ${other}`, en: `there is no rule ${other}` });
    if (codes) faults.push(...codeFaults(rule, at, codes));
  }
  if (faults.length > 0) return faults;
  const { circle } = ordered(rules);
  const [first = ""] = circle;
  if (circle.length === 0) return [];
  const way = [...circle, first].join(" → ");
  const path: Path = ["rules", ids.get(first) ?? 0, "unless"];
  return [{ path, zh: `规则互相等待，永无结果：${way}`, en: `rules wait for each other without end: ${way}` }];
}

function formFaults(rule: Rule, at: Path): Fault[] {
  const { needs, may = [] } = FORMS[rule.form];
  const faults: Fault[] = [];
  for (const field of Object.keys(NAMES) as Field[]) {
    const path = [...at, NAMES[field]];
    if (needs.includes(field) && !has(rule, field)) faults.push({ path, zh: `${rule.form} 须有此项`, en: `is wanted for ${rule.form}` });
    if (!needs.includes(field) && !may.includes(field) && has(rule, field))
      faults.push({ path, zh: `${rule.form} 不用此项`, en: `does not belong to ${rule.form}` });
  }
  const wantsOne = (one: Field, other: Field) => {
    if (may.includes(one) && may.includes(other) && !has(rule, one) && !has(rule, other))
      faults.push({
        path: [...at, NAMES[one]],
        zh: `须有此项或 ${NAMES[other]}`,
        en: `this or ${NAMES[other]} is wanted for ${rule.form}`,
      });
  };
  wantsOne("mostE4", "mostPerDayE4");
  wantsOne("items", "diagnoses");
  if (rule.fromYears !== undefined && rule.toYears !== undefined && rule.toYears < rule.fromYears)
    faults.push({ path: [...at, "to_years"], zh: "不得小于 from_years", en: "must not be below from_years" });
  return faults;
}

function actionFaults(rule: Rule, at: Path): Fault[] {
  const path = [...at, "action"];
  if (rule.stage === "NIGHTLY" && rule.action !== "FLAG")
    return [{ path, zh: "夜间规则只标记：补偿单已决定", en: "a nightly rule flags: its claims are decided" }];
  if (rule.action !== "DEDUCT") return [];
  if (!FORMS[rule.form].deducts)
    return [{ path, zh: `${rule.form} 不指明哪些行，不得扣减`, en: `${rule.form} names no lines, and cannot deduct` }];
  if (rule.form === "PRICE_OVER_LIMIT" && rule.limits.length === 0)
    return [
      {
        path,
        zh: "目录限价以上的部分方案已不计入，须给出 limits",
        en: "a scheme counts nothing above the catalogue's limit already: give limits",
      },
    ];
  if ((rule.form === "SEX_MISMATCH" || rule.form === "AGE_MISMATCH") && rule.items.length === 0)
    return [{ path, zh: "只按诊断的规则不得扣减", en: "a rule by diagnosis alone names no lines, and cannot deduct" }];
  return [];
}

function codeFaults({ items, diagnoses, limits }: Rule, at: Path, { hasItem, hasDiagnosis }: Codes): Fault[] {
  const noItem = (itemCode: string, path: Path): Fault[] =>
    hasItem(itemCode) ? [] : [{ path, zh: `目录没有项目 ${itemCode}`, en: `the catalogue has no item ${itemCode}` }];
  return [
    ...items.flatMap((itemCode, index) => noItem(itemCode, [...at, "items", index])),
    ...limits.flatMap(({ itemCode }, index) => noItem(itemCode, [...at, "limits", index, "item_code"])),
    ...diagnoses.flatMap((prefix, index) =>
      hasDiagnosis(prefix)
        ? []
        : [{ path: [...at, "diagnoses", index], zh: `目录没有诊断 ${prefix}`, en: `the catalogue has no diagnosis ${prefix}` }],
    ),
  ];
}

/** The rules, each after those that silence it and otherwise as they stand; a circle of them where there is one. */
export function ordered(rules: readonly Rule[]): { readonly rules: readonly Rule[]; readonly circle: readonly string[] } {
  const placed: Rule[] = [];
  const done = new Set<string>();
  const left = [...rules];
  while (left.length > 0) {
    const next = left.findIndex(({ unless }) => unless.every((id) => done.has(id)));
    if (next < 0) return { rules: placed, circle: circleIn(left) };
    const [rule] = left.splice(next, 1);
    if (!rule) break;
    placed.push(rule);
    done.add(rule.id);
  }
  return { rules: placed, circle: [] };
}

/** Each of these waits for another of them: following them ends where it began. */
function circleIn(left: readonly Rule[]): string[] {
  const byId = new Map(left.map((rule) => [rule.id, rule]));
  const way: string[] = [];
  let at = left[0];
  while (at && !way.includes(at.id)) {
    way.push(at.id);
    at = byId.get(at.unless.find((id) => byId.has(id)) ?? "");
  }
  return at ? way.slice(way.indexOf(at.id)) : way;
}
