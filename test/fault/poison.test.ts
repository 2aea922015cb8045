/**
 * One input in a hundred is poison: it makes a decision throw, asked or told; ten of them end the process. All are parked with an alarm, the others go on,
 * and when another program is there each parked one is decided under its own id and has its effect once.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outcome, send, supervise, untilParked } from "../harness/poison.ts";
import { depositFaults } from "../harness/proof.ts";
import { type Balance, codec, type Deposit } from "../harness/till.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

const INPUTS = 4_000;
const CALLERS = 24;
const POISON = INPUTS / 100;
const CRASHERS = 10;
const PARKED_LIMIT_MS = 10_000;
const PATIENCE_MS = 60_000;
const TWINS = ["till.a", "till.b", "tally.a", "tally.b"];

let bench: Bench;
beforeAll(async () => {
  bench = await openTwins();
});
afterAll(async () => await bench?.stop());

/** Of the poison one in four crashes; half of either kind is met at the till, half at the tally. */
function deposits(prefix: string, poison: number, crashers: number): Deposit[] {
  const every = poison > 0 ? Math.floor(INPUTS / poison) : Number.POSITIVE_INFINITY;
  return Array.from({ length: INPUTS }, (_, index) => {
    const deposit: Deposit = {
      requestId: `${prefix}-${index}`,
      county: "640521",
      account: `${prefix}/${index % 50}`,
      fen: BigInt(1 + (index % 97)),
    };
    if (index % every !== every - 1) return deposit;
    const nth = Math.floor(index / every);
    const crash = crashers > 0 && nth % Math.floor(poison / crashers) === 0 ? "crash" : "poison";
    return { ...deposit, trouble: Math.floor(nth / 4) % 2 === 0 ? crash : `heard ${crash}` };
  });
}

const count = (all: readonly Deposit[], trouble: RegExp) => all.filter((one) => trouble.test(one.trouble ?? "")).length;
const alarmed = (service: string) => Math.max(...["a", "b"].map((twin) => bench.presence.last(service, twin)?.parked ?? 0));

describe("protocols 4, 7 and 9: poison", () => {
  test(`${POISON} of ${INPUTS} inputs are poison, ${CRASHERS} of them crash: all parked in time, all replayed, each with one effect`, async () => {
    const supervised = await supervise(bench, TWINS);
    await send(bench, deposits("warm", 0, 0).slice(0, 400), CALLERS);
    const pure = await send(bench, deposits("pure", 0, 0), CALLERS);
    // What throws and does not crash, by itself: what it costs, and how soon it is parked.
    const throwing = deposits("throws", POISON, 0);
    const thrown = await send(bench, throwing, CALLERS);
    const ending = deposits("ends", POISON, CRASHERS);
    expect([throwing, ending].map((all) => [count(all, /./), count(all, /crash/)])).toEqual([
      [POISON, 0],
      [POISON, CRASHERS],
    ]);
    const mixed = await send(bench, ending, CALLERS);
    const sentMs = performance.now();
    const runs = [pure, thrown, mixed];
    expect(runs.flatMap((run) => run.faults)).toEqual([]);
    const atTill = count([...throwing, ...ending], /^(poison|crash)$/);
    const atTally = 2 * POISON - atTill;
    expect(runs.reduce((sum, run) => sum + run.parked.length, 0)).toBe(atTill);
    expect(runs.reduce((sum, run) => sum + run.answered.length, 0)).toBe(3 * INPUTS - atTill);
    const parked = {
      till: await untilParked(bench, "till", atTill, PARKED_LIMIT_MS),
      tally: await untilParked(bench, "tally", atTally, PATIENCE_MS),
    };
    const tallyMs = performance.now() - sentMs;
    await until("the alarms are in the beats", () => alarmed("till") === atTill && alarmed("tally") === atTally, PARKED_LIMIT_MS);
    const worst = ({ parked: rows }: Outcome) => `${Math.round(Math.max(...rows.map((one) => one.tookMs)))} ms`;
    const speed = ({ perSecond }: Outcome) => `${Math.round(perSecond)}/s (${Math.round((100 * perSecond) / pure.perSecond - 100)} %)`;
    console.log(
      `without poison ${speed(pure)} · ${POISON} of ${INPUTS} throw: ${speed(thrown)}, parked within ${worst(thrown)} · ${CRASHERS} of ${POISON} crash: ${speed(mixed)}, ` +
        `parked within ${worst(mixed)}, the tally's ${Math.round(tallyMs)} ms after the last answer, ${supervised.ends} processes ended`,
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
    const kept = runs.flatMap((run) => run.parked.map(({ deposit }) => deposit));
    const again = await Promise.all(kept.map((deposit) => bench.deposit(deposit)));
    expect(again.map(({ status }) => status)).toEqual(again.map(() => "OK"));
    const replayed = again.map(({ data }, index) => ({ deposit: kept[index] as Deposit, balance: codec<Balance>().decode(data) }));
    const answered = [...runs.flatMap((run) => run.answered), ...replayed];
    expect(await depositFaults(bench, answered, { tally: true })).toEqual([]);
    for (const service of ["till", "tally"])
      expect(await bench.mongo.db(`nrcms_${service}`).collection("parked").countDocuments({ resolved: false })).toBe(0);
  });
});
