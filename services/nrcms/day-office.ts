/**
 * What counties' offices do on the day besides reviewing bills: clerks hand in bills on paper, and reviewers ask their hospitals; treasurers withhold, pay by head and assess, each time with a
 * reviewer's word. What was done before is left as it is.
 */
import { type Claim, ClaimState } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { sum } from "../values/money.ts";
import { approveHeads, approveScore, capitations, proposeHeads, proposeScore, withheld, withhold } from "./fund.ts";
import type { PaperCase } from "./import/papers.ts";
import type { Assessed } from "./import/registers.ts";
import { confirmPaper, nameAccount, submitPaper } from "./papers.ts";
import { each, type People } from "./people.ts";
import { whenHeard } from "./region.ts";

const OFFICES_AT_ONCE = 6;
const HOUSEHOLD_DIGITS = 14;

export interface PapersTally {
  readonly handedIn: number;
  readonly denied: number;
  /** The fund's part of what was not denied. */
  readonly fundFen: bigint;
}

/** Each household names its account and hands its paper in; another person asks the hospital, and enters what it says. The review desk then decides. */
export async function handInPapers(cases: readonly PaperCase[], people: People): Promise<PapersTally> {
  const claims: Claim[] = [];
  await each(cases, OFFICES_AT_ONCE, async ({ county, account, file, says }) => {
    const clerk = people.as(`clerk-${county}`);
    const householdId = (file.bill?.personId ?? "").slice(0, HOUSEHOLD_DIGITS);
    await nameAccount(clerk, { county, householdId, account });
    const claim = await submitPaper(clerk, county, file);
    const claimId = claim.bill?.claimId ?? "";
    const isOpen = claim.state === ClaimState.IN_REVIEW && !claim.paper?.confirmation;
    claims.push(isOpen ? await confirmPaper(people.as(`reviewer-${county}`), { county, claimId }, says) : claim);
  });
  const standing = claims.filter(({ state }) => state !== ClaimState.REFUSED && state !== ClaimState.VOIDED);
  const fundFen = sum(standing.map(({ benefit }) => benefit?.fundFen ?? 0n));
  return { handedIn: claims.length, denied: claims.length - standing.length, fundFen };
}

export interface ByHead {
  readonly institutions: number;
  readonly heads: number;
  readonly amountFen: bigint;
}

/** Before the hospitals bill: from whom something is withheld, and who is paid by head for the month. */
export async function setTerms(rows: readonly Assessed[], people: People, month: string): Promise<ByHead> {
  const paid: { heads: number; amountFen: bigint }[] = [];
  await each(rows, OFFICES_AT_ONCE, async ({ county, institutionId, withheldBp, heads }) => {
    const treasurer = people.as("treasurer");
    const known = (await withheld(treasurer, county)).find((one) => one.institutionId === institutionId);
    if (withheldBp > 0 && known?.withheldBp !== withheldBp)
      await whenHeard("withhold", ["UNKNOWN_COUNTY"], () => withhold(treasurer, county, institutionId, withheldBp));
    if (heads === 0) return;
    const now = { county, institutionId, period: month, heads };
    const isSame = (one: { institutionId: string; period: string }) => one.institutionId === institutionId && one.period === month;
    const before = (await capitations(treasurer, county)).find((one) => isSame(one) && one.state === "PAID");
    if (!before) await whenHeard("heads", ["NO_CAPITATION"], () => proposeHeads(treasurer, now));
    const stands = before ? [before] : await approveHeads(people.as(`reviewer-${county}`), now);
    paid.push(...stands);
  });
  return {
    institutions: paid.length,
    heads: paid.reduce((heads, one) => heads + one.heads, 0),
    amountFen: sum(paid.map(({ amountFen }) => amountFen)),
  };
}

export interface AssessedTally {
  readonly institutions: number;
  readonly withheldFen: bigint;
  readonly releasedFen: bigint;
  readonly returnedFen: bigint;
}

/** After the month's payments: a treasurer proposes each score, the county's reviewer approves it, and what was withheld is shared by it. Where nothing stands withheld there is nothing to share. */
export async function assess(rows: readonly Assessed[], people: People, month: string): Promise<AssessedTally> {
  const done: { withheldFen: bigint; releasedFen: bigint; returnedFen: bigint }[] = [];
  await each(rows, OFFICES_AT_ONCE, async ({ county, institutionId, scoreBp, reason }) => {
    const treasurer = people.as("treasurer");
    const known = (await withheld(treasurer, county)).find((one) => one.institutionId === institutionId);
    if (known?.last?.period === month) return void done.push(known.last);
    if (!known || known.withheldFen === 0n) return;
    const score = { county, institutionId, period: month, scoreBp };
    await proposeScore(treasurer, score, reason);
    const approved = await approveScore(people.as(`reviewer-${county}`), score);
    if (approved) done.push(approved);
  });
  return {
    institutions: done.length,
    withheldFen: sum(done.map((one) => one.withheldFen)),
    releasedFen: sum(done.map((one) => one.releasedFen)),
    returnedFen: sum(done.map((one) => one.returnedFen)),
  };
}
