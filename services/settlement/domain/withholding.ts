/**
 * What is withheld of an institution's promises until it is assessed (预留质量保证金). Only of claims of the institution's own county: what an assessment does not give it goes back to the fund that bore it,
 * and of a claim from elsewhere that would be another county's. Only of the fund's part: a family account's money is the household's.
 */
import type { Change, Key, Loaded, State } from "../../values/decision.ts";
import { BP, halfUp } from "../../values/money.ts";
import { assert } from "../../values/outcome.ts";
import type { Purpose } from "./chart.ts";
import { assessments, type Payable, type Withheld, withholdings } from "./documents.ts";
import type { SettlementEvents } from "./events.ts";

/** A promise as it concerns what is withheld. */
export interface WithheldFrom {
  readonly homeCounty: string;
  readonly treatingCounty: string;
  readonly institutionId: string;
  /** Who is paid instead of the institution. */
  readonly householdId?: string;
  readonly fundFen: bigint;
  readonly fund: Exclude<Purpose, "SECOND">;
}

/** Rounds half-up, once for each claim. */
export function partOf(fundFen: bigint, bp: bigint): bigint {
  return halfUp(fundFen * bp, BP);
}

/** Of what institutions of the county itself are promised. A household that has paid a bill on paper is paid whole. */
export function mayWithhold({ homeCounty, treatingCounty, householdId, fundFen }: WithheldFrom): boolean {
  return householdId === undefined && homeCounty === treatingCounty && fundFen > 0n;
}

/** What is withheld of a new promise; undefined where nothing is. An institution without a rate is paid all. */
export function withheldOf(promised: WithheldFrom, documents: Loaded): Withheld | undefined {
  if (!mayWithhold(promised)) return undefined;
  const known = documents.get(withholdings.key(promised.institutionId));
  if (!known || known.withheldBp === 0n) return undefined;
  const { withheldBp: bp, round } = known;
  const { fundFen, fund: purpose } = promised;
  const heldFen = partOf(fundFen, bp);
  return { purpose, bp, round, promisedFen: heldFen, fundFen, heldFen };
}

/** What a correction of the fund's part does to what is withheld of the claim. */
export interface WithheldMove {
  readonly after: Withheld | undefined;
  /** More withheld, or less, while its round is open. */
  readonly heldFen: bigint;
  /** Of a round that was assessed: what of the correction the institution neither gets nor gives back, because the fund has kept it. */
  readonly keptFen: bigint;
}

export function moveOf({ withheld, payee }: Payable, deltaFen: bigint, documents: Loaded): WithheldMove {
  if (!withheld) return { after: undefined, heldFen: 0n, keptFen: 0n };
  const fundFen = withheld.fundFen + deltaFen;
  const heldFen = partOf(fundFen, withheld.bp);
  const after: Withheld = { ...withheld, fundFen, heldFen };
  const changedFen = heldFen - withheld.heldFen;
  const { round = withheld.round } = documents.get(withholdings.key(payee)) ?? {};
  if (withheld.round === round) return { after, heldFen: changedFen, keptFen: 0n };
  const { scoreBp = 0n } = documents.get(assessments.key(payee, withheld.round)) ?? {};
  return { after, heldFen: 0n, keptFen: changedFen - partOf(changedFen, scoreBp) };
}

export function moveKeys(payable: Payable | undefined): Key[] {
  if (!payable?.withheld) return [];
  return [withholdings.key(payable.payee), assessments.key(payable.payee, payable.withheld.round)];
}

/** The round must still be the one that was read; where it is over, its score is the one that was approved: what was read at two instants is decided again. */
export function guardMove({ withheld, payee }: Payable, state: State, change: Change<SettlementEvents>): void {
  if (!withheld) return;
  guardRound(payee, state, change);
  if (state.must(withholdings.key(payee)).round === withheld.round) return;
  const assessed = state.must(assessments.key(payee, withheld.round));
  assert(assessed.state === "APPROVED", `round ${withheld.round} of ${payee} is over, and its assessment is ${assessed.state}`);
}

/** The round must still be the one that was read: an assessment meanwhile would have taken what stands in it. */
export function guardRound(institutionId: string, state: State, change: Change<SettlementEvents>): void {
  const key = withholdings.key(institutionId);
  if (state.get(key)) change.guard(key);
}
