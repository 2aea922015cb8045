/** The nightly rules as they are led: once a night, tried again when they fail, begun again by the next leader, entered once a claim. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { hashOf } from "../../../services/claims/domain/canonical.ts";
import { LAST_NIGHT } from "../../../services/claims/domain/rule-night.ts";
import { type Look, looks, publishRules } from "../../../services/claims/domain/rulebook.ts";
import { lookAtRuleNight } from "../../../services/claims/nightly.ts";
import type { NightFound } from "../../../services/claims/rule-night/apart.ts";
import type { Leading } from "../../../services/mesh/wiring.ts";
import type { Finding } from "../../../services/rules/rule.ts";
import { readRules } from "../../../services/rules/rules-file.ts";
import { readerOver } from "../monitoring/reader.ts";
import { bill, expectDone, region, submitted } from "./nx-ref.ts";

const at = (text: string) => Date.parse(`${text}:00+08:00`);
const OVERLAP: Finding = {
  ruleId: "overlap",
  version: 1,
  action: "FLAG",
  zh: "重叠",
  en: "overlaps",
  claims: ["X"],
  lines: [],
  values: [],
  excess: [],
};
const book = (stage: string) => `version: 1
from_day: 2010-12-02
catalogue_version: NX
rules:
  - { id: overlap, version: 1, name: 重叠住院, name_en: overlapping stays, form: OVERLAPPING_STAY, stage: ${stage}, action: FLAG }
`;

function newNight(now: string, stage = "NIGHTLY") {
  const world = region();
  const document = book(stage);
  const read = readRules(document);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  expectDone(world.run(publishRules, { book: read.book, document, contentHash: hashOf(read.book) }, { atMs: at("2010-12-01T09:00") }));
  const { claimId } = submitted(world, bill()).bill;
  const ids: string[] = [];
  const runs: string[] = [];
  const night = {
    world,
    claimId,
    ids,
    runs,
    nowMs: at(now),
    found: async (): Promise<NightFound> => ({ version: 1, claims: 7, found: [{ claimId, findings: [OVERLAP] }], left: 0 }),
    async look(signal = new AbortController().signal) {
      const enter = async (id: string, decision: never, input: never) => {
        ids.push(id);
        return world.run(decision, input, { id, atMs: night.nowMs }).result;
      };
      const leading: Leading = { epoch: 1, signal, news: async () => undefined, enter: enter as unknown as Leading["enter"] };
      const run = (day: string) => {
        runs.push(day);
        return night.found();
      };
      const parts = { reader: readerOver(world), log: pino({ level: "silent" }), rulesAt: "01:30", nowMs: () => night.nowMs, run };
      await lookAtRuleNight(parts, leading);
    },
    last: () => world.get(LAST_NIGHT),
    stored: (): Look | undefined => world.get(looks.key(claimId)),
  };
  return night;
}

describe("the nightly rules", () => {
  it("run once a night, and what they find is the county's to look at", async () => {
    const night = newNight("2011-11-26T01:30");
    await night.look();
    await night.look();
    expect(night.runs).toEqual(["2011-11-26"]);
    expect(night.ids).toEqual([`rule-night/2011-11-26/${night.claimId}`, "rule-night/2011-11-26/end/1"]);
    expect(night.last()).toMatchObject({ day: "2011-11-26", claims: 7, found: 1, left: 0, fault: "", times: 1 });
    expect(night.stored()).toMatchObject({ state: "OPEN", findings: [{ ruleId: "overlap" }] });
    night.nowMs = at("2011-11-27T01:29");
    await night.look();
    expect(night.runs).toHaveLength(1);
    night.nowMs = at("2011-11-27T01:31");
    await night.look();
    // The same finding is nothing new.
    expect(night.last()).toMatchObject({ day: "2011-11-27", found: 0 });
  });

  it("are tried three times with ten minutes between, and say why they did not end", async () => {
    const night = newNight("2011-11-26T03:00");
    night.found = async () => {
      throw new Error("no member answers");
    };
    await night.look();
    expect(night.last()).toMatchObject({ fault: "no member answers", times: 1 });
    await night.look();
    expect(night.runs).toHaveLength(1);
    for (let more = 0; more < 4; more += 1) {
      night.nowMs += 11 * 60_000;
      await night.look();
    }
    expect(night.runs).toHaveLength(3);
    expect(night.last()).toMatchObject({ fault: "no member answers", times: 3 });
  });

  it("end well at the second try", async () => {
    const night = newNight("2011-11-26T03:00");
    const { found } = night;
    night.found = () => Promise.reject(new Error("killed"));
    await night.look();
    night.found = found;
    night.nowMs += 11 * 60_000;
    await night.look();
    expect(night.last()).toMatchObject({ fault: "", found: 1, times: 2 });
  });

  it("of a twin that leads no more are nothing that its successor has to undo", async () => {
    const night = newNight("2011-11-26T03:00");
    const over = new AbortController();
    night.found = async () => {
      over.abort();
      throw new Error("nobody waits for it any more");
    };
    await night.look(over.signal);
    expect(night.last()).toBeUndefined();
  });

  it("a claim that is not stored is a fault of the night, not silence", async () => {
    const night = newNight("2011-11-26T03:00");
    night.found = async () => ({ version: 1, claims: 7, found: [{ claimId: "NOBODY", findings: [OVERLAP] }], left: 0 });
    await night.look();
    expect(night.last()).toMatchObject({ fault: expect.stringContaining("NOBODY"), found: 0 });
  });

  it("where no rule is a nightly one there is no night", async () => {
    const night = newNight("2011-11-26T03:00", "SETTLE");
    await night.look();
    expect([night.runs, night.last()]).toEqual([[], undefined]);
  });
});
