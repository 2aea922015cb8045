/** Looks at the statements whose comparison with the ledger is open: soon at first, then ever less often. When is only this process's memory: another that leads begins anew. */
import type { DueInput, Reader, Timer } from "../mesh/wiring.ts";
import { bankName, bankPart, type CountyBanks } from "../values/banks.ts";
import { type CompareInput, compareBank, compareDays, type LedgerSide, sameFound } from "./domain/bank-days.ts";
import { type Keeper, ledgerSideOf, openBankDays } from "./store.ts";

const EVERY_MS = 2_000;
const FIRST_WAIT_MS = 2_000;
/** A difference that stays is not looked at all the time: each look reads the bank's entries of all days since. */
const MAX_WAIT_MS = 3_600_000;

/** One for each bank: a difference at one does not slow the others down. */
export function bankTimers(reader: Reader, banks: readonly string[], countyBanks: CountyBanks): readonly Timer[] {
  return banks.map((bank) => bankTimer(reader, { bank, countyBanks }));
}

function bankTimer(reader: Reader, keeper: Keeper): Timer {
  const { bank } = keeper;
  let wait = { of: "", atMs: 0, waitMs: 0 };
  return {
    name: `${bankName(bank)}-days`,
    everyMs: EVERY_MS,
    async due(nowMs) {
      const { before, days } = await openBankDays(reader, bank);
      const [first] = days;
      const last = days.at(-1);
      if (!first || !last) return [];
      const of = days.map(({ day, statementVersion, looks }) => `${day}/${statementVersion}/${looks}`).join();
      if (wait.of === of && wait.atMs > nowMs) return [];
      const waitMs = wait.of === of ? Math.min(wait.waitMs * 2, MAX_WAIT_MS) : FIRST_WAIT_MS;
      wait = { of, atMs: nowMs + waitMs, waitMs };
      const ledgers: LedgerSide[] = [];
      for (const [index, { day }] of days.entries()) {
        const ledger = await ledgerSideOf(reader, keeper, days[index - 1]?.day ?? before?.day ?? "", day);
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
        bank,
        before: before?.day ?? "",
        days: links.map(({ day, statementVersion, looks, ledger }) => ({ day, statementVersion, looks, ledger })),
      };
      return [dueOf(input)];
    },
  };
}

/** Its id says which state of the days it is about: looks and versions only grow. */
function dueOf(input: CompareInput): DueInput {
  const counts = input.days.reduce((sum, { statementVersion, looks }) => sum + statementVersion + BigInt(looks), 0n);
  return { id: `bank/${bankPart(input.bank, input.days[0]?.day ?? "")}/${input.days.length}/${counts}`, decision: compareDays, input };
}
