/** What claims is asked about claims whose cover was lost after they were decided. */
import { type CoverLoss as CoverLossMessage, ClaimsServiceDefinition as definition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { assert } from "../values/outcome.ts";
import { type CoverLoss, decideLoss } from "./domain/cover-loss.ts";
import { badCounty, badId, badText, missing } from "./domain/fields.ts";
import { coverLossesOf } from "./store.ts";

const MAX_REASON = 200;

export function coverCalls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  return [
    query(methods.listCoverLosses, async ({ county }) => {
      const fault = badCounty("county", county);
      if (fault) return fault;
      return { losses: (await coverLossesOf(reader, county)).map(lossMessage) };
    }),
    command(methods.decideCoverLoss, {
      check: ({ county, claimId, verdict, reason }) =>
        badCounty("county", county) ??
        badId("claim_id", claimId) ??
        (verdict === "UNSPECIFIED" ? missing("verdict") : undefined) ??
        badText("reason", reason, MAX_REASON),
      input({ county, claimId, verdict, reason }) {
        assert(verdict !== "UNSPECIFIED", "the check at the door asks for it");
        return { county, claimId, verdict, reason };
      },
      decision: decideLoss,
      reply: (loss) => ({ loss: lossMessage(loss) }),
    }),
  ];
}

function lossMessage({ foundAtMs, ...loss }: CoverLoss): CoverLossMessage {
  return { ...loss, foundAtMs: BigInt(foundAtMs) };
}
