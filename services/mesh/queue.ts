/**
 * What waits for a batch, and who waits for the same input: bounded in number and bytes; full means Unavailable at once (protocols 6).
 * Requests go first, and events get at least their share, however many requests there are and however small a batch is.
 */
import { type Refusal, type Unavailable, unavailable } from "../values/outcome.ts";
import type { Input } from "./input.ts";

export interface QueueLimits {
  /** Most requests that wait, and most events that wait. */
  readonly queueLimit: number;
  /** Most bytes that wait; events are not counted against it, their number is bounded by `room`. */
  readonly queueBytes: number;
}

/** Events get at least this part of what is decided. */
const EVENT_SHARE = 1 / 4;
/** Events to have in hand however small the batches are, so that none waits for a fetch of its own. */
const ROOM_FLOOR = 32;
/** Most repeats that wait for one input's outcome. */
const JOIN_LIMIT = 64;

interface Underway {
  readonly first: Input;
  readonly joined: Input[];
}

export class InputQueue {
  private readonly calls: Input[] = [];
  private readonly events: Input[] = [];
  /** Inputs that wait or are in a batch, by id: a repeat joins the first one. */
  private readonly underway = new Map<string, Underway>();
  private bytes = 0;
  /** What the events are owed of the next batch. */
  private owed = 0;
  private readonly limits: QueueLimits;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get length(): number {
    return this.calls.length + this.events.length;
  }

  /** Room for the told inputs of one batch, or of several very small ones. Requests take none of it away. */
  room(batchLimit: number): number {
    return Math.max(0, Math.min(this.limits.queueLimit, Math.max(ROOM_FLOOR, batchLimit)) - this.events.length);
  }

  /** Takes an input in, or says why not. */
  enter(input: Input): Refusal | Unavailable | undefined {
    const underway = this.underway.get(input.id);
    if (underway) {
      if (underway.first.hash !== input.hash) return reused(input);
      if (underway.joined.length >= JOIN_LIMIT) return unavailable("too many repeats of one input", 250);
      underway.joined.push(input);
      return undefined;
    }
    const told = input.from === "event";
    const full = told
      ? this.events.length >= this.limits.queueLimit
      : this.calls.length >= this.limits.queueLimit || this.bytes >= this.limits.queueBytes;
    if (full) return unavailable("overloaded", 250);
    this.underway.set(input.id, { first: input, joined: [] });
    if (!told) this.bytes += input.bytes.length;
    (told ? this.events : this.calls).push(input);
    return undefined;
  }

  /** The next batch: at most `limit` inputs; one that must be alone is alone. */
  take(limit: number, alone: (id: string) => boolean): Input[] {
    for (const queue of [this.calls, this.events]) if (queue[0] && alone(queue[0].id)) return queue.splice(0, 1);
    this.owed = Math.min(limit, this.owed + limit * EVENT_SHARE);
    const events = this.events.splice(0, Math.max(Math.floor(this.owed), limit - this.calls.length));
    this.owed = Math.max(0, this.owed - events.length);
    const taken = [...this.calls.splice(0, limit - events.length), ...events];
    const until = taken.findIndex((input) => alone(input.id));
    if (until > 0) this.putBack(taken.splice(until));
    return taken;
  }

  /** Back to the front, in their order: they were first. */
  putBack(inputs: readonly Input[]): void {
    for (const input of inputs.toReversed()) (input.from === "event" ? this.events : this.calls).unshift(input);
  }

  /** Whether this very input has no outcome yet. (Its id may be another's by now: a caller came again after its deadline.) */
  has(input: Input): boolean {
    return this.underway.get(input.id)?.first === input;
  }

  /** The input has its outcome: it, and all that wait for the same, are to be told. Nobody where that has happened before. */
  finish(input: Input): readonly Input[] {
    const underway = this.underway.get(input.id);
    if (underway?.first !== input) return [];
    this.underway.delete(input.id);
    if (input.from !== "event") this.bytes -= input.bytes.length;
    return [input, ...underway.joined];
  }

  /** Everything that waits, out of the queue; its outcome is still open. */
  empty(): Input[] {
    return [...this.calls.splice(0), ...this.events.splice(0)];
  }
}

/** The refusal of a known id with other content (protocols 8). */
export function reused(input: Input): Refusal {
  return {
    outcome: "refused",
    code: "REQUEST_REUSED",
    status: "ALREADY_EXISTS",
    field: "request_id",
    zh: `请求编号已用于其他内容：${input.id}`,
    en: `the request id was used for other content: ${input.id}`,
  };
}
