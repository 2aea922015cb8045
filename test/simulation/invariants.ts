/** What must hold at every step: looked at when the primary has a write, when a majority has it, when a stream takes an event, when an event counts as heard, when somebody is answered. */

import type { Claim, Cover } from "../../services/claims/domain/documents.ts";
import { chainHash, type Entry, eventId } from "../../services/mesh/journal.ts";
import type { ClearingWindow, Dispute, Entry as LedgerEntry, Line } from "../../services/settlement/domain/documents.ts";
import { assertBalanced } from "../../services/settlement/domain/posting.ts";
import type { Refusal } from "../../services/values/outcome.ts";
import type { Province } from "./province.ts";
import type { Stored, Written } from "./replica-set.ts";
import { NAMES, type Name } from "./services.ts";
import type { Durable, Stream, StreamMessage } from "./stream.ts";

export const databaseOf = (service: string): string => `nrcms_${service}`;
const serviceOf = (database: string): Name => database.slice("nrcms_".length) as Name;

/** An answer that somebody got. */
export interface Answered {
  readonly service: string;
  /** The input's id. */
  readonly id: string;
  readonly status: string;
  readonly data: Uint8Array;
}

/** What a command makes: how its absence would be refused, and the field that names it. */
const MAKES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  enrolHouseholds: { UNKNOWN_HOUSEHOLD: "householdId", UNKNOWN_PERSON: "personId" },
  submitClaim: { UNKNOWN_CLAIM: "claimId" },
  submitPaperClaim: { UNKNOWN_CLAIM: "claimId" },
  settleAdmission: { UNKNOWN_CLAIM: "claimId" },
  registerAdmission: { UNKNOWN_ADMISSION: "claimId" },
};

interface ChainEnd {
  readonly number: number;
  readonly chain: string;
}

export class Invariants {
  private readonly province: Province;
  private readonly ends = new Map<string, ChainEnd>();
  /** Events of the journals that a majority has, by id. */
  private readonly events = new Map<string, Uint8Array>();
  private readonly answers = new Map<string, Answered>();
  /** Commands that somebody has sent, by service and id. */
  private readonly asked = new Set<string>();
  /** What acknowledged commands have made, in their order: the refusal that nobody may get for it any more, and its id. */
  private readonly there = new Map<string, number>();
  checked = 0;

  constructor(province: Province) {
    this.province = province;
    province.set.onApplied = (writes) => this.applied(writes);
    province.set.onMajority = (writes) => this.reached(writes);
    province.streams.onStored = (stream, message) => this.stored(stream, message);
    province.streams.onAcknowledged = (stream, durable, message) => this.acknowledged(stream, durable, message);
  }

  /** Somebody is about to send a command under this id. */
  asks(service: string, id: string): void {
    this.asked.add(`${service} ${id}`);
  }

  /** An answer stands for what a majority has; the same request has the same answer. */
  answered(answer: Answered): void {
    const { service, id, status, data } = answer;
    const name = `${service} ${id}`;
    const before = this.answers.get(name);
    const entry = this.majority(service, "journal").get(id);
    if (status === "OK") this.hold(entry !== undefined, () => `${name} was answered, and no majority has its entry`);
    if (entry) this.hold(same(entry.reply, data), () => `${name} was answered otherwise than its entry says`);
    if (before)
      this.hold(before.status === status && same(before.data, data), () => `${name} was answered ${before.status}, and then ${status}`);
    this.answers.set(name, answer);
  }

  /** A command was acknowledged: what it makes is there from now on. */
  saidYes(method: string, request: unknown): void {
    for (const [code, field] of Object.entries(MAKES[method] ?? {}))
      for (const id of valuesOf(request, field)) {
        const made = `${code} ${id}`;
        if (!this.there.has(made)) this.there.set(made, this.there.size);
      }
  }

  /** How much has been made by now: for `saidNo`, when somebody is about to ask. */
  get made(): number {
    return this.there.size;
  }

  /** Nobody is told that there is no such thing where it was there before he asked. */
  saidNo({ code, en }: Refusal, madeBefore: number): void {
    const wasThere = en.split(/[ ,:]/).some((word) => (this.there.get(`${code} ${word}`) ?? madeBefore) < madeBefore);
    this.hold(!wasThere, () => `somebody was told ${code}, "${en}", and it was acknowledged before`);
  }

  /** At the end: whatever was acknowledged is in the journal, and so is what was parked. */
  finish(): void {
    for (const { service, id, status } of this.answers.values())
      if (status === "OK")
        this.hold(this.majority(service, "journal").has(id), () => `${service} ${id} was acknowledged, and is in no journal at the end`);
    for (const service of NAMES)
      for (const { _id: id, from, resolved } of this.majority(service, "parked").values()) {
        const decided = resolved === true && (from === "due" || this.majority(service, "journal").has(id));
        this.hold(decided, () => `${service} parked ${id}, which was never decided under that id`);
      }
  }

  private hold(holds: boolean, what: () => string): void {
    this.checked += 1;
    this.province.world.hold(holds, what);
  }

  private majority(service: string, kind: string): ReadonlyMap<string, Stored> {
    return this.province.set.collection(databaseOf(service), kind).majority;
  }

  private applied(writes: readonly Written[]): void {
    const [first] = writes;
    if (!first) return;
    const service = serviceOf(first.collection.database);
    const of = (kind: string) => writes.filter(({ collection }) => collection.name === kind);
    const entries = of("journal");
    for (const { after } of of("heads")) if (entries.length > 0 && after) this.leads(service, String(after._id));
    for (const { after, before } of of("claims")) if (after && !before) this.isCovered(after as unknown as Claim, of("covers"));
    for (const { after } of of("entries")) if (after) assertBalanced(after._id, after.lines as readonly Line[]);
    if (service === "settlement") this.keepsRows(of("windows"), of("entries"), of("disputes"));
  }

