/** `nrcms fund …`: what a treasurer asks of a county's book. */
import type { Command } from "commander";
import { dayOf } from "../values/days.ts";
import { AS, type Asking, aDay, answering, JSON_WORDS, type Tools, wholeYear } from "./command-parts.ts";

export function addFundCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const fund = program
    .command("fund")
    .description("基金账簿：余额、明细账、年终结转\na county's book: balances, an account's statement, the end of a year");

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
}
