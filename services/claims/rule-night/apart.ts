/** A night's rules over the claims of the last days, in a process of its own, below everything that somebody waits for. It writes nothing: what it finds, its parent enters. */
import { join } from "node:path";
import { runApart } from "../../mesh/apart.ts";
import type { Finding } from "../../rules/rule.ts";

/** A million invoices that are remembered across persons are 300 MB. */
const HEAP_MB = 512;
const YOUNG_MB = 16;
const LIMIT_MS = 3 * 3_600_000;

export interface NightWanted {
  readonly uri: string;
  /** YYYY-MM-DD: the book in force on it, over the claims discharged in the days before. */
  readonly day: string;
}

export interface NightFound {
  readonly version: number;
  readonly claims: number;
  /** At most 5,000. */
  readonly found: readonly { readonly claimId: string; readonly findings: readonly Finding[] }[];
  /** Claims in which something was found, beyond those. */
  readonly left: number;
}

/** Throws what it failed of, where it died, took too long or was no longer wanted. */
export async function ruleNightApart(wanted: NightWanted, signal: AbortSignal): Promise<NightFound> {
  return await runApart<never, NightFound>({
    program: join(import.meta.dirname, "main.ts"),
    what: "the night's rules",
    wanted,
    heapMb: HEAP_MB,
    youngMb: YOUNG_MB,
    limitMs: LIMIT_MS,
    signal,
  });
}
