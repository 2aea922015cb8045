import { describe } from "vitest";
import type { Capitation } from "../../../services/settlement/domain/documents.ts";
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

describe("1: what stands withheld", () => {
  const INSTITUTION = "H-424";
  const withheld = { purpose: "INPATIENT", bp: 1_000n, round: 1, promisedFen: 3_619n, fundFen: 36_193n, heldFen: 3_619n } as const;
  const judged = { county: HOME, institutionId: INSTITUTION, period: "2011-11", scoreBp: 9_000n, reason: "", proposedBy: "zhang" };
  const sums = { withheldFen: 100n, releasedFen: 90n, setOffFen: 90n, returnedFen: 10n };
  const approved = { ...judged, ...sums, state: "APPROVED", approvedBy: "li", approvedOn: "2011-11-25" } as const;
  const byHead = ({ capitations, payables }: Sample, changes: Partial<Capitation> = {}) => {
    const agreed = { heads: 2, fenPerHead: 1_250n, withheldBp: 0n, amountFen: 2_500n, withheldFen: 0n, setOffFen: 2_500n };
    const by = { proposedBy: "zhang", approvedBy: "li", approvedOn: "2011-11-25" };
    const _id = `${INSTITUTION}/2011-11`;
    capitations.push({ _id, county: HOME, institutionId: INSTITUTION, period: "2011-11", state: "PAID", ...agreed, ...by, ...changes });
    const rest = { claimId: "", state: "PAID", dueOn: "", paidBy: `capitation/${_id}`, surplusFen: 0n } as const;
    payables.push({
      _id: `capitation/${_id}`,
      payableId: `capitation/${_id}`,
      county: HOME,
      payee: INSTITUTION,
      amountFen: 0n,
      setOffFen: 2_500n,
      ...rest,
    });
    payables.sort((a, b) => (a._id < b._id ? -1 : 1));
  };
  const withRound = ({ withholdings, payables }: Sample, round: number) => {
    withholdings.push({
      _id: INSTITUTION,
      county: HOME,
      institutionId: INSTITUTION,
      withheldBp: 1_000n,
      round,
      assessedPeriod: "",
    });
    set(payables, C1, { payee: INSTITUTION });
  };
  planted(1, [
    {
      what: "what claims say and no account has",
      plant: (sample) => {
        withRound(sample, 1);
        set(sample.payables, C1, { withheld });
      },
      breach: /account 640424\/WITHHELD\/H-424\/INPATIENT has 0 fen, claims say 3619/,
    },
    {
      what: "of a round that was assessed: nothing is wrong",
      plant: (sample) => {
        withRound(sample, 2);
        set(sample.payables, C1, { withheld });
      },
      breach: undefined,
    },
    {
      what: "of a round that is not begun",
      plant: (sample) => set(sample.payables, C1, { withheld }),
      breach: /payable claim\/C1\/decision\/1 is of round 1 of \S+, whose open one is 0/,
    },
    {
      what: "another part than the rate's",
      plant: (sample) => {
        withRound(sample, 2);
        set(sample.payables, C1, { withheld: { ...withheld, heldFen: 3_620n } });
      },
      breach: /payable claim\/C1\/decision\/1 withholds 3620 fen, 1000 basis points of 36193 are 3619/,
    },
    {
      what: "what is paid by head, set off whole: nothing is wrong",
      plant: (sample) => byHead(sample),
      breach: undefined,
    },
    {
      what: "another sum than the heads come to",
      plant: (sample) => byHead(sample, { heads: 3 }),
      breach: /capitation H-424\/2011-11 is of 2500 fen, 3 heads at 1250 are 3750/,
    },
    {
      what: "heads by one person alone",
      plant: (sample) => byHead(sample, { approvedBy: "zhang" }),
      breach: /capitation H-424\/2011-11 was approved by zhang/,
    },
    {
      what: "what is paid by head and nobody has agreed on",
      plant: (sample) => byHead(sample, { state: "PROPOSED" }),
      breach: /payable capitation\/H-424\/2011-11 is of no capitation/,
    },
    {
      what: "an assessment all of which was set off: nothing is wrong",
      plant: ({ assessments }) => void assessments.push({ ...approved, _id: "H-424/1" }),
      breach: undefined,
    },
    {
      what: "an assessment without its payable",
      plant: ({ assessments }) => void assessments.push({ ...approved, setOffFen: 0n, _id: "H-424/1" }),
      breach: /payable withheld\/H-424\/2011-11 is of 0 fen, released are 90/,
    },
    {
      what: "an assessment that shares more than there was",
      plant: ({ assessments }) => void assessments.push({ ...approved, returnedFen: 11n, _id: "H-424/1" }),
      breach: /assessment H-424\/1 shares 100 fen into 90 and 11/,
    },
    {
      what: "an assessment by one person alone",
      plant: ({ assessments }) => void assessments.push({ ...approved, approvedBy: "zhang", _id: "H-424/1" }),
      breach: /assessment H-424\/1 was approved by zhang/,
    },
    {
      what: "a payment of no assessment",
      plant: ({ payables }) => void payables.push({ ...pick(payables, C1), _id: "withheld/H-424/2011-11", claimId: "" }),
      breach: /payable withheld\/H-424\/2011-11 is of no assessment/,
    },
  ]);
});
