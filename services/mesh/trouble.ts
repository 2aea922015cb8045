/** What the guardians say of a machine on which nothing should rely: its twins leave their work to their peers for as long as it is said, and a little longer. */
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";

/** A machine that comes and goes is in trouble as well. */
const LASTS_MS = 10_000;
const WORDS_LENGTH = 200;

export interface Trouble {
  /** Why nothing should rely on this machine; empty where all is well. */
  readonly why: string;
  close(): void;
}

function subjectOf(server: string): string {
  return `nrcms.guardian.trouble.${server}`;
}

/** Said again and again while it lasts. */
export function tellTrouble(bus: Pick<Bus, "tell">, server: string, why: string): void {
  bus.tell(subjectOf(server), new TextEncoder().encode(why));
}

export function hearTrouble(bus: Pick<Bus, "hear">, server: string, clock: Pick<Clock, "monotonicMs">): Trouble {
  let said = "";
  let atMs = Number.NEGATIVE_INFINITY;
  const hearing = bus.hear(subjectOf(server), ({ data }) => {
    said = new TextDecoder().decode(data).slice(0, WORDS_LENGTH) || "its guardian says so";
    atMs = clock.monotonicMs();
  });
  return {
    get why() {
      return clock.monotonicMs() - atMs < LASTS_MS ? said : "";
    },
    close: () => hearing.stop(),
  };
}
