/** Brings a region's files into the mesh, through the public calls and nothing else. Request ids come from the content, so that importing twice is importing once. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { AdministrationServiceDefinition, type Institution } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { type CatalogueItem, ClaimsServiceDefinition, type RegisterReferralRequest } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { FundSource, SettlementServiceDefinition } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { pause } from "../mesh/clock.ts";
import { GatewayError } from "./gateway-client.ts";
import { type CountyHouseholds, readHouseholds, requestsOf } from "./import/households.ts";
import { type OnProblem, type Problem, problemText, type ReadOptions, UnreadableFile } from "./import/problems.ts";
import {
  type Contribution,
  type CountyFund,
  readCatalogue,
  readContributions,
  readCounties,
  readDiagnoses,
  readInstitutions,
  readReferrals,
} from "./import/registers.ts";
import { readSchemes, type SchemeDocument } from "./import/schemes.ts";
import { each, type People } from "./people.ts";

export interface Region {
  readonly counties: readonly CountyFund[];
  readonly contributions: readonly Contribution[];
  readonly institutions: readonly Institution[];
  readonly catalogueVersion: string;
  readonly catalogue: readonly CatalogueItem[];
  readonly diagnoses: readonly string[];
  readonly schemes: readonly SchemeDocument[];
  readonly households: readonly CountyHouseholds[];
  readonly referrals: readonly Omit<RegisterReferralRequest, "requestId">[];
  readonly problems: readonly Problem[];
}

const WIDTH = 24;
/** A register may take a moment to reach the other services by its event. */
const HEARD_LIMIT_MS = 20_000;
const HEARD_PAUSE_MS = 250;

/** Reads a region's folder. What is wrong is in `problems`, with line, column and reason, and so is a file that is not there; nothing is sent. Throws where there is no such folder. */
export async function readRegion(folder: string): Promise<Region> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`没有文件夹 ${folder} / there is no folder ${folder}`);
  const problems: Problem[] = [];
  const onProblem: OnProblem = (problem) => void problems.push({ ...problem, file: basename(problem.file) });
  /** What is good in a file; nothing, and a problem, where it is not there or of no use as a whole. */
  const good = async <T>(name: string, read: (file: string, options: ReadOptions) => Promise<T[]>): Promise<T[]> => {
    try {
      return await read(join(folder, name), { onProblem });
    } catch (error) {
      if (error instanceof UnreadableFile) onProblem(error.problem);
      else if ((error as NodeJS.ErrnoException).code === "ENOENT")
        onProblem({ file: name, line: 1, column: 0, field: "", zh: "文件不存在", en: "there is no such file" });
      else throw error;
      return [];
    }
  };
  const counties = await good("counties.csv", readCounties);
  const known = new Set(counties.map((row) => row.county.county));
  const [contributions, institutions, catalogue, diagnoses, schemes, households, referrals] = await Promise.all([
    good("contributions.csv", readContributions),
    good("institutions.csv", readInstitutions),
    good("catalogue.csv", readCatalogue),
    good("diagnoses.csv", readDiagnoses),
    good("schemes", readSchemes),
    good("households.csv", (file, options) => readHouseholds(file, { ...options, counties: known })),
    good("referrals.csv", readReferrals),
  ]);
  const catalogueVersion = schemes[0]?.scheme.catalogueVersion ?? "";
  return { counties, contributions, institutions, catalogueVersion, catalogue, diagnoses, schemes, households, referrals, problems };
}

export type Progress = (what: string, done: number, of: number) => void;

/** A request id from the content: the same content has the same. */
export function idOf(what: string, content: unknown): string {
  const text = JSON.stringify(content, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  return `${what}-${createHash("sha256").update(text).digest("hex").slice(0, 20)}`;
}

/** Tries with fresh request ids while the answer is one of `codes`: a register that has not been heard of yet. A refusal is an answer, so its id is used up. */
export async function whenHeard<T>(id: string, codes: readonly string[], work: (requestId: string) => Promise<T>): Promise<T> {
  const untilMs = performance.now() + HEARD_LIMIT_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt === 1 ? id : `${id}.${attempt}`);
    } catch (error) {
      if (!(error instanceof GatewayError) || !codes.includes(error.code) || performance.now() > untilMs) throw error;
      await pause(HEARD_PAUSE_MS);
    }
  }
}

