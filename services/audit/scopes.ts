/** Invariant 8: every document belongs to one registered county, or to the province. */
import { PROVINCE } from "../values/region.ts";
import type { Findings } from "./findings.ts";
import type { Records } from "./records.ts";

export const SCOPES_TITLE = {
  invariant: 8,
  zh: "每个文档都属于一个已登记的县或全区",
  en: "Each document belongs to one registered county, or to the province",
} as const;

export async function checkScopes(records: Records, findings: Findings): Promise<void> {
  const known = new Set([PROVINCE]);
  for await (const { _id } of records.counties()) known.add(_id);
  for await (const { service, kind, county, documents } of records.placements()) {
    findings.look();
    findings.hold(known.has(county), () => `${service}: ${documents} document(s) of ${kind} belong to ${county || "nobody"}`);
  }
}
