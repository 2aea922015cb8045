/** `nrcms review rules …`, `backtest`, `night`, `looks` and `close`: the review rules at the command line. */
import { type Command, InvalidArgumentError } from "commander";
import { mongoUri } from "../mesh/topology.ts";
import { addDays, dayOf } from "../values/days.ts";
import { AS, aDay, aDeduction, answering, DEDUCTION_REASONS, JSON_WORDS, type Tools } from "./command-parts.ts";
import type { Off } from "./review.ts";
import type { BacktestOptions } from "./rules.ts";

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

interface Window extends Options {
  readonly county: string;
  readonly from?: string;
  readonly to?: string;
  readonly most: number;
}

const MOST_CLAIMS = 5_000_000;
/** The nightly rules look at the claims discharged in so many days before. */
const NIGHT_DAYS = 40;

export function addRuleCommands(review: Command, tools: Tools): void {
  const { inForce, json, finish } = tools;
  const answer = answering(tools);
  const rules = review.command("rules").description("审核规则：核对、发布、评分\nreview rules: check, publish, scores");
  const command = (name: string, description: string, of = review) =>
    of.command(name).description(description).option("--json", JSON_WORDS);
  const asked = (name: string, description: string, of = review) => command(name, description, of).option("--as <person>", AS);
  const spanned = (made: Command, from: string) =>
    made
      .option("--county <county>", "只看此参合县 · this insured county only", "")
      .option("--from <day>", `出院日自 · discharged from; ${from}`, aDay)
      .option("--to <day>", "至 · to; 默认今天 by default today", aDay)
      .option("--most <claims>", "最多读多少笔 · read so many claims at most", aCount, MOST_CLAIMS);

  asked("check", "核对一份规则文档；差错注明行列\ncheck a document of rules; faults come with line and column", rules)
    .argument("<file>")
    .action(async (file: string, options: Options) => {
      const { checkRules } = await import("./rules.ts");
      await answer(
        { ...options, as: options.as ?? "operator" },
        (who) => checkRules(who, file),
        (lines) => (lines.length > 0 ? lines.join("\n") : "无误 no faults"),
        (lines) => (lines.length > 0 ? 1 : 0),
      );
    });

  asked("publish", "发布；此后不再改变，自首日起生效\npublish; it never changes again, and is in force from its first day on", rules)
    .argument("<file>")
    .action(async (file: string, options: Options) => {
      const { publishRules } = await import("./rules.ts");
      await answer(
        { ...options, as: options.as ?? "administrator" },
        (who) => publishRules(who, file),
        (line) => line,
      );
    });

  asked(
    "show",
    "某日生效的规则，及审核人对各规则的评判\nthe rules in force on a day, with each rule's precision in the reviewers' words",
    rules,
  )
    .option("--day <day>", "默认今天 · by default today", aDay)
    .action(async (options: Options & { day?: string }) => {
      const { rulesOn, scoresText } = await import("./rules.ts");
      const { topology } = await inForce();
      const day = options.day ?? dayOf(Date.now() + topology.clock_offset_ms);
      await answer({ ...options, as: options.as ?? "operator" }, (who) => rulesOn(who, day), scoresText);
    });

  spanned(
    command(
      "backtest",
      "用一份规则回测存储的补偿单：从备库读，不打扰各双机，什么也不写\ntry a document on stored claims: read from a secondary, without a word to the pairs, and nothing is written",
    ).argument("<file>"),
    "默认一年前 by default a year ago",
  ).action(async (file: string, options: Window) => {
    const { backtestFile, triedData, triedText } = await import("./rules.ts");
    const tried = await backtestFile(file, await windowOf(options, 365));
    cleared();
    console.log(options.json ? json(triedData(tried)) : triedText(tried));
    finish(0);
  });

  spanned(
    command(
      "night",
      "夜间规则：查最近各日的补偿单，把发现交给各县复查\nrun the nightly rules over the last days' claims, and give what they find to the counties",
    ).option("--as <person>", AS, "operator"),
    `默认 ${NIGHT_DAYS} 天前 by default ${NIGHT_DAYS} days ago`,
  ).action(async (options: Window & { as: string }) => {
    const { runNight, triedData, triedText } = await import("./rules.ts");
    const window = await windowOf(options, NIGHT_DAYS);
    await answer(
      options,
      async (who) => {
        const night = await runNight(who, window.toDay, window);
        cleared();
        return { ...triedData(night), reported: night.reported, text: triedText(night) };
      },
      ({ text, reported }) => `${text}\n交各县 reported ${reported}`,
    );
  });

  asked("looks", "一个县待复查的补偿单\na county's passed claims that are to be looked at")
    .argument("<county>")
    .action(async (county: string, options: Options) => {
      const { looksOf, looksText } = await import("./rules.ts");
      await answer({ ...options, as: options.as ?? `reviewer-${county}` }, (who) => looksOf(who, county), looksText);
    });

  asked("close", "复查结论：无误，或有误并说明\nthe word on a look: right, or at fault with a note")
    .argument("<county>")
    .argument("<claim>")
    .option("--faulty <note>", "有误 · at fault")
    .option(
      "--deduct <line:yuan:reason[:note]...>",
      `有误时扣减若干行 · at fault: take off some lines; ${DEDUCTION_REASONS.join(", ")}`,
      aDeduction,
      [],
    )
    .action(async (county: string, claim: string, options: Options & { faulty?: string; deduct: Off[] }) => {
      const { closeLook, looksText } = await import("./rules.ts");
      await answer(
        { ...options, as: options.as ?? `reviewer-${county}` },
        (who) => closeLook(who, county, claim, options.faulty !== undefined, options.faulty ?? "", options.deduct),
        (look) => looksText([look]),
      );
    });

  async function windowOf({ county, from, to, most }: Window, days: number): Promise<BacktestOptions> {
    const { topology } = await inForce();
    const toDay = to ?? dayOf(Date.now() + topology.clock_offset_ms);
    return { uri: mongoUri(topology), county, fromDay: from ?? addDays(toDay, -days), toDay, most, onProgress };
  }
}

function onProgress(read: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${read} / ${all} 笔 claims, ${all === 0 ? 100 : Math.round((read * 100) / all)} %   `);
}

function cleared(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

function aCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("须为正整数 · must be a whole number above 0");
}
