/** An input on its way through the batch: asked (call), told (event), or brought by time (due). */
import type { Caller } from "../values/decision.ts";
import type { Refusal, Unavailable } from "../values/outcome.ts";
import type { AnyDecision } from "./wiring.ts";

export interface Input {
  readonly id: string;
  readonly from: "call" | "event" | "due";
  readonly decision: AnyDecision;
  readonly value: unknown;
  readonly caller: Caller;
  readonly method: string;
  readonly hash: string;
  /** W3C traceparent, or empty. */
  readonly trace: string;
  /** Told inputs keep their event's time; others are stamped with the batch. */
  readonly atMs: number | undefined;
  /** Monotonic instant after which nobody waits for the answer any more. */
  readonly deadlineMs: number | undefined;
  readonly record: "entry" | "own";
  /** Commit only while this twin holds the lease. */
  readonly fenced: boolean;
  /** Encodes what `decide` answered; empty for what nobody waits for. */
  encode(result: unknown): Uint8Array;
  /** The bytes that came, for parking. */
  readonly bytes: Uint8Array;
  /** An event's twin, number and time, as its header says. */
  readonly origin?: string;
  /** It was parked, and somebody wants it decided again. */
  readonly replay?: { readonly by: string };
  settle(outcome: InputOutcome): void;
}

/** What became of an input. Told inputs are acknowledged on `done`, and only after `published` resolves. */
export type InputOutcome =
  | {
      readonly kind: "done";
      readonly reply: Uint8Array;
      readonly result: unknown;
      readonly repeated: boolean;
      readonly published: Promise<void>;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly published: Promise<void> }
  | { readonly kind: "unavailable"; readonly unavailable: Unavailable }
  | { readonly kind: "parked"; readonly id: string; readonly error: string };
