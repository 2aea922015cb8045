/** Cost estimation (费用测算), as it is asked for: what is wrong with the question is said at once, with its place; the work is done apart, and its progress told meanwhile. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  ClaimsServiceDefinition as definition,
  type EstimateSchemeRequest,
  type EstimateReport as ReportMessage,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { readScheme } from "../benefit/scheme-file.ts";
import { type Ask, type Call, long, type Reader } from "../mesh/wiring.ts";
import { FIRST_YEAR, LAST_YEAR } from "../values/days.ts";
import type { Caller } from "../values/decision.ts";
import { assert, badRequest, isRefusal, type Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import { hashOf } from "./domain/canonical.ts";
import { counties as knownCounties } from "./domain/documents.ts";
import type { EstimateReport } from "./domain/estimate/report.ts";
import { suppositionFrom } from "./domain/estimate/suppose.ts";
import { badCount, badCounty, badNumber } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { drafts, type SchemeDocument, timetables, versionOf } from "./domain/scheme.ts";
import type { Estimated, EstimateParts, EstimateProgress, EstimateWanted } from "./estimate/apart.ts";
import { faultsOf, placedRefusal } from "./scheme-document.ts";

const MAX_COUNTIES = 100;
const STEP_BP = 100;
const MOST_STEP_BP = 5_000;
const STEP_FEN = 10_000n;
const MOST_STEP_FEN = 100_000_000n;

export interface EstimateCallParts {
  readonly reader: Reader;
  readonly ask: Ask;
  /** Where the claims are. */
  readonly uri: string;
  /** The mesh's day, YYYY-MM-DD. */
  today(): string;
  /** Runs an estimate apart; throws where it does not end. */
  run(parts: EstimateParts): Promise<Estimated>;
}

export function estimateCalls(parts: EstimateCallParts): readonly Call[] {
  let running = false;
  return [
    long(definition.methods.estimateScheme, async (request, caller, tell, signal) => {
      const wanted = await wantedFrom(request, caller, parts);
      if (isRefusal(wanted)) return wanted;
      if (running) return refuse("ESTIMATE_RUNNING");
      running = true;
      try {
        const onProgress = (progress: EstimateProgress) => tell({ progress: progressMessage(progress), report: undefined });
        const { report } = await parts.run({ ...wanted, signal, onProgress });
        if (!report) return refuse("NO_HISTORY", { field: "year", county: wanted.counties.join(", "), year: wanted.year });
        return { progress: undefined, report: reportMessage(report) };
      } finally {
        running = false;
      }
    }),
  ];
}

/** The question in the domain's words, or the first thing that is wrong with it. */
async function wantedFrom(request: EstimateSchemeRequest, caller: Caller, parts: EstimateCallParts): Promise<EstimateWanted | Refusal> {
  const { year, stepBp, stepFen } = request;
  const supposition = suppositionFrom(request);
  if (isRefusal(supposition)) return supposition;
  const fault = formFault(request);
  if (fault) return fault;
  const draft = await draftFrom(request, parts.reader);
  if (isRefusal(draft)) return draft;
  const counties = request.counties.length > 0 ? request.counties : [draft.county];
  const unfit = scopeFault(counties, request, caller) ?? (await historyFault(counties, year, parts));
  if (unfit) return unfit;
  return {
    uri: parts.uri,
    counties,
    year,
    today: parts.today(),
    draft,
    supposition,
    steps: { stepBp: stepBp || STEP_BP, stepFen: stepFen || STEP_FEN },
    margins: !request.withoutMargins,
    threads: 0,
    background: true,
  };
}

function formFault({ schemeId, document, year, counties, stepBp, stepFen }: EstimateSchemeRequest): Refusal | undefined {
  if ((schemeId === "") === (document === ""))
    return badRequest("scheme_id", "须给出方案编号或文档之一", "either a scheme_id or a document is given");
  if (document === "" && !versionOf(schemeId)) return badRequest("scheme_id", "须为 县区划代码/年度/版本", "must be county/year/version");
  const twice = counties.findIndex((county, index) => counties.indexOf(county) < index);
  return (
    badNumber("year", year, FIRST_YEAR, LAST_YEAR) ??
    badCount("counties", counties.length, 0, MAX_COUNTIES) ??
    counties.map((county, index) => badCounty(`counties[${index}]`, county)).find((fault) => fault !== undefined) ??
    (twice >= 0 ? badRequest(`counties[${twice}]`, `${counties[twice]} 重复`, `${counties[twice]} is there twice`) : undefined) ??
    badNumber("step_bp", stepBp, 0, MOST_STEP_BP) ??
    (stepFen >= 0n && stepFen <= MOST_STEP_FEN
      ? undefined
      : badRequest("step_fen", `须在 0 与 ${MOST_STEP_FEN} 分之间`, `must be between 0 and ${MOST_STEP_FEN} fen`))
  );
}

