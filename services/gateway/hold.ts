/**
 * A promise that needs two services is not final at once (protocols 18): the gateway holds the call for it up to 2 s, then passes on PENDING with the id to ask by.
 * SubmitClaimResponse and GetClaimResponse both are one Claim in field 1, so that the later answer can stand in for the first.
 */
import { ClaimState, GetClaimRequest, GetClaimResponse } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { pause } from "../mesh/clock.ts";
import { contentHash } from "../mesh/journal.ts";
import type { CallParts, Client, RpcReply } from "../mesh/rpc.ts";

export const HOLD_MS = 2_000;
const ASK_EVERY_MS = 80;

/** Asks for a pending claim until it is final or the hold is over; then gives what stands. */
export async function holdForClaim(client: Client, claimId: string, first: RpcReply, parts: CallParts): Promise<RpcReply> {
  const untilMs = performance.now() + Math.min(HOLD_MS, parts.timeoutMs);
  const data = GetClaimRequest.encode({ claimId }).finish();
  const hash = contentHash(data);
  let newest = first;
  while (performance.now() < untilMs) {
    await pause(ASK_EVERY_MS);
    const left = untilMs - performance.now();
    if (left <= 0) break;
    const reply = await client.call("claims", "GetClaim", data, { ...parts, hash, timeoutMs: left });
    if (reply.status !== "OK") continue;
    newest = { ...reply, pending: claimId };
    if (GetClaimResponse.decode(reply.data).claim?.state !== ClaimState.PENDING) return newest;
  }
  return newest;
}
