/** After the load: the maker cuts what is paid by the day and the week, the treasurer closes the window, and everybody waits until nothing is on its way any more. */
import { SettlementServiceDefinition, WindowState } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { pause } from "../../services/mesh/clock.ts";
import { closeWindow, cutScheduled, openPayables, waitFor } from "../../services/nrcms/day.ts";
import { GatewayError } from "../../services/nrcms/gateway-client.ts";
import { askAgain } from "./callers.ts";
import type { RegionMesh } from "./region-mesh.ts";
import { allHeard } from "./streams.ts";

/** Far more than any fault here takes to heal; what is not settled then is lost or stuck. */
const SETTLE_LIMIT_MS = 90_000;
const WINDOW_LIMIT_MS = 60_000;
const HEARD_LIMIT_MS = 60_000;
const LOOK_MS = 500;

/** Claims that are not at the end of their way: waiting, or promised money that has not been paid. */
const UNFINISHED = { $or: [{ state: { $in: ["IN_REVIEW", "PENDING"] } }, { state: "APPROVED", "benefit.fundFen": { $gt: 0n } }] };

/** Resolves when every claim is paid or refused, every window with obligations is settled, no payable is open, every service has heard every event, and the hospitals have asked after what was pending. Throws what is left otherwise. */
export async function settle(mesh: RegionMesh): Promise<void> {
  const untilMs = performance.now() + SETTLE_LIMIT_MS;
  const claims = mesh.mongo.db("nrcms_claims").collection("claims");
  while ((await claims.countDocuments(UNFINISHED)) > 0) {
    if (performance.now() > untilMs) throw new Error(`not settled after ${SETTLE_LIMIT_MS / 1000} s: ${await whatIsLeft(mesh)}`);
    // What falls due by the day comes as it is posted: asked again until it is all there.
    await cut(mesh);
    await pause(LOOK_MS);
  }
  await closeWindow(mesh.people, WINDOW_LIMIT_MS);
  const idle = await waitFor(async () => (await openPayables(mesh.people)).open === 0 && (await openWindows(mesh)) === 0, WINDOW_LIMIT_MS);
  if (!idle) throw new Error(`the clearing is not settled after ${WINDOW_LIMIT_MS / 1000} s: ${await whatIsLeft(mesh)}`);
  const heard = await waitFor(() => allHeard(mesh), HEARD_LIMIT_MS);
  if (!heard) throw new Error(`after ${HEARD_LIMIT_MS / 1000} s there are events that a service has not heard`);
  await askAgain(mesh);
}

/** An outage is no reason to stop cutting: the next turn asks again. */
async function cut(mesh: RegionMesh): Promise<void> {
  try {
    await cutScheduled(mesh.people, mesh.day);
  } catch (error) {
    if (!(error instanceof GatewayError && error.status === "UNAVAILABLE")) throw error;
  }
}

/** Windows that hold obligations and are not settled. */
async function openWindows(mesh: RegionMesh): Promise<number> {
  const { windows } = await mesh.people.as("treasurer").call(SettlementServiceDefinition, "listWindows", {});
  return windows.filter((window) => window.obligations > 0 && window.state !== WindowState.SETTLED).length;
}

/** Documents by state, for a person who wants to know where the money waits. */
async function whatIsLeft({ mongo }: RegionMesh): Promise<string> {
  const count = async (service: string, kind: string, match: object) => {
    const rows = mongo
      .db(`nrcms_${service}`)
      .collection(kind)
      .aggregate([{ $match: match }, { $group: { _id: "$state", count: { $sum: 1 } } }]);
    return `${kind} ${(await rows.toArray()).map((row) => `${row._id} ${row.count}`).join(", ") || "none"}`;
  };
  const example = await mongo.db("nrcms_claims").collection("claims").findOne(UNFINISHED);
  const words = await Promise.all([
    count("claims", "claims", {}),
    count("settlement", "payables", {}),
    count("payment", "dues", {}),
    count("payment", "orders", {}),
    count("payment", "batches", {}),
    count("settlement", "windows", {}),
  ]);
  return `${words.join("; ")}; for example ${example?._id}`;
}
