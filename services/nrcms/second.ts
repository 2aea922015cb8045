/** What a county's office does about second compensation (二次补偿): plans it, reads the plan, approves it. */
import Table from "cli-table3";
import {
  ClaimsServiceDefinition,
  type GetSecondCompensationResponse,
  type SecondCompensation,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";

/** Plans anew until it is approved: the request's id is of this moment. */
export async function planSecond(who: GatewayClient, county: string, year: number, potFen: bigint): Promise<SecondCompensation> {
  const request = { requestId: `second-${county}-${year}-${Date.now()}`, county, year, potFen };
  return wanted((await who.call(ClaimsServiceDefinition, "planSecondCompensation", request, { timeoutMs: 60_000 })).second);
}

/** Approves the plan whose hash was read. */
export async function approveSecond(who: GatewayClient, county: string, year: number, contentHash: string): Promise<SecondCompensation> {
  const request = { requestId: `approve-second-${contentHash.slice(0, 24)}`, county, year, contentHash };
  return wanted((await who.call(ClaimsServiceDefinition, "approveSecondCompensation", request)).second);
}

/** The plan, with all its shares. */
export async function showSecond(who: GatewayClient, county: string, year: number): Promise<GetSecondCompensationResponse> {
  const { second } = await who.call(ClaimsServiceDefinition, "getSecondCompensation", { county, year, page: 0 });
  const shares = [];
  for (let page = 1; page <= (second?.pages ?? 0); page += 1)
    shares.push(...(await who.call(ClaimsServiceDefinition, "getSecondCompensation", { county, year, page })).shares);
  return { second, shares };
}

export function secondText({ second, shares }: GetSecondCompensationResponse): string {
  const { county, year, state, potFen, claims, borneFen, sharedFen, grantedFen, plannedBy, approvedBy, contentHash } = wanted(second);
  const table = new Table({
    head: ["补偿单 claim", "参合人 person", "自负 borne", "分得 share"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "right", "right"],
  });
  for (const { claimId, personId, borneFen: fen, shareFen: share } of shares) table.push([claimId, personId, yuan(fen), yuan(share)]);
  return [
    `二次补偿 second compensation ${county} ${year} · ${state} · 编制 planned ${plannedBy}${approvedBy === "" ? "" : `, 批准 approved ${approvedBy}`}`,
    `总额 pot ${yuan(potFen)} · ${claims} 笔 claims, 自负合规费用 borne ${yuan(borneFen)} · 分配 shared ${yuan(sharedFen)}, 留存 left ${yuan(potFen - sharedFen)} · 已发放 granted ${yuan(grantedFen)}`,
    ...(shares.length > 0 ? [table.toString()] : []),
    `摘要 hash ${contentHash}`,
  ].join("\n");
}

function wanted(second: SecondCompensation | undefined): SecondCompensation {
  if (!second) throw new Error("an answer without its plan");
  return second;
}
