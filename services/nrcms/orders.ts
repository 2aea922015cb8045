/** What an operator orders: a switchover, a server's rest and its end, the topology's settings. Each is asked of administration, and then watched until the pairs have done it. */
import { randomUUID } from "node:crypto";
import Table from "cli-table3";
import { parse } from "yaml";
import { AdministrationServiceDefinition as Administration } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { MonitoringServiceDefinition, type PairStatus, type TwinStatus } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import type { PairOrder, PairSettings } from "../../proto/generated/nrcms/values/v1/pairs.ts";
import { pause } from "../mesh/clock.ts";
import { settingsMessage } from "../mesh/order.ts";
import { checkTopology } from "../mesh/topology.ts";
import type { GatewayClient } from "./gateway-client.ts";

/** How long the pairs have to do what was ordered. */
const DONE_LIMIT_MS = 15_000;
const LOOK_MS = 50;
const CALL = { patienceMs: 10_000 } as const;

export interface Ordered {
  readonly orders: readonly PairOrder[];
  /** Until every twin had done so; undefined where nothing was to be done, or it was a rehearsal. */
  readonly tookMs: number | undefined;
}

export async function orderOf(operator: GatewayClient, service: string): Promise<PairOrder | undefined> {
  const { orders } = await operator.call(Administration, "listPairOrders", {}, CALL);
  return orders.find((order) => order.service === service);
}

/** Gives a pair's lead to the other twin, or to the one named. Throws where it is refused, or not done in time. */
export async function switchover(operator: GatewayClient, service: string, to: string, rehearse: boolean): Promise<Ordered> {
  const seen = await orderOf(operator, service);
  const request = { requestId: randomUUID(), service, to, seenVersion: seen?.version ?? 0n, rehearse };
  const { order } = await operator.call(Administration, "switchPair", request, CALL);
  if (!order) throw new Error("administration answered without an order");
  const tookMs = rehearse ? undefined : await done(operator, [order]);
  return { orders: [order], tookMs };
}

export async function drain(operator: GatewayClient, server: string, force: string, rehearse: boolean): Promise<Ordered> {
  const request = { requestId: randomUUID(), server, force, rehearse };
  const { orders } = await operator.call(Administration, "drainServer", request, CALL);
  return { orders, tookMs: rehearse ? undefined : await done(operator, orders) };
}

export async function resume(operator: GatewayClient, server: string): Promise<Ordered> {
  const { orders } = await operator.call(Administration, "resumeServer", { requestId: randomUUID(), server }, CALL);
  return { orders, tookMs: await done(operator, orders) };
}

export interface Applied {
  readonly service: string;
  readonly changes: readonly string[];
  readonly version: bigint;
}

/**
 * Orders the settings of a topology file, given as its text, pair by pair, where they differ from what stands. Administration looks at the whole file first and refuses
 * a bad one, so that the attempt is on record. One that was interrupted is begun again and finds what is left; nothing but the pairs' settings is ordered.
 */
export async function apply(operator: GatewayClient, text: string, onPair: (applied: Applied) => void): Promise<Ordered> {
  await operator.call(Administration, "checkTopology", { requestId: randomUUID(), text }, CALL);
  const wanted = checkTopology(parse(text), "the topology");
  const { orders } = await operator.call(Administration, "listPairOrders", {}, CALL);
  const ordered: PairOrder[] = [];
  for (const [service, pair] of Object.entries(wanted.services)) {
    const before = orders.find((order) => order.service === service);
    const settings = settingsMessage(pair);
    const changes = differences(before?.settings, settings);
    if (before && changes.length === 0) continue;
    const request = { requestId: randomUUID(), service, settings, seenVersion: before?.version ?? 0n };
    const { order } = await operator.call(Administration, "configurePair", request, CALL);
    if (!order) throw new Error("administration answered without an order");
    ordered.push(order);
    onPair({ service, changes, version: order.version });
  }
  return { orders: ordered, tookMs: ordered.length > 0 ? await done(operator, ordered) : undefined };
}

function differences(before: PairSettings | undefined, after: PairSettings): string[] {
  const names = ["mode", "takeover", "failback", "preferred"] as const;
  return names.flatMap((name) => (before?.[name] === after[name] ? [] : [`${name}: ${word(before?.[name])} → ${word(after[name])}`]));
}

function word(value: string | undefined): string {
  return (value ?? "?").toLowerCase().replace("_", "-");
}

/** Waits until each pair works as ordered; gives how long that took. Throws with what is not done. */
async function done(operator: GatewayClient, orders: readonly PairOrder[]): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const { pairs } = await operator.call(MonitoringServiceDefinition, "getPairs", {}, CALL);
    const open = orders.flatMap((order) =>
      undone(
        order,
        pairs.find(({ service }) => service === order.service),
      ),
    );
    const tookMs = performance.now() - startedMs;
    if (open.length === 0) return tookMs;
    if (tookMs > DONE_LIMIT_MS) throw new Error(`ordered, and not done after ${DONE_LIMIT_MS / 1000} s: ${open.join("; ")}`);
    await pause(LOOK_MS);
  }
}

function undone(order: PairOrder, pair: PairStatus | undefined): string[] {
  const twins = (pair?.twins ?? []).filter(({ alive }) => alive);
  if (twins.length === 0) return [`${order.service} is not heard`];
  return twins.flatMap((twin) => {
    const why = lag(order, twin);
    return why ? [`${order.service}.${twin.twin} ${why}`] : [];
  });
}

/** What a twin that lives has still to do. */
function lag(order: PairOrder, twin: TwinStatus): string {
  if (twin.orderVersion < order.version) return "has not heard of it";
  const leadsOn = order.overEpoch >= twin.epoch && twin.epoch > 0n;
  if (order.successor !== "" && order.successor !== twin.twin && leadsOn) return "leads";
  if (order.resting.includes(twin.twin) && (twin.active || twin.epoch > 0n)) return "works";
  return "";
}

export function ordersTable(orders: readonly PairOrder[]): string {
  const table = new Table({
    head: [
      "服务 service",
      "版本 version",
      "模式 mode",
      "接管 takeover",
      "回切 failback",
      "首选 preferred",
      "指定主用 successor",
      "维护 at rest",
      "下令人 by",
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const { service, version, settings, successor, overEpoch, resting, orderedBy } of orders) {
    const successorText = successor === "" ? "" : `${successor} (> epoch ${overEpoch})`;
    const { mode, takeover, failback = "", preferred = "" } = settings ?? {};
    table.push([service, String(version), word(mode), word(takeover), failback, preferred, successorText, resting.join(", "), orderedBy]);
  }
  return table.toString();
}
