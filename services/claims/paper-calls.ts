/** What claims is asked about bills on paper (间接补偿, 手工报销): handed in, confirmed by their hospital, taken back, listed. */
import { ClaimsServiceDefinition as definition, type SubmitPaperClaimRequest } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { assert } from "../values/outcome.ts";
import { askForCover, askOwners, claimMessage, wanted } from "./answers.ts";
import { type ConfirmInput, confirmPaper } from "./domain/confirm-paper.ts";
import { badCounty, badId, badText, missing } from "./domain/fields.ts";
import { confirmationFault, isAskedBy, paperFormFault, paperFrom } from "./domain/paper-form.ts";
import { type SubmitInput, submit } from "./domain/submit.ts";
import { voidClaim } from "./domain/void-claim.ts";
import { papersOf } from "./store.ts";

const MAX_REASON = 200;

export function paperCalls({ ask, reader }: { readonly ask: Ask; readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  const inputOf = ({ county, bill, paper }: SubmitPaperClaimRequest): SubmitInput => paperFrom(county, wanted(bill), wanted(paper));
  return [
    command(methods.submitPaperClaim, {
      check: ({ county, bill, paper }) => badCounty("county", county) ?? paperFormFault(bill, paper),
      input: inputOf,
      async ask(request): Promise<SubmitInput> {
        const input = inputOf(request);
        const { personId, dischargedOn } = input.bill;
        const institutionId = input.paper?.form.institutionId ?? "";
        const asked = await (institutionId === ""
          ? askForCover(ask, personId, dischargedOn)
          : askOwners(ask, personId, dischargedOn, institutionId));
        return { ...input, asked };
      },
      decision: submit,
      reply: (claim) => ({ claim: claimMessage(claim) }),
    }),
    command(methods.confirmPaperClaim, {
      check: ({ county, claimId, answer, confirmation, reason }) =>
        badCounty("county", county) ??
        badId("claim_id", claimId) ??
        (answer === "UNSPECIFIED" ? missing("answer") : undefined) ??
        confirmationFault(confirmation, answer === "DENIED", reason),
      input({ county, claimId, answer, confirmation, reason }): ConfirmInput {
        const { askedBy, answeredBy, code } = wanted(confirmation);
        assert(isAskedBy(askedBy), "the check at the door asks for it");
        return { county, claimId, answer: { confirmed: answer === "CONFIRMED", askedBy, answeredBy, code }, reason };
      },
      decision: confirmPaper,
      reply: (claim) => ({ claim: claimMessage(claim) }),
    }),
    query(methods.listPaperClaims, async ({ county, state }) => {
      const fault = badCounty("county", county);
      return fault ?? { claims: (await papersOf(reader, county, state === "UNSPECIFIED" ? undefined : state)).map(claimMessage) };
    }),
    command(methods.voidPaperClaim, {
      check: ({ county, claimId, reason }) =>
        badCounty("county", county) ?? badId("claim_id", claimId) ?? badText("reason", reason, MAX_REASON),
      input: ({ county, claimId, reason }) => ({ county, claimId, reason }),
      decision: voidClaim,
      reply: (claim) => ({ claim: claimMessage(claim) }),
    }),
  ];
}
