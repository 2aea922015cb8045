/** What each form of rule looks for. Pure; each looks once at every line and at every other claim that the case has. */
import { reaches } from "../benefit/words.ts";
import { daysBetween } from "../values/days.ts";
import { BP, halfUp, lesser, yuan } from "../values/money.ts";
import type { Case, Excess, Finding, Form, Rule, RuleBill, RuleLine } from "./rule.ts";

/** What was found, before it is signed by its rule. */
export type Found = Pick<Finding, "zh" | "en"> & Partial<Pick<Finding, "claims" | "lines" | "values" | "excess">>;
type Look = (rule: Rule, one: Case) => Found | undefined;

const E4 = 10_000n;

/** Full-width and half-width, large and small, spaces and dashes are one. */
export function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** By which an invoice is the same wherever it is typed: its number and its amount. */
export function invoiceMarks({ invoices }: RuleBill): string[] {
  return invoices
    .filter(({ invoiceNumber }) => invoiceNumber !== "")
    .map(({ invoiceNumber, totalFen }) => `${plain(invoiceNumber)}/${totalFen}`);
}

/** 15000 → 1.5 */
function quantity(e4: bigint): string {
  const digits = (e4 % E4).toString().padStart(4, "0").replace(/0+$/, "");
  return digits === "" ? `${e4 / E4}` : `${e4 / E4}.${digits}`;
}

function ownOf({ bill, others }: Case): RuleBill[] {
  return others.filter(
    ({ personId, newborn, claimId }) => personId === bill.personId && newborn === bill.newborn && claimId !== bill.claimId,
  );
}

const stayOf = ({ admittedOn, dischargedOn }: RuleBill) => `${admittedOn}–${dischargedOn}`;

function duplicateInvoice({ days = 0 }: Rule, { bill, others }: Case): Found | undefined {
  const marks = new Set(invoiceMarks(bill));
  const same = others.filter(
    (other) =>
      other.claimId !== bill.claimId &&
      Math.abs(daysBetween(other.dischargedOn, bill.dischargedOn)) <= days &&
      invoiceMarks(other).some((mark) => marks.has(mark)),
  );
  const [first] = same;
  if (!first) return undefined;
  const number = bill.invoices.find((invoice) => invoiceMarks(first).includes(`${plain(invoice.invoiceNumber)}/${invoice.totalFen}`));
  const { invoiceNumber = "", totalFen = 0n } = number ?? {};
  return {
    zh: `发票 ${invoiceNumber}（${yuan(totalFen)} 元）已用于 ${first.claimId}`,
    en: `invoice ${invoiceNumber} of ${yuan(totalFen)} yuan was claimed by ${first.claimId}`,
    claims: same.map(({ claimId }) => claimId),
    values: [{ name: "invoice", value: `${invoiceNumber}/${totalFen}` }],
  };
}

/** Days that two stays share, the day of passing from one institution to the next not counted. */
function sharedDays(a: RuleBill, b: RuleBill): number {
  const [, from = ""] = [a.admittedOn, b.admittedOn].sort();
  const [to = ""] = [a.dischargedOn, b.dischargedOn].sort();
  if (a.admittedOn === b.admittedOn && a.dischargedOn === b.dischargedOn) return Math.max(1, daysBetween(from, to));
  return Math.max(0, daysBetween(from, to));
}

function overlappingStay({ days = 0 }: Rule, one: Case): Found | undefined {
  const { bill } = one;
  if (bill.visitKind !== "INPATIENT") return undefined;
  const over = ownOf(one).filter((other) => other.visitKind === "INPATIENT" && sharedDays(bill, other) > days);
  const [first] = over;
  if (!first) return undefined;
  const shared = sharedDays(bill, first);
  return {
    zh: `住院 ${stayOf(bill)} 与 ${first.claimId}（${stayOf(first)}）重叠 ${shared} 天`,
    en: `the stay ${bill.admittedOn} to ${bill.dischargedOn} shares ${shared} days with ${first.claimId}`,
    claims: over.map(({ claimId }) => claimId),
    values: [{ name: "days", value: `${shared}` }],
  };
}

/** Neither on the day of admission nor of discharge. */
function isWithin(visit: RuleBill, stay: RuleBill): boolean {
  return stay.admittedOn < visit.admittedOn && visit.dischargedOn < stay.dischargedOn;
}

