/** What a campaign comes to, from its documents: who is enrolled of how many, what each source owes for them, and what has come in. Pure. */
import {
  type Campaign,
  type FundSource,
  type Place,
  RATED_SOURCES,
  type Receipt,
  type Roll,
  type SourceReceipt,
  type Tally,
} from "./documents.ts";

export interface Line extends Place {
  readonly households: number;
  readonly heads: number;
  readonly entitled: number;
  /** Basis points, half up; 0 where nobody is entitled. */
  readonly rateBp: number;
}

/** The county's line, then each township's with its villages', by name. A village that nobody has told of has nobody entitled. */
export function participation(tallies: readonly Tally[], rolls: readonly Roll[]): readonly Line[] {
  const villages = new Map<string, Line>();
  const at = (place: Place) => JSON.stringify([place.township, place.village]);
  const empty = ({ township, village }: Place): Line => ({ township, village, households: 0, heads: 0, entitled: 0, rateBp: 0 });
  for (const { households, heads, ...place } of tallies) villages.set(at(place), { ...empty(place), households, heads });
  for (const { entitled, ...place } of rolls) villages.set(at(place), { ...(villages.get(at(place)) ?? empty(place)), entitled });
  const rows = [...villages.values()].filter(({ heads, entitled }) => heads > 0 || entitled > 0);
  const townships = [...Map.groupBy(rows, ({ township }) => township)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    total({ township: "", village: "" }, rows),
    ...townships.flatMap(([township, of]) => [
      total({ township, village: "" }, of),
      ...of.toSorted((a, b) => (a.village < b.village ? -1 : 1)).map((row) => total(row, [row])),
    ]),
  ];
}

function total({ township, village }: Place, rows: readonly Line[]): Line {
  const sum = (of: "households" | "heads" | "entitled") => rows.reduce((all, row) => all + row[of], 0);
  const [heads, entitled] = [sum("heads"), sum("entitled")];
  return {
    township,
    village,
    households: sum("households"),
    heads,
    entitled,
    rateBp: entitled > 0 ? Math.floor((heads * 20_000 + entitled) / (2 * entitled)) : 0,
  };
}

export interface Standing {
  readonly source: FundSource;
  readonly heads: number;
  readonly expectedFen: bigint;
  readonly receivedFen: bigint;
  readonly missingFen: bigint;
}

/**
 * What each source owes a campaign for those who are enrolled, and what has come in: individuals for those who pay for themselves, assistance the same for those whom it
 * enrols, the others for everybody.
 */
export function standings(
  { rates }: Campaign,
  tallies: readonly Tally[],
  receipts: readonly Receipt[],
  others: readonly SourceReceipt[],
): readonly Standing[] {
  const sum = (of: "heads" | "paying" | "assisted") => tallies.reduce((all, tally) => all + tally[of], 0);
  const rateOf = (source: FundSource) => rates.find((rate) => rate.source === source)?.fenPerHead ?? 0n;
  return ([...RATED_SOURCES, "ASSISTANCE"] as const).map((source) => {
    const heads = source === "INDIVIDUAL" ? sum("paying") : source === "ASSISTANCE" ? sum("assisted") : sum("heads");
    const expectedFen = BigInt(heads) * rateOf(source === "ASSISTANCE" ? "INDIVIDUAL" : source);
    const own = source === "INDIVIDUAL" ? receipts.map(({ contributionsFen }) => contributionsFen) : [];
    const theirs = others.filter((receipt) => receipt.source === source).map(({ amountFen }) => amountFen);
    const receivedFen = [...own, ...theirs].reduce((all, fen) => all + fen, 0n);
    const missingFen = expectedFen > receivedFen ? expectedFen - receivedFen : 0n;
    return { source, heads, expectedFen, receivedFen, missingFen };
  });
}
