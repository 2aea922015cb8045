/**
 * A second opinion on benefits: reads a scheme's YAML by itself and computes what each pays, sharing no code with the product. It knows what the reference schemes of
 * this folder say (rates, segments, quotas, floors, caps, account orders) and nothing else; written from `services/benefit/reference.md` alone.
 */
import { parse } from "yaml";

/** The plain values of the document; whole numbers as bigint. */
// biome-ignore lint/suspicious/noExplicitAny: a document as it stands, read without the product's model of it
type Plain = any;

export interface Parts {
  readonly eligible_fen: bigint;
  readonly deductible_fen: bigint;
  readonly subsidy_fen: bigint;
  readonly fund_fen: bigint;
  readonly account_fen: bigint;
  readonly patient_fen: bigint;
  readonly over_cap_fen: bigint;
}

export interface Item {
  readonly class: string;
  readonly limitFen: bigint;
}

export function documentOf(yaml: string): Plain {
  return parse(yaml, { intAsBigInt: true });
}

function least(first: bigint, ...others: bigint[]): bigint {
  let found = first;
  for (const one of others) if (one < found) found = one;
  return found;
}

function most(first: bigint, ...others: bigint[]): bigint {
  return -least(-first, ...others.map((one) => -one));
}

/** The nearest whole number to a / b, a half going up. */
const near = (a: bigint, b: bigint) => (a * 2n + b) / (b * 2n);

/** What the reference says of one golden case. */
export function opinion(scheme: Plain, golden: Plain, itemOf: (code: string) => Item): Parts {
  const { visit, before = {} } = golden;
  const classes = new Map<string, bigint>(scheme.classes.map((one: Plain) => [one.class, one.self_first_bp]));
  let bill = 0n;
  let eligible = 0n;
  for (const line of visit.lines) {
    const { class: name, limitFen } = itemOf(line.item_code);
    const quantity: bigint = line.quantity_e4 ?? 10_000n;
    const limited = limitFen === 0n ? line.fen : least(line.fen, near(limitFen * quantity, 10_000n));
    bill += line.fen;
    if (line.covered ?? true) eligible += near(limited * (10_000n - (classes.get(name) ?? 0n)), 10_000n);
  }
  const { benefit, terms } = termsOf(scheme, visit);
  const order = visit.visit_kind === "INPATIENT" ? "POOL_ONLY" : (benefit.outpatient_order ?? scheme.outpatient_order ?? "POOL_ONLY");
  const balance: bigint = before.account_fen ?? 0n;
  const subsidy = least(benefit.subsidy_fen ?? 0n, bill);
  const early = order === "ACCOUNT_THEN_POOL" ? least(balance, eligible) : 0n;
  const base = eligible - early;
  const waived = benefit.deductible?.waived_for?.includes(visit.category ?? "ORDINARY");
  const deductible = waived ? 0n : least(base, terms.deductible_fen ?? 0n);
  const wanted = order === "ACCOUNT_ONLY" ? 0n : resultOf(visit, terms, bill - subsidy, base, deductible, bill, eligible);
  const whole = least(wanted, bill - subsidy);
  let fund = benefit.per_visit_cap_fen === undefined ? whole : least(whole, benefit.per_visit_cap_fen);
  for (const cap of over(scheme, benefit.code)) {
    const used = (before.used_fen ?? []).find((one: Plain) => one.cap === cap.code)?.fen ?? 0n;
    fund = least(fund, most(0n, (cap.fen as bigint) - used));
  }
  const open = most(0n, least(bill - subsidy - fund, eligible - fund));
  const account = order === "POOL_ONLY" ? 0n : least(balance, open);
  return {
    eligible_fen: eligible,
    deductible_fen: deductible,
    subsidy_fen: subsidy,
    fund_fen: fund,
    account_fen: account,
    patient_fen: bill - subsidy - fund - account,
    over_cap_fen: whole - fund,
  };
}

/** The first benefit that fits the visit and has its level. */
function termsOf(scheme: Plain, visit: Plain): { benefit: Plain; terms: Plain } {
  for (const benefit of scheme.benefits) {
    const diagnosis: string = visit.diagnosis ?? "J18";
    const fits =
      benefit.visit_kind === visit.visit_kind &&
      (!benefit.registration || (visit.registrations ?? []).includes(benefit.registration)) &&
      (!benefit.diagnoses || benefit.diagnoses.some((prefix: string) => diagnosis.startsWith(prefix)));
    const terms = benefit.levels.find((one: Plain) => one.level === visit.level);
    if (fits && terms) return { benefit, terms };
  }
  throw new Error(`no benefit fits ${JSON.stringify(visit.visit_kind)} at ${visit.level}`);
}

function resultOf(visit: Plain, terms: Plain, left: bigint, base: bigint, deductible: bigint, bill: bigint, eligible: bigint): bigint {
  if (terms.quota_fen !== undefined) return least(terms.quota_fen, left);
  if (terms.monthly_quota_fen !== undefined) {
    const months = new Set<string>(visit.lines.map((line: Plain) => (line.day ?? "first").slice(0, 7)));
    return least(terms.monthly_quota_fen * BigInt(months.size), left);
  }
  const times: bigint = terms.multiplier_bp ?? 10_000n;
  const result =
    terms.rate_bp === undefined
      ? terms.segments.reduce((sum: bigint, { over_fen, up_to_fen, bp }: Plain) => {
          const part = most(0n, least(base, up_to_fen ?? base) - most(over_fen, deductible));
          return sum + near(part * bp * times, 100_000_000n);
        }, 0n)
      : near((base - deductible) * terms.rate_bp * times, 100_000_000n);
  const floor = eligible > deductible ? near((bill - deductible) * (terms.floor_bp ?? 0n), 10_000n) : 0n;
  return most(result, floor);
}

/** The caps that include a code, or a cap that does. */
function over(scheme: Plain, code: string): Plain[] {
  const direct = (scheme.caps ?? []).filter((cap: Plain) => cap.includes.includes(code));
  return [...direct, ...direct.flatMap((cap: Plain) => over(scheme, cap.code))];
}
