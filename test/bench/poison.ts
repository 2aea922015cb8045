/**
 * What poison costs the others: a hundredth of the inputs makes a decision throw, ten of them end the process, under a steady load of half of what the twins can bear.
 * Till and tally on engines of their own, twins started again as a supervisor does it.
 */
import { deposits, type Outcome, send, supervise, untilParked } from "../harness/poison.ts";
import { openTwins } from "../harness/twins.ts";

const CALLERS = 24;
const WARM = 400;
const TWINS = ["till.a", "till.b", "tally.a", "tally.b"];
const PARKED_LIMIT_MS = 60_000;

export interface PoisonOptions {
  readonly inputs: string;
  readonly json?: boolean;
}

interface Row {
  readonly what: string;
  readonly perSecond: number;
  /** Of what is answered without poison at the same load. */
  readonly lostPercent: number;
  readonly parked: number;
  readonly parkedWithinMs: number;
  readonly processesEnded: number;
}

/** Prints the table. Throws where one input has no outcome. */
export async function benchPoison({ inputs: text, json }: PoisonOptions): Promise<void> {
  const inputs = Number(text);
  if (!Number.isInteger(inputs) || inputs < 1_000) throw new Error(`--inputs ${text}: a whole number of at least 1000 is wanted`);
  const poison = Math.floor(inputs / 100);
  const bench = await openTwins();
  try {
    const supervised = await supervise(bench, TWINS);
    await send(bench, deposits("warm", WARM, { poison: 0, crashers: 0 }), { callers: CALLERS });
    const full = await send(bench, deposits("full", inputs, { poison: 0, crashers: 0 }), { callers: CALLERS });
    const rows: Row[] = [];
    const add = (what: string, run: Outcome, without: Outcome, ended: number): void => {
      if (run.faults.length > 0) throw new Error(`${what}: ${run.faults.slice(0, 5).join("; ")}`);
      rows.push({
        what,
        perSecond: run.perSecond,
        lostPercent: 100 - (100 * run.perSecond) / without.perSecond,
        parked: run.parked.length,
        parkedWithinMs: Math.max(0, ...run.parked.map(({ tookMs }) => tookMs)),
        processesEnded: ended,
      });
    };
    add("as fast as it can, no poison", full, full, 0);
    const steady = { callers: 4 * CALLERS, perSecond: full.perSecond / 2 };
    const pure = await send(bench, deposits("pure", inputs, { poison: 0, crashers: 0 }), steady);
    add("half of it, no poison", pure, pure, 0);
    add(`… ${poison} of ${inputs} throw`, await send(bench, deposits("throw", inputs, { poison, crashers: 0 }), steady), pure, 0);
    const before = supervised.ends;
    const ending = await send(bench, deposits("end", inputs, { poison, crashers: 10 }), steady);
    add(`… 10 of these ${poison} end the process`, ending, pure, supervised.ends - before);
    const atTill = rows.reduce((sum, { parked }) => sum + parked, 0);
    await untilParked(bench, "tally", 2 * poison - atTill, PARKED_LIMIT_MS);
    await supervised.stop();
    if (json) console.log(JSON.stringify(rows));
    else
      for (const row of rows)
        console.log(
          `${row.what.padEnd(36)} ${row.perSecond.toFixed(0).padStart(5)}/s  ${(-row.lostPercent).toFixed(1).padStart(6)} %  ` +
            `${row.parked} parked at the till within ${row.parkedWithinMs.toFixed(0)} ms, ${row.processesEnded} processes ended`,
        );
  } finally {
    await bench.stop();
  }
}
