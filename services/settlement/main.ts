import { banksIn, countyBanksIn } from "../mesh/topology.ts";
import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { bankTimers } from "./bank-timers.ts";
import { calls } from "./calls.ts";
import { settlementConfig } from "./config.ts";
import { messages, tells } from "./messages.ts";
import { indexes } from "./store.ts";
import { timers } from "./timers.ts";
import { windowCalls } from "./window-calls.ts";
import { withheldCalls } from "./withheld-calls.ts";

const service: Service = {
  name: "settlement",
  indexes,
  tells,
  wire({ reader, ask, settings, topology }) {
    const config = settlementConfig(settings);
    const banks = banksIn(topology).map(({ id }) => id);
    return {
      calls: [...calls({ reader, ask, config }), ...windowCalls({ reader, config }), ...withheldCalls({ reader, ask })],
      messages,
      timers: [...timers({ reader, config }), ...bankTimers(reader, banks, countyBanksIn(topology))],
    };
  },
};

await serve(service);
