import { serve } from "../mesh/twin.ts";
import type { Service } from "../mesh/wiring.ts";
import { openChannel } from "./bank/open.ts";
import { readerOf } from "./bank/read.ts";
import { readSigning } from "./bank/signature.ts";
import { calls } from "./calls.ts";
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
    const { enquireAfterMs, debtor, calendar, limits, bank } = config;
    const signing = bank.signed ? readSigning(config.run) : undefined;
    const channel = openChannel(config, signing, () => Date.now() + topology.clock_offset_ms);
    const read = readerOf(bank.format, debtor.accountNumber);
    const hearing = { reader, read, signing };
    const parts = { reader, log, channel, read, hearing, enquireAfterMs, monotonicMs: () => performance.now() };
    return {
      calls: calls({
        reader,
        debtor,
        format: bank.format,
        hearing,
        secondAboveFen: BigInt(config.secondCheckerAboveFen),
        limits,
        calendar,
      }),
      messages,
      timers: timers({ reader, settings: config }),
      lead: (leading) => leadPayment(parts, leading),
    };
  },
};

await serve(service);
