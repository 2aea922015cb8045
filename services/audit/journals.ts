/**
 * Invariant 6: every twin's journal has no hole, its hash chain recomputes and ends where its head says; its events are numbered without holes, published,
 * and heard by monitoring; what is parked has an alarm. (That what was answered is in the journal can only be seen from outside, by those who were answered.)
 */
import { CHAIN_START, chainHash } from "../mesh/journal.ts";
import type { Findings } from "./findings.ts";
import { type Flight, type HeadView, isLate, type JournalView, type Records, type SeenView } from "./records.ts";

export const JOURNALS_TITLE = {
  invariant: 6,
  zh: "已应答的输入都在日志中，事件都已发布，哈希链完整；被搁置的输入都有告警",
  en: "What was acknowledged is in the journal, its events are published, the hash chain is whole; nothing is parked without an alarm",
} as const;

/** How long monitoring may take to raise an alarm for a parked input, settled or not. */
const ALARM_MS = 10_000;

export async function checkJournals(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const seens = new Map<string, SeenView>();
  for await (const seen of records.seens()) seens.set(seen._id, seen);
  for (const service of await records.services()) {
    for await (const head of records.heads(service)) {
      const name = `${service}.${head._id}`;
      await checkTwin(name, head, seens.get(name), records.journal(service, head._id), flight, findings);
      seens.delete(name);
    }
  }
  for (const [name, { reached }] of seens)
    findings.hold(reached === 0, () => `monitoring has heard ${reached} events of ${name}, which has no journal`);
  await checkParked(records, flight, findings);
}

/** When the first event was committed that is beyond a number; undefined where there is none. */
interface First {
  readonly beyond: number;
  atMs: number | undefined;
}

async function checkTwin(
  name: string,
  head: HeadView,
  seen: SeenView | undefined,
  journal: AsyncIterable<JournalView>,
  flight: Flight,
  findings: Findings,
): Promise<void> {
  const end = { number: 0, chain: CHAIN_START, event: 0 };
  const unpublished: First = { beyond: head.published, atMs: undefined };
  const unheard: First = { beyond: seen?.reached ?? 0, atMs: undefined };
  for await (const entry of journal) {
    findings.look();
    findings.hold(entry.number === end.number + 1, () => `${name}: entry ${entry.number} (${entry._id}) follows ${end.number}`);
    findings.hold(
      entry.previous === end.chain,
      () => `${name}: entry ${entry.number} (${entry._id}) does not name the chain value before it`,
    );
    const chain = chainOf(entry);
    findings.hold(
      entry.chain === chain,
      () => `${name}: entry ${entry.number} (${entry._id}) has been changed: its chain value is ${entry.chain}, its content's ${chain}`,
    );
    for (const event of entry.events) {
      findings.hold(event.number === end.event + 1, () => `${name}: event ${event.number} of ${entry._id} follows ${end.event}`);
      end.event = event.number;
      for (const first of [unpublished, unheard]) if (event.number > first.beyond) first.atMs ??= entry.atMs;
    }
    end.number = entry.number;
    end.chain = entry.chain;
  }
  const ends = ({ number, chain, event }: Pick<HeadView, "number" | "chain" | "event">) =>
    `entry ${number}, event ${event}, chain ${chain.slice(0, 12)}`;
  findings.look();
  findings.hold(
    ends(head) === ends(end) && head.chain === end.chain,
    () => `${name}: the head says ${ends(head)}, the journal ends at ${ends(end)}`,
  );
  checkHeard(name, head, seen, unpublished, unheard, flight, findings);
}

/** A head's `published` may lie behind what is published: it is written with the next commit. What monitoring has heard is published. */
function checkHeard(
  name: string,
  head: HeadView,
  seen: SeenView | undefined,
  unpublished: First,
  unheard: First,
  flight: Flight,
  findings: Findings,
): void {
  const reached = seen?.reached ?? 0;
  findings.hold(head.published <= head.event, () => `${name}: ${head.published} events are marked published, there are ${head.event}`);
  findings.hold(reached <= head.event, () => `monitoring has heard event ${reached} of ${name}, which has told ${head.event}`);
  const early = seen?.early[0];
  findings.hold(early === undefined || !flight.settled, () => `monitoring lacks event ${reached + 1} of ${name}, and has ${early?.from}`);
  findings.hold(
    unheard.atMs === undefined || !isLate(flight, unheard.atMs),
    () => `event ${reached + 1} of ${name} is not folded by monitoring, of ${head.event}`,
  );
  const published = Math.max(head.published, reached);
  const late = published < head.event && unpublished.atMs !== undefined && isLate(flight, unpublished.atMs);
  findings.hold(!late, () => `event ${published + 1} of ${name} is not published, of ${head.event}`);
}

function chainOf({ _id, previous, chain: _, about = [], ...rest }: JournalView): string {
  return chainHash(previous, { ...rest, id: _id, about });
}

async function checkParked(records: Records, flight: Flight, findings: Findings): Promise<void> {
  const alarmed = new Map<string, number>();
  for await (const { _id, parked } of records.parkedCounts()) alarmed.set(_id, parked);
  for (const service of await records.services()) {
    let parked = 0;
    let newestMs = 0;
    for await (const { atMs } of records.parked(service)) {
      findings.look();
      parked += 1;
      newestMs = Math.max(newestMs, atMs);
    }
    const known = alarmed.get(service) ?? 0;
    findings.hold(
      parked <= known || flight.nowMs - newestMs <= ALARM_MS,
      () => `${service} has ${parked} parked input(s), alarms tell of ${known}`,
    );
  }
}
