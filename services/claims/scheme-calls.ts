/** The life of a benefit scheme, as it is asked for. A document is read at the door: what is stored, decided on and hashed is what it says, not how it is written. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { ClaimsServiceDefinition as definition, type SchemeVersion } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { readScheme } from "../benefit/scheme-file.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { assert, badRequest, type Refusal } from "../values/outcome.ts";
import { hashOf } from "./domain/canonical.ts";
import { badCounty, missing } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { type Draft, drafts, schemeIdOf, versionOf } from "./domain/scheme.ts";
import { approveScheme, draftScheme, publishScheme, simulateScheme, type VersionInput } from "./domain/scheme-life.ts";
import { documentFault, faultsOf } from "./scheme-document.ts";
import { draftsOf } from "./store.ts";

const HASH = /^[0-9a-f]{64}$/;

export function schemeCalls({ reader, ask }: { readonly reader: Reader; readonly ask: Ask }): readonly Call[] {
  const { methods } = definition;
  const reply = (draft: Draft) => ({ scheme: versionMessage(draft, true) });
  return [
    command(methods.draftScheme, {
      check: ({ document }) => documentFault(document),
      input: ({ document }) => draftFrom(document),
      async ask({ document }) {
        const input = draftFrom(document);
        const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
        return { ...input, asked: { countyKnown: counties.some((known) => known.county === input.scheme.county) } };
      },
      decision: draftScheme,
      reply,
    }),
    command(methods.simulateScheme, {
      check: (request) => versionFault(request),
      input: (request) => versionFrom(request),
      decision: simulateScheme,
      reply,
    }),
    command(methods.approveScheme, {
      check: (request) => (request.contentHash === "" ? missing("content_hash") : versionFault(request)),
      input: (request) => versionFrom(request),
      decision: approveScheme,
      reply,
    }),
    command(methods.publishScheme, {
      check: (request) =>
        request.scheme
          ? badRequest("scheme", "方案须以文档提交：DraftScheme", "a scheme is a document: DraftScheme")
          : versionFault(request),
      input: (request) => versionFrom(request),
      decision: publishScheme,
      reply: (draft) => ({ schemeId: schemeIdOf(draft.scheme), contentHash: draft.contentHash, ...reply(draft) }),
    }),
    query(methods.checkScheme, async ({ document }) => ({ faults: await faultsOf(document, reader) })),
    query(methods.getScheme, async ({ schemeId }) => {
      const version = versionOf(schemeId);
      if (!version) return badSchemeId();
      const draft = await reader.get(drafts.key(version.county, version.year, version.version));
      return draft ? reply(draft) : refuse("UNKNOWN_SCHEME", { field: "scheme_id", scheme: schemeId });
    }),
    query(methods.listSchemes, async ({ county }) => {
      const fault = badCounty("county", county);
      return fault ?? { schemes: (await draftsOf(reader, county)).map((draft) => versionMessage(draft, false)) };
    }),
  ];
}

function draftFrom(document: string) {
  const read = readScheme(document);
  assert("scheme" in read, "the check at the door has read it");
  return { scheme: read.scheme, document, contentHash: hashOf(read.scheme) };
}

function badSchemeId(): Refusal {
  return badRequest("scheme_id", "须为 县区划代码/年度/版本", "must be county/year/version");
}

function versionFault({ schemeId, contentHash }: { schemeId: string; contentHash: string }): Refusal | undefined {
  if (!versionOf(schemeId)) return badSchemeId();
  if (contentHash === "" || HASH.test(contentHash)) return undefined;
  return badRequest("content_hash", "须为 64 位十六进制数", "must be 64 hexadecimal digits");
}

function versionFrom({ schemeId, contentHash }: { schemeId: string; contentHash: string }): VersionInput {
  const version = versionOf(schemeId);
  assert(version, "the check at the door asks for it");
  return { ...version, contentHash };
}

function versionMessage({ scheme, state, contentHash, document, draftedBy, approvedBy }: Draft, whole: boolean): SchemeVersion {
  const { name, fromDay, toDay, golden } = scheme;
  return {
    schemeId: schemeIdOf(scheme),
    state,
    contentHash,
    name,
    fromDay,
    toDay,
    draftedBy,
    approvedBy: [...approvedBy],
    goldenCases: golden.length,
    document: whole ? document : "",
  };
}
