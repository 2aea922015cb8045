/** Who tells says that its stream takes no events: whoever hears them should not wait for it (aside.ts). */
import type { Bus } from "./bus.ts";
import type { Clock } from "./clock.ts";

/** A stream usually takes a batch in a few milliseconds; at the peak of two busy cores now and then half a second, and to be gone round then would only add to the load. */
const SAY_MS = 1_000;
const SAID_LASTS_MS = 2_500;

const NOTHING = new Uint8Array();
const stillOf = (service: string) => `nrcms.still.${service}`;

/** Says again and again that this service's stream takes no events, where `work`, which publishes some, takes longer than is usual. */
export async function sayingStill<T>(bus: Pick<Bus, "tell">, service: string, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => bus.tell(stillOf(service), NOTHING), SAY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

export interface StillSaid {
  /** Whether a service has said of late that its stream takes no events. */
  is(service: string): boolean;
  close(): void;
}

export function hearStill(bus: Pick<Bus, "hear">, services: readonly string[], { monotonicMs }: Pick<Clock, "monotonicMs">): StillSaid {
  const saidMs = new Map<string, number>();
  const hearings = services.map((service) => bus.hear(stillOf(service), () => saidMs.set(service, monotonicMs())));
  return {
    is: (service) => monotonicMs() - (saidMs.get(service) ?? Number.NEGATIVE_INFINITY) < SAID_LASTS_MS,
    close() {
      for (const hearing of hearings) hearing.stop();
    },
  };
}
