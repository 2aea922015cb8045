/** Asks a twin how it is, directly: for who decides on its word now and then. Who must know all the time listens to beats. */
import type { Bus, Subscribed } from "./bus.ts";
import { readBeat } from "./presence.ts";
import type { Look, TwinBeat } from "./wiring.ts";

const LIMIT_MS = 1_000;

const subjectOf = (service: string, twin: string): string => `nrcms.look.${service}.${twin}`;

export function serveLook(bus: Bus, service: string, twin: string, beat: () => TwinBeat): Subscribed {
  return bus.serve(subjectOf(service, twin), (message) => message.respond(new TextEncoder().encode(JSON.stringify(beat()))));
}

export function lookOver(bus: Bus): Look {
  return async (service, twin) => {
    const reply = await bus.request(subjectOf(service, twin), new Uint8Array(), {}, LIMIT_MS);
    return reply.kind === "reply" ? readBeat(reply.data) : undefined;
  };
}
