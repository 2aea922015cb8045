/** Looks at the statements whose comparison with the ledger is open: soon at first, then ever less often. When is only this process's memory: another that leads begins anew. */
import type { DueInput, Reader, Timer } from "../mesh/wiring.ts";
import { type CompareInput, compareBank, compareDays, type LedgerSide, sameFound } from "./domain/bank-days.ts";
import { ledgerSideOf, openBankDays } from "./store.ts";

const EVERY_MS = 2_000;
const FIRST_WAIT_MS = 2_000;
/** A difference that stays is not looked at all the time: each look reads the bank's entries of all days since. */
const MAX_WAIT_MS = 3_600_000;

export function bankTimers(reader: Reader): readonly Timer[] {
  let wait = { of: "", atMs: 0, waitMs: 0 };
  return [
    {
      name: "bank-days",
      everyMs: EVERY_MS,
      async due(nowMs) {
        const { before, days } = await openBankDays(reader);
        const [first] = days;
        const last = days.at(-1);
        if (!first || !last) return [];
        const of = days.map(({ day, statementVersion, looks }) => `${day}/${statementVersion}/${looks}`).join();
        if (wait.of === of && wait.atMs > nowMs) return [];
        const waitMs = wait.of === of ? Math.min(wait.waitMs * 2, MAX_WAIT_MS) : FIRST_WAIT_MS;
        wait = { of, atMs: nowMs + waitMs, waitMs };
        const ledgers: LedgerSide[] = [];
        for (const [index, { day }] of days.entries()) {
          const ledger = await ledgerSideOf(reader, days[index - 1]?.day ?? before?.day ?? "", day);
          if (!ledger) return [];
          ledgers.push(ledger);
        }
        const links = days.flatMap((day, index) => {
          const ledger = ledgers[index];
          return ledger ? [{ ...day, ledger }] : [];
        });
        const found = compareBank(before, links, nowMs);
        const settled = found.every((one, index) => {
          const known = days[index];
          const isOver = found.slice(index).some(({ standingFen }) => standingFen === 0n);
          return known?.found !== undefined && sameFound(known.found, one) && (known.openSinceMs === undefined || !isOver);
        });
        if (settled) return [];
        const input: CompareInput = {
          before: before?.day ?? "",
          days: links.map(({ day, statementVersion, looks, ledger }) => ({ day, statementVersion, looks, ledger })),
        };
        return [dueOf(input)];
      },
    },
  ];
}

/** Its id says which state of the days it is about: looks and versions only grow. */
function dueOf(input: CompareInput): DueInput {
  const counts = input.days.reduce((sum, { statementVersion, looks }) => sum + statementVersion + BigInt(looks), 0n);
  return { id: `bank/${input.days[0]?.day}/${input.days.length}/${counts}`, decision: compareDays, input };
}
