/** The outcomes that are not a reply: a refusal is a value, weather is a value; a bug is a throw. */

/** gRPC status names that a refusal may map to. */
export type Status =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "FAILED_PRECONDITION"
  | "UNAUTHENTICATED"
  | "RESOURCE_EXHAUSTED"
  | "INTERNAL"
  | "DEADLINE_EXCEEDED"
  | "UNAVAILABLE";

/** A "no" that one can act on. `field` is a path into the request (`bill.lines[3].billed_fen`), or empty. */
export interface Refusal {
  readonly outcome: "refused";
  readonly code: string;
  readonly status: Status;
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

/** Weather: a fact that is not here yet, an engine that does not answer. Tried again; nothing is stored. */
export interface Unavailable {
  readonly outcome: "unavailable";
  readonly reason: string;
  readonly retryAfterMs: number;
}

export function unavailable(reason: string, retryAfterMs = 50): Unavailable {
  return { outcome: "unavailable", reason, retryAfterMs };
}

const ASK_OWNER = "ask-owner";

/**
 * A command's projection cannot say yes and must not say no for want of a record (protocols 15):
 * the mesh lets the call's `ask` find out from the owner, outside the batch, and enters the input again with what it learnt.
 */
export function askOwner(): Unavailable {
  return unavailable(ASK_OWNER);
}

export function isAskOwner(value: unknown): value is Unavailable {
  return isUnavailable(value) && value.reason === ASK_OWNER;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && (value as { outcome?: unknown }).outcome === "refused";
}

export function isUnavailable(value: unknown): value is Unavailable {
  return typeof value === "object" && value !== null && (value as { outcome?: unknown }).outcome === "unavailable";
}

/** One line of a service's refusal catalogue. `{name}` in the sentences is filled in from the parameters. */
export interface RefusalLine {
  readonly status: Status;
  readonly zh: string;
  readonly en: string;
}

export interface RefusalDetail {
  readonly field?: string;
  readonly [parameter: string]: string | number | bigint | undefined;
}

function fill(sentence: string, detail: RefusalDetail): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(detail[name] ?? whole));
}

/**
 * Makes the `refuse` function of a service from its closed catalogue:
 * `const refuse = refusals({ NOT_COVERED: { status: "FAILED_PRECONDITION", zh: "…{day}…", en: "…" } })`, then `refuse("NOT_COVERED", { field: "bill.person_id", day })`.
 */
export function refusals<C extends string>(catalogue: Readonly<Record<C, RefusalLine>>) {
  return (code: C, detail: RefusalDetail = {}): Refusal => {
    const line = catalogue[code];
    return {
      outcome: "refused",
      code,
      status: line.status,
      field: detail.field ?? "",
      zh: fill(line.zh, detail),
      en: fill(line.en, detail),
    };
  };
}

/** What fails the contract at the door: the code is BAD_REQUEST everywhere, nothing is stored. */
export function badRequest(field: string, zh: string, en: string): Refusal {
  return { outcome: "refused", code: "BAD_REQUEST", status: "INVALID_ARGUMENT", field, zh, en };
}

/** A bug if it fails: the input is parked with the message, the others go on. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
