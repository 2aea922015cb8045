/** `nrcms estimate`: what a draft scheme would have cost in a past year. */
import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { EstimateSchemeRequest, LevelShift, SupposedContribution, VisitGrowth } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { SOURCES, type Source } from "../benefit/scheme.ts";
import { isLevel, isVisitKind, type Level, type VisitKind } from "../benefit/words.ts";
import { fenOf } from "../values/money.ts";
import { AS, JSON_WORDS, type Tools, wholeYear } from "./command-parts.ts";
import { bpOf } from "./estimate.ts";

interface Options {
  readonly year: number;
  readonly county: readonly string[];
  readonly growth: readonly VisitGrowth[];
  readonly cost: readonly VisitGrowth[];
  readonly shift: readonly LevelShift[];
  readonly contribution: readonly SupposedContribution[];
  readonly heads?: number;
  readonly stepRate?: number;
  readonly stepYuan?: bigint;
  readonly margins: boolean;
  readonly csv?: string;
  readonly chart?: string;
  readonly as: string;
  readonly json?: boolean;
}

/** Lines that a person sees grow; a log gets one line in ten seconds. */
const LOG_MS = 10_000;

export function addEstimateCommand(program: Command, { inForce, json, finish }: Tools): void {
  program
    .command("estimate")
    .description(
      "费用测算：把草案（文件或已存的版本）用于往年的补偿单，与现行方案相比；Ctrl-C 取消，不留任何痕迹\nwhat a draft (a file or a stored version) would have cost in a past year, beside the scheme then in force; Ctrl-C cancels it and leaves nothing",
    )
    .argument("<scheme>", "方案文件，或 县/年度/版本 · a document, or county/year/version")
    .requiredOption("--year <year>", "用哪一年的补偿单 · whose claims", wholeYear)
    .option(
      "--county <code>",
      "哪些县，可多次；默认为方案的县 · which counties; by default the scheme's",
      (code, known: string[]) => [...known, code],
      [],
    )
    .option(
      "--growth <kind[/level]=percent>",
      "就诊增减，如 outpatient=10、inpatient/county=-5 · more or fewer visits",
      growths("visitsBp"),
      [],
    )
    .option("--cost <kind[/level]=percent>", "次均费用增减 · what each visit costs more or less", growths("costBp"), [])
    .option(
      "--shift <kind:from>to=percent[@cost]>",
      "就诊下沉，如 inpatient:county>township=10@60：一成转往乡镇，费用为六成 · visits to another level, and what they cost there of what they did, in percent",
      shifts,
      [],
    )
    .option("--contribution <source=yuan>", "人均筹资，如 central=124 · contributions a head by source", contributions, [])
    .option("--heads <percent>", "参合人数增减，只影响收入 · more or fewer enrolled, for the income alone", percentage)
    .option(
      "--step-rate <percent>",
      "边际测算：比例一次增加多少个百分点，默认 1 · by how many points rates are turned; by default 1",
      percentage,
    )
    .option("--step-yuan <yuan>", "边际测算：金额一次增加多少，默认 100 · by how much amounts are turned; by default 100", amount)
    .option("--no-margins", "不逐一测算参数，快得多 · without turning each parameter: much faster")
    .option("--csv <folder>", "另存各表 · also write the tables as CSV into a folder")
    .option("--chart <file>", "另存图表数据 · also write the charts' data")
    .option("--as <person>", AS, "supervisor")
    .option("--json", JSON_WORDS)
    .action(async (scheme: string, options: Options) => {
      const [{ runEstimate, estimateText, progressLine }, { writeTables, chartsOf }, { people }] = await Promise.all([
        import("./estimate.ts"),
        import("./estimate-files.ts"),
        import("./people.ts"),
      ]);
      const { run, topology } = await inForce();
      const who = people(topology, run);
      const cancelled = new AbortController();
      const cancel = () => cancelled.abort();
      process.once("SIGINT", cancel);
      const startedMs = performance.now();
      let shownMs = 0;
      const clear = () => void (process.stderr.isTTY && process.stderr.write("\r\u001b[K"));
      try {
        const report = await runEstimate(who.as(options.as), scheme, askedOf(options), {
          signal: cancelled.signal,
          onProgress(progress) {
            const now = performance.now();
            const line = progressLine(progress, now - startedMs);
            if (process.stderr.isTTY) process.stderr.write(`\r${line}\u001b[K`);
            else if (now - shownMs >= LOG_MS) {
              shownMs = now;
              process.stderr.write(`${line}\n`);
            }
          },
        });
        clear();
        console.log(options.json ? json(report) : estimateText(report));
        if (options.csv !== undefined) for (const file of writeTables(options.csv, report)) console.error(`✔ ${file}`);
        if (options.chart !== undefined) {
          writeFileSync(options.chart, `${JSON.stringify(chartsOf(report), null, 1)}\n`);
          console.error(`✔ ${options.chart}`);
        }
      } catch (error) {
        clear();
        if (!cancelled.signal.aborted) throw error;
        console.error("已取消，未留下任何内容 cancelled; nothing was kept");
        return finish(1);
      } finally {
        process.off("SIGINT", cancel);
        who.close();
      }
      finish(0);
    });
}

