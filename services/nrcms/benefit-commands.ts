/** `nrcms explain` and `nrcms scheme …`: what the county's office asks of benefits. */
import type { Command } from "commander";
import type { Topology } from "../mesh/topology.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { SchemeStep } from "./scheme.ts";

export interface Tools {
  inForce(): Promise<{ readonly run: string; readonly topology: Topology }>;
  json(value: unknown): string;
  finish(code: number): void;
}

const AS = "以谁的证书（certs 中的名字）· whose certificate: a name in certs";
const JSON_WORDS = "机器可读 · machine-readable";

export function addBenefitCommands(program: Command, { inForce, json, finish }: Tools): void {
  const as = async (name: string, work: (who: GatewayClient) => Promise<void>): Promise<void> => {
    const { people } = await import("./people.ts");
    const { run, topology } = await inForce();
    const who = people(topology, run);
    try {
      await work(who.as(name));
    } finally {
      who.close();
    }
  };

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
      await as(options.as, async (who) => {
        const explained = await explainClaim(who, claim);
        console.log(options.json ? json(explained) : receipt(explained));
      });
      finish(0);
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
        await as(options.as, async (who) => {
          const version = await stepScheme(who, step, what);
          console.log(options.json ? json(version) : schemesTable([version]));
        });
        finish(0);
      });

  scheme
    .command("list")
    .description("一个县的各版本\nthe versions of a county")
    .argument("<county>")
    .option("--as <person>", AS, "operator")
    .option("--json", JSON_WORDS)
    .action(async (county: string, options: { as: string; json?: boolean }) => {
      const { listSchemes, schemesTable } = await import("./scheme.ts");
      await as(options.as, async (who) => {
        const schemes = await listSchemes(who, county);
        console.log(options.json ? json(schemes) : schemesTable(schemes));
      });
      finish(0);
    });

  scheme
    .command("show")
    .description("一个版本的文档\na version's document")
    .argument("<scheme>")
    .option("--as <person>", AS, "operator")
    .option("--json", JSON_WORDS)
    .action(async (schemeId: string, options: { as: string; json?: boolean }) => {
      const { showScheme } = await import("./scheme.ts");
      await as(options.as, async (who) => {
        const version = await showScheme(who, schemeId);
        console.log(options.json ? json(version) : version.document);
      });
      finish(0);
    });
}
