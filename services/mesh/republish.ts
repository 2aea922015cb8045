/** Asks a service to publish a twin's events again (protocols 10). Either of its twins can: they share the journal. */
import type { Caller } from "../values/decision.ts";
import type { Bus } from "./bus.ts";
import { contentHash } from "./journal.ts";
import { encodeCaller, rpcSubject, UnavailableError } from "./rpc.ts";
import { newTraceparent } from "./telemetry.ts";
import type { Republish } from "./wiring.ts";

/** Longer than a twin takes to read and publish what one request may ask for. */
const TIMEOUT_MS = 12_000;
const TWINS = ["a", "b"] as const;

export function republishOver(bus: Bus, self: Caller, isDead: (service: string, twin: string) => boolean): Republish {
  return async (service, twin, event) => {
    const data = new TextEncoder().encode(JSON.stringify({ twin, event }));
    const headers = {
      "nrcms-caller": encodeCaller(self),
      "nrcms-hash": contentHash(data),
      "nrcms-deadline": String(TIMEOUT_MS),
      traceparent: newTraceparent(),
    };
    for (const asked of TWINS) {
      if (isDead(service, asked)) continue;
      const reply = await bus.request(rpcSubject(service, "Republish", asked), data, headers, TIMEOUT_MS);
      if (reply.kind !== "reply" || reply.header("nrcms-status") !== "OK") continue;
      return Number((JSON.parse(new TextDecoder().decode(reply.data)) as { events?: unknown }).events);
    }
    throw new UnavailableError(`neither twin of ${service} has published again what follows event ${event} of ${twin}`);
  };
}
