/** Whether nothing is on its way any more; and if something is, what. */
import type { Claim } from "../../services/claims/domain/documents.ts";
import { drawingOf, promisedFen } from "../../services/claims/domain/year.ts";
import type { Due, Order } from "../../services/payment/domain/documents.ts";
import type { ClearingWindow, Payable } from "../../services/settlement/domain/documents.ts";
import { databaseOf } from "./invariants.ts";
import type { Province } from "./province.ts";
import { NAMES } from "./services.ts";
import { unheardBy } from "./stream.ts";

/** How far each twin's events are in the streams, from the first, without a hole; and how many there are. */
export function reachedBy({ streams, set }: Province) {
  return NAMES.flatMap((service) => {
    const messages = streams.streams.get(`NRCMS_${service.toUpperCase()}`)?.messages ?? [];
    const origins = new Set(messages.map(({ headers }) => headers["nrcms-origin"]?.split(" ").slice(0, 2).join(" ")));
    return [...set.collection(databaseOf(service), "heads").majority.values()].map(({ _id: twin, event }) => {
      let reached = 0;
      while (origins.has(`${twin} ${reached + 1}`)) reached += 1;
      return { service, twin, reached, event: Number(event) };
    });
  });
}

/** What is still under way, in words; empty when all is at rest. */
export function underWay(province: Province): string[] {
  const left: string[] = [];
  const all = <T>(service: string, kind: string): T[] =>
    [...province.set.collection(databaseOf(service), kind).majority.values()] as unknown as T[];
  const count = (what: string, many: number) => {
    if (many > 0) left.push(`${many} ${what}`);
  };
  for (const { name, running, process } of province.places) if (!running || !process.alive) left.push(`${name} does not run`);
  for (const { id, due } of province.banks) count(`things are to be done or told by bank ${id}`, due);
  const claims = all<Claim>("claims", "claims");
  count("claims wait", claims.filter(({ state }) => state === "IN_REVIEW" || state === "PENDING").length);
  count("claims are unpaid", claims.filter(isUnpaid).length);
  const payables = all<Payable>("settlement", "payables");
  count("payables are open", payables.filter(({ state }) => state === "DUE" || state === "HELD").length);
  count("recalls are not answered", payables.filter(({ recall }) => recall === "ASKED").length);
  count("dues wait", all<Due>("payment", "dues").filter(({ state }) => ["WAITING", "NO_ACCOUNT", "ON_CHECK"].includes(state)).length);
  const ended = ["SETTLED", "REPLACED", "WITHDRAWN"];
  count("orders are open", all<Order>("payment", "orders").filter(({ state }) => !ended.includes(state)).length);
  count(
    "windows are not settled",
    all<ClearingWindow>("settlement", "windows").filter(({ state }) => state === "PAYING" || state === "CONFIRMING").length,
  );
  for (const service of NAMES) {
    count(`inputs of ${service} are parked`, all<{ resolved: boolean }>(service, "parked").filter(({ resolved }) => !resolved).length);
  }
  for (const { service, twin, event, reached } of reachedBy(province))
    count(`events of ${service}.${twin} are in no stream`, event - reached);
  for (const stream of province.streams.streams.values())
    for (const durable of stream.durables.values()) {
      count(
        `events of ${stream.service} are unheard by ${durable.name}`,
        unheardBy(stream, durable).length + durable.pending.size + durable.again.size,
      );
    }
  return left;
}

/** Its own payable is to be paid: something was promised, and corrections have left something of it. */
function isUnpaid(claim: Claim): boolean {
  const { benefit, drawn, state } = claim;
  return state === "APPROVED" && promisedFen({ fundFen: benefit.fundFen, drawn }) > 0n && promisedFen(drawingOf(claim)) > 0n;
}
