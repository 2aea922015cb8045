import { describe } from "vitest";
import { planted } from "./planted.ts";
import { drop, NOW, pick, type Sample, set } from "./sample.ts";

describe("7: claims", () => {
  const claim = ({ claims }: Sample, id: string, changes: object) => set(claims, id, changes);
  planted(7, [
    {
      what: "a state that is none",
      plant: (sample) => claim(sample, "C1", { state: "LOST" }),
      breach: /claim C1 is LOST, which is no state/,
    },
    {
      what: "a paid claim without a day of payment",
      plant: (sample) => claim(sample, "C1", { paidAtMs: 0 }),
      breach: /claim C1 is PAID, with .* paid 0/,
    },
    {
      what: "a decided claim that still waits",
      plant: (sample) => claim(sample, "C1", { waitingSinceMs: NOW }),
      breach: /claim C1 is PAID, with .* waiting since \d+/,
    },
    { what: "a refusal without a reason", plant: (sample) => claim(sample, "C4", { reason: "" }), breach: /claim C4 is REFUSED/ },
    {
      what: "a benefit that is not the bill",
      plant: ({ claims }) => Object.assign(pick(claims, "C1").benefit, { patientFen: 99_999n }),
      breach: /claim C1 bills 136193 fen: fund 36193 \+ patient 99999, all parts 136192, total 136193/,
    },
    {
      what: "a refused claim that became approved",
      plant: (sample) => claim(sample, "C4", { state: "APPROVED", reason: "" }),
      breach: /claim C4 is APPROVED by decision 1, and was told by 0 ClaimApproved, 1 ClaimHeld, 1 ClaimRefused/,
    },
    {
      what: "an approved claim that was never told",
      plant: ({ journal }) => drop(journal, "entry/0"),
      breach: /claim C1 is PAID by decision 1, and was told by 0 ClaimApproved/,
    },
    {
      what: "a claim approved twice",
      plant: ({ journal }) => void journal.push({ ...pick(journal, "entry/0"), _id: "again" }),
      breach: /claim C1 .* told by 2 ClaimApproved/,
    },
    {
      what: "a stay elsewhere without a reservation",
      plant: ({ journal }) => drop(journal, "entry/1"),
      breach: /claim C2 .* 0 PrefundRequested/,
    },
    {
      what: "a claim paid and open again without a return",
      plant: (sample) => claim(sample, "C1", { state: "APPROVED", paidAtMs: 0 }),
      breach: /claim C1 is APPROVED .* 1 ClaimsPaid/,
    },
    {
      what: "a claim whose money came back",
      plant: (sample) => claim(sample, "C1", { state: "APPROVED", paidAtMs: 0, returned: ["P1"] }),
      breach: undefined,
    },
    {
      what: "a claim that is gone",
      plant: ({ claims }) => drop(claims, "C3"),
      breach: /claim C3 is not there, and ClaimHeld was told of it/,
    },
  ]);

  const paper =
    (confirmation: object | undefined, bill: object = { institutionId: "" }) =>
    (sample: Sample) => {
      const stored = pick(sample.claims, "C1");
      claim(sample, "C1", {
        paper: { submittedBy: "clerk", ...(confirmation ? { confirmation } : {}) },
        bill: { ...stored.bill, ...bill },
      });
    };
  const confirmed = { confirmed: true, code: "XA-1", enteredBy: "reviewer" };
  planted(7, [
    { what: "a paper that its hospital has confirmed", plant: paper(confirmed), breach: undefined },
    { what: "a paper that nobody has confirmed", plant: paper(undefined), breach: /paper claim C1 is PAID.* nobody entered the code/ },
    { what: "a paper that its hospital denies", plant: paper({ ...confirmed, confirmed: false }), breach: /paper claim C1 is PAID/ },
    { what: "a paper confirmed without a code", plant: paper({ ...confirmed, code: "" }), breach: /paper claim C1 is PAID/ },
    {
      what: "a paper confirmed by its clerk",
      plant: paper({ ...confirmed, enteredBy: "clerk" }),
      breach: /clerk submitted it, clerk entered/,
    },
    { what: "a paper that an institution has billed", plant: paper(confirmed, {}), breach: /paper claim C1 is PAID/ },
  ]);
});