/** A stored version, or a document without a fault: what could not be drafted is not estimated either. */
async function draftFrom({ schemeId, document }: EstimateSchemeRequest, reader: Reader): Promise<SchemeDocument | Refusal> {
  if (document === "") {
    const version = versionOf(schemeId);
    const stored = version && (await reader.get(drafts.key(version.county, version.year, version.version)));
    if (!stored) return refuse("UNKNOWN_SCHEME", { field: "scheme_id", scheme: schemeId });
    const [fault] = await faultsOf(stored.document, reader);
    return fault ? placedRefusal(fault) : { county: stored.county, scheme: stored.scheme, contentHash: stored.contentHash };
  }
  const [fault] = await faultsOf(document, reader);
  if (fault) return placedRefusal(fault);
  const read = readScheme(document);
  assert("scheme" in read, "a document without faults is read");
  return { county: read.scheme.county, scheme: read.scheme, contentHash: hashOf(read.scheme) };
}

function scopeFault(counties: readonly string[], request: EstimateSchemeRequest, { scope, name }: Caller): Refusal | undefined {
  if (scope === PROVINCE) return undefined;
  const index = counties.findIndex((county) => county !== scope);
  if (index < 0) return undefined;
  return {
    outcome: "refused",
    code: "WRONG_SCOPE",
    status: "PERMISSION_DENIED",
    field: request.counties.length > 0 ? `counties[${index}]` : "scheme_id",
    zh: `${name} 只能测算 ${scope} 的方案，不能测算 ${counties[index]} 的`,
    en: `${name} may estimate for ${scope} only, not for ${counties[index]}`,
  };
}

/** A county that nobody knows, or that had no scheme in the year. Whether it has claims is found out by looking for them. */
async function historyFault(counties: readonly string[], year: number, { reader, ask }: EstimateCallParts): Promise<Refusal | undefined> {
  for (const [index, county] of counties.entries()) {
    const timetable = await reader.get(timetables.key(county));
    if (timetable?.rows.some((row) => row.year === year)) continue;
    const field = `counties[${index}]`;
    if (!timetable && !(await isCounty(county, reader, ask))) return refuse("UNKNOWN_COUNTY", { field, county });
    return refuse("NO_HISTORY", { field: "year", county, year });
  }
  return undefined;
}

/** The projection's word, else the owner's. */
async function isCounty(county: string, reader: Reader, ask: Ask): Promise<boolean> {
  if (await reader.get(knownCounties.key(county))) return true;
  const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
  return counties.some((known) => known.county === county);
}

function progressMessage({ households, householdsTotal, claims }: EstimateProgress) {
  return { households: BigInt(households), householdsTotal: BigInt(householdsTotal), claims: BigInt(claims) };
}

function reportMessage(report: EstimateReport): ReportMessage {
  const { costs, funds, sides, margins, months, refused } = report;
  return {
    ...report,
    counties: [...report.counties],
    households: BigInt(report.households),
    heads: BigInt(report.heads),
    claimants: BigInt(report.claimants),
    differingClaims: BigInt(report.differingClaims),
    costs: costs.map((row) => ({ ...row, claims: BigInt(row.claims), unpaid: BigInt(row.unpaid) })),
    funds: [...funds],
    sides: sides.map((row) => ({
      ...row,
      claims: BigInt(row.claims),
      better: BigInt(row.better),
      worse: BigInt(row.worse),
      same: BigInt(row.same),
    })),
    margins: margins.map((row) => ({ ...row, claims: BigInt(row.claims) })),
    months: [...months],
    refused: refused.map((row) => ({ ...row, claims: BigInt(row.claims) })),
  };
}
