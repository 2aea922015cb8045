/** One fault after the other, drawn by the seed, under a load that never stops. */
import { pause } from "../../services/mesh/clock.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import type { Fault } from "./fault.ts";
import { FLOW_LIMIT_MS, type Scene } from "./scene.ts";

const BETWEEN_MS: readonly [number, number] = [1_000, 8_000];
/** Those that take the whole service away are not drawn: they are asked something else. */
const NOT_DRAWN = ["none", "power-all", "two-down", "streams-gone", "clock"];

/** So many of the faults before one that did not end are named with it. */
const LAST = 3;

/** Draws from `faults` for so many minutes. */
export function mixed(faults: readonly Fault[], minutes: number): Fault {
  return {
    id: "mixed",
    title: `faults drawn by the seed for ${minutes} minutes`,
    gapMs: 3_000,
    flowMs: 10_000,
    long: true,
    seeds: 1,
    async strike(scene) {
      const drawn = faults.filter(({ id, long, lab }) => !long && !NOT_DRAWN.includes(id) && (scene.lab !== undefined || !lab));
      const untilMs = performance.now() + minutes * 60_000;
      const worst = { flowMs: 0, id: "" };
      const played: string[] = [];
      scene.struck();
      while (performance.now() < untilMs) {
        const fault = scene.chance.pick(drawn);
        played.push(fault.id);
        const beganMs = performance.now();
        let flowed = "";
        try {
          await fault.strike(
            within(scene, (flowMs) => {
              flowed = `, flows ${(flowMs / 1000).toFixed(1)} s`;
              if (flowMs > worst.flowMs) Object.assign(worst, { flowMs, id: fault.id });
            }),
          );
          scene.say(
            `${new Date().toISOString()} ${played.length}. ${fault.id} in ${((performance.now() - beganMs) / 1000).toFixed(1)} s${flowed}`,
          );
        } catch (error) {
          throw new Error(`${played.slice(-LAST).join(", then ")}: ${wordsOf(error)}`, { cause: error });
        }
        await pause(scene.chance.between(...BETWEEN_MS));
      }
      const { seconds, of } = scene.load.served;
      scene.flowed(worst.flowMs);
      scene.note(
        `${played.length} faults; answers in ${((100 * seconds) / of).toFixed(2)} % of ${of} s; longest until money flowed: ${worst.id}`,
      );
    },
  };
}

/** The same scene, whose gaps are counted over the whole time. */
function within(scene: Scene, flowed: (flowMs: number) => void): Scene {
  let sinceMs = performance.now();
  const begin = (): void => {
    sinceMs = performance.now();
    scene.healed();
  };
  return {
    ...scene,
    struck: begin,
    healed: begin,
    async flows() {
      await scene.flows();
      flowed(Math.min(FLOW_LIMIT_MS, performance.now() - sinceMs));
    },
    note: () => undefined,
  };
}
