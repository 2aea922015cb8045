/** `nrcms reconcile …`: hospitals, claims and the bank, day by day. */
import type { Command } from "commander";
import { dayOf } from "../values/days.ts";
import { AS, type Asking, aDay, answering, JSON_WORDS, type Tools } from "./command-parts.ts";

export function addReconcileCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const reconcile = program
    .command("reconcile")
    .description("三方对账：医院账单、补偿单、银行支付\nthree-way reconciliation: hospitals' bills, claims and the bank");

  reconcile
    .command("breaks")
    .description("未了结的不符项：账龄、责任人、建议\nevery open break: its age, its owner and what is proposed")
    .option("--county <county>", "只看一县的机构 · of one county's institutions", "")
    .option("--institution <institution>", "只看一家机构 · of one institution", "")
    .option("--day <day>", "账龄算到这天 · the day that ages are counted to", aDay, dayOf(Date.now()))
    .option("--as <person>", AS, "supervisor")
    .option("--json", JSON_WORDS)
    .action(async (options: Asking & { county: string; institution: string; day: string }) => {
      const { billBreaks, billBreaksText } = await import("./reconcile.ts");
      const asked = { county: options.county, institutionId: options.institution, onDay: options.day };
      await answer(options, (who) => billBreaks(who, asked), billBreaksText);
    });

  reconcile
    .command("show")
    .description("一家机构某日的日终对账\nan institution's day as it was compared last")
    .argument("<institution>")
    .argument("<day>", "日期 · the day", aDay)
    .option("--as <person>", AS, "supervisor")
    .option("--json", JSON_WORDS)
    .action(async (institutionId: string, day: string, options: Asking) => {
      const { dayShown, dayShownText } = await import("./reconcile.ts");
      await answer(options, (who) => dayShown(who, institutionId, day), dayShownText);
    });

  reconcile
    .command("report")
    .description(
      "机构上报某日账单（CSV：claim_id,total_fen,fund_fen,voided）；合计不符时自动上传明细\nreport an institution's bills of a day from a table; the rows are sent where the sums differ",
    )
    .argument("<institution>")
    .argument("<day>", "日期 · the day", aDay)
    .argument("<file>")
    .option("--as <person>", `${AS}; 默认 hospital-<institution> by default`)
    .option("--json", JSON_WORDS)
    .action(async (institutionId: string, day: string, file: string, options: Partial<Asking>) => {
      const [{ billReportText, readBillRows, reportDay }, { problemText }] = await Promise.all([
        import("./reconcile.ts"),
        import("./import/problems.ts"),
      ]);
      const problems: string[] = [];
      const rows = await readBillRows(file, { onProblem: (problem) => void problems.push(problemText(problem)) });
      if (problems.length > 0) {
        console.error(problems.join("\n"));
        return tools.finish(1);
      }
      const asking = { ...options, as: options.as ?? `hospital-${institutionId}` };
      await answer(asking, (who) => reportDay(who, { institutionId, day, rows }), billReportText);
    });
}
