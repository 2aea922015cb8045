/** What the audit of a night has found, or how far it is, as monitoring has recorded it. */
import {
  type GetNightAuditResponse,
  MonitoringServiceDefinition,
  NightState,
} from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { auditTable } from "./summary.ts";

/** Of the newest night where no day is named. */
export async function nightOf(who: GatewayClient, day: string): Promise<GetNightAuditResponse> {
  return await who.call(MonitoringServiceDefinition, "getNightAudit", { day });
}

const STATES: Readonly<Record<string, string>> = {
  [NightState.RUNNING]: "进行中 running",
  [NightState.FAILED]: "未能完成 did not end",
  [NightState.ENDED]: "已完成 ended",
};

export function nightText(night: GetNightAuditResponse): string {
  const { day, state, attempts, twin, startedAtMs, endedAtMs, fault } = night;
  const took = endedAtMs > 0n ? `, 用时 took ${((Number(endedAtMs) - Number(startedAtMs)) / 1000).toFixed(1)} s` : "";
  const first = `${day} ${STATES[state] ?? state}: monitoring.${twin}, 第 ${attempts} 次 try ${attempts}, ${clock(startedAtMs)} 开始 begun${took}`;
  const failed = fault === "" ? [] : [`  ${fault}`];
  if (state !== NightState.ENDED)
    return [first, ...failed, `  不变式 invariant ${night.invariant}/9: ${night.checked} 已检查 looked at`].join("\n");
  return [first, auditTable(night.lines), `内存峰值 peak memory ${Math.round(Number(night.peakResidentBytes) / 1_048_576)} MB`].join("\n");
}

/** HH:MM:SS in Asia/Shanghai. */
function clock(atMs: bigint): string {
  return new Date(Number(atMs) + 8 * 3_600_000).toISOString().slice(11, 19);
}
