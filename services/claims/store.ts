/** What claims finds again, beyond documents by their key. One index, over the few claims that wait: the hot path pays for no other. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import { type Claim, claims } from "./domain/documents.ts";

const MAX_TASKS = 500;
/** Bill lines in one answer: about half a megabyte. */
const MAX_TASK_LINES = 6_000;
const MAX_EXPIRING = 500;

export const indexes: Indexes = {
  claims: [{ keys: { state: 1, county: 1, waitingSinceMs: 1 }, partial: { waitingSinceMs: { $gt: 0 } } }],
  covers: [],
  institutions: [],
  counties: [],
  years: [],
  invoices: [],
  referrals: [],
  schemes: [],
  catalogues: [],
  timetables: [],
};

export function claimOf(reader: Reader, claimId: string): Promise<Claim | undefined> {
  return reader.get(claims.key(claimId));
}

/** The claims of a home county that wait for review, oldest first; as many as one answer holds. */
export async function reviewTasksOf(reader: Reader, county: string): Promise<readonly Claim[]> {
  const filter = { state: "IN_REVIEW", county, waitingSinceMs: { $gt: 0 } };
  const waiting = await reader.find(claims, filter, { sort: { waitingSinceMs: 1 }, limit: MAX_TASKS });
  let lines = 0;
  const end = waiting.findIndex(({ bill }) => {
    lines += bill.lines.length;
    return lines > MAX_TASK_LINES;
  });
  return end < 0 ? waiting : waiting.slice(0, Math.max(1, end));
}

/** The claims that have waited for their prefund since `sinceMs` or longer. */
export function pendingSince(reader: Reader, sinceMs: number): Promise<readonly Claim[]> {
  return reader.find(claims, { state: "PENDING", waitingSinceMs: { $gt: 0, $lte: sinceMs } }, { limit: MAX_EXPIRING });
}
