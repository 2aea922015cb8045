import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { bankTimers } from "./bank-timers.ts";
import { calls } from "./calls.ts";
import { messages, tells } from "./messages.ts";
import { indexes } from "./store.ts";
import { timers } from "./timers.ts";

const service: Service = {
  name: "settlement",
  indexes,
  tells,
  wire: (parts) => ({ calls: calls(parts), messages, timers: [...timers(parts.reader), ...bankTimers(parts.reader)] }),
};

await serve(service);