export interface Imported {
  readonly households: number;
  readonly members: number;
  readonly contributionsFen: bigint;
  readonly refused: readonly string[];
}

/** Told of each thing that the mesh refuses, so that the import goes on with the others. Without it the first refusal ends the import with its error. */
export type OnRefused = (line: string) => void;

/** Enters the registers: counties, institutions, catalogue and schemes. */
export async function importRegisters(region: Region, people: People, progress: Progress, onRefused?: OnRefused): Promise<void> {
  const administrator = people.as("administrator");
  const total = region.counties.length + region.institutions.length + region.schemes.length + 1;
  let done = 0;
  const step = () => {
    done += 1;
    progress("登记 registers", done, total);
  };
  await each(region.counties, WIDTH, async ({ county }) => {
    const requestId = idOf("county", county);
    const work = administrator.call(AdministrationServiceDefinition, "registerCounty", { requestId, county });
    await orRefused(`counties.csv ${county.county}`, onRefused, work);
    step();
  });
  const institutions = each(region.institutions, WIDTH, async (institution) => {
    const id = idOf("institution", institution);
    const work = whenHeard(id, ["UNKNOWN_COUNTY"], (requestId) =>
      administrator.call(AdministrationServiceDefinition, "registerInstitution", { requestId, institution }),
    );
    await orRefused(`institutions.csv ${institution.institutionId}`, onRefused, work);
    step();
  });
  const catalogue = async () => {
    const request = { catalogueVersion: region.catalogueVersion, items: [...region.catalogue], diagnoses: [...region.diagnoses] };
    // Both come from files that an import may lack or have skipped: half a catalogue's name publishes nothing.
    if (request.catalogueVersion !== "" && request.items.length > 0) {
      const work = administrator.call(ClaimsServiceDefinition, "publishCatalogue", { requestId: idOf("catalogue", request), ...request });
      await orRefused(`catalogue.csv ${request.catalogueVersion}`, onRefused, work);
    }
    step();
    await each(region.schemes, 4, async (scheme) => {
      await orRefused(scheme.file, onRefused, publishDocument(scheme, people));
      step();
    });
  };
  await Promise.all([institutions, catalogue()]);
}

/** A scheme's whole way, in the names of those who go it: drafted and published by the administrator, approved by the director as well. */
async function publishDocument({ document }: SchemeDocument, people: People): Promise<void> {
  const [administrator, director] = [people.as("administrator"), people.as("director")];
  const id = (step: string) => idOf(step, document);
  const draft = (requestId: string) => administrator.call(ClaimsServiceDefinition, "draftScheme", { requestId, document });
  const { scheme } = await whenHeard(id("draft"), ["UNKNOWN_COUNTY"], draft);
  if (!scheme) throw new Error("a draft was answered without its scheme");
  const { schemeId, contentHash } = scheme;
  const version = (step: string) => ({ requestId: id(step), schemeId, contentHash });
  await administrator.call(ClaimsServiceDefinition, "simulateScheme", version("simulate"));
  await administrator.call(ClaimsServiceDefinition, "approveScheme", version("approve"));
  await director.call(ClaimsServiceDefinition, "approveScheme", version("approve-too"));
  await administrator.call(ClaimsServiceDefinition, "publishScheme", { ...version("publish"), scheme: undefined });
}

/** Waits for the work. A refusal is told, with `what` it was about, where somebody listens; weather is not a refusal. */
async function orRefused(what: string, onRefused: OnRefused | undefined, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!onRefused || !(error instanceof GatewayError) || error.isWeather) throw error;
    onRefused(`${what}: ${error.code}${error.field === "" ? "" : ` (${error.field})`}: ${error.zh} / ${error.en}`);
  }
}

