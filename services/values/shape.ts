/**
 * What a value out of YAML or JSON must look like to be a document or a message of the contract. A shape gives it (camelCase, bigint fen),
 * or writes down every fault with its path. Only the form is judged: what an amount or a day means is the service's matter.
 */

/** What is wrong, in both languages. */
export interface Reason {
  readonly zh: string;
  readonly en: string;
}

/** member_no → memberNo, as the contract's messages are named. */
export type Camel<S extends string> = S extends `${infer Head}_${infer Rest}` ? `${Head}${Capitalize<Camel<Rest>>}` : S;

export function camel<S extends string>(name: S): Camel<S> {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as Camel<S>;
}

export type Path = readonly (string | number)[];

export interface Fault extends Reason {
  readonly path: Path;
}

/** Gives undefined only after it has written down a fault. */
export type Shape<T> = (value: unknown, path: Path, faults: Fault[]) => T | undefined;

const INT64 = 1n << 63n;
const INT32 = 2 ** 31;

function shape<T>(zh: string, en: string, read: (value: unknown) => T | undefined): Shape<T> {
  return (value, path, faults) => {
    const result = read(value);
    if (result === undefined)
      faults.push(value === undefined || value === null ? { path, zh: "必填", en: "is missing" } : { path, zh, en });
    return result;
  };
}

export const text: Shape<string> = shape("须为文本", "must be text", (value) => (typeof value === "string" ? value : undefined));

export const truth: Shape<boolean> = shape("须为 true 或 false", "must be true or false", (value) =>
  typeof value === "boolean" ? value : undefined,
);

/** A whole number that is exact: JSON's beyond 2^53 are not, and may be written as text. */
export const integer64: Shape<bigint> = shape(
  "须为整数，过大的数须写成文本",
  "must be a whole number; one beyond 2^53 is written as text",
  (value) => {
    const whole = wholeOf(value);
    return whole !== undefined && whole >= -INT64 && whole < INT64 ? whole : undefined;
  },
);

export const integer32: Shape<number> = shape("须为整数", "must be a whole number", (value) => {
  const whole = wholeOf(value);
  return whole !== undefined && whole >= -INT32 && whole < INT32 ? Number(whole) : undefined;
});

function wholeOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

export function among<const T extends string>(values: readonly T[]): Shape<T> {
  const list = values.join(", ");
  return shape(`须为 ${list} 之一`, `must be one of ${list}`, (value) => values.find((one) => one === value));
}

/** What passes `inner` and `test`. */
export function such<T>(inner: Shape<T>, zh: string, en: string, test: (value: T) => boolean): Shape<T> {
  return (value, path, faults) => {
    const read = inner(value, path, faults);
    if (read === undefined || test(read)) return read;
    faults.push({ path, zh, en });
    return undefined;
  };
}

/** May be left out. */
export const matching = (pattern: RegExp, zh: string, en: string): Shape<string> => such(text, zh, en, (value) => pattern.test(value));

/** A whole number from `least` to `most`. */
export const within = (least: number, most: number): Shape<number> =>
  such(integer32, `须在 ${least} 与 ${most} 之间`, `must be between ${least} and ${most}`, (value) => value >= least && value <= most);

export function optional<T>(inner: Shape<T>, without: T): Shape<T> {
  return (value, path, faults) => (value === undefined ? without : inner(value, path, faults));
}

export function list<T>(inner: Shape<T>): Shape<T[]> {
  return (value, path, faults) => {
    if (!Array.isArray(value)) {
      faults.push(
        value === undefined || value === null ? { path, zh: "必填", en: "is missing" } : { path, zh: "须为列表", en: "must be a list" },
      );
      return undefined;
    }
    const items = value.map((item, index) => inner(item, [...path, index], faults));
    return items.every((item) => item !== undefined) ? items : undefined;
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type MessageOf<F extends Fields> = { [K in keyof F & string as Camel<K>]: F[K] extends Shape<infer T> ? T : never };

export function few<T>(inner: Shape<T>, most: number, least = 0): Shape<T[]> {
  return such(
    list(inner),
    `须有 ${least} 至 ${most} 条`,
    `must have ${least} to ${most} entries`,
    ({ length }) => length >= least && length <= most,
  );
}

/** A message by its fields in snake_case; a field that it does not have is a fault. */
export function message<F extends Fields>(fields: F): Shape<MessageOf<F>> {
  return (value, path, faults) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      faults.push(
        value === undefined || value === null
          ? { path, zh: "必填", en: "is missing" }
          : { path, zh: "须为一组字段", en: "must be a group of fields" },
      );
      return undefined;
    }
    const before = faults.length;
    const given = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(given))
      if (!Object.hasOwn(fields, name)) faults.push({ path: [...path, name], zh: "没有这个字段", en: "is no field here" });
    const entries = Object.entries(fields).map(([name, inner]) => [
      camel(name),
      inner(Object.hasOwn(given, name) ? given[name] : undefined, [...path, name], faults),
    ]);
    return faults.length === before ? (Object.fromEntries(entries) as MessageOf<F>) : undefined;
  };
}

/** `schemes[2].rules[0].rate_bp`. */
export function pathText(path: Path): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}
