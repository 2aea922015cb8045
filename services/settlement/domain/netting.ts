/**
 * Multilateral netting: every county ends with one figure, and few transfers bring all figures to zero. Pure and deterministic: doing it again from the same
 * pairs gives the same bytes, and their hash is published.
 */
import { createHash } from "node:crypto";
import { lesser, sum } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import type { ClearingWindow, NetPosition, Pair, Transfer } from "./documents.ts";

export interface PairOf extends Pair {
  /** Who owes. */
  readonly from: string;
  /** Who advanced. */
  readonly to: string;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The pairs in order of their codes. */
export function pairsOf(pairs: Readonly<Record<string, Pair>>): readonly PairOf[] {
  return Object.entries(pairs)
    .map(([name, pair]) => {
      const [from, to] = name.split("/");
      assert(from && to, `pair ${name} names two counties`);
      return { from, to, ...pair };
    })
    .sort((a, b) => byText(`${a.from}/${a.to}`, `${b.from}/${b.to}`));
}

/** What each county of the pairs owes (negative) or is owed, by code. The sum is zero. */
export function positionsOf(pairs: readonly PairOf[]): NetPosition[] {
  const nets = new Map<string, bigint>();
  for (const { from, to, fen } of pairs) {
    nets.set(from, (nets.get(from) ?? 0n) - fen);
    nets.set(to, (nets.get(to) ?? 0n) + fen);
  }
  assert(sum(nets.values()) === 0n, "nets sum to zero");
  return [...nets].map(([county, netFen]) => ({ county, netFen })).sort((a, b) => byText(a.county, b.county));
}

/** Pays the largest debt to the largest credit, again and again; equal amounts by code. At most one transfer less than there are counties. */
export function transfersOf(positions: readonly NetPosition[]): Transfer[] {
  const left = new Map(positions.map(({ county, netFen }) => [county, netFen]));
  const transfers: Transfer[] = [];
  for (let round = 0; round < positions.length; round += 1) {
    const order = [...left].sort(([codeA, netA], [codeB, netB]) => (netA < netB ? -1 : netA > netB ? 1 : byText(codeA, codeB)));
    const debtor = order[0];
    if (!debtor || debtor[1] === 0n) break;
    // The order is by net, then by code: the first of those with the largest net is the creditor.
    const largest = order[order.length - 1]?.[1];
    const creditor = order.find(([, net]) => net === largest);
    assert(creditor && creditor[1] > 0n, "who is owed is there while somebody owes");
    const amountFen = lesser(-debtor[1], creditor[1]);
    transfers.push({ fromCounty: debtor[0], toCounty: creditor[0], amountFen, settled: false });
    left.set(debtor[0], debtor[1] + amountFen);
    left.set(creditor[0], creditor[1] - amountFen);
  }
  assert(
    [...left.values()].every((net) => net === 0n),
    "the transfers bring every net to zero",
  );
  return transfers;
}

/** SHA-256, in hex, of the netting's canonical bytes: the window and its sequence numbers, pairs, nets and transfers, a line each, in order. */
export function hashOf(
  window: Pick<ClearingWindow, "number" | "fromSequence" | "toSequence" | "pairs" | "positions" | "transfers">,
): string {
  const lines = [
    `nrcms-netting-1 W${window.number} ${window.fromSequence} ${window.toSequence}`,
    ...pairsOf(window.pairs).map((pair) => `pair ${pair.from} ${pair.to} ${pair.obligations} ${pair.fen}`),
    ...window.positions.map((position) => `net ${position.county} ${position.netFen}`),
    ...window.transfers.map((transfer) => `transfer ${transfer.fromCounty} ${transfer.toCounty} ${transfer.amountFen}`),
  ];
  return createHash("sha256")
    .update(`${lines.join("\n")}\n`, "utf8")
    .digest("hex");
}
