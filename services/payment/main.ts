import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { calls } from "./calls.ts";
import { openChannel, readCredentials } from "./channel.ts";
import { readPaymentConfig } from "./config.ts";
import { leadPayment } from "./lead.ts";
import { messages, tells } from "./messages.ts";
import { indexes } from "./store.ts";
import { timers } from "./timers.ts";

const service: Service = {
  name: "payment",
  indexes,
  tells,
  wire({ reader, log, settings, topology }) {
    const config = readPaymentConfig({ ...settings, bank: topology.bank });
    const channel = openChannel(config.bank, readCredentials(config.run));
    const { enquireAfterMs, debtor } = config;
    const parts = { reader, log, channel, enquireAfterMs, accountNumber: debtor.accountNumber, monotonicMs: () => performance.now() };
    return {
      calls: calls({ reader, debtor, secondAboveFen: BigInt(config.secondCheckerAboveFen), calendar: config.calendar }),
      messages,
      timers: timers({ reader, settings: config }),
      lead: (leading) => leadPayment(parts, leading),
    };
  },
};

await serve(service);
