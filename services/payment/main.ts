import { banksIn } from "../mesh/topology.ts";
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
  wire({ reader, log, clock, settings, topology }) {
    const config = readPaymentConfig(settings, banksIn(topology));
    const { banks, countyBanks, enquireAfterMs, limits, run } = config;
    const atBanks = banks.map((bank) => {
      const signing = bank.signed ? readSigning(run, bank.id) : undefined;
      const channel = openChannel(bank, run, signing, clock.nowMs);
      const read = readerOf(bank.terms.format, bank.terms.debtor.accountNumber);
      const hearing = { bank: bank.id, reader, read, signing };
      return { bank: bank.id, reader, log, channel, read, hearing, enquireAfterMs, monotonicMs: clock.monotonicMs };
    });
    return {
      calls: calls({
        reader,
        terms: Object.fromEntries(banks.map(({ id, terms }) => [id, terms])),
        hearings: atBanks.map(({ hearing }) => hearing),
        countyBanks,
        secondAboveFen: BigInt(config.secondCheckerAboveFen),
        limits,
      }),
      messages,
      timers: timers({ reader, settings: config, countyBanks }),
      lead: (leading) => leadPayment(atBanks, leading),
    };
  },
};

await serve(service);
