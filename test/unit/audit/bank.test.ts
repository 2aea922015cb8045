import { describe } from "vitest";
import { planted } from "./planted.ts";
import { drop, type Sample } from "./sample.ts";

describe("5: the bank", () => {
  const statement = ({ statements }: Sample, changes: object) => Object.assign(statements[0] ?? {}, changes);
  const said = (kind: string) => ({ kind, endToEndId: "", oursFen: 0n, banksFen: 0n, zh: "原因", en: "reason" });
  /** A statement of the day before. */
  const dayBefore = ({ statements }: Sample, changes: object) => {
    const sums = { openingFen: 8_999_999n, closingFen: 8_999_999n, debitsFen: 0n, creditsFen: 0n };
    const [last] = statements;
    if (!last) return;
    const { sums: _, ...booked } = last;
    statements.push({ ...booked, _id: "2011-11-24", day: "2011-11-24", ...sums, ...changes });
  };
  planted(5, [
    {
      what: "a statement whose sums are wrong",
      plant: (sample) => statement(sample, { closingFen: 1n }),
      breach: /statement 2011-11-25: 9000000 \+ 0 - 849213 is not 1, and no break says so/,
    },
    {
      what: "a statement whose wrong sums are on the list",
      plant: (sample) => statement(sample, { closingFen: 1n, breaks: [said("STATEMENT_SUM")] }),
      breach: undefined,
    },
    {
      what: "a debit that we do not know",
      plant: (sample) => statement(sample, { debitsFen: 849_214n, closingFen: 8_150_786n }),
      breach: /has debits of 849214 fen, the orders of 849213, and no break says why/,
    },
    {
      what: "a debit that is on the list",
      plant: (sample) => statement(sample, { debitsFen: 849_214n, closingFen: 8_150_786n, breaks: [said("MISSING_HERE")] }),
      breach: undefined,
    },
    {
      what: "a statement that does not begin where the one before ended",
      plant: (sample) => dayBefore(sample, {}),
      breach: /statement 2011-11-25 opens with 9000000, that of 2011-11-24 closed with 8999999, and no break says so/,
    },
    {
      what: "a gap that is on the list",
      plant: (sample) => {
        dayBefore(sample, {});
        sample.statements.sort((a, b) => (a.day < b.day ? 1 : -1));
        statement(sample, { breaks: [said("BALANCE_GAP")] });
      },
      breach: undefined,
    },
    {
      what: "a statement after one that contradicts itself",
      plant: (sample) => dayBefore(sample, { openingFen: 5n, breaks: [said("STATEMENT_SUM")] }),
      breach: undefined,
    },
    {
      what: "a break without a reason",
      plant: (sample) => statement(sample, { breaks: [{ ...said("AMOUNT"), en: "" }] }),
      breach: /a break AMOUNT has no reason/,
    },
    {
      what: "orders of the day that are fewer than the statement was compared with",
      plant: (sample) => statement(sample, { sums: { ordersFen: 849_213n, missingDebitsFen: 1n } }),
      breach: /compared with orders of 849214 fen, of that day there are 849213/,
    },
    {
      what: "a difference to the ledger that follows from nothing",
      plant: ({ bankDays }) => Object.assign(bankDays[0]?.found ?? {}, { differenceFen: 5n }),
      breach: /statement 2011-11-25 moved -849213 fen and should have moved -849213; the comparison says 5/,
    },
    {
      what: "a comparison with other entries than there are",
      plant: ({ bankDays }) => {
        Object.assign(bankDays[0]?.found?.ledger ?? {}, { paidFen: 849_000n });
        Object.assign(bankDays[0]?.found ?? {}, { differenceFen: -213n, standingFen: -213n, isOpen: true });
      },
      breach: /was compared with 849000 fen paid and 0 come back; the entries of that day have 849213 and 0/,
    },
    {
      what: "a difference to the ledger that no break tells",
      plant: ({ bankDays }) => {
        Object.assign(bankDays[0]?.statement ?? {}, { closingFen: 8_150_000n });
        Object.assign(bankDays[0]?.found ?? {}, { differenceFen: -787n, standingFen: -787n });
      },
      breach: /statement 2011-11-25 and the ledger differ by -787 fen, and no break says so/,
    },
    {
      what: "a difference to the ledger that is a break",
      plant: ({ bankDays }) => {
        Object.assign(bankDays[0]?.statement ?? {}, { closingFen: 8_150_000n });
        Object.assign(bankDays[0]?.found ?? {}, { differenceFen: -787n, standingFen: -787n, isOpen: true });
      },
      breach: undefined,
    },
    {
      what: "a difference that the next evening has ended",
      plant: ({ bankDays }) => {
        const [first] = bankDays;
        if (!first?.found) return;
        const { found, statement } = first;
        const right = statement.closingFen;
        Object.assign(statement, { closingFen: 8_150_000n });
        Object.assign(found, { differenceFen: -787n, standingFen: -787n });
        const still = { ...found.ledger, paidFen: 0n, returnedFen: 0n, receiptsFen: 0n };
        bankDays.push({
          ...first,
          _id: "2011-11-26",
          day: "2011-11-26",
          statement: { ...statement, openingFen: right, closingFen: right },
          found: { ...found, ledger: still, differenceFen: 787n, standingFen: 0n },
        });
      },
      breach: undefined,
    },
    {
      what: "a statement that was never compared",
      plant: ({ bankDays }) => Object.assign(bankDays[0] ?? {}, { found: undefined }),
      breach: /statement 2011-11-25 was never compared with the ledger/,
    },
    {
      what: "a payment that the ledger does not have",
      plant: ({ entries }) => drop(entries, "settled/settled/B1"),
      breach: /the ledger has paid 813020 fen from bank main, its settled orders sum to 849213/,
    },
  ]);
});
