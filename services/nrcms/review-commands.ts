/** `nrcms review …`: a county's review desk at the command line. */
import { type Command, InvalidArgumentError } from "commander";
import { AttachmentKind } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { AS, aDeduction, answering, DEDUCTION_REASONS, JSON_WORDS, type Tools } from "./command-parts.ts";
import type { Off } from "./review.ts";
import { addRuleCommands } from "./rule-commands.ts";

const KINDS = Object.values(AttachmentKind).filter((kind) => kind !== AttachmentKind.UNSPECIFIED);

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export function addReviewCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const review = program
    .command("review")
    .description(
      "审核：任务、裁定、退单询问、申诉、规则与回测\nreview: tasks, verdicts, questions to hospitals, appeals, rules and their back-tests",
    );
  const reviewer = (options: Options, county: string) => ({ ...options, as: options.as ?? `reviewer-${county}` });
  const hospital = (options: Options, institution: string) => ({ ...options, as: options.as ?? `hospital-${institution}` });
  const command = (name: string, description: string) =>
    review.command(name).description(description).option("--as <person>", AS).option("--json", JSON_WORDS);
  const ofClaim = (name: string, description: string) => command(name, description).argument("<county>").argument("<claim>");

  command("worklist", "一个县待审的补偿单，先旧后新\na county's claims that wait for review, oldest first")
    .argument("<county>")
    .option("--free", "只列无人领取的 · those that nobody holds")
    .option("--mine", "只列自己领取的 · one's own")
    .option("--returned", "只列退回医院的 · those that are with their hospitals")
    .action(async (county: string, options: Options & { free?: boolean; mine?: boolean; returned?: boolean }) => {
      const { tasksText, worklist } = await import("./review.ts");
      const filter = options.free ? "FREE" : options.mine ? "MINE" : options.returned ? "WITH_HOSPITAL" : "UNSPECIFIED";
      await answer(reviewer(options, county), (who) => worklist(who, county, filter), tasksText);
    });

  ofClaim("take", "领取一个任务；四小时内他人不得裁定\ntake a task: for four hours nobody else gives a verdict on it").action(
    async (county: string, claim: string, options: Options) => {
      const { takeTask, tasksText } = await import("./review.ts");
      await answer(
        reviewer(options, county),
        (who) => takeTask(who, county, claim),
        (one) => tasksText([one]),
      );
    },
  );

  ofClaim("release", "放回一个任务\ngive a task back").action(async (county: string, claim: string, options: Options) => {
    const { releaseTask, tasksText } = await import("./review.ts");
    await answer(
      reviewer(options, county),
      (who) => releaseTask(who, county, claim),
      (one) => tasksText([one]),
    );
  });

  ofClaim(
    "pass",
    "通过；两级审核的由一审转二审\napprove it; of a claim that takes both levels, the first passes it on to the second",
  ).action(async (county: string, claimId: string, options: Options) => {
    const { giveVerdict, tasksText } = await import("./review.ts");
    await answer(
      reviewer(options, county),
      (who) => giveVerdict(who, { county, claimId, verdict: "APPROVE", reason: "", deductions: [] }),
      (one) => tasksText([one]),
    );
  });

  ofClaim("deduct", "通过，但扣减若干行\napprove it less something of some lines")
    .argument("<line:yuan:reason[:note]...>", `行号:元:原因 · ${DEDUCTION_REASONS.join(", ")}`, aDeduction)
    .action(async (county: string, claimId: string, deductions: Off[], options: Options) => {
      const { giveVerdict, tasksText } = await import("./review.ts");
      await answer(
        reviewer(options, county),
        (who) => giveVerdict(who, { county, claimId, verdict: "APPROVE", reason: "", deductions }),
        (one) => tasksText([one]),
      );
    });

  ofClaim("refuse", "拒付并说明原因\nrefuse it, with a reason")
    .argument("<reason>")
    .action(async (county: string, claimId: string, reason: string, options: Options) => {
      const { giveVerdict, tasksText } = await import("./review.ts");
      await answer(
        reviewer(options, county),
        (who) => giveVerdict(who, { county, claimId, verdict: "REFUSE", reason, deductions: [] }),
        (one) => tasksText([one]),
      );
    });

  ofClaim("return", "退回医院询问\nreturn it to its hospital with a question")
    .argument("<question>")
    .action(async (county: string, claim: string, question: string, options: Options) => {
      const { returnClaim, tasksText } = await import("./review.ts");
      await answer(
        reviewer(options, county),
        (who) => returnClaim(who, county, claim, question),
        (one) => tasksText([one]),
      );
    });

  command("questions", "退回某医院待答复的补偿单\nwhat a hospital has been asked")
    .argument("<institution>")
    .action(async (institution: string, options: Options) => {
      const { questions, tasksText } = await import("./review.ts");
      await answer(hospital(options, institution), (who) => questions(who, institution), tasksText);
    });

  command("answer", "医院答复询问\nthe hospital's answer")
    .argument("<institution>")
    .argument("<claim>")
    .argument("<answer>")
    .action(async (institution: string, claim: string, words: string, options: Options) => {
      const { answerQuestion, tasksText } = await import("./review.ts");
      await answer(
        hospital(options, institution),
        (who) => answerQuestion(who, institution, claim, words),
        (one) => tasksText([one]),
      );
    });

  command(
    "attach",
    "医院附上发票、病历或第三方责任的图片，至多 3 MiB\nattach a picture of an invoice, a record or a third party's statement, at most 3 MiB",
  )
    .argument("<institution>")
    .argument("<claim>")
    .argument("<file>", "JPEG, PNG, PDF")
    .option("--kind <kind>", KINDS.join(", "), aKind, AttachmentKind.INVOICE)
    .action(async (institution: string, claim: string, file: string, options: Options & { kind: AttachmentKind }) => {
      const { attachFile } = await import("./review.ts");
      await answer(
        hospital(options, institution),
        (who) => attachFile(who, institution, claim, file, options.kind),
        (line) => line,
      );
    });

  command("appeal", "医院对扣款申诉\na hospital's objection to what was taken off")
    .argument("<institution>")
    .argument("<claim>")
    .argument("<reason>")
    .action(async (institution: string, claim: string, reason: string, options: Options) => {
      const { appealClaim, appealsText } = await import("./review.ts");
      await answer(
        hospital(options, institution),
        (who) => appealClaim(who, institution, claim, reason),
        (one) => appealsText([one]),
      );
    });

  command("appeals", "一个县待裁定的申诉\nthe appeals that a county has not decided")
    .argument("<county>")
    .action(async (county: string, options: Options) => {
      const { appealsOf, appealsText } = await import("./review.ts");
      await answer(reviewer(options, county), (who) => appealsOf(who, county), appealsText);
    });

  for (const [name, verdict, description] of [
    [
      "grant",
      "GRANT",
      "退还扣款：由未经手的二审人员裁定\ngive what was taken off back: the word of a second-level reviewer who had no part in the claim",
    ],
    ["dismiss", "DISMISS", "驳回申诉\ndismiss an appeal"],
  ] as const)
    ofClaim(name, description)
      .argument("<reason>")
      .option("--line <line...>", "只退还这些行 · only these lines, with grant", aLine, [])
      .action(async (county: string, claimId: string, reason: string, options: Options & { line: number[] }) => {
        const { appealsText, ruleAppeal } = await import("./review.ts");
        await answer(
          { ...options, as: options.as ?? `senior-${county}` },
          (who) => ruleAppeal(who, { county, claimId, verdict, reason, lines: options.line }),
          (one) => appealsText([one]),
        );
      });

  addRuleCommands(review, tools);

  command("appoint", "任命二审人员，或撤回\nappoint a reviewer of the second level, or back to the first")
    .argument("<county>")
    .argument("<name>", "证书的名字 · the certificate's name")
    .option("--first", "撤回为一审 · back to the first level")
    .action(async (county: string, name: string, options: Options & { first?: boolean }) => {
      const { appoint } = await import("./review.ts");
      await answer(
        { ...options, as: options.as ?? "administrator" },
        (who) => appoint(who, county, name, options.first ? "FIRST" : "SECOND"),
        (line) => line,
      );
    });
}

function aLine(text: string, before: number[]): number[] {
  if (/^[1-9]\d{0,2}$/.test(text)) return [...before, Number(text)];
  throw new InvalidArgumentError("须为行号，从 1 起 · must be a line's number, from 1");
}

function aKind(text: string): AttachmentKind {
  const kind = KINDS.find((one) => one === text.toUpperCase());
  if (kind) return kind;
  throw new InvalidArgumentError(`须为 ${KINDS.join(", ")} 之一 · must be one of them`);
}
