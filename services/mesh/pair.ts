/**
 * Two twins, one lease. Watching each other (beats, death notices) makes a takeover fast; the lease document with its epoch makes it safe: a twin that was frozen
 * and wakes up cannot commit under an old epoch (protocols 16). In hot standby the leader alone works; in dual active it alone keeps time and sends.
 */
import { type Clock, pause } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { Presence } from "./presence.ts";
import { type Lease, type Store, Weather } from "./store.ts";

/** An idle leader renews this often; a working one renews with each commit. */
export const RENEW_MS = 1_000;
/** A lease whose renewals stand still for this long, by the watcher's own clock, has run out. */
export const LEASE_MS = 5_000;
/** A twin takes over at most once in this time. */
const TAKEOVER_PAUSE_MS = 2_000;
const TICK_MS = 100;
/** A peer that was never heard may still be starting; the twin that is not preferred waits longer, so that active twins spread over both servers. */
const FIRST_WAIT_MS = 700;
const SECOND_WAIT_MS = 1_500;

export interface PairParts {
  readonly store: Store;
  readonly presence: Presence;
  readonly service: string;
  readonly twin: string;
  readonly instance: string;
  /** True for the twin that leads where both could. */
  readonly preferred: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  onLead(epoch: number): void;
  onFollow(): void;
}

export class Pair {
  private held: Lease | undefined;
  private renewedMs = 0;
  private takenMs = Number.NEGATIVE_INFINITY;
  private watched: { readonly renewals: number; readonly epoch: number; readonly sinceMs: number; readonly readMs: number } | undefined;
  private readonly startedMs: number;
  private readonly stop = new AbortController();
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly parts: PairParts;

  constructor(parts: PairParts) {
    this.parts = parts;
    this.startedMs = parts.clock.monotonicMs();
    parts.presence.onDeath((service, twin) => {
      if (service === parts.service && twin === this.peer) this.wake();
    });
  }

  private get peer(): string {
    return this.parts.twin === "a" ? "b" : "a";
  }

  /** The epoch under which this twin leads; 0 where it does not. */
  get epoch(): number {
    return this.held?.epoch ?? 0;
  }

  start(): void {
    this.running = this.run();
  }

  /** A commit has renewed the lease. */
  renewed(): void {
    this.renewedMs = this.parts.clock.monotonicMs();
  }

  /** The lease of this epoch is another's: stop leading at once. */
  lost(epoch: number, why: string): void {
    if (this.held?.epoch !== epoch) return;
    this.parts.log.warn({ epoch, why }, "no longer leading");
    this.held = undefined;
    this.takenMs = this.parts.clock.monotonicMs();
    this.parts.onFollow();
  }

  /** Stops watching, and gives the lease back so that the peer need not wait. */
  async close(): Promise<void> {
    this.stop.abort();
    this.wake();
    await this.running;
    const held = this.held;
    if (!held) return;
    this.held = undefined;
    this.parts.onFollow();
    try {
      await this.parts.store.release(held.epoch);
    } catch (error) {
      this.parts.log.warn({ err: error }, "the lease could not be given back: the peer takes it by itself");
    }
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        if (this.held) await this.keep(this.held);
        else await this.watch();
      } catch (error) {
        // Losing MongoDB for a few seconds deposes nobody, and promotes nobody.
        if (!(error instanceof Weather)) this.parts.log.error({ err: error }, "pair");
      }
      await Promise.race([
        pause(TICK_MS, this.stop.signal),
        new Promise<void>((resolve) => {
          this.wake = resolve;
        }),
      ]);
    }
  }

  private async keep(held: Lease): Promise<void> {
    const { clock, store } = this.parts;
    if (clock.monotonicMs() - this.renewedMs < RENEW_MS) return;
    this.renewedMs = clock.monotonicMs();
    if (!(await store.renew(held.epoch)) && this.held === held) this.lost(held.epoch, "the lease was taken");
  }

  private async watch(): Promise<void> {
    const { clock, presence, service, preferred } = this.parts;
    const now = clock.monotonicMs();
    if (now - this.takenMs < TAKEOVER_PAUSE_MS) return;
    const wait = preferred ? FIRST_WAIT_MS : SECOND_WAIT_MS;
    if (now - this.startedMs < wait && !presence.isDead(service, this.peer)) return;
    const beat = presence.last(service, this.peer);
    const peerGone = beat === undefined || presence.isDead(service, this.peer);
    const peerFollows = beat !== undefined && beat.epoch === 0;
    if (peerGone || (await this.ranOut(now))) await this.take();
    // A peer that follows may have taken the lease since it said so: its next beat tells.
    else if (peerFollows && !(await this.isHeldBy(beat.instance))) await this.take();
  }

  /** The peer beats, but its lease stands still: it cannot commit, whatever it says of itself. */
  private async ranOut(now: number): Promise<boolean> {
    if (this.watched && now - this.watched.readMs < RENEW_MS) return false;
    const lease = await this.parts.store.lease();
    if (!lease || lease.holder === "") return true;
    const readMs = this.parts.clock.monotonicMs();
    const before = this.watched;
    // Only what was watched without a gap stood still: while the store did not answer, the leader could not renew either.
    const still =
      before !== undefined &&
      before.renewals === lease.renewals &&
      before.epoch === lease.epoch &&
      readMs - before.readMs < 2 * RENEW_MS + TICK_MS;
    const sinceMs = still ? before.sinceMs : readMs;
    this.watched = { renewals: lease.renewals, epoch: lease.epoch, sinceMs, readMs };
    return readMs - sinceMs > LEASE_MS;
  }

  private async isHeldBy(instance: string): Promise<boolean> {
    return (await this.parts.store.lease())?.holder === `${this.peer}:${instance}`;
  }

  private async take(): Promise<void> {
    const { store, twin, instance, clock, log } = this.parts;
    const seen = await store.lease();
    const lease = await store.acquire(seen, `${twin}:${instance}`);
    this.takenMs = clock.monotonicMs();
    if (!lease) return;
    if (this.stop.signal.aborted) return await store.release(lease.epoch);
    this.held = lease;
    this.watched = undefined;
    this.renewed();
    log.info({ epoch: lease.epoch, from: seen?.holder ?? "" }, "leading");
    this.parts.onLead(lease.epoch);
  }
}
