/** What a twin does only while it leads its pair: the timers, and the service's own work. Their inputs are the pair's own, entered beside the callers'. */
import { PROVINCE } from "../values/region.ts";
import type { Batcher } from "./batcher.ts";
import { type Clock, pause } from "./clock.ts";
import type { InputOutcome } from "./input.ts";
import type { Logger } from "./log.ts";
import { REFUSED_BEFORE } from "./round.ts";
import { refusalOf } from "./rpc.ts";
import { Weather } from "./store.ts";
import { newTraceparent } from "./telemetry.ts";
import type { AnyDecision, Leading, Timer, Wiring } from "./wiring.ts";

const LEAD_RETRY_MS = 500;

export interface Led {
  /** The twin's name, `claims.a`: whose inputs they are. */
  readonly name: string;
  readonly batcher: Batcher;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wiring: Wiring;
  /** Settles at this twin's next commit. */
  committed(): Promise<void>;
}

/** Runs the timers and the service's own leading work until `signal`; what fails is begun again. */
export async function runLeading(led: Led, epoch: number, signal: AbortSignal): Promise<void> {
  const { wiring } = led;
  const enter = ((id, decision, input, options = {}) => enterDue(led, id, decision, input, { ...options, signal })) as Leading["enter"];
  const news = (limitMs: number) => Promise.race([pause(limitMs, signal), led.committed()]);
  const own = wiring.lead?.bind(wiring);
  await Promise.all([
    ...(wiring.timers ?? []).map((timer) => runTimer(led, timer, signal)),
    ...(own ? [runAgain(led.log, () => own({ epoch, signal, enter, news }), signal)] : []),
  ]);
}

async function runAgain(log: Logger, run: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await run();
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, "leading work failed: started again");
    }
    await pause(LEAD_RETRY_MS, signal);
  }
}

async function runTimer(led: Led, timer: Timer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const due = await timer.due(led.clock.nowMs());
      await Promise.all(due.map((one) => enterDue(led, one.id, one.decision, one.input, { signal })));
    } catch (error) {
      // What is due stays due: it is found again at the next turn.
      if (!signal.aborted) led.log.warn({ err: error, timer: timer.name }, "a timer's turn failed");
    }
    await pause(timer.everyMs, signal);
  }
}

function enterDue(
  led: Led,
  id: string,
  decision: AnyDecision,
  value: unknown,
  options: { fenced?: boolean; traceparent?: string; signal: AbortSignal },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) return reject(new Error("no longer leading"));
    led.batcher.enter({
      id,
      from: "due",
      decision,
      value,
      caller: { name: led.name, role: "SERVICE", scope: PROVINCE },
      method: "due",
      hash: "",
      trace: options.traceparent ?? newTraceparent(),
      atMs: undefined,
      deadlineMs: undefined,
      record: "entry",
      fenced: options.fenced ?? false,
      encode: encodeJson,
      bytes: new Uint8Array(),
      settle: (outcome) => settleDue(id, outcome, resolve, reject),
    });
  });
}

/** Due inputs answer plain data; it is kept as JSON, money as decimal text. */
function encodeJson(result: unknown): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)) ?? "",
  );
}

function settleDue(id: string, outcome: InputOutcome, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
  if (outcome.kind === "refused") return resolve(outcome.refusal);
  if (outcome.kind === "parked") return reject(new Error(`${id} is parked: ${outcome.error}`));
  if (outcome.kind === "unavailable") return reject(new Weather(`${id}: ${outcome.unavailable.reason}`));
  if (outcome.result === REFUSED_BEFORE) return resolve(refusalOf(outcome.reply));
  if (outcome.repeated)
    return resolve(outcome.reply.length > 0 ? (JSON.parse(new TextDecoder().decode(outcome.reply)) as unknown) : undefined);
  resolve(outcome.result);
}
