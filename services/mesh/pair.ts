/**
 * Two twins, one lease. Watching each other (beats, death notices) makes a takeover fast; the lease document with its epoch makes it safe: a twin that was frozen
 * and wakes up cannot commit under an old epoch (protocols 16). In hot standby the leader alone works; in dual active it alone keeps time and sends.
 */

import { dayOf, startOfDayMs } from "../values/days.ts";
import { type Clock, pause } from "./clock.ts";
import type { Logger } from "./log.ts";
import type { Order } from "./order.ts";
import { isWell, type Presence } from "./presence.ts";
import { type Lease, type Store, Weather } from "./store.ts";

/** An idle leader renews this often; a working one renews with each commit. */
export const RENEW_MS = 1_000;
/** A lease whose renewals stand still for this long, by the watcher's own clock, has run out. */
export const LEASE_MS = 5_000;
/** A twin takes over at most once in this time. */
const TAKEOVER_PAUSE_MS = 2_000;
const TICK_MS = 100;
/** A twin that gives its lead away waits so long for what it has in hand; and its successor has so long to take it before it is anybody's again. */
const HAND_OVER_MS = 1_000;
const TURN_MS = 3_000;
/** A preferred twin takes the lead back after so long without a fault. */
const FIT_MS = 60_000;
const MINUTE_MS = 60_000;
/** A peer that was never heard may still be starting; the twin that is not preferred waits longer, so that active twins spread over both servers. */
const FIRST_WAIT_MS = 700;
const SECOND_WAIT_MS = 1_500;

export interface PairParts {
  readonly store: Store;
  readonly presence: Presence;
  readonly service: string;
  readonly twin: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  order(): Order;
  /** Why this twin is not fit to lead; empty where it is. */
  fault(): string;
  onLead(epoch: number): void;
  onFollow(): void;
  /** Waits until what is in hand is committed, at most so long: the lead is about to be given away. */
  settle(limitMs: number): Promise<void>;
  /** The lead has been given away: the peer is to know at once. */
  onHandedOver(): void;
}

