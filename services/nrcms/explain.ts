/** A claim's receipt with every step of its computation (补偿计算单), for the window and for whoever asks why. */
import Table from "cli-table3";
import { ClaimsServiceDefinition, type ExplainClaimResponse } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { capitals } from "../values/capitals.ts";
import { yuan } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { hospitalOf } from "./papers.ts";

const SHOWN_HASH = 12;

export async function explainClaim(caller: GatewayClient, claimId: string): Promise<ExplainClaimResponse> {
  return await caller.call(ClaimsServiceDefinition, "explainClaim", { claimId });
}

/** The receipt as text. Amounts in yuan, the fund's also in capitals. */
export function receipt({ claim, steps, treatingSchemeId }: ExplainClaimResponse): string {
  const { bill, benefit, homeCounty, treatingCounty, state } = claim ?? {};
  if (!bill || !benefit) throw new Error("an explanation without its claim");
  const table = new Table({
    head: ["步骤 step", "依据 rule", "元 yuan", "→", "说明 why"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "left", "right", "right", "left"],
  });
  for (const { step, rule, inFen, outFen, zh, en } of steps) table.push([step, rule, yuan(inFen), yuan(outFen), `${zh}\n${en}`]);
  const parts: [string, bigint][] = [
    ["总费用 total", benefit.totalFen],
    ["公共卫生补助 public-health subsidy", benefit.subsidyFen],
    ["基金支付 fund", benefit.fundFen],
    ["家庭账户 family account", benefit.accountFen],
    ["医疗救助 medical assistance", benefit.assistanceFen],
    ["大病保险 catastrophic insurance", benefit.catastrophicFen],
    ["医院承担 hospital", benefit.hospitalFen],
    ["个人支付 patient", benefit.patientFen],
  ];
  const shown = parts.filter(([, fen], index) => fen !== 0n || index === 0 || index === 2 || index === parts.length - 1);
  return [
    `补偿计算单 ${bill.claimId} · ${state} · ${claim?.paper ? `纸质单据 on paper ${hospitalOf(claim)}` : `${bill.institutionId} (${treatingCounty})`} · ${bill.admittedOn} – ${bill.dischargedOn} · 参合县 insured by ${homeCounty}`,
    `补助方案 scheme ${benefit.schemeId} ${benefit.code}${treatingSchemeId === benefit.schemeId ? "" : `; 目录 catalogue of ${treatingSchemeId}`} · ${hashesOf(steps)}`,
    table.toString(),
    ...shown.map(([name, fen]) => `${name}: ${yuan(fen)}`),
    `基金支付（大写）: ${capitals(benefit.fundFen)}`,
  ].join("\n");
}

/** The documents that the steps come from, so that a reader can compare them with the published ones. */
function hashesOf(steps: ExplainClaimResponse["steps"]): string {
  return [...new Set(steps.map(({ source }) => source))].map((hash) => `sha256 ${hash.slice(0, SHOWN_HASH)}…`).join(", ");
}
