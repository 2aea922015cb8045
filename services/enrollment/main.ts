import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { calls } from "./calls.ts";
import { campaignCalls } from "./campaign-calls.ts";
import { memberCalls } from "./member-calls.ts";
import { messages, tells } from "./messages.ts";
import { indexes } from "./store.ts";

const service: Service = {
  name: "enrollment",
  indexes,
  tells,
  wire: (parts) => ({ calls: [...calls(parts), ...memberCalls(parts), ...campaignCalls(parts)], messages }),
};

await serve(service);
