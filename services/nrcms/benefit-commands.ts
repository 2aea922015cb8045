/** `nrcms explain`, `nrcms scheme …` and `nrcms second …`: what the county's office asks of benefits. */
import { type Command, InvalidArgumentError } from "commander";
import { fenOf } from "../values/money.ts";
import { AS, answering, JSON_WORDS, type Tools, wholeYear } from "./command-parts.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { SchemeStep } from "./scheme.ts";

export function addBenefitCommands(program: Command, tools: Tools): void {
  const { json, finish } = tools;
  const answer = answering(tools);

  program
    .command("explain")
    .description(
      "一张补偿单怎样算出：由存储的文档重算，逐步说明，并附大写金额\nhow a claim's benefit came about: computed once more from stored documents, step by step, with the amount in capitals",
    )
    .argument("<claim>")
    .option("--as <person>", AS, "operator")
    .option("--json", JSON_WORDS)
    .action(async (claim: string, options: { as: string; json?: boolean }) => {
      const { explainClaim, receipt } = await import("./explain.ts");
      await answer(options, (who) => explainClaim(who, claim), receipt);
    });

  const scheme = program
    .command("scheme")
    .description("补助方案：核对文档、起草、试算、批准、发布\nbenefit schemes: check a document, draft, simulate, approve, publish");

  scheme
    .command("check")
    .description("核对一份 YAML 文档，不需运行平台；差错注明行列\ncheck a document without a mesh; faults come with line and column")
    .argument("<file>")
    .option("--catalogue <csv>", "用目录核对并试算各算例 · with this catalogue, and decide the golden cases")
    .option("--json", JSON_WORDS)
    .action(async (file: string, options: { catalogue?: string; json?: boolean }) => {
      const { checkScheme, problemLines } = await import("./scheme.ts");
      const { problems, summary } = await checkScheme(file, options.catalogue);
      if (options.json) console.log(json({ problems }));
      else if (problems.length > 0) console.error(problemLines(problems));
      else console.log(summary);
      finish(problems.length > 0 ? 1 : 0);
    });

  const steps: readonly (readonly [SchemeStep, string, string])[] = [
    ["draft", "<file>", "把文档存为草案；未发布前可重新起草\nstore a document as a draft; until it is published it may be drafted anew"],
    ["simulate", "<scheme>", "试算草案的各算例\ndecide the draft's golden cases"],
    ["approve", "<scheme>", "一人批准；须两人\none person's approval; two are wanted"],
    ["publish", "<scheme>", "发布已批准的方案，此后不再改变\npublish what was approved; it never changes again"],
  ];
  for (const [step, argument, description] of steps)
    scheme
      .command(step)
      .description(description)
      .argument(argument)
      .option("--as <person>", AS, "administrator")
      .option("--json", JSON_WORDS)
      .action(async (what: string, options: { as: string; json?: boolean }) => {
        const { stepScheme, schemesTable } = await import("./scheme.ts");
        await answer(
          options,
          (who) => stepScheme(who, step, what),
          (version) => schemesTable([version]),
        );
      });

  scheme
    .command("list")
    .description("一个县的各版本\nthe versions of a county")
    .argument("<county>")
    .option("--as <person>", AS, "operator")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: { as: string; json?: boolean }) => {
      const { listSchemes, schemesTable } = await import("./scheme.ts");
      await answer(options, (who) => listSchemes(who, county), schemesTable);
    });

  scheme
    .command("show")
    .description("一个版本的文档\na version's document")
    .argument("<scheme>")
    .option("--as <person>", AS, "operator")
    .option("--json", JSON_WORDS)
    .action(async (schemeId: string, options: { as: string; json?: boolean }) => {
      const { showScheme } = await import("./scheme.ts");
      await answer(
        options,
        (who) => showScheme(who, schemeId),
        (version) => version.document,
      );
    });

  const second = program
    .command("second")
    .description("二次补偿：编制、查看、批准\nsecond compensation at the end of a year with a surplus: plan, show, approve");
  const ofYear = (name: string) => second.command(name).argument("<county>").argument("<year>", "年度 · the year that is over", wholeYear);
  type Options = { as?: string; json?: boolean };

  ofYear("plan")
    .description(
      "按方案把一笔款分给自负较多的补偿单；批准前可重新编制\nsplit a pot over the claims of which much was borne; until it is approved it may be planned anew",
    )
    .argument("<yuan>", "总额，元 · the pot in yuan", positiveFen)
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, year: number, potFen: bigint, options: Options) => {
      const { planSecond, secondText, showSecond } = await import("./second.ts");
      const planned = async (who: GatewayClient) => {
        await planSecond(who, county, year, potFen);
        return await showSecond(who, county, year);
      };
      await answer({ ...options, as: options.as ?? "treasurer" }, planned, secondText);
    });

  ofYear("show")
    .description("计划与各笔分得\nthe plan and its shares")
    .option("--as <person>", AS, "treasurer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, year: number, options: Options) => {
      const { secondText, showSecond } = await import("./second.ts");
      await answer({ ...options, as: options.as ?? "treasurer" }, (who) => showSecond(who, county, year), secondText);
    });

  ofYear("approve")
    .description(
      "由另一人批准已阅的计划（摘要）；随后逐页发放到户\nanother person approves the plan that was read, by its hash; its shares are then granted to the households",
    )
    .argument("<hash>")
    .option("--as <person>", "以谁的证书，默认为本县审核人 · whose certificate; by default the county's reviewer")
    .option("--json", JSON_WORDS)
    .action(async (county: string, year: number, hash: string, options: Options) => {
      const { approveSecond, secondText } = await import("./second.ts");
      await answer(
        { ...options, as: options.as ?? `reviewer-${county}` },
        (who) => approveSecond(who, county, year, hash),
        (approved) => secondText({ second: approved, shares: [] }),
      );
    });
}

function positiveFen(text: string): bigint {
  const fen = fenOf(text);
  if (fen !== undefined && fen > 0n) return fen;
  throw new InvalidArgumentError("须为大于 0 的金额，至多两位小数 · must be an amount above 0 with at most two decimals");
}
