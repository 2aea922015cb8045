/** The services as their main.ts wires them, for a process that is simulated: the same calls, messages, timers and leading work. */
import { calls as administrationCalls } from "../../services/administration/calls.ts";
import { messages as administrationMessages, tells as administrationTells } from "../../services/administration/messages.ts";
import { pairCalls } from "../../services/administration/pair-calls.ts";
import { indexes as administrationIndexes } from "../../services/administration/store.ts";
import { admissionCalls } from "../../services/claims/admission-calls.ts";
import { calls as claimsCalls } from "../../services/claims/calls.ts";
import { coverCalls } from "../../services/claims/cover-calls.ts";
import { messages as claimsMessages, tells as claimsTells } from "../../services/claims/messages.ts";
import { paperCalls } from "../../services/claims/paper-calls.ts";
import { reportCalls } from "../../services/claims/report-calls.ts";
import { reportTimers } from "../../services/claims/report-timers.ts";
import { reviewCalls } from "../../services/claims/review-calls.ts";
import { ruleCalls } from "../../services/claims/rule-calls.ts";
import { schemeCalls } from "../../services/claims/scheme-calls.ts";
import { indexes as claimsIndexes } from "../../services/claims/store.ts";
import { timers as claimsTimers } from "../../services/claims/timers.ts";
import { calls as enrollmentCalls } from "../../services/enrollment/calls.ts";
import { campaignCalls } from "../../services/enrollment/campaign-calls.ts";
import { memberCalls } from "../../services/enrollment/member-calls.ts";
import { messages as enrollmentMessages, tells as enrollmentTells } from "../../services/enrollment/messages.ts";
import { indexes as enrollmentIndexes } from "../../services/enrollment/store.ts";
import type { AnyDecision, Service } from "../../services/mesh/wiring.ts";
import type { Channel } from "../../services/payment/bank/channel.ts";
import { readerOf } from "../../services/payment/bank/read.ts";
import { calls as paymentCalls } from "../../services/payment/calls.ts";
import type { Terms } from "../../services/payment/domain/banks.ts";
import { ALWAYS_OPEN } from "../../services/payment/domain/calendar.ts";
import { NO_LIMITS } from "../../services/payment/domain/limits.ts";
import { leadPayment } from "../../services/payment/lead.ts";
import { messages as paymentMessages, tells as paymentTells } from "../../services/payment/messages.ts";
import { indexes as paymentIndexes } from "../../services/payment/store.ts";
import { timers as paymentTimers } from "../../services/payment/timers.ts";
import { bankTimers } from "../../services/settlement/bank-timers.ts";
import { calls as settlementCalls } from "../../services/settlement/calls.ts";
import { settlementConfig } from "../../services/settlement/config.ts";
import { messages as settlementMessages, tells as settlementTells } from "../../services/settlement/messages.ts";
import { indexes as settlementIndexes } from "../../services/settlement/store.ts";
import { timers as settlementTimers } from "../../services/settlement/timers.ts";
import { windowCalls } from "../../services/settlement/window-calls.ts";
import { withheldCalls } from "../../services/settlement/withheld-calls.ts";
import type { CountyBanks } from "../../services/values/banks.ts";
import type { World } from "./world.ts";

/** How this province pays: the topology's settings, with what an idle simulation need not do so often. */
/** Low enough that some batches want a second checker. */
const SECOND_ABOVE_FEN = 300_000n;
export const CUTS = { cutEveryMs: 1_000, dailyAt: "17:00", weeklyOn: 5, monthlyOn: 25 } as const;
const ENQUIRE_AFTER_MS = 2_000;
const DEBTOR = { bankCode: "105871000019", accountNumber: "6405000000000001", accountName: "支付中心" } as const;
/** The payment centre's accounts at two banks, and which of the two counties is kept at the other one. */
export const TERMS: Terms = {
  main: { debtor: DEBTOR, format: "iso20022", calendar: ALWAYS_OPEN },
  icbc: { debtor: { ...DEBTOR, accountNumber: "6405000000000002" }, format: "iso20022", calendar: ALWAYS_OPEN },
};
export const COUNTY_BANKS: CountyBanks = { "640424": "icbc" };

