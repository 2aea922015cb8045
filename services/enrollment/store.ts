/** What enrollment finds again. Everything is found by its key: nothing needs a further index. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import { accounts, type Household, householdIdOf, households, type PayAccount } from "./domain/documents.ts";

export const indexes: Indexes = { accounts: [], households: [], identities: [], receipts: [], counties: [] };

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
