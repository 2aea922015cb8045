/** What goes wrong: chosen by the seed, at times chosen by the seed, until the storm is over. */
import type { Place, Province } from "./province.ts";
import { NAMES } from "./services.ts";

const CALM_MS: readonly [number, number] = [100, 1_800];
/** A twin that is to die does so within so many of its effects. */
const EFFECTS = 40;
const FREEZE_MS: readonly [number, number] = [300, 8_000];
const LEADERLESS_MS: readonly [number, number] = [500, 9_000];
const LAG_MS: readonly [number, number] = [300, 4_000];

/** So many releases of ten thousand have a bug, until the storm is over. */
const BUGGY_BP = 4_000;

type Fault = "crash" | "freeze" | "drain" | "elect" | "lag" | "leaderless" | "lose";
/** How often each happens, beside the others. */
const WEIGHTS: Readonly<Record<Fault, number>> = { crash: 10, freeze: 3, drain: 1, elect: 2, lag: 3, leaderless: 2, lose: 1 };

/** Lets things go wrong until the given instant, then heals them. */
export async function storm(province: Province, untilMs: number): Promise<void> {
  const { world } = province;
  const { chance } = world;
  world.stormy = true;
  world.buggy = chance.chance(BUGGY_BP);
  while (world.now < untilMs) {
    await new Promise<void>((resolve) => void world.after(world.span(...CALM_MS), resolve));
    strike(
      province,
      chance.weighted(Object.keys(WEIGHTS) as Fault[], (fault) => WEIGHTS[fault]),
    );
  }
  world.stormy = false;
  world.buggy = false;
  world.trace.note("the storm is over");
  for (const { process } of province.places) {
    process.crashAt = Number.POSITIVE_INFINITY;
    process.frozenUntilMs = Math.min(process.frozenUntilMs, world.now);
  }
}

function strike(province: Province, fault: Fault): void {
  const { world, set, streams } = province;
  const { chance } = world;
  const place: Place = chance.pick(province.places);
  const stream = `NRCMS_${chance.pick(NAMES).toUpperCase()}`;
  switch (fault) {
    case "crash":
      place.process.crashAt = place.process.effects + chance.between(1, EFFECTS);
      return;
    case "freeze":
      place.process.frozenUntilMs = world.now + world.span(...FREEZE_MS);
      return world.trace.note(`${place.name} stands still until ${place.process.frozenUntilMs.toFixed(0)}`);
    case "drain":
      return province.drain(place);
    case "elect":
      if (set.upAtMs < world.now) set.elect();
      return;
    case "lag":
      return set.lag(world.span(...LAG_MS));
    case "leaderless": {
      const found = streams.streams.get(stream);
      if (found) found.upAtMs = world.now + world.span(...LEADERLESS_MS);
      return world.trace.note(`${stream} has no leader for a while`);
    }
    case "lose":
      return streams.lose(stream);
  }
}