function visitDuringStay(_: Rule, one: Case): Found | undefined {
  const { bill } = one;
  const found = ownOf(one).filter((other) => {
    if (other.visitKind === bill.visitKind) return false;
    return bill.visitKind === "OUTPATIENT" ? isWithin(bill, other) : isWithin(other, bill);
  });
  const [first] = found;
  if (!first) return undefined;
  return {
    zh: `住院期间有门诊：${first.claimId}（${stayOf(first)}）`,
    en: `an outpatient visit during a stay: ${first.claimId}`,
    claims: found.map(({ claimId }) => claimId),
    values: [{ name: "day", value: bill.visitKind === "OUTPATIENT" ? bill.admittedOn : first.admittedOn }],
  };
}

function notEnrolled(_: Rule, { bill, uncoveredDays }: Case): Found | undefined {
  const [day] = uncoveredDays;
  if (day === undefined) return undefined;
  return {
    zh: `${uncoveredDays.join("、")} 不在参合期内`,
    en: `the person was not enrolled on ${uncoveredDays.join(", ")}`,
    lines: bill.lines.flatMap((line, index) => (uncoveredDays.includes(line.day) ? [index + 1] : [])),
    values: [{ name: "days", value: uncoveredDays.join(" ") }],
  };
}

/** Takes what is over off the last lines first: what was done before was still within. */
function excessOf(numbered: readonly { line: RuleLine; number: number }[], overE4: bigint): Excess[] {
  const excess: Excess[] = [];
  let left = overE4;
  for (const { line, number } of [...numbered].reverse()) {
    if (left <= 0n) break;
    const takenE4 = lesser(left, line.quantityE4);
    left -= takenE4;
    // Half-up, a line's part at a time; all of a line is all of its amount.
    const fen = halfUp(line.billedFen * takenE4, line.quantityE4);
    if (fen > 0n) excess.push({ line: number, fen });
  }
  return excess.reverse();
}

/** The lines of a rule's items, by item or all together. */
function groupsOf({ items, together }: Rule, { lines }: RuleBill): Map<string, { line: RuleLine; number: number }[]> {
  const wanted = new Set(items);
  const groups = new Map<string, { line: RuleLine; number: number }[]>();
  for (const [index, line] of lines.entries()) {
    if (!wanted.has(line.itemCode)) continue;
    const name = together ? "" : line.itemCode;
    const group = groups.get(name);
    if (group) group.push({ line, number: index + 1 });
    else groups.set(name, [{ line, number: index + 1 }]);
  }
  return groups;
}

/** The span that a line counts in; one of which no time is known counts in no hour. */
function spanOf({ day, time }: RuleLine, per: Rule["per"]): string | undefined {
  if (per !== "HOUR") return day;
  return time === undefined ? undefined : `${day} ${time.slice(0, 2)}:00`;
}

function frequency(rule: Rule, one: Case): Found | undefined {
  const { per, mostE4 = 0n, together } = rule;
  const elsewhere = ownOf(one);
  let worst: (Found & { readonly sumE4: bigint }) | undefined;
  const excess: Excess[] = [];
  const lines: number[] = [];
  const claims = new Set<string>();
  for (const [item, own] of groupsOf(rule, one.bill)) {
    const spans = Map.groupBy(own, ({ line }) => spanOf(line, per));
    for (const [span, numbered] of spans) {
      if (span === undefined) continue;
      let sumE4 = numbered.reduce((sum, { line }) => sum + line.quantityE4, 0n);
      const beside: string[] = [];
      for (const other of elsewhere) {
        if (span.slice(0, 10) < other.admittedOn || other.dischargedOn < span.slice(0, 10)) continue;
        const sameE4 = other.lines
          .filter((line) => (together ? rule.items.includes(line.itemCode) : line.itemCode === item) && spanOf(line, per) === span)
          .reduce((sum, line) => sum + line.quantityE4, 0n);
        if (sameE4 > 0n) beside.push(other.claimId);
        sumE4 += sameE4;
      }
      if (sumE4 <= mostE4) continue;
      excess.push(...excessOf(numbered, sumE4 - mostE4));
      lines.push(...numbered.map(({ number }) => number));
      for (const claim of beside) claims.add(claim);
      if (worst && worst.sumE4 >= sumE4) continue;
      const what = together ? rule.items.slice(0, 3).join("、") : item;
      worst = {
        sumE4,
        zh: `${what} 在 ${span} 共 ${quantity(sumE4)} 次，上限 ${quantity(mostE4)}`,
        en: `${what.replaceAll("、", ", ")} ${quantity(sumE4)} times on ${span}, at most ${quantity(mostE4)}`,
        values: [
          { name: "quantity", value: quantity(sumE4) },
          { name: "most", value: quantity(mostE4) },
          { name: per === "HOUR" ? "hour" : "day", value: span },
        ],
      };
    }
  }
  if (!worst) return undefined;
  const { sumE4: _, ...found } = worst;
  return { ...found, lines, claims: [...claims], excess };
}

