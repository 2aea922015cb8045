import { describe } from "vitest";
import { planted } from "./planted.ts";
import { AWAY, drop, HOME, newSample, pick, set } from "./sample.ts";

const TRANSFER = `window/W1/transfer/${HOME}/${AWAY}`;

describe("4: clearing between counties", () => {
  planted(4, [
    {
      what: "a debt without its claim",
      plant: ({ accounts }) => set(accounts, `${HOME}/DUE_TO/${AWAY}`, ({ balanceFen }) => ({ balanceFen: balanceFen - 1n })),
      breach: /640424\/640521: the debtor owes 50001 fen, the creditor claims 50000, the windows to be netted have 50000/,
    },
    {
      what: "a window that lost an obligation",
      plant: ({ windows }) => set(windows, "W2", { pairs: {} }),
      breach: /window W2 has for 640424\/640521 0 obligations of 0 fen, the ledger 1 obligations of 50000 fen/,
    },
    {
      what: "a closed window that was changed",
      plant: ({ windows }) => set(windows, "W1", { pairs: { [`${HOME}/${AWAY}`]: { fen: 406_510n, obligations: 2 } } }),
      breach: /window W1 has changed since it was closed/,
    },
    {
      what: "nets that do not sum to zero",
      plant: ({ windows }) => set(windows, "W1", { positions: [{ county: HOME, netFen: -406_510n }] }),
      breach: /window W1 sums to -406510 fen/,
    },
    {
      what: "transfers that leave a debt",
      plant: ({ windows }) => set(windows, "W1", { transfers: [] }),
      breach: /window W1: its transfers leave 640424 at -406510 fen/,
    },
    {
      what: "a window that does not begin where the last ended",
      plant: ({ windows }) => set(windows, "W2", ({ fromSequence }) => ({ fromSequence: fromSequence + 1n })),
      breach: /window W2 begins after \d+, the one before ends at \d+/,
    },
    {
      what: "a window that is missing",
      plant: ({ windows }) => drop(windows, "W1"),
      breach: /window W2 follows nothing[\s\S]*640424\/640521: 406510 fen are owed outside of every window/,
    },
    {
      what: "a window that is settled before its transfers",
      plant: ({ windows }) => set(windows, "W1", { transfers: pick(windows, "W1").transfers.map((row) => ({ ...row, settled: false })) }),
      breach: /window W1 is SETTLED, its transfers say PAYING/,
    },
    {
      what: "a transfer that settlement never ordered",
      plant: ({ payables }) => drop(payables, TRANSFER),
      breach: /transfer window\/W1\/transfer\/640424\/640521: the window says .*; the payable says nothing/,
    },
    {
      what: "a transfer that is unpaid",
      plant: ({ payables }) => set(payables, TRANSFER, { state: "DUE" }),
      breach: /the window says 640424 pays 406510 fen to 640521, paid; the payable says .* not paid/,
    },
    {
      what: "money in CLEARING that nobody owes",
      plant: ({ accounts }) => set(accounts, `${AWAY}/CLEARING`, ({ balanceFen }) => ({ balanceFen: balanceFen + 3n })),
      breach: /CLEARING of 640521 is 3 fen, transfers to come are 0/,
    },
    {
      what: "a reservation that the prefund forgot",
      plant: ({ books }) => set(books, HOME, { prefund: { limitFen: 1_000_000n, reservedFen: 0n, committedFen: 50_000n } }),
      breach: /prefund of 640424: 0 fen reserved, its reservations sum to 90000/,
    },
    {
      what: "a prefund that was not given back",
      plant: ({ books }) => set(books, HOME, { prefund: { limitFen: 1_000_000n, reservedFen: 90_000n, committedFen: 456_510n } }),
      breach: /prefund of 640424: 456510 fen committed, its open windows hold 50000/,
    },
    {
      what: "an open window that the ledger does not know",
      plant: ({ sequences }) => set(sequences, "ledger", { openWindow: 3 }),
      breach: /the ledger's open window is 3, the last is W2, OPEN/,
    },
  ]);
});

