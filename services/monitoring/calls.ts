/** What monitoring is asked: queries only. A county's caller sees its own county; pairs, audit and alarms are the province's. */
import {
  type CountyOverview,
  MonitoringServiceDefinition as definition,
  type GetNightAuditResponse,
  type GetOverviewResponse,
  NightState,
  type PairStatus,
  type AuditLine as ToldLine,
  type TwinStatus,
} from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { type Call, query, type Reader, type TwinBeat } from "../mesh/wiring.ts";
import { isDay } from "../values/days.ts";
import type { Caller } from "../values/decision.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { isCountyCode, PROVINCE } from "../values/region.ts";
import type { ExpectedTwin } from "./config.ts";
import { coveredOn } from "./domain/covers.ts";
import type { AuditedLine, CoverTide, Overview } from "./domain/documents.ts";
import { refuse } from "./domain/refusals.ts";
import { foldedCount } from "./domain/seen.ts";
import { ownerOf, sentencesOf } from "./domain/sentences.ts";
import { allSeen, newestAlarms, nightAudit, overviewsOf, tidesOf } from "./store.ts";
import { ALIVE_MS } from "./timers.ts";

export interface Sight {
  readonly reader: Reader;
  readonly twins: readonly ExpectedTwin[];
  presence(): readonly TwinBeat[];
  /** The clock by which beats were heard; a sandbox's offset is not in it. */
  nowMs(): number;
  /** The mesh's day, YYYY-MM-DD. */
  today(): string;
  /** Recomputes every invariant; seconds to minutes. */
  audit(): Promise<readonly AuditedLine[]>;
}

export function calls(sight: Sight): readonly Call[] {
  const { methods } = definition;
  const { reader, presence, nowMs, today, twins } = sight;
  const audit = oneAtATime(sight.audit);
  return [
    query(methods.getOverview, ({ county }, caller) => overview(reader, county, caller, today())),
    query(methods.getPairs, async () => ({ pairs: pairsOf(twins, presence(), nowMs()) })),
    query(methods.runAudit, async () => {
      const lines = await audit();
      return {
        lines: lines.map(auditLine),
        clean: lines.every((line) => line.breaches.length === 0),
      };
    }),
    query(methods.getNightAudit, ({ day }) => night(reader, day)),
    query(methods.listAlarms, async () => ({
      alarms: (await newestAlarms(reader)).map((alarm) => {
        const { alarmId, kind, county, raisedAtMs } = alarm;
        return { alarmId, kind, county, ...sentencesOf(alarm), owner: ownerOf(alarm), raisedAtMs: BigInt(raisedAtMs) };
      }),
    })),
  ];
}

function auditLine({ invariant, zh, en, checked, breaches }: AuditedLine): ToldLine {
  return { invariant, zh, en, checked: BigInt(checked), breaches: [...breaches] };
}

async function night(reader: Reader, day: string): Promise<GetNightAuditResponse | Refusal> {
  if (day !== "" && !isDay(day)) return badRequest("day", "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
  const found = await nightAudit(reader, day);
  if (!found) return refuse("UNKNOWN_AUDIT", { field: "day", day: day || "–" });
  const { progress, lines, startedAtMs, endedAtMs, peakResidentBytes } = found;
  return {
    day: found.day,
    state: NightState[found.state],
    attempts: found.tries,
    twin: found.twin,
    startedAtMs: BigInt(startedAtMs),
    endedAtMs: BigInt(endedAtMs),
    invariant: progress.invariant,
    checked: BigInt(progress.checked),
    lines: lines.map(auditLine),
    clean: found.state === "ENDED" && lines.every(({ breachCount }) => breachCount === 0),
    fault: found.fault,
    peakResidentBytes: BigInt(peakResidentBytes),
  };
}

async function overview(reader: Reader, asked: string, caller: Caller, day: string): Promise<GetOverviewResponse | Refusal> {
  if (asked !== "" && !isCountyCode(asked))
    return badRequest("county", "须为本省的县级区划代码", "must be a county division code of the province");
  const own = caller.scope === PROVINCE ? "" : caller.scope;
  if (own !== "" && asked !== "" && asked !== own) return outOfScope();
  const county = asked || own;
  const [overviews, tides, seen] = await Promise.all([overviewsOf(reader, county), tidesOf(reader, county), allSeen(reader)]);
  if (county !== "" && overviews.length === 0) return refuse("UNKNOWN_COUNTY", { field: "county", county });
  const tidesByCounty = Map.groupBy(tides, (tide) => tide.county);
  return {
    counties: overviews.map((of) => countyOverview(of, tidesByCounty.get(of.county) ?? [], day)),
    eventsFolded: BigInt(seen.reduce((count, source) => count + foldedCount(source), 0)),
  };
}

function countyOverview(of: Overview, tides: readonly CoverTide[], day: string): CountyOverview {
  return {
    ...of,
    approved: BigInt(of.approved),
    held: BigInt(of.held),
    refused: BigInt(of.refused),
    paid: BigInt(of.paid),
    crossRegion: BigInt(of.crossRegion),
    coveredMembers: BigInt(coveredOn(day, tides)),
  };
}

/** Every pair of the topology, and of each twin what it last said; a twin that is not heard is not alive. */
function pairsOf(twins: readonly ExpectedTwin[], beats: readonly TwinBeat[], nowMs: number): PairStatus[] {
  const heard = new Map(beats.map((beat) => [`${beat.service}.${beat.twin}`, beat]));
  const pairs = Map.groupBy(twins, (twin) => twin.service);
  return [...pairs].map(([service, pair]) => ({
    service,
    mode: modeOf(pair, heard),
    twins: pair.map((twin) => twinStatus(twin, heard.get(`${service}.${twin.twin}`), nowMs)),
  }));
}

/** As the twins say, which may have been ordered otherwise since the topology was written. */
function modeOf(pair: readonly ExpectedTwin[], heard: ReadonlyMap<string, TwinBeat>): string {
  const newest = pair.flatMap(({ service, twin }) => heard.get(`${service}.${twin}`) ?? []).toSorted((a, b) => b.order - a.order)[0];
  return newest?.mode ?? pair[0]?.mode ?? "";
}

function twinStatus({ twin, server }: ExpectedTwin, beat: TwinBeat | undefined, nowMs: number): TwinStatus {
  const alive = beat !== undefined && nowMs - beat.atMs <= ALIVE_MS;
  return {
    twin,
    server,
    alive,
    active: alive && beat.active,
    ready: alive && beat.ready,
    pid: beat?.pid ?? 0,
    epoch: BigInt(beat?.epoch ?? 0),
    fault: alive ? beat.fault : `not heard for more than ${ALIVE_MS} ms`,
    committed: BigInt(beat?.committed ?? 0),
    queued: BigInt(beat?.queued ?? 0),
    parked: BigInt(beat?.parked ?? 0),
    unpublished: BigInt(beat?.unpublished ?? 0),
    residentBytes: BigInt(beat?.residentBytes ?? 0),
    orderVersion: BigInt(beat?.order ?? 0),
    resting: alive && beat.resting,
    release: beat?.release ?? "",
    waitingEpoch: BigInt(alive ? beat.waiting : 0),
  };
}

/** Who asks while it runs gets the same answer: an audit reads every database once through. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** A county's caller asks for another county. */
function outOfScope(): Refusal {
  return {
    outcome: "refused",
    code: "WRONG_SCOPE",
    status: "PERMISSION_DENIED",
    field: "county",
    zh: "只能查询本县",
    en: "a county's caller sees its own county only",
  };
}
