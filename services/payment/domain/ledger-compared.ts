/** BankCompared: what settlement's comparison of the counties' bank accounts with a statement came to. A state: the newest version of a day wins. */
import type { Decision } from "../../values/decision.ts";
import { yuan } from "../../values/money.ts";
import { unavailable } from "../../values/outcome.ts";
import { type Break, type LedgerBeside, type Statement, statementKey } from "./documents.ts";
import type { PaymentEvents } from "./events.ts";

export interface LedgerCompared extends LedgerBeside {
  readonly bank: string;
  readonly day: string;
}

export const ledgerCompared: Decision<LedgerCompared, { taken: boolean }, PaymentEvents> = {
  needs: ({ bank, day }) => [statementKey(bank, day)],
  decide({ bank, day, ...ledger }, state, change) {
    const key = statementKey(bank, day);
    const statement = state.get(key);
    if (!statement) return unavailable(`the statement of ${day} of ${bank} is not booked here`);
    if (statement.ledger && statement.ledger.version >= ledger.version) return { taken: false };
    change.put(key, { ...statement, ledger });
    return { taken: true };
  },
};

/** Every break of a statement: its own, and that of the ledger beside it. */
export function breaksOf({ breaks, ledger }: Pick<Statement, "breaks" | "ledger">): readonly Break[] {
  return ledger?.isOpen ? [...breaks, ledgerBreak(ledger)] : breaks;
}

function ledgerBreak({ bankFen, expectedFen, differenceFen, paidFen, returnedFen, standingFen }: LedgerBeside): Break {
  return {
    kind: "LEDGER_BALANCE",
    endToEndId: "",
    oursFen: expectedFen,
    banksFen: bankFen,
    zh: `银行账户变动 ${yuan(bankFen)} 元，按账簿（支付 ${yuan(paidFen)}、退汇 ${yuan(returnedFen)}）及已列不符项应为 ${yuan(expectedFen)} 元，相差 ${yuan(differenceFen)} 元，累计 ${yuan(standingFen)} 元`,
    en: `the bank's account moved by ${yuan(bankFen)} yuan, by the ledger (paid ${yuan(paidFen)}, come back ${yuan(returnedFen)}) and the breaks that are listed it should have by ${yuan(expectedFen)}: ${yuan(differenceFen)} too much, ${yuan(standingFen)} in all`,
  };
}