  /** Rows come into windows with their entries, and by disputes they only move: what a commit adds to all windows is what it posts, less what it takes out of all of them. */
  private keepsRows(windows: readonly Written[], entries: readonly Written[], disputes: readonly Written[]): void {
    const inWindows = windows.reduce((fen, { before, after }) => fen + owedIn(after) - owedIn(before), 0n);
    const posted = entries.reduce((fen, { after }) => fen + ((after as Partial<LedgerEntry> | undefined)?.obligation?.fen ?? 0n), 0n);
    const moved = disputes.reduce((fen, { before, after }) => {
      const [was, is] = [before, after] as unknown as [Dispute | undefined, Dispute];
      return fen + (is.window > 0 ? is.fen : 0n) - (was?.window === 0 ? 0n : is.fen);
    }, 0n);
    this.hold(inWindows === posted + moved, () => `a commit moves ${inWindows} fen in windows, posts ${posted} and takes out ${-moved}`);
  }

  /** In hot standby only the lease's holder commits. */
  private leads(service: Name, twin: string): void {
    if (this.province.modes[service] !== "hot-standby") return;
    const lease = this.province.set.collection(databaseOf(service), "leases").local.get(service);
    const holder = String(lease?.holder ?? "");
    this.hold(holder.startsWith(`${twin}:`), () => `${service}.${twin} committed, and the lease is ${holder || "nobody"}'s`);
  }

  /** A claim stands on a cover as it is in the very moment of its commit; or as it was before, where that commit changes it as well. */
  private isCovered({ bill }: Claim, changed: readonly Written[]): void {
    const known = this.province.set.collection(databaseOf("claims"), "covers").local.get(bill.personId);
    const covers = [known, changed.find(({ id }) => id === bill.personId)?.before] as unknown as (Cover | undefined)[];
    if (!known) return;
    const stretches = covers.flatMap((cover) => cover?.stretches ?? []);
    const covered = stretches.some(({ fromDay, toDay }) => fromDay <= bill.dischargedOn && toDay >= bill.admittedOn);
    this.hold(covered, () => `claim ${bill.claimId} was stored on a cover that had ended`);
  }

  private reached(writes: readonly Written[]): void {
    const entries = writes
      .filter(({ collection }) => collection.name === "journal")
      .map(({ collection, after }) => ({ service: serviceOf(collection.database), after }));
    const ordered = entries
      .flatMap(({ service, after }) => (after ? [{ service, entry: entryOf(after) }] : []))
      .sort((a, b) => a.entry.number - b.entry.number);
    for (const { service, entry } of ordered) this.chained(service, entry);
  }

  private chained(service: Name, entry: Entry): void {
    const name = `${service}.${entry.twin}`;
    const end = this.ends.get(name);
    const number = (end?.number ?? 0) + 1;
    this.hold(entry.number === number, () => `${name}: entry ${entry.number} (${entry.id}) follows ${number - 1}`);
    if (end) this.hold(entry.previous === end.chain, () => `${name}: entry ${entry.number} does not name the chain value before it`);
    const { previous, chain, ...body } = entry;
    this.hold(chain === chainHash(previous, body), () => `${name}: entry ${entry.number} does not hash to its chain value`);
    this.ends.set(name, { number: entry.number, chain });
    this.hold(this.isWanted(service, entry), () => `${name}: entry ${entry.number} decided ${entry.id}, which nobody asked or told`);
    for (const event of entry.events) this.events.set(eventId(service, entry.twin, event.number), event.bytes);
  }

  /** What was decided came under this id: a command that was sent, an event that was told, or what time brought. */
  private isWanted(service: Name, { id, method }: Entry): boolean {
    if (method === "due") return true;
    return method.includes(".") ? this.events.has(id) : this.asked.has(`${service} ${id}`);
  }

  /** An event goes out only once a majority has it. */
  private stored(stream: Stream, message: StreamMessage): void {
    const bytes = this.events.get(message.id);
    this.hold(bytes !== undefined, () => `${stream.name} took ${message.id} (${message.subject}), which no majority has`);
    if (bytes) this.hold(same(bytes, message.data), () => `${stream.name} took ${message.id} with other content than its entry's`);
  }

  /** What counts as heard is decided: it is in the hearer's journal, or parked. */
  private acknowledged(stream: Stream, durable: Durable, message: StreamMessage): void {
    const decided = this.majority(durable.name, "journal").has(message.id) || this.majority(durable.name, "parked").has(message.id);
    this.hold(decided, () => `${durable.name} acknowledged ${message.id} of ${stream.name}, which it has not decided`);
  }
}

function owedIn(stored: Stored | undefined): bigint {
  const { pairs = {} } = (stored ?? {}) as unknown as Partial<ClearingWindow>;
  return Object.values(pairs).reduce((fen, pair) => fen + pair.fen, 0n);
}

function same(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

function entryOf(stored: Stored): Entry {
  const { _id, about, ...rest } = stored;
  return { ...rest, id: _id, about: about ?? [] } as unknown as Entry;
}

/** All that a field of this name says in a request, at any depth. */
function* valuesOf(part: unknown, field: string): Generator<string> {
  if (typeof part !== "object" || part === null || part instanceof Uint8Array) return;
  for (const [name, value] of Object.entries(part))
    if (name === field && typeof value === "string") yield value;
    else yield* valuesOf(value, field);
}
