/** A day seen from outside of the mesh: what the hospitals handed in, what the bank paid, and what of persons must stand in no log. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Region, readRegion } from "../../services/nrcms/region.ts";
import { REGION } from "../../services/nrcms/run.ts";

interface BookLine {
  readonly kind: string;
  readonly transactions?: readonly {
    readonly endToEndId: string;
    readonly fen: number;
    readonly status: string;
    readonly account: string;
  }[];
}

/** What the banks have paid, by EndToEndId, from their own files. Throws where one was paid twice. */
export function paidByBank(run: string): Map<string, bigint> {
  const paid = new Map<string, bigint>();
  for (const { endToEndId, fen } of booked(run)) {
    if (paid.has(endToEndId)) throw new Error(`the bank paid ${endToEndId} twice`);
    paid.set(endToEndId, BigInt(fen));
  }
  return paid;
}

/** What the banks have paid to each account in all. */
export function paidToAccounts(run: string): Map<string, bigint> {
  const paid = new Map<string, bigint>();
  for (const { account, fen } of booked(run)) paid.set(account, (paid.get(account) ?? 0n) + BigInt(fen));
  return paid;
}

function booked(run: string) {
  const lines = globSync(join(run, "bank*", "books.jsonl")).flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"));
  return lines.flatMap((text) => (JSON.parse(text) as BookLine).transactions ?? []).filter(({ status }) => status === "ACSC");
}

export function sumOf(paid: ReadonlyMap<string, bigint>): bigint {
  return [...paid.values()].reduce((sum, fen) => sum + fen, 0n);
}

export interface Personal {
  readonly identityNumbers: ReadonlySet<string>;
  /** Of persons, and of the holders of accounts. */
  readonly names: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
}

/** Everything personal in the sample region. */
export async function personalIn(): Promise<Personal> {
  const region: Region = await readRegion(REGION);
  const members = region.households.flatMap(({ households }) => households.flatMap((household) => household.members));
  const accounts = [...region.counties.map(({ county }) => county.account), ...region.institutions.map(({ account }) => account)];
  return {
    identityNumbers: new Set(members.map((member) => member.identityNumber)),
    names: new Set(
      [...members.map((member) => member.name), ...accounts.map((account) => account?.accountName ?? "")].filter((name) => name !== ""),
    ),
    accounts: new Set(accounts.map((account) => account?.accountNumber ?? "").filter((number) => number !== "")),
  };
}

/** What of persons stands in a text. Names are looked for in its Chinese, numbers among its words. */
export function personalFound(text: string, personal: Personal): string[] {
  const words = new Set(text.match(/[0-9A-Za-z]{6,40}/g) ?? []);
  const numbers = [...words].filter((word) => personal.identityNumbers.has(word) || personal.accounts.has(word));
  const chinese = [...new Set(text.match(/\p{Script=Han}{2,}/gu) ?? [])].join("\n");
  const names = chinese === "" ? [] : [...personal.names].filter((name) => chinese.includes(name));
  return [...numbers, ...names];
}
