/** The nats-servers as one guardian sees them: whether their monitors answer, and whether they have JetStream. */
import { pause } from "../mesh/clock.ts";
import type { Seen, Sign } from "./judge.ts";
import type { Member } from "./members.ts";

const EVERY_MS = 750;
const PATIENCE_MS = 1_000;

export interface Servers {
  seen(): readonly Seen[];
  /** For how long a server has answered without JetStream, in milliseconds; 0 where it has it, or does not answer. */
  withoutJetStreamMs(name: string): number;
  forgive(): void;
  close(): Promise<void>;
}

interface Watched extends Member {
  sign: Sign;
  answeredMs: number;
  /** Since when it has answered without JetStream. */
  withoutSinceMs: number | undefined;
}

/** `address` is the monitor's. */
export function watchServers(servers: readonly Member[]): Servers {
  const stop = new AbortController();
  const watched: Watched[] = servers.map((server) => ({
    ...server,
    sign: "silent",
    answeredMs: performance.now(),
    withoutSinceMs: undefined,
  }));
  const loops = watched.map((one) => watch(one, stop.signal));
  return {
    seen: () =>
      watched.map(({ name, server, sign, answeredMs }) => {
        const silentMs = performance.now() - answeredMs;
        return {
          name,
          server,
          kind: "nats",
          sign: sign === "well" && silentMs > 2 * EVERY_MS ? "silent" : sign,
          silentMs,
          role: "",
          optime: 0,
        };
      }),
    withoutJetStreamMs(name) {
      const sinceMs = watched.find((one) => one.name === name)?.withoutSinceMs;
      return sinceMs === undefined ? 0 : performance.now() - sinceMs;
    },
    forgive() {
      for (const one of watched) {
        one.answeredMs = performance.now();
        one.withoutSinceMs = undefined;
      }
    },
    async close() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

async function watch(one: Watched, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await fetch(`http://${one.address}/healthz?js-enabled-only=true`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
      await answer.arrayBuffer();
      // Whatever it says of itself: it is there.
      one.answeredMs = performance.now();
      one.sign = "well";
      one.withoutSinceMs = answer.ok ? undefined : (one.withoutSinceMs ?? one.answeredMs);
    } catch (error) {
      one.withoutSinceMs = undefined;
      one.sign = error instanceof Error && /ECONNREFUSED|ECONNRESET/.test(String(error.cause)) ? "gone" : "silent";
    }
    await pause(EVERY_MS, signal);
  }
}
