/** `nrcms enrol …`: a county's campaign, its roll, who takes part and who is missing, people in two counties, claims that lost their cover. */
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { FundSource } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { dayOf } from "../values/days.ts";
import { fenOf } from "../values/money.ts";
import { AS, aDay, answering, JSON_WORDS, type Tools, wholeYear } from "./command-parts.ts";
import { ENCODINGS, type Encoding } from "./import/lines.ts";

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

interface ImportOptions extends Options {
  readonly year: number;
  readonly contribution: bigint;
  readonly encoding: Encoding;
  readonly report?: string;
  readonly dryRun?: boolean;
  readonly skipBad?: boolean;
  readonly queueDuplicates?: boolean;
}

/** Problems that are printed; the report has all of them. */
const SHOWN = 50;
const PROGRESS_MS = 200;

export function addEnrolCommands(program: Command, tools: Tools): void {
  const { json, finish } = tools;
  const answer = answering(tools);
  const enrol = program
    .command("enrol")
    .description(
      "参合：筹资、名册导入、参合率、未参合、重复参合\nenrolment: the campaign, a county's roll, participation, who is missing, people in two counties",
    );
  const clerk = (county: string, { as, json: asJson }: Options) => ({ as: as ?? `clerk-${county}`, json: asJson ?? false });
  const reviewer = (county: string, { as, json: asJson }: Options) => ({ as: as ?? `reviewer-${county}`, json: asJson ?? false });
  const ofYear = (name: string) =>
    enrol
      .command(name)
      .argument("<county>")
      .argument("<year>", "年度 · enrolment year", wholeYear)
      .option("--as <person>", AS)
      .option("--json", JSON_WORDS);

  enrol
    .command("import")
    .description(
      "导入一个县的名册 CSV：先通读核对并报告全部差错（行、列、原因），无误才登记；可重复执行\nbring a county's roll in: all of it is checked first and every fault reported with line and column; it is entered only when nothing is wrong; may be run again",
    )
    .argument("<county>")
    .argument("<csv>", "列同 deploy/sandbox/region/households.csv · columns as there")
    .requiredOption("--year <year>", "参合年度 · enrolment year", wholeYear)
    .requiredOption("--contribution <yuan>", "每人个人缴费，元 · what each pays, in yuan", yuanFen)
    .addOption(new Option("--encoding <encoding>", "文件编码 · the file's encoding").choices(ENCODINGS).default("utf-8"))
    .option("--report <csv>", "把差错写成 CSV · write the faults as CSV")
    .option("--dry-run", "只核对（也向平台核对），不登记 · check only, with the mesh as well, and enter nothing")
    .option("--skip-bad", "跳过有误的户，登记其余 · enter the good households although others are bad")
    .option("--queue-duplicates", "其他县已参合的人员转由该县决定 · ask the other counties for those whom they have")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (county: string, file: string, options: ImportOptions) => {
      const [{ importRoll, problemsCsv, progressLine }, { people }, { problemText }, { money }] = await Promise.all([
        import("./enrol-import.ts"),
        import("./people.ts"),
        import("./import/problems.ts"),
        import("./summary.ts"),
      ]);
      const { run, topology } = await tools.inForce();
      const who = people(topology, run);
      const today = dayOf(Date.now() + topology.clock_offset_ms);
      let shown = { what: "", fromMs: 0, atMs: 0 };
      const onProgress = (what: string, done: number, of: number) => {
        const nowMs = performance.now();
        if (what !== shown.what) shown = { what, fromMs: nowMs, atMs: 0 };
        if (!process.stderr.isTTY || (nowMs - shown.atMs < PROGRESS_MS && done < of)) return;
        shown.atMs = nowMs;
        process.stderr.write(`\r\u001b[K${progressLine(what, done, of, (nowMs - shown.fromMs) / 1000)}${done >= of ? "\n" : ""}`);
      };
      try {
        const { year, contribution: contributionFenPerHead, encoding, dryRun = false, skipBad = false, queueDuplicates = false } = options;
        const roll = { file, county, year, contributionFenPerHead, encoding, today, dryRun, skipBad, queueDuplicates };
        const report = await importRoll(who.as(clerk(county, options).as), roll, onProgress);
        const { problems, problemsLeft, rows, households, members, contributionsFen, releases, imported, seconds } = report;
        if (options.report !== undefined) await writeFile(options.report, problemsCsv(problems));
        if (options.json) console.log(json(report));
        else {
          for (const problem of problems.slice(0, SHOWN)) console.error(problemText(problem));
          const left = problems.length - SHOWN + problemsLeft;
          if (left > 0) console.error(`… 另有 and ${left} 处 more${options.report === undefined ? " (--report)" : ` (${options.report})`}`);
          const what = imported ? "已登记 enrolled" : dryRun ? "可登记 could be enrolled (--dry-run)" : "未登记 nothing was enrolled;";
          const counts = imported || dryRun ? `${households} 户 households, ${members} 人 members, ${money(contributionsFen)} 元 yuan` : "";
          console.log(
            `${what} ${counts}; ${rows} 行 rows, ${problems.length + problemsLeft} 处有误 problems; ${Math.round(rows / seconds)} 行/s rows/s`,
          );
          if (releases.length > 0) console.log(`${releases.length} 项转出申请 cases with other counties: nrcms enrol releases ${county}`);
        }
        finish(problems.length > 0 && !(imported && skipBad) ? 1 : 0);
      } finally {
        who.close();
      }
    });

  ofYear("open")
    .description("设定筹资：起止日期与各来源每人标准，元\nset a campaign: its days, and what each source pays a head, in yuan")
    .requiredOption("--from <day>", "首日 · first day", aDay)
    .requiredOption("--to <day>", "末日 · last day", aDay)
    .requiredOption("--individual <yuan>", "个人 · individuals", yuanFen)
    .option("--central <yuan>", "中央 · centre", yuanFen, 0n)
    .option("--province <yuan>", "省 · province", yuanFen, 0n)
    .option("--prefecture <yuan>", "市 · prefecture", yuanFen, 0n)
    .option("--county <yuan>", "县 · county", yuanFen, 0n)
    .option("--collective <yuan>", "集体 · collective", yuanFen, 0n)
    .action(async (county: string, year: number, options: Options & Record<"from" | "to", string> & Record<string, unknown>) => {
      const { openCampaign } = await import("./enrol.ts");
      const sources = [
        FundSource.INDIVIDUAL,
        FundSource.CENTRAL,
        FundSource.PROVINCE,
        FundSource.PREFECTURE,
        FundSource.COUNTY,
        FundSource.COLLECTIVE,
      ];
      const rates = sources.map((source) => ({ source, fenPerHead: options[source.toLowerCase()] as bigint }));
      const campaign = { county, year, opensOn: options.from, closesOn: options.to, rates };
      const asking = { as: options.as ?? "administrator", json: options.json ?? false };
      await answer(
        asking,
        (who) => openCampaign(who, campaign),
        (set) => `${set.county} ${set.year}: ${set.opensOn} – ${set.closesOn}`,
      );
    });

  ofYear("campaign")
    .description("筹资进度：各来源应收、已收、未到\nhow a campaign stands: what each source owes, has paid, and still lacks")
    .action(async (county: string, year: number, options: Options) => {
      const { campaign, campaignText } = await import("./enrol.ts");
      await answer(clerk(county, options), (who) => campaign(who, county, year), campaignText);
    });

  ofYear("receive")
    .description(
      "登记个人以外来源的到款，按银行参考号只记一次\nenter money of another source than the households; it is booked once under the bank's reference",
    )
    .argument("<source>", "CENTRAL PROVINCE PREFECTURE COUNTY COLLECTIVE ASSISTANCE", (text) => text.toUpperCase())
    .argument("<yuan>", "金额，元 · in yuan", yuanFen)
    .requiredOption("--reference <reference>", "银行参考号 · the bank's reference")
    .action(async (county: string, year: number, source: string, amountFen: bigint, options: Options & { reference: string }) => {
      const { isSource, receive } = await import("./enrol.ts");
      if (!isSource(source)) throw new Error(`没有来源 ${source} / there is no source ${source}`);
      await answer(
        clerk(county, options),
        (who) => receive(who, county, year, source, amountFen, options.reference),
        (id) => id,
      );
    });

  ofYear("entitled")
    .description("登记各村应参合人口（CSV：township,village,entitled）\ntell how many of each village may enrol, from CSV")
    .argument("<csv>")
    .action(async (county: string, year: number, file: string, options: Options) => {
      const { tellEntitled } = await import("./enrol.ts");
      await answer(
        clerk(county, options),
        (who) => tellEntitled(who, county, year, file),
        (entitled) => `应参合 entitled: ${entitled}`,
      );
    });

  ofYear("rate")
    .description("参合率：各村、各乡镇、全县\nparticipation of villages, townships and the county")
    .action(async (county: string, year: number, options: Options) => {
      const { participation, participationText } = await import("./enrol.ts");
      await answer(clerk(county, options), (who) => participation(who, county, year), participationText);
    });

  ofYear("missing")
    .description("往年参合、本年度尚未参合的户\nhouseholds of earlier years that are not enrolled for this one")
    .action(async (county: string, year: number, options: Options) => {
      const { missingOf, missingText } = await import("./enrol.ts");
      await answer(clerk(county, options), (who) => missingOf(who, county, year), missingText);
    });

  enrol
    .command("releases")
    .description(
      "本县的转出申请：他县要求的，与向他县要求的\na county's cases of people in two counties: those it holds, and those it has asked for",
    )
    .argument("<county>")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Options) => {
      const { releasesOf, releasesText } = await import("./enrol.ts");
      await answer(clerk(county, options), (who) => releasesOf(who, county), releasesText);
    });

  enrol
    .command("ask-release")
    .description("请他县转出一人\nask another county to let somebody go")
    .argument("<county>", "申请县 · the asking county")
    .argument("<identity>", "身份证号 · identity number")
    .argument("<household>", "转入户 · where the person is wanted")
    .argument("<year>", "年度 · enrolment year", wholeYear)
    .option("--reason <text>", "理由 · reason", "")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (county: string, identity: string, household: string, year: number, options: Options & { reason: string }) => {
      const { askRelease, releasesText } = await import("./enrol.ts");
      await answer(clerk(county, options), (who) => askRelease(who, county, identity, household, year, options.reason), releasesText);
    });

  enrol
    .command("decide-release")
    .description("决定转出申请：release 准予（须给末日），keep 不准\ndecide a case: release (with the last day) or keep")
    .argument("<case>")
    .addArgument(program.createArgument("<word>").choices(["release", "keep"]))
    .requiredOption("--reason <text>", "理由 · reason")
    .option("--last <day>", "末日 · the last covered day here", aDay, "")
    .option("--head <no>", "户主转出时的新户主 · who follows where the head goes", "")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (id: string, word: string, options: Options & { reason: string; last: string; head: string }) => {
      const { decideRelease, releasesText } = await import("./enrol.ts");
      const said = { released: word === "release", lastDay: options.last, newHeadNo: options.head, reason: options.reason };
      await answer(reviewer(id.slice(0, 6), options), (who) => decideRelease(who, id, said), releasesText);
    });

  enrol
    .command("losses")
    .description("补偿之后失去参合的补偿单（迟报死亡、迁移）\nclaims whose cover was lost after they were decided")
    .argument("<county>")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: Options) => {
      const { lossesOf, lossesText } = await import("./enrol.ts");
      await answer(reviewer(county, options), (who) => lossesOf(who, county), lossesText);
    });

  enrol
    .command("decide-loss")
    .description("决定：take-back 冲销，let-stand 维持\ndecide such a claim: take it back, or let it stand")
    .argument("<county>")
    .argument("<claim>")
    .addArgument(program.createArgument("<word>").choices(["take-back", "let-stand"]))
    .requiredOption("--reason <text>", "理由 · reason")
    .option("--as <person>", AS)
    .option("--json", JSON_WORDS)
    .action(async (county: string, claim: string, word: string, options: Options & { reason: string }) => {
      const { decideLoss, lossesText } = await import("./enrol.ts");
      const verdict = word === "take-back" ? "TAKE_BACK" : "LET_STAND";
      await answer(reviewer(county, options), (who) => decideLoss(who, county, claim, verdict, options.reason), lossesText);
    });
}

function yuanFen(text: string): bigint {
  const fen = fenOf(text);
  if (fen !== undefined && fen >= 0n) return fen;
  throw new InvalidArgumentError("须为不小于 0 的金额，至多两位小数 · must be an amount of 0 or more with at most two decimals");
}
