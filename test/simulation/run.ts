/** One run: a province is founded, people work while a storm goes over it, then it comes to rest and everything must be right. The seed decides all of it. */
import type { Logger } from "pino";
import { pause } from "../../services/mesh/clock.ts";
import { openClient } from "../../services/mesh/rpc.ts";
import { stackOf } from "../../services/values/thrown.ts";
import { checkAtRest } from "./check.ts";
import { Desk } from "./desk.ts";
import { Invariants } from "./invariants.ts";
import { operate } from "./operator.ts";
import { People } from "./people.ts";
import { Province } from "./province.ts";
import { STARTED_AT_MS } from "./region.ts";
import { underWay } from "./rest.ts";
import { storm } from "./storm.ts";
import { Breach, World } from "./world.ts";

const STORM_MS: readonly [number, number] = [4_000, 14_000];
/** Longer than anything here takes to heal: the leases, the bank's silence, the redeliveries, several orders one after the other. */
const REST_LIMIT_MS = 120_000;
const LOOK_MS = 400;

export interface Outcome {
  readonly seed: number;
  /** Empty where all held. */
  readonly breach: string;
  readonly simulatedMs: number;
  readonly events: number;
  /** Things that were held against what must be. */
  readonly checked: number;
  readonly claims: number;
  /** The same for the same seed. */
  readonly hash: string;
  readonly tail: readonly string[];
}

export interface Telling {
  readonly tell?: (line: string) => void;
  readonly log?: (process: string, world: World) => Logger;
}

export async function simulate(seed: number, { tell, log }: Telling = {}): Promise<Outcome> {
  const world = new World(seed, STARTED_AT_MS, tell);
  const province = new Province(world, log && ((process) => log(process, world)));
  const invariants = new Invariants(province);
  let billed = 0;
  let breach = "";
  try {
    await world.run(async () => {
      for (const bank of province.banks) await bank.open();
      await world.as(province.people, async () => {
        const people = new People(province, new Desk(world, openClient(province.outside), invariants));
        province.start();
        await people.found();
        world.trace.note("founded");
        const stormEndMs = world.now + world.span(...STORM_MS);
        const work = people.work(stormEndMs);
        const half = pause((stormEndMs - world.now) / 2)
          .then(() => people.closeWindow())
          .then(() => people.payByHead())
          .then(() => people.assess());
        await storm(province, stormEndMs);
        const operator = operate(province, () => people.closed);
        await half;
        await people.closeDay();
        await people.assess();
        await comeToRest(province, people);
        await people.reportAtRest();
        await people.reconcileAtRest();
        billed = people.billed;
        people.closed = true;
        await Promise.all([work, operator]);
        await checkAtRest(province, invariants);
      });
    }, REST_LIMIT_MS * 3);
  } catch (error) {
    if (error instanceof Breach) breach = error.message;
    else breach = stackOf(error);
  }
  const { now, events, trace } = world;
  return { seed, breach, simulatedMs: now, events, checked: invariants.checked, claims: billed, hash: trace.hash(), tail: trace.tail() };
}

/** Until nothing is on its way. The window is closed again, for what was approved after the first time. */
async function comeToRest(province: Province, people: People): Promise<void> {
  const { world } = province;
  const untilMs = world.now + REST_LIMIT_MS;
  let quiet = 0;
  for (let closings = 0; ; ) {
    const left = underWay(province);
    if (left.length > 0 || people.busy > 0) quiet = 0;
    else quiet += 1;
    if (quiet >= 2 && closings >= 1) return;
    if (quiet >= 2) {
      closings += 1;
      quiet = 0;
      await people.closeWindow();
    }
    if (world.now > untilMs)
      throw new Breach(`not at rest after ${REST_LIMIT_MS / 1000} s: ${[...left, `${people.busy} people are busy`].join(", ")}`);
    await pause(LOOK_MS);
  }
}
