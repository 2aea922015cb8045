/** What claims is asked about review (审核): the worklist and its tasks, questions to hospitals, appeals. The verdict itself is in calls.ts. */
import { type Appeal as AppealMessage, ClaimsServiceDefinition as definition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { claimMessage } from "./answers.ts";
import { appealClaim, type DecideAppealInput, decideAppeal } from "./domain/appeal.ts";
import { MAX_LINES } from "./domain/bill-form.ts";
import type { Claim } from "./domain/documents.ts";
import { badCounty, badId, badNumber, badText, missing } from "./domain/fields.ts";
import { answerQuestion, returnClaim } from "./domain/question.ts";
import type { Appeal } from "./domain/review-documents.ts";
import { appointReviewer, releaseTask, type TaskInput, takeTask } from "./domain/task.ts";
import { appealsOf, questionsOf, reviewTasksOf } from "./store.ts";

const MAX_REASON = 200;
const MAX_QUESTION = 500;
/** A certificate's common name. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export function reviewCalls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  const reply = (claim: Claim) => ({ claim: claimMessage(claim) });
  return [
    query(methods.listReviewTasks, async ({ county, filter = "UNSPECIFIED" }, caller) => {
      const fault = badCounty("county", county);
      return fault ?? { claims: (await reviewTasksOf(reader, county, filter, caller.name)).map(claimMessage) };
    }),
    command(methods.takeReviewTask, {
      check: (request) => taskFault(request),
      input: (request) => taskFrom(request),
      decision: takeTask,
      reply,
    }),
    command(methods.releaseReviewTask, {
      check: (request) => taskFault(request),
      input: (request) => taskFrom(request),
      decision: releaseTask,
      reply,
    }),
    command(methods.returnClaim, {
      check: (request) => taskFault(request) ?? badText("question", request.question, MAX_QUESTION),
      input: (request) => ({ ...taskFrom(request), question: request.question }),
      decision: returnClaim,
      reply,
    }),
    command(methods.answerQuestion, {
      check: ({ institutionId, claimId, answer }) =>
        badId("institution_id", institutionId) ?? badId("claim_id", claimId) ?? badText("answer", answer, MAX_QUESTION),
      input: ({ institutionId, claimId, answer }) => ({ institutionId, claimId, answer }),
      decision: answerQuestion,
      reply,
    }),
    query(methods.listQuestions, async ({ institutionId }) => {
      const fault = badId("institution_id", institutionId);
      return fault ?? { claims: (await questionsOf(reader, institutionId)).map(claimMessage) };
    }),
    command(methods.appointReviewer, {
      check: ({ county, name, level }) =>
        badCounty("county", county) ??
        (NAME.test(name) ? undefined : badRequest("name", "须为证书的名字", "must be a certificate's name")) ??
        (level === "UNSPECIFIED" ? missing("level") : undefined),
      input: ({ county, name, level }) => ({ county, name, level: level === "SECOND" ? ("SECOND" as const) : ("FIRST" as const) }),
      decision: appointReviewer,
      reply: ({ name, level }) => ({ name, level }),
    }),
    command(methods.appealClaim, {
      check: ({ institutionId, claimId, reason }) =>
        badId("institution_id", institutionId) ?? badId("claim_id", claimId) ?? badText("reason", reason, MAX_REASON),
      input: ({ institutionId, claimId, reason }) => ({ institutionId, claimId, reason }),
      decision: appealClaim,
      reply: (appeal) => ({ appeal: appealMessage(appeal) }),
    }),
    command(methods.decideAppeal, {
      check: (request) =>
        taskFault(request) ??
        (request.verdict === "UNSPECIFIED" ? missing("verdict") : undefined) ??
        badText("reason", request.reason, MAX_REASON) ??
        linesFault(request.verdict === "DISMISS", request.lines),
      input: ({ county, claimId, verdict, reason, lines }): DecideAppealInput => ({
        county,
        claimId,
        verdict: verdict === "GRANT" ? "GRANT" : "DISMISS",
        reason,
        lines,
      }),
      decision: decideAppeal,
      reply: (appeal) => ({ appeal: appealMessage(appeal) }),
    }),
    query(methods.listAppeals, async ({ county }) => {
      const fault = badCounty("county", county);
      return fault ?? { appeals: (await appealsOf(reader, county)).map(appealMessage) };
    }),
  ];
}

function taskFault({ county, claimId }: TaskInput): Refusal | undefined {
  return badCounty("county", county) ?? badId("claim_id", claimId);
}

function taskFrom({ county, claimId }: TaskInput): TaskInput {
  return { county, claimId };
}

function linesFault(dismissed: boolean, lines: readonly number[]): Refusal | undefined {
  if (dismissed && lines.length > 0) return badRequest("lines", "驳回不退还扣款", "a dismissal gives no line back");
  if (new Set(lines).size < lines.length) return badRequest("lines", "同一行出现两次", "names a line twice");
  for (const [index, line] of lines.entries()) {
    const fault = badNumber(`lines[${index}]`, line, 1, MAX_LINES);
    if (fault) return fault;
  }
  return undefined;
}

function appealMessage({ county: _, deductions, appealedAtMs, ...appeal }: Appeal): AppealMessage {
  return { ...appeal, appealedAtMs: BigInt(appealedAtMs), deductions: [...deductions] };
}
