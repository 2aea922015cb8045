/** The yearly campaign (参合筹资): when it is open and what each source pays a head, how many of each village may enrol, and what the other sources have paid. */
import type { Decision } from "../../values/decision.ts";
import { askOwner, badRequest, isRefusal, type Refusal, type Unavailable } from "../../values/outcome.ts";
import {
  type Campaign,
  campaigns,
  counties,
  type FundSource,
  type Place,
  rollKey,
  type SourceReceipt,
  sourceReceipts,
} from "./documents.ts";
import type { EnrollmentEvents } from "./events.ts";
import { badPlace } from "./listing.ts";
import { refuse } from "./refusals.ts";

interface OfCounty {
  readonly county: string;
  /** What administration said of the county; undefined while it has not been asked. */
  readonly ownerKnowsCounty: boolean | undefined;
}

function countyFault({ county, ownerKnowsCounty }: OfCounty, isKnown: boolean): Refusal | Unavailable | undefined {
  if (isKnown || ownerKnowsCounty) return undefined;
  return ownerKnowsCounty === undefined ? askOwner() : refuse("UNKNOWN_COUNTY", { field: "county", county });
}

export type CampaignInput = Campaign & OfCounty;

/** Replies with the campaign as it then stands. Once it is open only its last day changes: people have paid what it said. */
export const setCampaign: Decision<CampaignInput, Campaign, EnrollmentEvents> = {
  needs: ({ county, year }) => [counties.key(county), campaigns.key(county, year)],
  decide({ ownerKnowsCounty, ...campaign }, state, change, { day }) {
    const { county, year, opensOn } = campaign;
    const unknown = countyFault({ county, ownerKnowsCounty }, state.get(counties.key(county)) !== undefined);
    if (unknown) return unknown;
    const key = campaigns.key(county, year);
    const stored = state.get(key);
    if (stored && stored.opensOn <= day && (stored.opensOn !== opensOn || !sameRates(stored, campaign)))
      return refuse("CAMPAIGN_STARTED", { field: "campaign", opens: stored.opensOn });
    change.put(key, campaign);
    change.about(`${county}/${year}`);
    return campaign;
  },
};

function sameRates(a: Campaign, b: Campaign): boolean {
  return (
    a.rates.length === b.rates.length &&
    a.rates.every((rate) => b.rates.some(({ source, fenPerHead }) => rate.source === source && rate.fenPerHead === fenPerHead))
  );
}

export interface EntitledInput extends OfCounty {
  readonly year: number;
  readonly villages: readonly (Place & { readonly entitled: number })[];
}

/** Replies with how many are entitled in all the villages that were told. */
export const setEntitled: Decision<EntitledInput, number, EnrollmentEvents> = {
  needs: ({ county, year, villages }) => [counties.key(county), ...villages.map((village) => rollKey(county, year, village))],
  decide({ county, year, villages, ownerKnowsCounty }, state, change, { caller }) {
    const unknown = countyFault({ county, ownerKnowsCounty }, state.get(counties.key(county)) !== undefined);
    if (unknown) return unknown;
    const seen = new Set<string>();
    for (const [index, { township, village, entitled }] of villages.entries()) {
      const at = `villages[${index}]`;
      const fault = badPlace(`${at}.township`, township) ?? badPlace(`${at}.village`, village);
      if (isRefusal(fault)) return fault;
      const key = rollKey(county, year, { township, village });
      if (seen.has(key.id)) return badRequest(`${at}.village`, "该村重复", "the village is there twice");
      seen.add(key.id);
      change.put(key, { county, year, township, village, entitled, enteredBy: caller.name });
    }
    return villages.reduce((sum, { entitled }) => sum + entitled, 0);
  },
};

export interface ContributionInput {
  readonly county: string;
  readonly year: number;
  readonly source: FundSource;
  readonly amountFen: bigint;
  readonly reference: string;
}

/** Replies with the receipt; the same one again changes nothing. Its id is that of the treasurer's receipts, so that one reference is booked once, by whichever way it comes. */
export const receiveContribution: Decision<ContributionInput, SourceReceipt, EnrollmentEvents> = {
  needs: ({ county, year, reference }) => [campaigns.key(county, year), sourceReceipts.key(county, reference)],
  decide({ county, year, source, amountFen, reference }, state, change, { day, caller }) {
    if (!state.get(campaigns.key(county, year))) return refuse("NO_CAMPAIGN", { field: "year", county, year });
    const key = sourceReceipts.key(county, reference);
    const stored = state.get(key);
    const same = stored?.year === year && stored.source === source && stored.amountFen === amountFen;
    if (stored) return same ? stored : refuse("RECEIPT_EXISTS", { field: "reference", reference });
    const receiptId = `receipt/${county}/${reference}`;
    const receipt: SourceReceipt = { county, receiptId, year, source, amountFen, receivedOn: day, receivedBy: caller.name };
    change.put(key, receipt);
    change.tell("ContributionsReceived", county, {
      receiptId,
      county,
      year,
      heads: 0,
      contributionsFen: amountFen,
      receivedOn: day,
      source,
    });
    change.about(receiptId);
    return receipt;
  },
};
