/** A night's rules as a process of its own: it is told the night by its parent (apart.ts), answers, and ends; it ends as well when its parent is gone. */
import { setPriority } from "node:os";
import { answerApart } from "../../mesh/apart.ts";
import type { Finding } from "../../rules/rule.ts";
import { openRuleStore } from "../../rules/store.ts";
import { lookByNight } from "../../rules/stored.ts";
import { addDays } from "../../values/days.ts";
import type { NightFound, NightWanted } from "./apart.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 15;
/** Claims discharged in so many days before the night: bills come late, and what is new may make an old one suspect. */
const DAYS = 40;
const MOST_READ = 5_000_000;
/** A rule that finds more in a night is a wrong rule. */
const MOST_FOUND = 5_000;

async function look({ uri, day }: NightWanted): Promise<NightFound> {
  const store = await openRuleStore(uri);
  try {
    const found: { claimId: string; findings: readonly Finding[] }[] = [];
    let left = 0;
    const onFound = (claimId: string, findings: readonly Finding[]) => {
      if (found.length < MOST_FOUND) found.push({ claimId, findings });
      else left += 1;
    };
    const days = { county: "", fromDay: addDays(day, -DAYS), toDay: day, most: MOST_READ };
    const { version, read } = await lookByNight(store, day, { ...days, onFound });
    if (read.cut) throw new Error(`more than ${MOST_READ} claims`);
    return { version, claims: read.claims, found, left };
  } finally {
    await store.close();
  }
}

answerApart<NightWanted, never, NightFound>("the night's rules", async (wanted) => {
  setPriority(LOW_PRIORITY);
  return await look(wanted);
});
