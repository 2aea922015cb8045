/**
 * One input in a hundred is poison: it makes a decision throw, asked or told; some of them end the process. All are parked with an alarm, the others go on,
 * and when another program is there each parked one is decided under its own id and has its effect once. What it costs the others: `npm run bench -- poison`.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deposits, type Supervised, send, supervise, untilParked } from "../harness/poison.ts";
import { depositFaults } from "../harness/proof.ts";
import { type Balance, codec, type Deposit } from "../harness/till.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

const INPUTS = 1_000;
const CALLERS = 24;
const POISON = INPUTS / 100;
const CRASHERS = 5;
const PARKED_LIMIT_MS = 10_000;
const PATIENCE_MS = 60_000;
const TWINS = ["till.a", "till.b", "tally.a", "tally.b"];

let bench: Bench;
let supervised: Supervised | undefined;
// A second try has engines of its own: what was parked once is known.
beforeEach(async () => {
  bench = await openTwins();
});
afterEach(async () => {
  await supervised?.stop();
  await bench?.stop();
});

const count = (all: readonly Deposit[], trouble: RegExp) => all.filter((one) => trouble.test(one.trouble ?? "")).length;
const alarmed = (service: string) => Math.max(...["a", "b"].map((twin) => bench.presence.last(service, twin)?.parked ?? 0));

describe("protocols 4, 7 and 9: poison", () => {
  test(`${POISON} of ${INPUTS} inputs are poison, ${CRASHERS} of them crash: all parked, all replayed, each with one effect`, async () => {
    supervised = await supervise(bench, TWINS);
    const all = deposits("some", INPUTS, { poison: POISON, crashers: CRASHERS });
    expect([count(all, /./), count(all, /crash/)]).toEqual([POISON, CRASHERS]);
    const run = await send(bench, all, { callers: CALLERS });
    expect(run.faults).toEqual([]);
    const atTill = count(all, /^(poison|crash)$/);
    const atTally = POISON - atTill;
    expect(run.parked).toHaveLength(atTill);
    expect(run.answered).toHaveLength(INPUTS - atTill);
    const parked = {
      till: await untilParked(bench, "till", atTill, PARKED_LIMIT_MS),
      tally: await untilParked(bench, "tally", atTally, PATIENCE_MS),
    };
    await until("the alarms are in the beats", () => alarmed("till") === atTill && alarmed("tally") === atTally, PARKED_LIMIT_MS);
    const worstMs = Math.max(...run.parked.map((one) => one.tookMs));
    console.log(
      `${CRASHERS} of ${POISON} crash: ${Math.round(run.perSecond)}/s, parked within ${Math.round(worstMs)} ms, ${supervised.ends} processes ended`,
    );
    expect([parked.till.length, parked.tally.length]).toEqual([atTill, atTally]);

    // Another program: the twins are started again, one after the other, and an operator replays what is parked.
    await supervised.stop();
    for (const name of TWINS) {
      await bench.kill(name, "SIGTERM");
      await bench.start(name, { NRCMS_MENDED: "yes" });
    }
    for (const [service, ids] of Object.entries(parked))
      for (const id of ids) expect([id, (await bench.operate(`${service}.b`, "ReplayParked", { id })).body.outcome]).toEqual([id, "done"]);
    const kept = run.parked.map(({ deposit }) => deposit);
    const again = await Promise.all(kept.map((deposit) => bench.deposit(deposit)));
    expect(again.map(({ status }) => status)).toEqual(again.map(() => "OK"));
    const replayed = again.map(({ data }, index) => ({ deposit: kept[index] as Deposit, balance: codec<Balance>().decode(data) }));
    const answered = [...run.answered, ...replayed];
    expect(await depositFaults(bench, answered, { tally: true })).toEqual([]);
    for (const service of ["till", "tally"])
      expect(await bench.mongo.db(`nrcms_${service}`).collection("parked").countDocuments({ resolved: false })).toBe(0);
  });
});
