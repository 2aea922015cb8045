import { describe } from "vitest";
import { planted } from "./planted.ts";
import { drop, NOW, pick, type Sample, set } from "./sample.ts";

describe("6: journals", () => {
  const change = ({ journal }: Sample, changes: object) => set(journal, "entry/1", changes);
  planted(6, [
    {
      what: "an entry that was taken away",
      plant: ({ journal }) => drop(journal, "entry/1"),
      breach: /claims\.a: entry 3 \(entry\/2\) follows 1/,
    },
    {
      what: "an entry that was changed",
      plant: (sample) => change(sample, { caller: "somebody" }),
      breach: /claims\.a: entry 2 \(entry\/1\) has been changed/,
    },
    {
      what: "a reply that was changed",
      plant: (sample) => change(sample, { reply: new Uint8Array([9]) }),
      breach: /claims\.a: entry 2 \(entry\/1\) has been changed/,
    },
    {
      what: "a chain that was cut",
      plant: (sample) => change(sample, { previous: "0".repeat(64) }),
      breach: /entry 2 \(entry\/1\) does not name the chain value before it/,
    },
    {
      what: "an event number that is missing",
      plant: (sample) => change(sample, { events: [] }),
      breach: /claims\.a: event 3 of entry\/2 follows 1/,
    },
    {
      what: "a last entry that is gone",
      plant: ({ journal }) => drop(journal, "entry/11"),
      breach: /claims\.a: the head says entry 12, event 12, .* the journal ends at entry 11, event 11/,
    },
    {
      what: "an event that was not published",
      plant: ({ head, seens }) => void [head, pick(seens, "claims.a")].map((row) => Object.assign(row, { published: 11, reached: 11 })),
      breach: /event 12 of claims\.a is not published/,
    },
    { what: "a mark that lies behind what was heard", plant: ({ head }) => void Object.assign(head, { published: 3 }), breach: undefined },
    {
      what: "an event that monitoring never heard",
      plant: ({ seens }) => void seens.splice(0),
      breach: /event 1 of claims\.a is not folded by monitoring, of 12/,
    },
    {
      what: "a hole in what monitoring heard",
      plant: ({ seens }) => set(seens, "claims.a", { reached: 10, early: [{ from: 12, to: 12 }] }),
      breach: /monitoring lacks event 11 of claims\.a, and has 12/,
    },
    {
      what: "an event that was heard and is in no journal",
      plant: ({ seens }) => set(seens, "claims.a", { reached: 13 }),
      breach: /monitoring has heard event 13 of claims\.a, which has told 12/,
    },
    {
      what: "a twin whose journal is gone",
      plant: ({ seens }) => void seens.push({ _id: "claims.b", reached: 4, early: [] }),
      breach: /monitoring has heard 4 events of claims\.b, which has no journal/,
    },
    {
      what: "a parked input without an alarm",
      plant: ({ parked }) => void parked.push({ _id: "x", atMs: NOW - 60_000 }),
      breach: /claims has 1 parked input\(s\), alarms tell of 0/,
    },
    {
      what: "a parked input with its alarm",
      plant({ parked, parkedCounts }) {
        parked.push({ _id: "x", atMs: NOW - 60_000 });
        parkedCounts.push({ _id: "claims", parked: 1 });
      },
      breach: undefined,
    },
  ]);

  describe("while the mesh is busy", () => {
    const told = ({ journal, head, seens }: Sample, atMs: number) => {
      for (const entry of journal) entry.atMs = atMs;
      Object.assign(head, { published: 0 });
      seens.splice(0);
    };
    planted(
      6,
      [
        {
          what: "what was told half a minute ago is on its way (its changed time is found all the same)",
          plant: (sample) => told(sample, NOW - 30_000),
          breach: /^(?![\s\S]*is not (folded|published))[\s\S]*has been changed/,
        },
        {
          what: "what was told two minutes ago is lost",
          plant: (sample) => told(sample, NOW - 120_000),
          breach: /event 1 of claims\.a is not folded by monitoring[\s\S]*event 1 of claims\.a is not published/,
        },
      ],
      false,
    );
  });
});