const C7 = "claim/C7/decision/1";

describe("4: rows that were disputed", () => {
  planted(4, [{ what: "into the open window: nothing is wrong", plant: () => {}, breach: undefined }], true, () => newSample("DISPUTED"));
  planted(4, [{ what: "and upheld: nothing is wrong", plant: () => {}, breach: undefined }], true, () => newSample("UPHELD"));
  planted(
    4,
    [
      {
        what: "a row that is in two windows",
        plant: ({ windows }) => set(windows, "W2", { pairs: { [`${HOME}/${AWAY}`]: { fen: 50_000n, obligations: 1 } } }),
        breach: /window W2 has for 640424\/640521 1 obligations of 50000 fen, the ledger 0 obligations of 0 fen/,
      },
      {
        what: "a row that is in none",
        plant: ({ windows }) => set(windows, "W3", { pairs: {} }),
        breach: /window W3 has for 640424\/640521 0 obligations of 0 fen, the ledger 1 obligations of 50000 fen/,
      },
      {
        what: "a dispute that moved other money than its row's",
        plant: ({ disputes }) => set(disputes, C7, { fen: 49_999n }),
        breach: /dispute claim\/C7\/decision\/1 says 640424\/640521 of 49999 fen in W2, its entry .* of 50000 fen in W2/,
      },
      {
        what: "a dispute into a window that is not there",
        plant: ({ disputes }) => set(disputes, C7, { window: 4 }),
        breach: /640424\/640521: 50000 fen were disputed into W4, which is not there/,
      },
      {
        what: "a dispute of nothing",
        plant: ({ disputes }) => set(disputes, C7, { sequence: 1n }),
        breach: /dispute claim\/C7\/decision\/1 speaks of entry 1, which makes nobody owe another county/,
      },
      {
        what: "a row that waits and was not upheld",
        plant: ({ upheld }) => upheld.push({ _id: "C7", county: HOME, rowIds: [C7] }),
        breach: /row claim\/C7\/decision\/1 is DISPUTED, and waits for its claim to be reversed/,
      },
      {
        what: "a row that the debtor is shown otherwise than it is posted",
        plant: ({ entries }) => set(entries, C7, ({ obligation }) => ({ obligation: { ...obligation, fen: 1n } as typeof obligation })),
        breach: /entry claim\/C7\/decision\/1 makes 640424\/640521 of 50000 fen owed, its row says 640424\/640521 of 1 fen/,
      },
      {
        what: "a window that netted what nobody confirmed",
        plant: ({ windows }) => set(windows, "W1", { answers: { [HOME]: { rows: 1, fen: 5n, by: "x", day: "2011-11-25" } } }),
        breach: /window W1: 640424 owes 1 rows of 406510 fen, and answered for 1 of 5/,
      },
      {
        what: "a county that forgets what others owe it",
        plant: ({ books }) => set(books, AWAY, ({ prefund }) => ({ prefund: { ...prefund, incomingFen: 1n } })),
        breach: /prefund of 640521: 1 fen incoming, others owe it 50000 in open windows/,
      },
    ],
    true,
    () => newSample("DISPUTED"),
  );
  planted(
    4,
    [
      {
        what: "a row that was upheld and waits nowhere",
        plant: ({ upheld }) => upheld.splice(0),
        breach: /row claim\/C7\/decision\/1 is UPHELD, and does not wait for its claim to be reversed/,
      },
      {
        what: "a row that was upheld and is in a window all the same",
        plant: ({ disputes }) => set(disputes, C7, { window: 3 }),
        breach: /row claim\/C7\/decision\/1 of W2 is UPHELD and in W3/,
      },
    ],
    true,
    () => newSample("UPHELD"),
  );
});
