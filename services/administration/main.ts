import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { calls } from "./calls.ts";
import { messages, tells } from "./messages.ts";
import { pairCalls } from "./pair-calls.ts";
import { indexes } from "./store.ts";

const service: Service = {
  name: "administration",
  indexes,
  tells,
  wire: (parts) => ({ calls: [...calls(parts), ...pairCalls(parts)], messages }),
};

await serve(service);
