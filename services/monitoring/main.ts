import { auditApart } from "../audit/apart.ts";
import type { Clock } from "../mesh/clock.ts";
import { readTwinConfig } from "../mesh/config.ts";
import { mongoUri } from "../mesh/topology.ts";
import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { dayOf } from "../values/days.ts";
import { calls } from "./calls.ts";
import { expectedTwins, readMonitoringConfig } from "./config.ts";
import { seens } from "./domain/documents.ts";
import { marked } from "./domain/seen.ts";
import { messages, tells } from "./messages.ts";
import { leadNights } from "./nightly.ts";
import { indexes } from "./store.ts";
import { timers } from "./timers.ts";

const { topology, twin, settings } = readTwinConfig("monitoring");
const { auditAt } = readMonitoringConfig(settings);

/** Events may be on their way: what is missing for less than a minute is no breach. */
const wanted = (clock: Clock) => ({ uri: mongoUri(topology), settled: false, nowMs: clock.nowMs() });

const service: Service = {
  name: "monitoring",
  indexes,
  tells,
  hearsBeats: "all",
  wire: ({ reader, presence, republish, log, clock }) => ({
    calls: calls({
      reader,
      presence,
      nowMs: Date.now,
      today: () => dayOf(clock.nowMs()),
      twins: expectedTwins(topology),
      audit: async () => (await auditApart({ ...wanted(clock), background: false })).lines,
    }),
    messages,
    heard: async (source, twin, numbers) => {
      const seen = await reader.get(seens.key(`${source}.${twin}`));
      return new Set(seen ? numbers.filter((number) => marked(seen, number) === "known") : []);
    },
    timers: timers({ reader, presence, republish, log, nowMs: Date.now }),
    lead: (leading) =>
      leadNights(
        {
          reader,
          log,
          twin,
          auditAt,
          nowMs: clock.nowMs,
          run: (onProgress, signal) => auditApart({ ...wanted(clock), background: true, onProgress, signal }),
        },
        leading,
      ),
  }),
};

await serve(service);
