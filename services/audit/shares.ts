/** Of invariant 2: what a second compensation has granted is what its claims say and what its payables owe, one to one; no more than the pot. */
import type { Findings } from "./findings.ts";
import type { ClaimView, Flight, GrantedView, PayableView, Records } from "./records.ts";
import { joined } from "./streams.ts";

const HOUSEHOLD_DIGITS = 14;

/** Claims whose share stays in the pot, by the payable that is not to be: as few as are taken back between a plan and its pages. */
export type Dropped = Set<string>;

/** A claim, or none, with what granted pages say of it. */
export function checkShared(claim: ClaimView | undefined, shares: readonly GrantedView[], dropped: Dropped, findings: Findings): void {
  const [share] = shares;
  if (!share && claim?.sharedFen === undefined) return;
  findings.look();
  // A claim that was taken back before its page was granted gets nothing, and its share stays in the pot.
  if (share && claim?.state === "VOIDED" && claim.sharedFen === undefined) return void dropped.add(share.payableId);
  const had = claim?.sharedFen ?? "no";
  findings.hold(
    claim !== undefined && claim.sharedFen === share?.fen && shares.length <= 1,
    () => `claim ${claim?._id ?? share?.claimId} has had ${had} fen of second compensation, the granted page says ${share?.fen ?? "none"}`,
  );
}

export async function checkShares(records: Records, dropped: Dropped, flight: Flight, findings: Findings): Promise<void> {
  await checkSeconds(records, findings);
  const byPayable = joined<{ shares: GrantedView; payables: PayableView }>({
    shares: { rows: records.granted("payableId"), key: ({ payableId }) => payableId },
    payables: { rows: records.sharePayables(), key: ({ _id }) => _id },
  });
  for await (const { key, rows } of byPayable) {
    findings.look();
    const [share] = dropped.has(key) ? [] : rows.shares;
    const [payable] = rows.payables;
    const owed = share && `${share.county} owes ${share.fen} fen to ${share.personId.slice(0, HOUSEHOLD_DIGITS)}`;
    const posted = payable && `${payable.county} owes ${payable.amountFen} fen to ${payable.payee}`;
    // While events are on their way, what was granted a moment ago may not be posted yet.
    const onItsWay = !flight.settled && posted === undefined;
    findings.hold(
      owed === posted || onItsWay,
      () => `share ${key}: granted is ${owed ?? "nothing"}; the payable says ${posted ?? "nothing"}`,
    );
  }
}

/** Each plan against its pages. */
async function checkSeconds(records: Records, findings: Findings): Promise<void> {
  const shared = new Map<string, bigint>();
  for await (const { _id, county, shares } of records.sharePages()) {
    const [, year = "", plan = ""] = _id.split("/");
    const planId = `${county}/${year}/${plan}`;
    for (const { shareFen } of shares) shared.set(planId, (shared.get(planId) ?? 0n) + shareFen);
  }
  for await (const { _id, state, plan, potFen, sharedFen, grantedFen } of records.seconds()) {
    findings.look();
    const fen = shared.get(`${_id}/${plan}`) ?? 0n;
    findings.hold(fen === sharedFen, () => `second compensation ${_id} shares ${sharedFen} fen, its pages sum to ${fen}`);
    const within = sharedFen <= potFen && grantedFen <= sharedFen && (state !== "PLANNED" || grantedFen === 0n);
    findings.hold(
      within,
      () => `second compensation ${_id}, ${state}, has granted ${grantedFen} of ${sharedFen} fen, its pot is ${potFen}`,
    );
  }
}
