/**
 * Of invariant 2: what a second compensation has granted is what its claims say and what its payables owe, one to one; no more than the pot. Pages are few (a hundred shares each,
 * 20,000 a county and year), so that what was granted is held in memory.
 */
import type { Findings } from "./findings.ts";
import type { ClaimView, Flight, PayableView, Records } from "./records.ts";
import { joined } from "./streams.ts";

const HOUSEHOLD_DIGITS = 14;

interface Granted {
  readonly payableId: string;
  readonly claimId: string;
  readonly county: string;
  readonly householdId: string;
  readonly fen: bigint;
}

export async function checkShares(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const granted = await checkSeconds(records, findings);
  const byClaim = joined<{ claims: ClaimView; shares: Granted }>({
    claims: { rows: records.claims(), key: (claim) => claim._id },
    shares: { rows: sorted(granted, ({ claimId }) => claimId), key: ({ claimId }) => claimId },
  });
  const dropped = new Set<string>();
  for await (const { key, rows } of byClaim) {
    const [claim] = rows.claims;
    const [share] = rows.shares;
    if (!share && claim?.sharedFen === undefined) continue;
    findings.look();
    // A claim that was taken back before its page was granted gets nothing, and its share stays in the pot.
    if (share && claim?.state === "VOIDED" && claim.sharedFen === undefined) dropped.add(share.payableId);
    else {
      const says = () =>
        `claim ${key} has had ${claim?.sharedFen ?? "no"} fen of second compensation, the granted page says ${share?.fen ?? "none"}`;
      findings.hold(claim !== undefined && claim.sharedFen === share?.fen && rows.shares.length <= 1, says);
    }
  }
  const wanted = granted.filter(({ payableId }) => !dropped.has(payableId));
  const byPayable = joined<{ shares: Granted; payables: PayableView }>({
    shares: { rows: sorted(wanted, ({ payableId }) => payableId), key: ({ payableId }) => payableId },
    payables: { rows: sharePayables(records), key: ({ _id }) => _id },
  });
  for await (const { key, rows } of byPayable) {
    findings.look();
    const [share] = rows.shares;
    const [payable] = rows.payables;
    const owed = share && `${share.county} owes ${share.fen} fen to ${share.householdId}`;
    const posted = payable && `${payable.county} owes ${payable.amountFen} fen to ${payable.payee}`;
    // While events are on their way, what was granted a moment ago may not be posted yet.
    const onItsWay = !flight.settled && posted === undefined;
    findings.hold(
      owed === posted || onItsWay,
      () => `share ${key}: granted is ${owed ?? "nothing"}; the payable says ${posted ?? "nothing"}`,
    );
  }
}

/** Each plan against its pages; gives what was granted. */
async function checkSeconds(records: Records, findings: Findings): Promise<Granted[]> {
  const granted: Granted[] = [];
  const shared = new Map<string, bigint>();
  for await (const { _id, county, granted: isGranted, shares } of records.sharePages()) {
    const [, year = "", plan = ""] = _id.split("/");
    const planId = `${county}/${year}/${plan}`;
    for (const { claimId, personId, shareFen: fen } of shares) {
      shared.set(planId, (shared.get(planId) ?? 0n) + fen);
      const householdId = personId.slice(0, HOUSEHOLD_DIGITS);
      if (isGranted) granted.push({ payableId: `second/${county}/${year}/${claimId}`, claimId, county, householdId, fen });
    }
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
  return granted;
}

async function* sorted(rows: readonly Granted[], keyOf: (row: Granted) => string): AsyncGenerator<Granted> {
  yield* [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

async function* sharePayables(records: Records): AsyncGenerator<PayableView> {
  for await (const payable of records.payables()) if (payable._id.startsWith("second/")) yield payable;
}