function quantityOverCourse(rule: Rule, { bill }: Case): Found | undefined {
  const { mostE4, mostPerDayE4 } = rule;
  const days = BigInt(daysBetween(bill.admittedOn, bill.dischargedOn) + 1);
  const perStayE4 = mostPerDayE4 === undefined ? undefined : mostPerDayE4 * days;
  const limitE4 = mostE4 === undefined ? perStayE4 : perStayE4 === undefined ? mostE4 : lesser(mostE4, perStayE4);
  if (limitE4 === undefined) return undefined;
  let found: Found | undefined;
  const lines: number[] = [];
  const excess: Excess[] = [];
  for (const [item, own] of groupsOf(rule, bill)) {
    const sumE4 = own.reduce((sum, { line }) => sum + line.quantityE4, 0n);
    if (sumE4 <= limitE4) continue;
    lines.push(...own.map(({ number }) => number));
    excess.push(...excessOf(own, sumE4 - limitE4));
    const what = item === "" ? rule.items.slice(0, 3).join("、") : item;
    found ??= {
      zh: `${what} 共 ${quantity(sumE4)}，${days} 天至多 ${quantity(limitE4)}`,
      en: `${quantity(sumE4)} of ${what.replaceAll("、", ", ")} in ${days} days, at most ${quantity(limitE4)}`,
      values: [
        { name: "quantity", value: quantity(sumE4) },
        { name: "most", value: quantity(limitE4) },
        { name: "days", value: `${days}` },
      ],
    };
  }
  return found && { ...found, lines, excess };
}

function priceOverLimit({ items, limits, toleranceBp }: Rule, { bill, priceLimitFen }: Case): Found | undefined {
  const own = new Map(limits.map(({ itemCode, fen }) => [itemCode, fen]));
  const wanted = new Set(items);
  let found: Found | undefined;
  const lines: number[] = [];
  const excess: Excess[] = [];
  for (const [index, { itemCode, unitPriceFen, quantityE4, billedFen }] of bill.lines.entries()) {
    if (wanted.size > 0 && !wanted.has(itemCode)) continue;
    const limitFen = own.size > 0 ? (own.get(itemCode) ?? 0n) : priceLimitFen(itemCode);
    if (limitFen === 0n || unitPriceFen * BP <= limitFen * (BP + BigInt(toleranceBp))) continue;
    lines.push(index + 1);
    const fen = billedFen - halfUp(quantityE4 * limitFen, E4);
    if (fen > 0n) excess.push({ line: index + 1, fen });
    found ??= {
      zh: `${itemCode} 单价 ${yuan(unitPriceFen)} 元，限价 ${yuan(limitFen)} 元`,
      en: `${itemCode} costs ${yuan(unitPriceFen)} yuan, its limit is ${yuan(limitFen)}`,
      values: [
        { name: "price_fen", value: `${unitPriceFen}` },
        { name: "limit_fen", value: `${limitFen}` },
      ],
    };
  }
  return found && { ...found, lines, excess };
}

/** What of the bill a rule by item and diagnosis is about: its lines, none where it is the diagnosis; undefined where it is not about it. */
function aboutOf({ items, diagnoses }: Rule, { lines, diagnosis }: RuleBill): number[] | undefined {
  const wanted = new Set(items);
  const numbers = lines.flatMap(({ itemCode }, index) => (wanted.has(itemCode) ? [index + 1] : []));
  return numbers.length > 0 || diagnoses.some((prefix) => diagnosis.startsWith(prefix)) ? numbers : undefined;
}

function whole({ lines }: RuleBill, numbers: readonly number[]): Excess[] {
  return numbers.flatMap((line) => {
    const fen = lines[line - 1]?.billedFen ?? 0n;
    return fen > 0n ? [{ line, fen }] : [];
  });
}

const SEX_ZH = { FEMALE: "女", MALE: "男" } as const;

/** A newborn's own sex and birth are not known: it is covered under its mother. */
function sexMismatch(rule: Rule, { bill, person }: Case): Found | undefined {
  const numbers = person && bill.newborn === 0 && person.sex !== rule.sex ? aboutOf(rule, bill) : undefined;
  if (!person || !numbers || !rule.sex) return undefined;
  const what = bill.lines[(numbers[0] ?? 0) - 1]?.itemCode ?? bill.diagnosis;
  return {
    zh: `${what} 限${SEX_ZH[rule.sex]}性，此人为${SEX_ZH[person.sex]}性`,
    en: `${what} is for ${rule.sex.toLowerCase()} patients only, and the person is ${person.sex.toLowerCase()}`,
    lines: numbers,
    values: [{ name: "sex", value: person.sex }],
    excess: whole(bill, numbers),
  };
}

