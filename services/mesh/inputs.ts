/** How bytes become an input: what was asked and what was told. The same way when they come and when a parked one is decided again. */
import type { Caller } from "../values/decision.ts";
import { PROVINCE } from "../values/region.ts";
import { wordsOf } from "../values/thrown.ts";
import type { Input, InputOutcome } from "./input.ts";
import { eventId } from "./journal.ts";
import type { AnyDecision, CommandCall, EventOrigin, Message } from "./wiring.ts";

type Settle = (outcome: InputOutcome) => void;

export interface Asked {
  readonly id: string;
  readonly value: unknown;
  readonly caller: Caller;
  readonly hash: string;
  readonly trace: string;
  readonly bytes: Uint8Array;
  readonly deadlineMs: number | undefined;
  readonly replay?: { readonly by: string };
}

/** The id of a command's input (protocols 8). The caller's name is encoded, so that no name can be read as another's name and method. */
export function askedId(caller: Caller, method: string, requestId: string): string {
  return `${encodeURIComponent(caller.name)}/${method}/${requestId}`;
}

export function askedInput(call: CommandCall, asked: Asked, settle: Settle): Input {
  return {
    ...asked,
    from: "call",
    decision: call.decision,
    method: call.method.name,
    atMs: undefined,
    record: "entry",
    fenced: false,
    encode: (result) => call.method.responseType.encode(call.reply(result)).finish(),
    settle,
  };
}

export interface Told {
  readonly source: string;
  readonly event: string;
  /** The event's id, as Nats-Msg-Id says; empty where there is none. */
  readonly id: string;
  /** `twin number atMs`, the nrcms-origin header; empty where there is none. */
  readonly origin: string;
  readonly trace: string;
  readonly bytes: Uint8Array;
  /** The id under which it is parked where it is not one of ours: never an id that one of ours could have. */
  readonly foreignId: string;
  readonly replay?: { readonly by: string };
}

const NO_REPLY = new Uint8Array();
/** The last instant that a Date can hold. */
const LAST_MS = 8_640_000_000_000_000;

/** What cannot be read is parked with its bytes, by a decision that fails for that reason. */
function unreadable(reason: string): AnyDecision {
  return {
    needs: () => [],
    decide: () => {
      throw new Error(reason);
    },
  };
}

function originOf(told: Told): EventOrigin | undefined {
  const match = /^(a|b) (\d{1,15}) (\d{1,16})$/.exec(told.origin);
  const [, twin = "", number = "", atMs = ""] = match ?? [];
  const origin = { source: told.source, twin, number: Number(number), atMs: Number(atMs), id: told.id };
  // The id says again where it was written: one that says otherwise must not take the place of an event that will have it.
  const ours = match && told.id === eventId(told.source, twin, origin.number);
  return ours && origin.number > 0 && origin.atMs > 0 && origin.atMs <= LAST_MS ? origin : undefined;
}

export function toldInput(rule: Message | undefined, told: Told, settle: Settle): Input {
  const { source, event, id, origin: header, trace, bytes, replay } = told;
  const base = {
    from: "event" as const,
    caller: { name: source, role: "SERVICE", scope: PROVINCE },
    method: `${source}.${event}`,
    hash: "",
    trace,
    deadlineMs: undefined,
    fenced: false,
    encode: () => NO_REPLY,
    bytes,
    origin: header,
    ...(replay ? { replay } : {}),
    settle,
  };
  const origin = originOf(told);
  if (!rule || !origin) {
    const reason = rule ? "its Nats-Msg-Id and nrcms-origin are not those of an event of ours" : `no rule for ${source}.${event}`;
    return { ...base, id: origin ? id : told.foreignId, decision: unreadable(reason), value: undefined, atMs: undefined, record: "entry" };
  }
  try {
    const value = rule.input(rule.codec.decode(bytes), origin);
    return { ...base, id, decision: rule.decision, value, atMs: origin.atMs, record: rule.record };
  } catch (error) {
    const decision = unreadable(`the event cannot be read: ${wordsOf(error)}`);
    return { ...base, id, decision, value: undefined, atMs: origin.atMs, record: "entry" };
  }
}
