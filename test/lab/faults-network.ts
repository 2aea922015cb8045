/** The network between machines that are all well. */
import type { Fault } from "./fault.ts";
import { PLACES, type Place, type Spoilt } from "./net.ts";
import { labOf, type Scene, whole } from "./scene.ts";

const AWAY_MS = 8_000;
const HALF_DEAD_MS = 20_000;
const LOSSY_MS = 600_000;

type Cut = readonly [from: Place, to: Place];

/** Cuts these directions for a while, and heals them. */
async function partition(scene: Scene, cuts: readonly Cut[]): Promise<void> {
  const { net } = labOf(scene);
  scene.struck();
  for (const [from, to] of cuts) net.cut(from, to);
  try {
    await scene.flows();
    await scene.lasts(AWAY_MS);
  } finally {
    for (const [from, to] of cuts) net.heal(from, to);
  }
  scene.healed();
  await scene.flows();
  await whole(scene);
}

/** A server hangs on a bad cable for a while. */
async function badCable(scene: Scene, spoilt: Spoilt, forMs: number): Promise<void> {
  const [place] = servers(scene);
  scene.note(place);
  const over = scene.lasts(forMs);
  scene.struck();
  const replace = await labOf(scene).net.spoil(place, spoilt);
  try {
    await scene.flows();
    await over;
  } finally {
    replace();
  }
  await whole(scene);
}

const servers = ({ chance }: Scene) => chance.shuffle<Place>(["server-a", "server-b"]) as [Place, Place];

export const networkFaults: readonly Fault[] = [
  {
    id: "cable",
    title: "a server's cable is pulled, and plugged in again",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const { net } = labOf(scene);
      const [place] = servers(scene);
      scene.note(place);
      scene.struck();
      net.plug(place, "out");
      try {
        await scene.flows();
        await scene.lasts(AWAY_MS);
      } finally {
        net.plug(place, "in");
      }
      scene.healed();
      await scene.flows();
      await whole(scene);
    },
  },
  {
    id: "one-way",
    title: "what one server sends reaches nobody; it hears all",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const [from] = servers(scene);
      scene.note(from);
      await partition(
        scene,
        PLACES.filter((place) => place !== from).map((to) => [from, to] as const),
      );
    },
  },
  {
    id: "split-servers",
    title: "the two servers do not reach each other; both reach all others",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const [one, other] = servers(scene);
      await partition(scene, [
        [one, other],
        [other, one],
      ]);
    },
  },
  {
    id: "split-one-way",
    title: "one server does not reach the other, which reaches it",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const [one, other] = servers(scene);
      scene.note(`${one} to ${other}`);
      await partition(scene, [[one, other]]);
    },
  },
  {
    id: "isolated",
    title: "a server reaches hospitals and bank only, neither its peer nor the witness",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    async strike(scene) {
      const [one, other] = servers(scene);
      scene.note(one);
      await partition(scene, [
        [one, other],
        [other, one],
        [one, "witness"],
        ["witness", one],
      ]);
    },
  },
  {
    id: "half-dead-nic",
    title: "a server's network card loses every fifth frame, both ways",
    gapMs: 3_500,
    flowMs: 12_000,
    lab: true,
    strike: (scene) => badCable(scene, { lossPercent: 20, jitterMs: 0 }, HALF_DEAD_MS),
  },
  {
    id: "lossy",
    title: "5 % loss and 100 ms jitter at a server for 10 minutes",
    gapMs: 1_000,
    flowMs: 12_000,
    lab: true,
    long: true,
    seeds: 1,
    strike: (scene) => badCable(scene, { lossPercent: 5, jitterMs: 100 }, LOSSY_MS),
  },
];