function askedOf(options: Options): Omit<EstimateSchemeRequest, "schemeId" | "document"> {
  const { year, county, growth, cost, shift, contribution, heads = 0, stepRate = 0, stepYuan = 0n, margins } = options;
  return {
    year,
    counties: [...county],
    stepBp: stepRate,
    stepFen: stepYuan,
    withoutMargins: !margins,
    growth: [...growth, ...cost],
    shifts: [...shift],
    contributions: [...contribution],
    headsBp: heads,
  };
}

function wrong(text: string): InvalidArgumentError {
  return new InvalidArgumentError(`看不懂 cannot be read: ${text}`);
}

function percentage(text: string): number {
  const bp = bpOf(text);
  if (bp === undefined) throw wrong(text);
  return bp;
}

function amount(text: string): bigint {
  const fen = fenOf(text);
  if (fen === undefined) throw wrong(text);
  return fen;
}

function kindOf(text: string): VisitKind {
  const kind = text.toUpperCase();
  if (!isVisitKind(kind)) throw wrong(text);
  return kind;
}

function levelOf(text: string): Level {
  const level = text.toUpperCase();
  if (!isLevel(level)) throw wrong(text);
  return level;
}

function growths(field: "visitsBp" | "costBp") {
  return (text: string, known: VisitGrowth[]): VisitGrowth[] => {
    const match = /^(\w+)(?:\/(\w+))?=(.+)$/.exec(text);
    if (!match) throw wrong(text);
    const [, kind = "", level, percent = ""] = match;
    const one = { visitKind: kindOf(kind), level: level === undefined ? ("UNSPECIFIED" as const) : levelOf(level), visitsBp: 0, costBp: 0 };
    return [...known, { ...one, [field]: percentage(percent) }];
  };
}

function shifts(text: string, known: LevelShift[]): LevelShift[] {
  const match = /^(\w+):(\w+)>(\w+)=([^@]+)(?:@(.+))?$/.exec(text);
  if (!match) throw wrong(text);
  const [, kind = "", from = "", to = "", share = "", cost] = match;
  const costBp = cost === undefined ? 0 : percentage(cost);
  return [...known, { visitKind: kindOf(kind), from: levelOf(from), to: levelOf(to), shareBp: percentage(share), costBp }];
}

function contributions(text: string, known: SupposedContribution[]): SupposedContribution[] {
  const [name = "", yuanText = ""] = text.split("=");
  const source = SOURCES.find((one): one is Source => one === name.toUpperCase());
  if (!source) throw wrong(text);
  return [...known, { source, fenPerHead: amount(yuanText) }];
}
