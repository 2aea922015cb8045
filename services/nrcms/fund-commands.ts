/** `nrcms fund …`: what a treasurer asks of a county's book. */
import { type Command, InvalidArgumentError } from "commander";
import { dayOf } from "../values/days.ts";
import { AS, type Asking, aDay, answering, basisPoints, JSON_WORDS, type Tools, wholeYear } from "./command-parts.ts";

export function addFundCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const fund = program
    .command("fund")
    .description(
      "基金账簿：余额、明细账、年终结转、质量保证金\na county's book: balances, an account's statement, the end of a year, what is withheld of institutions",
    );

  fund
    .command("balance")
    .description("各账户余额，现在的或某日日终的\nthe balance of every account, now or in the evening of a day")
    .argument("[county]", "不填为全区 · all counties where it is left out", "")
    .option("--day <day>", "日终 · in the evening of", aDay, "")
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Asking & { day: string }) => {
      const { balances, balancesText } = await import("./fund.ts");
      await answer(options, (who) => balances(who, county, options.day), balancesText);
    });

  fund
    .command("prefunds")
    .description(
      "异地周转金：占用、预警、预计用尽与建议追加\nprefunds: what is used, the state, when it is exhausted, and the proposed call",
    )
    .argument("[county]", "不填为全区 · all counties where it is left out", "")
    .option("--day <day>", "预测日 · the day of the forecast", aDay)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Asking & { day?: string }) => {
      const { prefunds, prefundsText } = await import("./fund.ts");
      const { topology } = await tools.inForce();
      const day = options.day ?? dayOf(Date.now() + topology.clock_offset_ms);
      await answer(options, (who) => prefunds(who, county, day), prefundsText);
    });

  fund
    .command("statement")
    .description("一个账户的明细账\nwhat one account has seen")
    .argument("<county>")
    .argument("<account>", "如 1003、5001-INPATIENT/2011 · as `fund balance` names it")
    .requiredOption("--from <day>", "首日 · first day", aDay)
    .requiredOption("--to <day>", "末日 · last day", aDay)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, account: string, options: Asking & { from: string; to: string }) => {
      const { statementOf, statementText } = await import("./fund.ts");
      await answer(options, (who) => statementOf(who, { county, account, fromDay: options.from, toDay: options.to }), statementText);
    });

  fund
    .command("close-year")
    .description(
      "年终结转：收支转入各项基金，此后的事项记入下一年\nclose a year: income and expenditure go to the funds; what comes later is booked in the next year",
    )
    .argument("<county>")
    .argument("<year>", "年度 · the year that is over", wholeYear)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, year: number, options: Asking) => {
      const { closeYear, yearText } = await import("./fund.ts");
      await answer(options, (who) => closeYear(who, county, year), yearText);
    });

  fund
    .command("capitations")
    .description("按人头付费：各机构各月的人头数与金额\nwhat a county's institutions are paid by head, the newest month first")
    .argument("<county>")
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Asking) => {
      const { capitations, capitationsText } = await import("./fund.ts");
      await answer(options, (who) => capitations(who, county), capitationsText);
    });

  fund
    .command("capitation")
    .description(
      "提出一个机构一个月的人头数，待审核人员批准\npropose how many people are signed up with an institution; a reviewer approves it",
    )
    .argument("<county>")
    .argument("<institution>")
    .argument("<period>", "YYYY-MM")
    .argument("<heads>", "人头数 · persons", wholeHeads)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, institutionId: string, period: string, heads: number, options: Asking) => {
      const { capitationsText, proposeHeads } = await import("./fund.ts");
      await answer(options, (who) => proposeHeads(who, { county, institutionId, period, heads }), capitationsText);
    });

  fund
    .command("approve-capitation")
    .description(
      "批准他人提出的人头数：按方案支付，扣除预留\napprove the heads that another has proposed: the scheme's sum is paid, less what it withholds",
    )
    .argument("<county>")
    .argument("<institution>")
    .argument("<period>", "YYYY-MM")
    .argument("<heads>", "所批的人头数 · the number as it was read", wholeHeads)
    .option("--as <person>", "以谁的证书，默认为本县审核人 · whose certificate; by default the county's reviewer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, institutionId: string, period: string, heads: number, options: Partial<Asking>) => {
      const { approveHeads, capitationsText } = await import("./fund.ts");
      const agreed = { county, institutionId, period, heads };
      await answer({ ...options, as: options.as ?? `reviewer-${county}` }, (who) => approveHeads(who, agreed), capitationsText);
    });

  fund
    .command("withheld")
    .description("各机构的预留质量保证金与考核\nwhat is withheld of a county's institutions, and how they were assessed")
    .argument("<county>")
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Asking) => {
      const { withheld, withheldText } = await import("./fund.ts");
      await answer(options, (who) => withheld(who, county), withheldText);
    });

  fund
    .command("withhold")
    .description("设定一个机构的预留比例，自下一笔起\nset what part of an institution's promises is withheld, from the next one on")
    .argument("<county>")
    .argument("<institution>")
    .argument("<bp>", "万分比，0 至 2000 · basis points, 0 to 2000", basisPoints)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, institution: string, bp: number, options: Asking) => {
      const { withhold } = await import("./fund.ts");
      const said = ({ institutionId, withheldBp }: { institutionId: string; withheldBp: number }) =>
        `${institutionId} ${withheldBp / 100} %`;
      await answer(options, (who) => withhold(who, county, institution, bp), said);
    });

  fund
    .command("assess")
    .description("提出考核得分，待审核人员批准\npropose how an institution has done; a reviewer approves it")
    .argument("<county>")
    .argument("<institution>")
    .argument("<period>", "考核至 YYYY-MM · the month up to which it is")
    .argument("<score>", "得分万分比，0 至 10000 · basis points, 0 to 10000", basisPoints)
    .requiredOption("--reason <text>", "考核依据 · why")
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, institutionId: string, period: string, scoreBp: number, options: Asking & { reason: string }) => {
      const { proposeScore, assessmentText } = await import("./fund.ts");
      const score = { county, institutionId, period, scoreBp };
      await answer(options, (who) => proposeScore(who, score, options.reason), assessmentText);
    });

  fund
    .command("approve-assessment")
    .description(
      "批准他人提出的考核：按得分发放预留款，其余返还基金\napprove what another has proposed: the score's part is paid, the rest goes back to the fund",
    )
    .argument("<county>")
    .argument("<institution>")
    .argument("<period>", "YYYY-MM")
    .argument("<score>", "所批的得分 · the score as it was read", basisPoints)
    .option("--as <person>", "以谁的证书，默认为本县审核人 · whose certificate; by default the county's reviewer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, institutionId: string, period: string, scoreBp: number, options: Partial<Asking>) => {
      const { approveScore, assessmentText } = await import("./fund.ts");
      const score = { county, institutionId, period, scoreBp };
      await answer({ ...options, as: options.as ?? `reviewer-${county}` }, (who) => approveScore(who, score), assessmentText);
    });
}

function wholeHeads(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("须为人头数 · must be a number of persons");
}
