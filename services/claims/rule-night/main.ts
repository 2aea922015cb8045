/** A night's rules as a process of its own: it is told the night by its parent (apart.ts), answers, and ends; it ends as well when its parent is gone. */
import { setPriority } from "node:os";
import type { Finding } from "../../rules/rule.ts";
import { openRuleStore } from "../../rules/store.ts";
import { catalogueOf, lookThrough } from "../../rules/stored.ts";
import { addDays } from "../../values/days.ts";
import type { NightFound, NightSaid, NightWanted } from "./apart.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 15;
/** Claims discharged in so many days before the night: bills come late, and what is new may make an old one suspect. */
const DAYS = 40;
const MOST_READ = 5_000_000;
/** A rule that finds more in a night is a wrong rule. */
const MOST_FOUND = 5_000;

const say = (said: NightSaid) => new Promise<void>((resolve) => process.send?.(said, undefined, {}, () => resolve()));

async function look({ uri, day }: NightWanted): Promise<NightFound> {
  const store = await openRuleStore(uri);
  try {
    const book = await store.book(day);
    if (!book) throw new Error(`no review rules are in force on ${day}`);
    const { priceLimitFen } = await catalogueOf(store, book);
    const nightly = book.rules.filter(({ stage }) => stage === "NIGHTLY");
    const found: { claimId: string; findings: readonly Finding[] }[] = [];
    let left = 0;
    const onFound = (claimId: string, findings: readonly Finding[]) => {
      if (found.length < MOST_FOUND) found.push({ claimId, findings });
      else left += 1;
    };
    const days = { county: "", fromDay: addDays(day, -DAYS), toDay: day, most: MOST_READ };
    const { read } = await lookThrough(store, nightly, priceLimitFen, { ...days, onFound });
    if (read.cut) throw new Error(`more than ${MOST_READ} claims`);
    return { version: book.version, claims: read.claims, found, left };
  } finally {
    await store.close();
  }
}

async function run(wanted: NightWanted): Promise<void> {
  try {
    setPriority(LOW_PRIORITY);
    await say({ kind: "found", night: await look(wanted) });
  } catch (error) {
    await say({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  }
  process.exit();
}

if (!process.send) throw new Error("a night's rules are started by services/claims/rule-night/apart.ts");
process.once("message", (wanted) => void run(wanted as NightWanted));
process.once("disconnect", () => process.exit());
// Gone before this program had been read.
if (!process.connected) process.exit();