export class Pair {
  private held: Lease | undefined;
  private yielding = false;
  private barredBy = 0;
  private fitSinceMs: number | undefined;
  private turnSinceMs: number | undefined;
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
    parts.presence.onFollow((service, twin) => {
      if (service === parts.service && twin === this.peer) this.wake();
    });
  }

  private get peer(): string {
    return this.parts.twin === "a" ? "b" : "a";
  }

  /** The epoch under which this twin commits; 0 where it holds no lease. */
  get epoch(): number {
    return this.held?.epoch ?? 0;
  }

  /** It holds the lease, and is not about to give it away. */
  get leads(): boolean {
    return this.held !== undefined && !this.yielding;
  }

  /** The epoch of the peer's lease, where the peer is gone and an operator has to say that this twin may take over; else 0. */
  get waiting(): number {
    return this.barredBy;
  }

  start(): void {
    this.running = this.run();
  }

  /** The order has changed. */
  ordered(): void {
    this.wake();
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
        this.lookAtPeer();
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
    const why = this.whyYield(held);
    if (why) return await this.handOver(held, why);
    if (clock.monotonicMs() - this.renewedMs < RENEW_MS) return;
    this.renewedMs = clock.monotonicMs();
    if (!(await store.renew(held.epoch)) && this.held === held) this.lost(held.epoch, "the lease was taken");
  }

  /** Since when the peer has been ready and without a fault, by this twin's own clock. */
  private lookAtPeer(): void {
    const { clock, presence, service } = this.parts;
    this.fitSinceMs = isWell(presence, service, this.peer) ? (this.fitSinceMs ?? clock.monotonicMs()) : undefined;
  }

  /** Why the lead is to be the peer's; empty where it is not. Only a peer that is fit is given it. */
  private whyYield(held: Lease): string {
    const order = this.parts.order();
    const { resting, successor, overEpoch, preferred } = order;
    if (this.fitSinceMs === undefined || resting.some((twin) => twin === this.peer)) return "";
    if (resting.some((twin) => twin === this.parts.twin)) return "its server is drained";
    const fault = this.parts.fault();
    if (fault) return `not fit: ${fault}`;
    if (successor === this.peer && held.epoch <= overEpoch) return "an operator's order";
    if (preferred === this.peer && this.isFailbackDue(order, this.fitSinceMs)) return "failback to the preferred twin";
    return "";
  }

  private isFailbackDue({ failback }: Order, fitSinceMs: number): boolean {
    const { clock } = this.parts;
    if (failback === "never" || clock.monotonicMs() - fitSinceMs < FIT_MS) return false;
    if (failback === "automatic") return true;
    const now = clock.nowMs();
    const [hour = "0", minute = "0"] = failback.split(":");
    return Math.floor((now - startOfDayMs(dayOf(now))) / MINUTE_MS) === 60 * Number(hour) + Number(minute);
  }

  /** Stops taking work, ends what is in hand, and gives the lease back. Whoever asks meanwhile is told to ask again at once. */
  private async handOver(held: Lease, why: string): Promise<void> {
    const { clock, log, store } = this.parts;
    log.warn({ epoch: held.epoch, to: this.peer, why }, "handing over");
    this.yielding = true;
    try {
      this.parts.onFollow();
      await this.parts.settle(HAND_OVER_MS);
      if (this.held !== held) return;
      this.held = undefined;
      await store.release(held.epoch);
    } finally {
      this.yielding = false;
      this.takenMs = clock.monotonicMs();
      this.parts.onHandedOver();
    }
  }

  private async watch(): Promise<void> {
    const { clock, presence, service, order } = this.parts;
    const { preferred, resting } = order();
    const now = clock.monotonicMs();
    if (now - this.takenMs < TAKEOVER_PAUSE_MS) return;
    const unwilling = resting.some((twin) => twin === this.parts.twin) || this.parts.fault() !== "";
    if (unwilling && this.fitSinceMs !== undefined) return;
    const wait = preferred === this.parts.twin ? FIRST_WAIT_MS : SECOND_WAIT_MS;
    if (now - this.startedMs < wait && !presence.isDead(service, this.peer)) return;
    const beat = presence.last(service, this.peer);
    const peerGone = beat === undefined || presence.isDead(service, this.peer);
    const peerFollows = beat !== undefined && beat.epoch === 0;
    if (peerGone || (await this.ranOut(now))) return await this.take();
    this.barredBy = 0;
    // A peer that follows may have taken the lease since it said so: its next beat tells.
    if (peerFollows && !(await this.isPeers(beat.instance, now))) await this.take();
  }

  /** The peer beats, but its lease stands still, or is nobody's: it cannot commit, whatever it says of itself. */
  private async ranOut(now: number): Promise<boolean> {
    if (this.watched && now - this.watched.readMs < RENEW_MS) return false;
    const lease = await this.parts.store.lease();
    if (!lease) return true;
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

  /** The lease is the peer's, or is to be: the successor that was ordered has some time to take it. */
  private async isPeers(instance: string, now: number): Promise<boolean> {
    const lease = await this.parts.store.lease();
    const { successor, overEpoch } = this.parts.order();
    const turn = successor === this.peer && lease !== undefined && lease.holder === "" && lease.epoch <= overEpoch + 1;
    this.turnSinceMs = turn ? (this.turnSinceMs ?? now) : undefined;
    if (this.turnSinceMs !== undefined && now - this.turnSinceMs < TURN_MS) return true;
    return lease?.holder === `${this.peer}:${instance}`;
  }

  /** Where a takeover waits for an operator's word, only what nobody holds, what was one's own, or what was ordered is taken. */
  private mayTake(seen: Lease | undefined): boolean {
    const { takeover, successor, overEpoch } = this.parts.order();
    const { twin } = this.parts;
    if (takeover === "automatic" || seen === undefined || seen.holder === "" || seen.holder.startsWith(`${twin}:`)) return true;
    return successor === twin && seen.epoch <= overEpoch;
  }

  private async take(): Promise<void> {
    const { store, twin, instance, clock, log } = this.parts;
    const seen = await store.lease();
    const before = this.barredBy;
    this.barredBy = this.mayTake(seen) ? 0 : (seen?.epoch ?? 0);
    if (this.barredBy > 0) {
      if (before === 0)
        log.error({ epoch: this.barredBy, from: seen?.holder }, "the peer is gone: a takeover waits for an operator's word");
      return;
    }
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
