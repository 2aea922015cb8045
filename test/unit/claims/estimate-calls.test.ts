/** An estimate as it is asked for: what is wrong with the question is refused with its place before anything is read; one runs at a time. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ClaimsServiceDefinition as definition,
  EstimateSchemeRequest,
  EstimateSchemeResponse,
} from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { readScheme } from "../../../services/benefit/scheme-file.ts";
import { hashOf } from "../../../services/claims/domain/canonical.ts";
import { draftScheme } from "../../../services/claims/domain/scheme-life.ts";
import type { Estimated, EstimateParts } from "../../../services/claims/estimate/apart.ts";
import { estimateCalls } from "../../../services/claims/estimate-calls.ts";
import type { Ask, LongCall } from "../../../services/mesh/wiring.ts";
import type { Caller } from "../../../services/values/decision.ts";
import type { World } from "../../harness/decide.ts";
import { worldReader } from "../../harness/world-reader.ts";
import { expectDone, region, schemeIn, snapshot, ZHONGNING } from "./nx-ref.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "..", "benefit", "schemes", "nx-ref.yaml"), "utf8");
const HEAD: Caller = { name: "supervisor", role: "SUPERVISOR", scope: "640000" };
const CLERK: Caller = { name: "clerk-640521", role: "CLERK", scope: ZHONGNING };
const NO_COUNTY = "640999";

let world: World;
let ran: EstimateParts[];
let run: (parts: EstimateParts) => Promise<Estimated>;
const ask: Ask = async () => ({ counties: [{ county: "640181" }] }) as never;

beforeEach(() => {
  world = region();
  ran = [];
  run = async () => ({ report: undefined, claims: 0, threads: 1, cpuMs: 0, peakRssBytes: 0 });
});

function door(): (request: Partial<EstimateSchemeRequest>, by?: Caller, tell?: (word: unknown) => void) => Promise<unknown> {
  const served = estimateCalls({
    reader: worldReader(world),
    ask,
    uri: "mongodb://nowhere",
    today: () => "2012-01-20",
    run: (parts) => {
      ran.push(parts);
      return run(parts);
    },
  });
  const call = served.find((one): one is LongCall => one.act === "long" && one.method === definition.methods.estimateScheme);
  if (!call) throw new Error("not served");
  return async (request, by = HEAD, tell = () => undefined) => {
    const form = { ...EstimateSchemeRequest.decode(new Uint8Array()), year: 2011, document: DOCUMENT, ...request };
    const come = EstimateSchemeRequest.decode(EstimateSchemeRequest.encode(form).finish());
    return await call.answer(come, by, tell, new AbortController().signal);
  };
}

describe("a question with something wrong", () => {
  it.each<[string, string, Partial<EstimateSchemeRequest>, Caller?]>([
    ["BAD_REQUEST", "scheme_id", { document: "" }],
    ["BAD_REQUEST", "scheme_id", { schemeId: `${ZHONGNING}/2011/1` }],
    ["BAD_REQUEST", "scheme_id", { document: "", schemeId: "640521/11" }],
    ["UNKNOWN_SCHEME", "scheme_id", { document: "", schemeId: `${ZHONGNING}/2031/1` }],
    ["BAD_REQUEST", "year", { year: 1999 }],
    ["NO_HISTORY", "year", { year: 2031 }],
    ["NO_HISTORY", "year", { counties: ["640181"] }],
    ["BAD_REQUEST", "counties[0]", { counties: ["110101"] }],
    ["BAD_REQUEST", "counties[1]", { counties: [ZHONGNING, ZHONGNING] }],
    ["UNKNOWN_COUNTY", "counties[1]", { counties: [ZHONGNING, NO_COUNTY] }],
    ["BAD_REQUEST", "counties", { counties: Array.from({ length: 101 }, () => ZHONGNING) }],
    ["BAD_REQUEST", "step_bp", { stepBp: 5_001 }],
    ["BAD_REQUEST", "step_fen", { stepFen: -1n }],
    ["BAD_REQUEST", "growth[0].visits_bp", { growth: [{ visitKind: "INPATIENT", level: "UNSPECIFIED", visitsBp: 30_000, costBp: 0 }] }],
    ["WRONG_SCOPE", "scheme_id", { document: DOCUMENT.replace("county: 640521", "county: 640424") }, CLERK],
    ["WRONG_SCOPE", "counties[1]", { counties: [ZHONGNING, "640424"] }, CLERK],
    ["BAD_SCHEME", "benefits[1].levels[0].rate_bp", { document: DOCUMENT.replace("rate_bp: 8500", "rate_bp: 18500") }],
    ["BAD_SCHEME", "catalogue_version", { document: DOCUMENT.replace("catalogue_version: NX", "catalogue_version: XX") }],
    ["BAD_SCHEME", "document", { document: "- not: a scheme" }],
  ])("%s at %s", async (code, field, request, by) => {
    const before = snapshot(world);
    expect(await door()(request, by)).toMatchObject({ outcome: "refused", code, field });
    expect(ran).toEqual([]);
    expect(snapshot(world)).toEqual(before);
  });

  it("a draft whose golden cases do not hold is none: the place is named, with its line", async () => {
    const refusal = await door()({ document: DOCUMENT.replace(/expect: \{(.*?)fund_fen: \d+/, "expect: {$1fund_fen: 7") });
    expect(refusal).toMatchObject({ code: "BAD_SCHEME", field: expect.stringMatching(/^golden\[\d+\]\.expect\.fund_fen$/) });
    expect(refusal).toMatchObject({ zh: expect.stringMatching(/^第 \d+ 行第 \d+ 列/), en: expect.stringMatching(/^line \d+, column \d+/) });
  });

  it("a year without a claim is found out by looking", async () => {
    expect(await door()({})).toMatchObject({ code: "NO_HISTORY", field: "year" });
    expect(ran).toHaveLength(1);
  });
});

describe("an estimate", () => {
  it("is asked for with what was left out filled in, tells its progress, and is one at a time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run = async ({ onProgress }) => {
      onProgress?.({ households: 1, householdsTotal: 4, claims: 7 });
      await promise;
      return { report: undefined, claims: 0, threads: 1, cpuMs: 0, peakRssBytes: 0 };
    };
    const asked = door();
    const words: unknown[] = [];
    const first = asked({ contributions: [{ source: "CENTRAL", fenPerHead: 20_000n }] }, CLERK, (word) => words.push(word));
    while (ran.length === 0) await new Promise((next) => setImmediate(next));
    expect(ran[0]).toMatchObject({
      uri: "mongodb://nowhere",
      counties: [ZHONGNING],
      year: 2011,
      today: "2012-01-20",
      draft: { county: ZHONGNING, scheme: { name: schemeIn("nx-ref").name } },
      steps: { stepBp: 100, stepFen: 10_000n },
      margins: true,
      supposition: { contributions: [{ source: "CENTRAL", fenPerHead: 20_000n }], growth: [], shifts: [], headsBp: 0 },
    });
    expect(words).toEqual([{ progress: { households: 1n, householdsTotal: 4n, claims: 7n }, report: undefined }]);
    expect(EstimateSchemeResponse.encode(words[0] as EstimateSchemeResponse).finish().length).toBeGreaterThan(0);
    expect(await asked({})).toMatchObject({ code: "ESTIMATE_RUNNING", status: "RESOURCE_EXHAUSTED" });
    resolve();
    await first;
    expect(await asked({})).toMatchObject({ code: "NO_HISTORY" });
  });

  it("one that fails does not keep the next from running", async () => {
    run = async () => {
      throw new Error("the estimate did not end: SIGKILL");
    };
    const asked = door();
    await expect(asked({})).rejects.toThrow("SIGKILL");
    await expect(asked({})).rejects.toThrow("SIGKILL");
  });

  it("of a stored version is of what is stored", async () => {
    const document = DOCUMENT.replaceAll("2011", "2012");
    const read = readScheme(document);
    if ("faults" in read) throw new Error("the reference scheme has faults");
    const { scheme: next } = read;
    expectDone(world.run(draftScheme, { scheme: next, document, contentHash: hashOf(next) }));
    expect(await door()({ document: "", schemeId: `${ZHONGNING}/2012/1` })).toMatchObject({ code: "NO_HISTORY" });
    expect(ran[0]?.draft).toEqual({ county: ZHONGNING, scheme: next, contentHash: hashOf(next) });
  });
});
