/**
 * The audit of every night, by the leading twin: begun once its hour has come, run apart (services/audit), its progress and its end entered by decisions. What a killed
 * twin or a killed audit leaves behind is begun again, a few times at most; a night that went by unaudited is told of.
 */
import type { Audited } from "../audit/apart.ts";
import { pause } from "../mesh/clock.ts";
import type { Logger } from "../mesh/log.ts";
import type { Leading, Reader } from "../mesh/wiring.ts";
import { addDays, daysBetween, newestDayAt } from "../values/days.ts";
import { wordsOf } from "../values/thrown.ts";
import { type AuditProgress, audits, NIGHTS } from "./domain/documents.ts";
import { beginAudit, endAudit, failAudit, MAX_TRIES, missNights, type Noted, noteProgress, type Try, watchNights } from "./domain/night.ts";

/** How often it is looked whether an audit is due. */
const LOOK_MS = 5_000;
const PROGRESS_MS = 15_000;
/** Between a try that failed and the next one. */
const AGAIN_MS = 60_000;

export interface NightParts {
  readonly reader: Reader;
  readonly log: Logger;
  readonly twin: string;
  /** HH:MM in Asia/Shanghai. */
  readonly auditAt: string;
  /** How often progress is entered, where there is any. Default 15 s. */
  readonly progressEveryMs?: number;
  /** The mesh's clock. */
  nowMs(): number;
  /** Runs an audit apart; throws where it does not end. */
  run(onProgress: (progress: AuditProgress) => void, signal: AbortSignal): Promise<Audited>;
}

export async function leadNights(parts: NightParts, leading: Leading): Promise<void> {
  while (!leading.signal.aborted) {
    await lookAtNight(parts, leading);
    await pause(LOOK_MS, leading.signal);
  }
}

/** One look: whatever is due is done. */
export async function lookAtNight(parts: NightParts, leading: Leading): Promise<void> {
  const { reader, nowMs, auditAt, twin } = parts;
  const day = newestDayAt(nowMs(), auditAt);
  const judged = (await reader.get(NIGHTS))?.judgedThrough;
  if (judged === undefined) return void (await leading.enter(`nights/${day}/watch`, watchNights, { through: day }, { fenced: true }));
  if (judged >= day) return;
  const [from, through] = [addDays(judged, 1), addDays(day, -1)];
  if (from <= through) {
    const missed = { from, through, nights: daysBetween(from, through) + 1 };
    await leading.enter(`nights/${through}/missed`, missNights, missed, { fenced: true });
  }
  const before = await reader.get(audits.key(day));
  const tries = before?.tries ?? 0;
  // Nobody is at it: this twin leads and has not begun one.
  if (before?.state === "RUNNING") return void (await fail(leading, { day, number: tries }, `${before.twin} ended before it did`));
  if (tries >= MAX_TRIES) return;
  if (before && nowMs() - before.endedAtMs < AGAIN_MS) return;
  const one = { day, number: tries + 1 };
  const begun = await leading.enter(`${idOf(one)}/begin`, beginAudit, { ...one, twin }, { fenced: true });
  if ("noted" in begun && begun.noted) await runTry(parts, leading, one);
}

const idOf = ({ day, number }: Try) => `night/${day}/${number}`;

function fail(leading: Leading, one: Try, why: string): Promise<Noted | unknown> {
  return leading.enter(`${idOf(one)}/fail`, failAudit, { ...one, why }, { fenced: true });
}

async function runTry({ run, log, progressEveryMs = PROGRESS_MS }: NightParts, leading: Leading, one: Try): Promise<void> {
  const stopped = new AbortController();
  const signal = AbortSignal.any([leading.signal, stopped.signal]);
  let newest: AuditProgress | undefined;
  const ended = run((progress) => (newest = progress), signal).then(
    (audited) => ({ audited }),
    (error: unknown) => ({ why: wordsOf(error) }),
  );
  try {
    log.info(one, "the nightly audit begins");
    const outcome = await entering(ended, leading, one, () => newest, progressEveryMs);
    if (leading.signal.aborted) return; // Whoever leads now finds it unfinished.
    if ("why" in outcome) {
      log.error({ ...one, why: outcome.why }, "the nightly audit did not end");
      return void (await fail(leading, one, outcome.why));
    }
    const { lines, peakRssBytes: peakResidentBytes } = outcome.audited;
    const breaches = lines.reduce((sum, { breachCount }) => sum + breachCount, 0);
    log[breaches === 0 ? "info" : "error"]({ ...one, breaches, peakResidentBytes }, "the nightly audit has ended");
    await leading.enter(`${idOf(one)}/end`, endAudit, { ...one, lines, peakResidentBytes }, { fenced: true });
  } finally {
    stopped.abort();
  }
}

/** Waits for the end, and enters meanwhile how far it is. */
async function entering<T>(
  ended: Promise<T>,
  leading: Leading,
  one: Try,
  newest: () => AuditProgress | undefined,
  everyMs: number,
): Promise<T> {
  let entered: AuditProgress | undefined;
  for (let number = 1; ; number += 1) {
    const over = new AbortController();
    const outcome = await Promise.race([ended, pause(everyMs, AbortSignal.any([leading.signal, over.signal]))]);
    over.abort();
    if (outcome !== undefined) return outcome;
    if (leading.signal.aborted) return await ended;
    const progress = newest();
    if (!progress || progress === entered) continue;
    entered = progress;
    await leading.enter(`${idOf(one)}/progress/${number}`, noteProgress, { ...one, progress }, { fenced: true });
  }
}
