/** What administration finds again, beyond documents by their key. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import { PROVINCE } from "../values/region.ts";
import { type CountyDocument, counties, type InstitutionDocument, institutions, type NoticeDocument, notices } from "./domain/documents.ts";

const MAX_COUNTIES = 1000;
const MAX_INSTITUTIONS = 5000;
const MAX_NOTICES = 100;

export const indexes: Indexes = {
  counties: [],
  institutions: [{ keys: { county: 1, institutionId: 1 } }],
  pairs: [],
  notices: [{ keys: { county: 1, publishedAtMs: -1, noticeId: -1 } }],
};

/** By code. */
export function allCounties(reader: Reader): Promise<readonly CountyDocument[]> {
  return reader.find(counties, {}, { sort: { _id: 1 }, limit: MAX_COUNTIES });
}

/** By id; of every county where `county` is empty. */
export function institutionsOf(reader: Reader, county: string): Promise<readonly InstitutionDocument[]> {
  if (county === "") return reader.find(institutions, {}, { sort: { _id: 1 }, limit: MAX_INSTITUTIONS });
  return reader.find(institutions, { county }, { sort: { institutionId: 1 }, limit: MAX_INSTITUTIONS });
}

/** A county's notices and those that concern the whole province, newest first. */
export function noticesOf(reader: Reader, county: string): Promise<readonly NoticeDocument[]> {
  return reader.find(notices, { county: { $in: [county, PROVINCE] } }, { sort: { publishedAtMs: -1, noticeId: -1 }, limit: MAX_NOTICES });
}
