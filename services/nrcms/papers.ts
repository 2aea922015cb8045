/** What a county's desk does about bills on paper (间接补偿, 手工报销): hands in, asks the hospital, decides, takes back, names the household's account, and looks where they are. */
import Table from "cli-table3";
import type { BankAccount } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type Claim,
  type ClaimState,
  ClaimsServiceDefinition,
  type ConfirmedBy,
  PaperAnswer,
  Verdict,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { PaperFile } from "./import/papers.ts";

/** One claim of a county. */
export interface OfCounty {
  readonly county: string;
  readonly claimId: string;
}

/** A refusal uses its request's id up, and what it was about may be put right elsewhere: each try is a request of its own, and the claim's id makes it one claim. */
function tryOf(step: string, claimId: string): string {
  return `${step}-${claimId}-${Date.now()}`;
}

export async function submitPaper(who: GatewayClient, county: string, { bill, paper }: PaperFile): Promise<Claim> {
  const requestId = tryOf("paper", bill?.claimId ?? "");
  return wanted((await who.call(ClaimsServiceDefinition, "submitPaperClaim", { requestId, county, bill, paper })).claim);
}

export interface HospitalSays {
  readonly askedBy: ConfirmedBy;
  readonly answeredBy: string;
  /** May be empty where it denies. */
  readonly code: string;
  /** Why it denies; left out where it confirms. */
  readonly denied?: string;
}

export async function confirmPaper(who: GatewayClient, { county, claimId }: OfCounty, said: HospitalSays): Promise<Claim> {
  const { askedBy, answeredBy, code, denied } = said;
  const { claim } = await who.call(ClaimsServiceDefinition, "confirmPaperClaim", {
    requestId: tryOf("confirm", claimId),
    county,
    claimId,
    answer: denied === undefined ? PaperAnswer.CONFIRMED : PaperAnswer.DENIED,
    confirmation: { askedBy, answeredBy, code, enteredBy: "", enteredOn: "", confirmed: false },
    reason: denied ?? "",
  });
  return wanted(claim);
}

/** Approves a claim that waits, or refuses it with a reason. */
export async function decidePaper(who: GatewayClient, { county, claimId }: OfCounty, refused: string | undefined): Promise<Claim> {
  const { claim } = await who.call(ClaimsServiceDefinition, "reviewClaim", {
    requestId: tryOf("review", claimId),
    county,
    claimId,
    verdict: refused === undefined ? Verdict.APPROVE : Verdict.REFUSE,
    reason: refused ?? "",
    deductions: [],
    words: [],
  });
  return wanted(claim);
}

export async function voidPaper(who: GatewayClient, { county, claimId }: OfCounty, reason: string): Promise<Claim> {
  const requestId = tryOf("void", claimId);
  return wanted((await who.call(ClaimsServiceDefinition, "voidPaperClaim", { requestId, county, claimId, reason })).claim);
}

/** A claim of the county's, however old. */
export async function showPaper(who: GatewayClient, claimId: string): Promise<Claim> {
  return wanted((await who.call(ClaimsServiceDefinition, "getClaim", { claimId })).claim);
}

/** The newest first. */
export async function listPapers(who: GatewayClient, county: string, state: ClaimState): Promise<Claim[]> {
  return (await who.call(ClaimsServiceDefinition, "listPaperClaims", { county, state })).claims;
}

export interface HouseholdAccount {
  readonly county: string;
  readonly householdId: string;
  readonly account: BankAccount;
}

export async function nameAccount(who: GatewayClient, named: HouseholdAccount): Promise<BankAccount> {
  const requestId = `account-${named.householdId}-${Date.now()}`;
  return wanted((await who.call(EnrollmentServiceDefinition, "registerAccount", { requestId, ...named })).account);
}

/** Who has issued a paper, as it names itself or by its id; empty for a claim that is none of paper. */
export function hospitalOf({ paper }: Claim): string {
  if (!paper) return "";
  return paper.institutionId === "" ? `${paper.name}（${paper.city}）` : paper.institutionId;
}

export function accountText({ bankCode, accountNumber, accountName }: BankAccount): string {
  return `${accountName} ${bankCode} ${accountNumber}`;
}

export function papersText(claims: readonly Claim[]): string {
  if (claims.length === 0) return "没有纸质单据 · no bills on paper";
  const table = new Table({
    head: [
      "补偿单 claim",
      "状态 state",
      "参合人 person",
      "就诊医院 hospital",
      "出院 discharged",
      "总额 total",
      "补偿 fund",
      "录入 by",
      "核实 confirmed",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "left", "left", "left", "right", "right", "left", "left"],
  });
  for (const claim of claims) table.push(rowOf(claim));
  return table.toString();
}

function rowOf(claim: Claim): string[] {
  const { bill, paper, benefit, state, correctedFen } = claim;
  const { claimId = "", personId = "", dischargedOn = "", totalFen = 0n } = bill ?? {};
  const fundFen = (benefit?.fundFen ?? 0n) + correctedFen;
  return [
    claimId,
    state,
    personId,
    hospitalOf(claim),
    dischargedOn,
    yuan(totalFen),
    yuan(fundFen),
    paper?.submittedBy ?? "",
    saidOf(claim),
  ];
}

function saidOf({ paper, state }: Claim): string {
  const { confirmation } = paper ?? {};
  if (!confirmation) return state === "IN_REVIEW" ? "待核实 to be asked" : "";
  return `${confirmation.confirmed ? confirmation.code : "否认 denied"} · ${confirmation.enteredBy} ${confirmation.enteredOn}`;
}

/** A claim as it stands, and whose turn it is. */
export function paperText(claim: Claim): string {
  return [papersText([claim]), ...(claim.reason === "" ? [] : [`原因 reason: ${claim.reason}`]), ...nextOf(claim)].join("\n");
}

function nextOf({ bill, homeCounty: county, paper, state, paidAtMs }: Claim): string[] {
  const { claimId = "", personId = "" } = bill ?? {};
  const of = `${county} ${claimId}`;
  if (state === "IN_REVIEW" && !paper?.confirmation)
    return [
      `下一步 next: 由他人向医院核实 another person asks the hospital: nrcms claim paper confirm ${of} --by phone --answered-by <who> --code <code>`,
    ];
  if (state === "IN_REVIEW") return [`下一步 next: nrcms claim paper approve ${of}`];
  if (state === "APPROVED")
    return [
      `付至户账户 paid to the household's account; 未登记账户则待登记 where it has none: nrcms claim paper account ${county} ${personId.slice(0, HOUSEHOLD_DIGITS)} --bank <code> --account <number> --name <name>`,
    ];
  if (state === "VOIDED" && paidAtMs > 0n)
    return [
      `已付，该户所欠由以后的补偿抵扣 it was paid: what the household owes is set off against its next payments: nrcms fund balance ${county}`,
    ];
  return [];
}

const HOUSEHOLD_DIGITS = 14;

function wanted<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("an answer without what it is about");
  return part;
}
