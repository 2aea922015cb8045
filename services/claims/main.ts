import { mongoUri } from "../mesh/topology.ts";
import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { dayOf } from "../values/days.ts";
import { admissionCalls } from "./admission-calls.ts";
import { applicationCalls } from "./application-calls.ts";
import { attachmentCalls } from "./attachment-calls.ts";
import { calls } from "./calls.ts";
import { claimsConfig } from "./config.ts";
import { coverCalls } from "./cover-calls.ts";
import { estimateApart } from "./estimate/apart.ts";
import { estimateCalls } from "./estimate-calls.ts";
import { messages, tells } from "./messages.ts";
import { leadRuleNights } from "./nightly.ts";
import { paperCalls } from "./paper-calls.ts";
import { reportCalls } from "./report-calls.ts";
import { reportTimers } from "./report-timers.ts";
import { reviewCalls } from "./review-calls.ts";
import { ruleCalls } from "./rule-calls.ts";
import { ruleNightApart } from "./rule-night/apart.ts";
import { schemeCalls } from "./scheme-calls.ts";
import { secondCalls } from "./second-calls.ts";
import { indexes } from "./store.ts";
import { timers } from "./timers.ts";

const service: Service = {
  name: "claims",
  indexes,
  tells,
  wire: (parts) => ({
    calls: [
      ...calls(parts),
      ...schemeCalls(parts),
      ...estimateCalls({
        ...parts,
        uri: mongoUri(parts.topology),
        today: () => dayOf(parts.clock.nowMs()),
        run: estimateApart,
      }),
      ...admissionCalls(parts),
      ...secondCalls(parts),
      ...paperCalls(parts),
      ...coverCalls(parts),
      ...applicationCalls(parts),
      ...reportCalls(parts),
      ...reviewCalls(parts),
      ...ruleCalls(parts),
      ...attachmentCalls(parts),
    ],
    messages,
    timers: [...timers(parts), ...reportTimers(parts)],
    lead: (leading) =>
      leadRuleNights(
        {
          ...parts,
          rulesAt: claimsConfig(parts.settings).rulesAt,
          nowMs: parts.clock.nowMs,
          run: (day, signal) => ruleNightApart({ uri: mongoUri(parts.topology), day }, signal),
        },
        leading,
      ),
  }),
};

await serve(service);