/** Completed years of age on a day. */
export function ageOn(bornOn: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(bornOn.slice(0, 4));
  return day.slice(5) < bornOn.slice(5) ? years - 1 : years;
}

function ageMismatch(rule: Rule, { bill, person }: Case): Found | undefined {
  if (!person || bill.newborn > 0) return undefined;
  const { fromYears = 0, toYears = 200 } = rule;
  const age = ageOn(person.bornOn, bill.admittedOn);
  if (fromYears <= age && age <= toYears) return undefined;
  const numbers = aboutOf(rule, bill);
  if (!numbers) return undefined;
  const what = bill.lines[(numbers[0] ?? 0) - 1]?.itemCode ?? bill.diagnosis;
  return {
    zh: `${what} 限 ${fromYears} 至 ${toYears} 岁，此人 ${age} 岁`,
    en: `${what} is for ages ${fromYears} to ${toYears}, and the person is ${age}`,
    lines: numbers,
    values: [{ name: "age", value: `${age}` }],
    excess: whole(bill, numbers),
  };
}

/** One stay billed as two: discharged, and admitted again soon. Whichever of them is billed later. */
function splitStay({ days = 0, digits, sameInstitution }: Rule, one: Case): Found | undefined {
  const { bill } = one;
  if (bill.visitKind !== "INPATIENT") return undefined;
  const gapOf = (other: RuleBill) =>
    other.admittedOn < bill.admittedOn
      ? daysBetween(other.dischargedOn, bill.admittedOn)
      : daysBetween(bill.dischargedOn, other.admittedOn);
  const parts = ownOf(one).filter(
    (other) =>
      other.visitKind === "INPATIENT" &&
      gapOf(other) >= 0 &&
      gapOf(other) <= days &&
      (!sameInstitution || other.institutionId === bill.institutionId) &&
      other.diagnosis.slice(0, digits) === bill.diagnosis.slice(0, digits),
  );
  const [first] = parts;
  if (!first) return undefined;
  const gap = gapOf(first);
  return {
    zh: `与 ${first.claimId}（${stayOf(first)}）相隔 ${gap} 天，疑为分解住院`,
    en: `${gap} days apart from the stay ${first.claimId}: one stay may have been split`,
    claims: parts.map(({ claimId }) => claimId),
    values: [{ name: "days", value: `${gap}` }],
  };
}

function trauma({ diagnoses }: Rule, { bill: { diagnosis } }: Case): Found | undefined {
  const prefix = diagnoses.find((one) => diagnosis.startsWith(one));
  if (prefix === undefined) return undefined;
  return {
    zh: `诊断 ${diagnosis} 为外伤，须有第三方责任认定`,
    en: `diagnosis ${diagnosis} is an injury: whether a third party is liable must be shown`,
    values: [{ name: "diagnosis", value: diagnosis }],
  };
}

function unreferred({ levels }: Rule, { bill, level }: Case): Found | undefined {
  if (bill.visitKind !== "INPATIENT" || bill.referralId !== "") return undefined;
  if (!levels.some((one) => one === level || reaches(level, one))) return undefined;
  return {
    zh: `未经转诊在 ${level} 级机构住院`,
    en: `a stay at level ${level} without a referral`,
    values: [{ name: "level", value: level }],
  };
}

export const LOOKS: Readonly<Record<Form, Look>> = {
  DUPLICATE_INVOICE: duplicateInvoice,
  OVERLAPPING_STAY: overlappingStay,
  VISIT_DURING_STAY: visitDuringStay,
  NOT_ENROLLED: notEnrolled,
  FREQUENCY: frequency,
  QUANTITY_OVER_COURSE: quantityOverCourse,
  PRICE_OVER_LIMIT: priceOverLimit,
  SEX_MISMATCH: sexMismatch,
  AGE_MISMATCH: ageMismatch,
  SPLIT_STAY: splitStay,
  TRAUMA: trauma,
  UNREFERRED_HIGH_LEVEL: unreferred,
};

/** Forms that look at the person's other claims: so many days away. */
export function reachOf({ form, days = 0, per }: Rule): number | undefined {
  if (form === "DUPLICATE_INVOICE" || form === "SPLIT_STAY") return days;
  if (form === "FREQUENCY") return per === "HOUR" ? 0 : 1;
  return form === "OVERLAPPING_STAY" || form === "VISIT_DURING_STAY" ? 0 : undefined;
}
