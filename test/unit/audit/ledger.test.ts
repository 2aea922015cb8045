import { describe } from "vitest";
import { planted } from "./planted.ts";
import { AWAY, drop, HOME, pick, type Sample, set } from "./sample.ts";

const C1 = "claim/C1/decision/1";
const C7 = "claim/C7/decision/1";

describe("1: the ledger", () => {
  const line = ({ entries }: Sample, id: string) => pick(entries, id).lines[0] as { debitFen: bigint };
  planted(1, [
    {
      what: "an entry that does not balance",
      plant: (sample) => void Object.assign(line(sample, C1), { debitFen: line(sample, C1).debitFen + 1n }),
      breach: /entry claim\/C1\/decision\/1 is off by 1 fen in the book of 640424/,
    },
    {
      what: "a line with two sides",
      plant: (sample) => Object.assign(line(sample, C1), { debitFen: 5n, creditFen: 5n }),
      breach: /has a line of 640424 5001-INPATIENT\/2011 with debit 5 and credit 5/,
    },
    { what: "an entry that was taken away", plant: ({ entries }) => drop(entries, C1), breach: /has sequence \d+, after \d+/ },
    {
      what: "an account that is not the sum of its lines",
      plant: ({ accounts }) => set(accounts, `${HOME}/5001-INPATIENT/2011`, ({ balanceFen }) => ({ balanceFen: balanceFen + 7n })),
      breach: /account 640424\/5001-INPATIENT\/2011 has \d+ fen, its lines sum to \d+[\s\S]*all accounts sum to 7 fen/,
    },
    {
      what: "an account that lost an entry",
      plant: ({ accounts }) => set(accounts, `${HOME}/1003`, ({ entries }) => ({ entries: entries - 1 })),
      breach: /account 640424\/1003 counts 2 entries, there are 3/,
    },
    {
      what: "a day's total that is not the sum of its lines",
      plant: ({ totals }) => set(totals, `${HOME}/1003/2011-11-25`, { creditFen: 1n }),
      breach: /day total 640424\/1003\/2011-11-25 says debit 2000000, credit 1; its lines sum to debit 2000000, credit 442703/,
    },
    {
      what: "a day's total that is gone",
      plant: ({ totals }) => drop(totals, `${HOME}/1003/2011-11-25`),
      breach: /day total 640424\/1003\/2011-11-25 says nothing; its lines sum to/,
    },
    {
      what: "a closed year that is not at zero",
      plant: ({ books }) => set(books, HOME, { closedThrough: 2011 }),
      breach: /account 640424\/5001-INPATIENT\/2011 has \d+ fen, and its year is closed/,
    },
    {
      what: "an account that is gone",
      plant: ({ accounts }) => drop(accounts, `${HOME}/5001-INPATIENT/2011`),
      breach: /account 640424\/5001-INPATIENT\/2011 has lines and is not stored/,
    },
    {
      what: "a book with other money than its account",
      plant: ({ books }) => set(books, HOME, ({ bankFen }) => ({ bankFen: bankFen + 1n })),
      breach: /book 640424: money at the bank is/,
    },
    {
      what: "a book that forgot a payable",
      plant: ({ books }) => set(books, AWAY, { duePayables: 0 }),
      breach: /book 640521: payables due is 0, should be 1/,
    },
    {
      what: "a payable that is in no account",
      plant: ({ payables }) => set(payables, C7, ({ amountFen }) => ({ amountFen: amountFen + 1n })),
      breach: /book 640521: account PAYABLE is 50000, should be 50001/,
    },
    {
      what: "a fund paid below its floor",
      plant: ({ books }) => set(books, HOME, { floorFen: 1_900_000n }),
      breach: /left \d+ fen in the fund of 640424, whose floor is 1900000/,
    },
    {
      what: "a floor that was raised after the payment",
      plant: ({ books }) => set(books, HOME, { floorFen: 1_900_000n, countyVersion: 2n }),
      breach: undefined,
    },
    {
      what: "a ledger that counts further than its entries",
      plant: ({ sequences }) => set(sequences, "ledger", ({ sequence }) => ({ sequence: sequence + 1n })),
      breach: /the ledger is at \d+, its last entry is \d+/,
    },
  ]);
});
