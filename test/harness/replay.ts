/** Everything that came, once more: every event that stands in the streams, every bill that was answered, as they came the first time. */
import { ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { answerOf, answersOf } from "./callers.ts";
import { until } from "./faults.ts";
import type { Mesh } from "./mesh.ts";
import type { RegionMesh } from "./region-mesh.ts";
import { allHeard, deleteDurables, durables, type Redelivery } from "./streams.ts";

const DURABLES_LIMIT_MS = 120_000;
const HEARD_LIMIT_MS = 120_000;
const PATIENCE_MS = 60_000;
/** Bills under way at a time. */
const LANES = 32;

/** Every event once more, to each who hears it; returns when all who hear are there again. */
export async function redeliver(mesh: Mesh): Promise<Redelivery> {
  const again = await deleteDurables(mesh);
  await until("the durables are there again", async () => (await durables(mesh)) >= again.durables, DURABLES_LIMIT_MS);
  return again;
}

/** The same; returns when all have heard all. */
export async function redeliverAll(mesh: Mesh): Promise<Redelivery> {
  const again = await redeliver(mesh);
  await until("all is heard again", () => allHeard(mesh), HEARD_LIMIT_MS);
  return again;
}

export interface Repeated {
  readonly bills: number;
  /** Answers that are not those of the first time. */
  readonly faults: readonly string[];
}

/** Every answered bill once more under its request id. */
export async function repeatBills(mesh: RegionMesh): Promise<Repeated> {
  const waiting = [...answersOf(mesh.run)];
  const bills = waiting.length;
  const faults: string[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [claimId, [first]] = next;
      const bill = mesh.bills.made.get(claimId);
      if (!bill || !first) throw new Error(`nobody knows what ${claimId} asked`);
      const hospital = mesh.people.as(`hospital-${bill.institutionId}`);
      const { claim } = await hospital.call(
        ClaimsServiceDefinition,
        "submitClaim",
        { requestId: claimId, bill },
        { patienceMs: PATIENCE_MS },
      );
      const now = claim && answerOf(claim);
      // A stay elsewhere was answered with the outcome of its reservation, and is by now: its state has gone on, its promise has not.
      const same = first.homeCounty === first.treatingCounty ? now?.hash === first.hash : now?.fundFen === first.fundFen;
      if (!same) faults.push(`${claimId} was answered ${first.state} ${first.fundFen}, and now ${now?.state} ${now?.fundFen}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { bills, faults };
}
