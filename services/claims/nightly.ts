/**
 * The nightly rules, by the leading twin: begun once their hour has come, run apart (rule-night/), what they find entered claim by claim. A night whose twin dies is begun again by the next leader:
 * what was entered already stays as it is.
 */
import { pause } from "../mesh/clock.ts";
import type { Logger } from "../mesh/log.ts";
import type { Leading, Reader } from "../mesh/wiring.ts";
import { newestDayAt } from "../values/days.ts";
import { isRefusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { wordsOf } from "../values/thrown.ts";
import { reportFindings } from "./domain/look.ts";
import { endRuleNight, LAST_NIGHT, type RuleNightEnded } from "./domain/rule-night.ts";
import { bookVersionOn, rulesets, ruleTimes } from "./domain/rulebook.ts";
import type { NightFound } from "./rule-night/apart.ts";

/** How often it is looked whether a night is due. */
const LOOK_MS = 5_000;
/** Between a try that failed and the next one. */
const AGAIN_MS = 10 * 60_000;
const MAX_TRIES = 3;
const MAX_FAULT = 500;
/** Entered at once. */
const PAGE = 50;

export interface RuleNightParts {
  readonly reader: Reader;
  readonly log: Logger;
  /** HH:MM in Asia/Shanghai. */
  readonly rulesAt: string;
  /** The mesh's clock. */
  nowMs(): number;
  /** Runs a night's rules apart; throws where they do not end. */
  run(day: string, signal: AbortSignal): Promise<NightFound>;
}

export async function leadRuleNights(parts: RuleNightParts, leading: Leading): Promise<void> {
  while (!leading.signal.aborted) {
    await lookAtRuleNight(parts, leading);
    await pause(LOOK_MS, leading.signal);
  }
}

/** One look: the night that is due is run. A province without nightly rules has none. */
export async function lookAtRuleNight(parts: RuleNightParts, leading: Leading): Promise<void> {
  const { reader, log, nowMs, rulesAt } = parts;
  const day = newestDayAt(nowMs(), rulesAt);
  const last = await reader.get(LAST_NIGHT);
  const before = last?.day === day ? last : undefined;
  if (last && (last.day > day || before?.fault === "")) return;
  if (before && (before.times >= MAX_TRIES || nowMs() - before.endedAtMs < AGAIN_MS)) return;
  const version = await nightlyBook(reader, day);
  if (version === undefined) return;
  const ended = await tryNight(parts, leading, { day, version, times: (before?.times ?? 0) + 1 });
  if (leading.signal.aborted) return; // Whoever leads now finds it not done.
  log[ended.fault === "" ? "info" : "error"]({ ...ended }, "the night's rules");
  await leading.enter(`rule-night/${day}/end/${ended.times}`, endRuleNight, ended, { fenced: true });
}

async function tryNight(
  { run, log }: RuleNightParts,
  leading: Leading,
  night: { readonly day: string; readonly version: number; readonly times: number },
): Promise<RuleNightEnded> {
  let found = 0;
  try {
    const { version, claims, left, found: all } = await run(night.day, leading.signal);
    for (let at = 0; at < all.length; at += PAGE)
      for (const news of await Promise.all(all.slice(at, at + PAGE).map((one) => report(leading, night.day, version, one)))) found += news;
    return { ...night, version, claims, found, left, fault: "" };
  } catch (error) {
    log.debug({ err: error }, "the night's rules did not end");
    const fault = wordsOf(error);
    return { ...night, claims: 0, found, left: 0, fault: fault.slice(0, MAX_FAULT) };
  }
}

/** Its id is the night's and the claim's: entered once a night, whoever leads. */
async function report(leading: Leading, day: string, version: number, one: NightFound["found"][number]): Promise<number> {
  const news = await leading.enter(`rule-night/${day}/${one.claimId}`, reportFindings, { version, found: [one] }, { fenced: true });
  if (isRefusal(news)) throw new Error(news.en);
  return news;
}

/** The version of the book in force, where it has a nightly rule. */
async function nightlyBook(reader: Reader, day: string): Promise<number | undefined> {
  const version = bookVersionOn(await reader.get(ruleTimes.key(PROVINCE)), day);
  const stored = version === undefined ? undefined : await reader.get(rulesets.key(version));
  return stored?.book.rules.some(({ stage }) => stage === "NIGHTLY") ? version : undefined;
}
