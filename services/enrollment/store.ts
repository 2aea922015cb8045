/** What enrollment finds again. Nearly everything is found by its key, and what belongs to a county by the beginning of its keys: only releases need an index. */

import type { Indexes, Reader } from "../mesh/wiring.ts";
import type { Doc, Kind } from "../values/decision.ts";
import {
  accounts,
  type Campaign,
  campaigns,
  changes,
  type Household,
  type HouseholdChange,
  householdIdOf,
  households,
  type PayAccount,
  type Receipt,
  type Release,
  type Roll,
  receipts,
  releases,
  rolls,
  type SourceReceipt,
  sourceReceipts,
  type Tally,
  tallies,
} from "./domain/documents.ts";

export const indexes: Indexes = {
  accounts: [],
  campaigns: [],
  changes: [],
  counties: [],
  households: [],
  identities: [],
  receipts: [],
  releases: [{ keys: { county: 1 } }, { keys: { askingCounty: 1 } }],
  rolls: [],
  sourcereceipts: [],
  tallies: [],
};

/** The household of a person_id, where there is one. */
export function householdOfPerson(reader: Reader, personId: string): Promise<Household | undefined> {
  return reader.get(households.key(householdIdOf(personId)));
}

/** The household, where it is that county's. */
export async function householdIn(reader: Reader, county: string, householdId: string): Promise<Household | undefined> {
  const household = await reader.get(households.key(householdId));
  return household?.county === county ? household : undefined;
}

/** Where a household is paid, where it has said so. */
export function accountOf(reader: Reader, householdId: string): Promise<PayAccount | undefined> {
  return reader.get(accounts.key(householdId));
}

/** A household's changes, oldest first. */
export async function changesOf(reader: Reader, { householdId, changes: count = 0 }: Household): Promise<readonly HouseholdChange[]> {
  const keys = Array.from({ length: count }, (_, index) => changes.key(householdId, index + 1));
  const found = await reader.getAll(keys);
  return keys.flatMap((key) => found.get(key.id) ?? []);
}

export function campaignOf(reader: Reader, county: string, year: number): Promise<Campaign | undefined> {
  return reader.get(campaigns.key(county, year));
}

/** Villages of a county; receipts of a campaign: as many as its requests of 500 households, and one for each who joins later. */
const MAX_VILLAGES = 5_000;
const MAX_RECEIPTS = 50_000;
const MAX_RELEASES = 500;

/** A kind's documents whose keys begin with a county's; the slash is followed by the zero. */
function ofCounty<D extends Doc>(reader: Reader, kind: Kind<D>, county: string, year: number, limit: number): Promise<readonly D[]> {
  return reader.find(kind, { _id: { $gte: `${county}/`, $lt: `${county}0` }, year }, { limit });
}

export function talliesOf(reader: Reader, county: string, year: number): Promise<readonly Tally[]> {
  return ofCounty(reader, tallies, county, year, MAX_VILLAGES);
}

export function rollsOf(reader: Reader, county: string, year: number): Promise<readonly Roll[]> {
  return ofCounty(reader, rolls, county, year, MAX_VILLAGES);
}

export function receiptsOf(reader: Reader, county: string, year: number): Promise<readonly Receipt[]> {
  return ofCounty(reader, receipts, county, year, MAX_RECEIPTS);
}

export function sourceReceiptsOf(reader: Reader, county: string, year: number): Promise<readonly SourceReceipt[]> {
  return ofCounty(reader, sourceReceipts, county, year, MAX_RECEIPTS);
}

/** Cases that the county holds or has asked for: open ones first, then the newest. */
export async function releasesOf(reader: Reader, county: string): Promise<readonly Release[]> {
  const found = await reader.find(releases, { $or: [{ county }, { askingCounty: county }] }, { limit: MAX_RELEASES });
  const isOpen = ({ state }: Release) => (state === "OPEN" ? 0 : 1);
  return found.toSorted((a, b) => isOpen(a) - isOpen(b) || (a.askedOn > b.askedOn ? -1 : 1));
}

/** Households after one, by id, that were enrolled for earlier years only and are not at an end. */
export function missingHouseholds(
  reader: Reader,
  county: string,
  year: number,
  after: string,
  limit: number,
): Promise<readonly Household[]> {
  const from = after === "" ? { $gte: county } : { $gt: after };
  const filter = { _id: { ...from, $lt: String(Number(county) + 1) }, year: { $lt: year }, members: { $ne: [] } };
  return reader.find(households, filter, { sort: { _id: 1 }, limit });
}
