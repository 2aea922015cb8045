/** What an office does with a benefit scheme's document: checks it without a mesh, and takes it through its life with one. */
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import { ClaimsServiceDefinition, type SchemeVersion } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { goldenFaults } from "../benefit/golden.ts";
import { catalogueFaults } from "../benefit/scheme-check.ts";
import { readScheme } from "../benefit/scheme-file.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { type Problem, problemText } from "./import/problems.ts";
import { readCatalogue } from "./import/registers.ts";

export interface Checked {
  readonly problems: readonly Problem[];
  /** What was found where nothing is wrong: for a person. */
  readonly summary: string;
}

/** All faults of a document; with a catalogue, its golden cases are decided as well. Throws what the file system says. */
export async function checkScheme(file: string, catalogueFile: string | undefined): Promise<Checked> {
  const read = readScheme(readFileSync(file, "utf8"));
  if ("faults" in read) return { problems: read.faults.map((fault) => ({ file, ...fault })), summary: "" };
  const { scheme, place } = read;
  const what = `${scheme.county}/${scheme.year}/${scheme.version} ${scheme.name}`;
  const cases = `${scheme.golden.length} 个算例 golden cases`;
  if (catalogueFile === undefined) return { problems: [], summary: `${what}: ${cases}，未用目录核对 not tried (--catalogue)` };
  const problems: Problem[] = [];
  const items = await readCatalogue(catalogueFile, { onProblem: (problem) => void problems.push(problem) });
  const known = items.flatMap((item) => (item.lowestLevel === "UNSPECIFIED" ? [] : [{ ...item, lowestLevel: item.lowestLevel }]));
  const byCode = new Map(known.map((item) => [item.itemCode, item]));
  const faults = catalogueFaults(scheme, known);
  const wrong = faults.length > 0 ? faults : goldenFaults(scheme, (itemCode) => byCode.get(itemCode));
  problems.push(...wrong.map(({ path, zh, en }) => ({ file, ...place(path), zh, en })));
  return { problems, summary: `${what}: ${cases}，均符 all hold` };
}

export const STEPS = ["draft", "simulate", "approve", "publish"] as const;
export type SchemeStep = (typeof STEPS)[number];

/** Takes a version one step further; `what` is a file for `draft`, else a scheme's id. The request's id is what is done to which content, so that doing it twice is doing it once. */
export async function stepScheme(who: GatewayClient, step: SchemeStep, what: string): Promise<SchemeVersion> {
  if (step === "draft") {
    const document = readFileSync(what, "utf8");
    return wanted((await who.call(ClaimsServiceDefinition, "draftScheme", { requestId: `draft-${Date.now()}`, document })).scheme);
  }
  const { contentHash } = await showScheme(who, what);
  const request = { requestId: `${step}-${contentHash.slice(0, 24)}-${Date.now()}`, schemeId: what, contentHash };
  if (step === "simulate") return wanted((await who.call(ClaimsServiceDefinition, "simulateScheme", request)).scheme);
  if (step === "approve") return wanted((await who.call(ClaimsServiceDefinition, "approveScheme", request)).scheme);
  return wanted((await who.call(ClaimsServiceDefinition, "publishScheme", { ...request, scheme: undefined })).scheme);
}

export async function showScheme(who: GatewayClient, schemeId: string): Promise<SchemeVersion> {
  return wanted((await who.call(ClaimsServiceDefinition, "getScheme", { schemeId })).scheme);
}

export async function listSchemes(who: GatewayClient, county: string): Promise<readonly SchemeVersion[]> {
  return (await who.call(ClaimsServiceDefinition, "listSchemes", { county })).schemes;
}

export function schemesTable(schemes: readonly SchemeVersion[]): string {
  const table = new Table({
    head: ["方案 scheme", "状态 state", "生效 from", "至 to", "起草 drafted", "批准 approved", "算例 cases", "名称 name"],
    style: { head: [], border: [], compact: true },
  });
  for (const { schemeId, state, fromDay, toDay, draftedBy, approvedBy, goldenCases, name } of schemes)
    table.push([schemeId, state, fromDay, toDay, draftedBy, approvedBy.join(", "), String(goldenCases), name]);
  return table.toString();
}

export function problemLines(problems: readonly Problem[]): string {
  return problems.map(problemText).join("\n");
}

function wanted(scheme: SchemeVersion | undefined): SchemeVersion {
  if (!scheme) throw new Error("an answer without its scheme");
  return scheme;
}