/** Debtors answer: the simulated day does not end, so that a county that kept silent would be waited for. */
const CLEARING = settlementConfig({ confirmDays: 1 });

export const NAMES = ["administration", "enrollment", "claims", "settlement", "payment"] as const;
export type Name = (typeof NAMES)[number];

export function serviceNamed(name: Name, channelTo: (bank: string) => Channel): Service {
  switch (name) {
    case "administration":
      return {
        name,
        indexes: administrationIndexes,
        tells: administrationTells,
        wire: (parts) => ({ calls: [...administrationCalls(parts), ...pairCalls(parts)], messages: administrationMessages }),
      };
    case "enrollment":
      return {
        name,
        indexes: enrollmentIndexes,
        tells: enrollmentTells,
        wire: (parts) => ({
          calls: [...enrollmentCalls(parts), ...memberCalls(parts), ...campaignCalls(parts)],
          messages: enrollmentMessages,
        }),
      };
    case "claims":
      return {
        name,
        indexes: claimsIndexes,
        tells: claimsTells,
        wire: (parts) => ({
          calls: [
            ...claimsCalls(parts),
            ...schemeCalls(parts),
            ...admissionCalls(parts),
            ...paperCalls(parts),
            ...coverCalls(parts),
            ...reportCalls(parts),
            ...reviewCalls(parts),
            ...ruleCalls(parts),
          ],
          messages: claimsMessages,
          timers: [...claimsTimers(parts), ...reportTimers(parts)],
        }),
      };
    case "settlement":
      return {
        name,
        indexes: settlementIndexes,
        tells: settlementTells,
        wire: ({ reader, ask }) => ({
          calls: [
            ...settlementCalls({ reader, ask, config: CLEARING }),
            ...windowCalls({ reader, config: CLEARING }),
            ...withheldCalls({ reader, ask }),
          ],
          messages: settlementMessages,
          timers: [...settlementTimers({ reader, config: CLEARING }), ...bankTimers(reader, Object.keys(TERMS), COUNTY_BANKS)],
        }),
      };
    case "payment":
      return {
        name,
        indexes: paymentIndexes,
        tells: paymentTells,
        wire({ reader, log }) {
          const monotonicMs = () => performance.now();
          const atBanks = Object.entries(TERMS).map(([bank, { debtor, format }]) => {
            const read = readerOf(format, debtor.accountNumber);
            const hearing = { bank, reader, read, signing: undefined };
            return { bank, reader, log, channel: channelTo(bank), read, hearing, enquireAfterMs: ENQUIRE_AFTER_MS, monotonicMs };
          });
          return {
            calls: paymentCalls({
              reader,
              terms: TERMS,
              hearings: atBanks.map(({ hearing }) => hearing),
              countyBanks: COUNTY_BANKS,
              secondAboveFen: SECOND_ABOVE_FEN,
              limits: NO_LIMITS,
            }),
            messages: paymentMessages,
            timers: paymentTimers({ reader, settings: CUTS, countyBanks: COUNTY_BANKS }),
            lead: (leading) => leadPayment(atBanks, leading),
          };
        },
      };
  }
}

/** The same service of a release that has a bug: its decisions throw for some inputs, until it is mended. */
export function withBug(service: Service, world: World): Service {
  const wrapped = (decision: AnyDecision): AnyDecision => ({
    needs: decision.needs,
    decide(input, state, change, context) {
      if (world.isCursed(context.id)) throw new Error("a bug that the next release mends");
      return decision.decide(input, state, change, context);
    },
  });
  return {
    ...service,
    wire(parts) {
      const wiring = service.wire(parts);
      return {
        ...wiring,
        calls: wiring.calls.map((call) => (call.act === "command" ? { ...call, decision: wrapped(call.decision) } : call)),
        messages: wiring.messages.map((message) => ({ ...message, decision: wrapped(message.decision) })),
      };
    },
  };
}