/** Books the government's money a head, and sets the prefunds. */
export async function importFunds(region: Region, people: People, progress: Progress, onRefused?: OnRefused): Promise<void> {
  const treasurer = people.as("treasurer");
  const heads = new Map(
    region.households.map((row) => [row.county, BigInt(row.households.reduce((sum, household) => sum + household.members.length, 0))]),
  );
  const year = region.contributions[0]?.year ?? 0;
  let done = 0;
  await each(region.counties, WIDTH, async ({ county: { county }, prefundFen, subsidyFenPerHead }) => {
    const amountFen = subsidyFenPerHead * (heads.get(county) ?? 0n);
    const receipt = { county, source: FundSource.CENTRAL, amountFen, reference: `subsidy-${year}` };
    if (amountFen > 0n) {
      const work = whenHeard(idOf("funds", receipt), ["UNKNOWN_COUNTY"], (requestId) =>
        treasurer.call(SettlementServiceDefinition, "receiveFunds", { requestId, ...receipt }),
      );
      await orRefused(`counties.csv ${county} subsidy_fen_per_head`, onRefused, work);
    }
    const prefund = { county, limitFen: prefundFen };
    const work = whenHeard(idOf("prefund", prefund), ["UNKNOWN_COUNTY"], (requestId) =>
      treasurer.call(SettlementServiceDefinition, "setPrefund", { requestId, ...prefund }),
    );
    await orRefused(`counties.csv ${county} prefund_fen`, onRefused, work);
    done += 1;
    progress("基金 funds", done, region.counties.length);
  });
}

/** Enrols the households, county by county, each with its own clerk's certificate. */
export async function importHouseholds(region: Region, people: People, progress: Progress): Promise<Imported> {
  const perHead = new Map(region.contributions.map((row) => [row.county, row]));
  const pages = region.households.flatMap(({ county, households, placeOf }) =>
    requestsOf(households).map((page) => ({ county, page, placeOf })),
  );
  const total = pages.reduce((sum, { page }) => sum + page.length, 0);
  const refused: string[] = [];
  let households = 0;
  let members = 0;
  let contributionsFen = 0n;
  await each(pages, 8, async ({ county, page, placeOf }) => {
    const contribution = perHead.get(county);
    if (!contribution) {
      refused.push(`${county}: 缴费标准缺失 / no contribution is set`);
      return;
    }
    const request = {
      county,
      year: contribution.year,
      contributionFenPerHead: contribution.contributionFenPerHead,
      households: page,
      queueDuplicates: false,
    };
    const enrol = (requestId: string) =>
      people.as(`clerk-${county}`).call(EnrollmentServiceDefinition, "enrolHouseholds", { requestId, ...request }, { timeoutMs: 15_000 });
    const reply = await whenHeard(idOf("enrol", request), ["UNKNOWN_COUNTY"], enrol);
    for (const { householdId, enrolled, field, zh, en } of reply.results)
      if (!enrolled) refused.push(problemText({ ...placeOf(householdId, field), zh, en }));
    households += reply.results.filter((result) => result.enrolled).length;
    members += reply.membersEnrolled;
    contributionsFen += reply.contributionsFen;
    progress("参合户 households", households + refused.length, total);
  });
  return { households, members, contributionsFen, refused };
}

/** Registers the referrals that the home counties approved. */
export async function importReferrals(region: Region, people: People, progress: Progress, onRefused?: OnRefused): Promise<void> {
  let done = 0;
  await each(region.referrals, WIDTH, async (referral) => {
    const register = (requestId: string) =>
      people.as(`reviewer-${referral.county}`).call(ClaimsServiceDefinition, "registerReferral", { requestId, ...referral });
    const work = whenHeard(idOf("referral", referral), ["UNKNOWN_PERSON", "UNKNOWN_INSTITUTION"], register);
    await orRefused(`referrals.csv ${referral.referralId}`, onRefused, work);
    done += 1;
    progress("转诊 referrals", done, region.referrals.length);
  });
}
