import { describe } from "vitest";
import { planted } from "./planted.ts";
import { NOW, pick, type Sample } from "./sample.ts";

describe("5: hospitals' reports", () => {
  const report = ({ billReports }: Sample, changes: object) => Object.assign(billReports[0] ?? {}, changes);
  const compared = ({ billReports }: Sample, changes: object) => Object.assign(billReports[0]?.compared ?? {}, changes);
  const said = { kind: "MISSING_BILL", claimId: "C1", hospitalFen: 0n, claimsFen: 0n, paid: false, zh: "原因", en: "reason" };
  planted(5, [
    {
      what: "a day that matched with fewer claims than there are",
      plant: (sample) => {
        compared(sample, { claims: { bills: 2, totalFen: 236_193n, fundFen: 36_193n } });
        report(sample, { hospital: { bills: 2, totalFen: 236_193n, fundFen: 36_193n } });
      },
      breach: /the report of H-JY-001 on 2011-11-24 was compared with 2 claims, owed 36193; there are 3 of then, and 0 taken back/,
    },
    {
      what: "a day that matched with other amounts than its claims have",
      plant: ({ claims }) => Object.assign(pick(claims, "C1").benefit, { fundFen: 36_194n, totalFen: 136_194n }),
      breach: /was compared with 356193 fen, owed 56193; the claims bill 356193, owed 56194/,
    },
    {
      what: "a day that is open, and is compared again by itself",
      plant: (sample) => {
        report(sample, { openSinceMs: NOW });
        Object.assign(pick(sample.claims, "C1").benefit, { fundFen: 36_194n });
      },
      breach: undefined,
    },
    {
      what: "a claim that came after the day was closed",
      plant: ({ claims }) => Object.assign(pick(claims, "C5"), { submittedAtMs: NOW }),
      breach: /there are 2 of then/,
    },
    {
      what: "a claim that was taken back since",
      plant: ({ claims }) => Object.assign(pick(claims, "C5"), { state: "VOIDED" }),
      breach: undefined,
    },
    {
      what: "a report that matched, and says something else than it was compared with",
      plant: (sample) => report(sample, { hospital: { bills: 3, totalFen: 1n, fundFen: 1n } }),
      breach: /is MATCHED: 3 bills, owed 1; it was compared with 3, owed 56193/,
    },
    {
      what: "a day that matched, with breaks",
      plant: (sample) => compared(sample, { breaks: [said] }),
      breach: /is MATCHED, with 1 breaks/,
    },
    {
      what: "a day with breaks that nobody looks at any more",
      plant: (sample) => compared(sample, { state: "BREAKS", breaks: [said] }),
      breach: /has breaks and is closed/,
    },
    {
      what: "a break without a reason",
      plant: (sample) => {
        compared(sample, { state: "BREAKS", breaks: [{ ...said, zh: "" }] });
        report(sample, { openSinceMs: NOW });
      },
      breach: /a break MISSING_BILL has no reason/,
    },
  ]);
});
