/** The disk of one's own machine: looked at every second, because a mongod or a nats-server goes on for many seconds on a disk that takes no more. */
import { join } from "node:path";
import { pause } from "../mesh/clock.ts";
import { judgeDisk, lookAtDisk } from "../mesh/fitness.ts";

const EVERY_MS = 1_000;
const LIMIT_MS = 4_000;
/** A disk that comes and goes is a fault as well. */
const SOUND_AGAIN_MS = 10_000;

export interface OwnDisk {
  /** Why nothing should rely on it; empty where all is well. */
  trouble(): string;
  close(): Promise<void>;
}

/** `run` is the folder in which the engines of this machine keep their data. */
export function watchDisk(run: string, guardian: string): OwnDisk {
  const stop = new AbortController();
  let trouble = "";
  let troubledMs = 0;
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const fault = judgeDisk(await lookAtDisk(run, join(run, `guardian.${guardian}.probe`), LIMIT_MS));
      if (fault !== "") {
        trouble = fault;
        troubledMs = performance.now();
      } else if (performance.now() - troubledMs >= SOUND_AGAIN_MS) trouble = "";
      await pause(EVERY_MS, stop.signal);
    }
  };
  const looping = loop();
  return {
    trouble: () => trouble,
    async close() {
      stop.abort();
      await looping;
    },
  };
}
