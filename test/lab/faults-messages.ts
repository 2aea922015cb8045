/** The bus repeats everything, or loses everything. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { enginesReady } from "../../deploy/local/engines.ts";
import { redeliver } from "../harness/replay.ts";
import type { Fault } from "./fault.ts";
import type { Scene } from "./scene.ts";

const READY_LIMIT_MS = 120_000;

/** Where an engine keeps what it stores. */
function folderOf({ mesh, lab }: Scene, name: string): string {
  return join(lab?.machineOf(name).run ?? mesh.run, name);
}

export const messageFaults: readonly Fault[] = [
  {
    id: "events-thrice",
    title: "every event is delivered three times",
    flowMs: 12_000,
    async strike(scene) {
      scene.struck();
      let messages = 0;
      for (let time = 2; time <= 3; time += 1) {
        messages += (await redeliver(scene.mesh)).messages;
      }
      scene.note(`${messages} events again`);
      await scene.flows();
    },
  },
  {
    id: "streams-gone",
    title: "kill −9 of all nats-servers, and all that they had stored is gone",
    flowMs: 60_000,
    outage: true,
    async strike(scene) {
      const { supervisor, topology } = scene.mesh;
      const names = topology.engines.nats.map(({ name }) => name);
      scene.struck();
      // What is unlinked is gone at the process's death: nobody can start it again with what it had.
      for (const name of names) rmSync(join(folderOf(scene, name), "store"), { recursive: true, force: true });
      await Promise.all(names.map((name) => supervisor.kill(name)));
      await enginesReady(topology, { limitMs: READY_LIMIT_MS });
      await scene.flows();
    },
  },
];
