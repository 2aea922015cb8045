import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { admissionCalls } from "./admission-calls.ts";
import { applicationCalls } from "./application-calls.ts";
import { attachmentCalls } from "./attachment-calls.ts";
import { calls } from "./calls.ts";
import { messages, tells } from "./messages.ts";
import { paperCalls } from "./paper-calls.ts";
import { reportCalls } from "./report-calls.ts";
import { reportTimers } from "./report-timers.ts";
import { reviewCalls } from "./review-calls.ts";
import { ruleCalls } from "./rule-calls.ts";
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
      ...admissionCalls(parts),
      ...secondCalls(parts),
      ...paperCalls(parts),
      ...applicationCalls(parts),
      ...reportCalls(parts),
      ...reviewCalls(parts),
      ...ruleCalls(parts),
      ...attachmentCalls(parts),
    ],
    messages,
    timers: [...timers(parts), ...reportTimers(parts)],
  }),
};

await serve(service);
