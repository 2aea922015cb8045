/**
 * The payment centre's accounts, each at a bank of its own, and which county's money is kept at which. `main` keeps every county that no other names. Its name is never stored:
 * what says no bank is the main one's, so that a centre with one account stores and tells what it always has.
 */

export const MAIN_BANK = "main";

/** The bank of each county whose money is not kept at the main one. */
export type CountyBanks = Readonly<Record<string, string>>;

export function bankOfCounty(county: string, countyBanks: CountyBanks): string {
  return (Object.hasOwn(countyBanks, county) ? countyBanks[county] : undefined) ?? MAIN_BANK;
}

/** The bank of what says its bank, or is the main one's. */
export function bankOf({ bank }: { readonly bank?: string | undefined }): string {
  return bank || MAIN_BANK;
}

/** How a document says its bank. */
export function bankField(bank: string): { readonly bank?: string } {
  return bank === MAIN_BANK ? {} : { bank };
}

/** The filter that finds a bank's documents. */
export function ofBank(bank: string): { readonly bank: string | { readonly $exists: false } } {
  return { bank: bank === MAIN_BANK ? { $exists: false } : bank };
}

/** The parts of a key that two banks may use at once, such as a day or a bank's own id. No bank's own id has a `|`. */
export function bankPart(bank: string, part: string): string {
  return bank === MAIN_BANK ? part : `${bank}|${part}`;
}

/** What a bank's certificates are named after: bank-client, bank-signing; bank-<id>-client, bank-<id>-signing. */
export function bankName(bank: string): string {
  return bank === MAIN_BANK ? "bank" : `bank-${bank}`;
}
