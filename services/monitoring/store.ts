/** What monitoring finds again, beyond documents by their key. */
import type { Indexes, Reader } from "../mesh/wiring.ts";
import {
  type Alarm,
  alarms,
  audits,
  type CoverTide,
  covertides,
  type NightAudit,
  type Overview,
  overviews,
  type ParkedCount,
  parkedcounts,
  type Seen,
  seens,
} from "./domain/documents.ts";

const MAX_COUNTIES = 1000;
/** A county has one tide a year. */
const MAX_TIDES = 20_000;
const MAX_TWINS = 100;
const MAX_ALARMS = 200;

export const indexes: Indexes = {
  seens: [],
  overviews: [],
  householdcovers: [],
  covertides: [{ keys: { county: 1, year: 1 } }],
  alarms: [{ keys: { raisedAtMs: -1, alarmId: -1 } }],
  parkedcounts: [],
  audits: [{ keys: { day: -1 } }],
  nights: [],
};

/** The overview of one county, or of all, by code. */
export function overviewsOf(reader: Reader, county: string): Promise<readonly Overview[]> {
  return reader.find(overviews, county === "" ? {} : { county }, { sort: { county: 1 }, limit: MAX_COUNTIES });
}

/** The tides of one county, or of all. */
export function tidesOf(reader: Reader, county: string): Promise<readonly CoverTide[]> {
  return reader.find(covertides, county === "" ? {} : { county }, { limit: MAX_TIDES });
}

/** What has been seen of every source's twins. */
export function allSeen(reader: Reader): Promise<readonly Seen[]> {
  return reader.find(seens, {}, { limit: MAX_TWINS });
}

/** Newest first, at most 200. */
export function newestAlarms(reader: Reader): Promise<readonly Alarm[]> {
  return reader.find(alarms, {}, { sort: { raisedAtMs: -1, alarmId: -1 }, limit: MAX_ALARMS });
}

export function allParkedCounts(reader: Reader): Promise<readonly ParkedCount[]> {
  return reader.find(parkedcounts, {}, { limit: MAX_TWINS });
}

/** The audit of that night; of the newest where no day is named. */
export async function nightAudit(reader: Reader, day: string): Promise<NightAudit | undefined> {
  if (day !== "") return await reader.get(audits.key(day));
  const [newest] = await reader.find(audits, {}, { sort: { day: -1 }, limit: 1 });
  return newest;
}
