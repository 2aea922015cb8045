/** What a twin does about the other of its pair: whether it can take the work, what it left open when it died, and which inputs ended it. */
import type { Clock } from "./clock.ts";
import type { CrashNote } from "./crash.ts";
import type { Logger } from "./log.ts";
import { isWell, type Presence } from "./presence.ts";
import type { Store } from "./store.ts";
import { otherTwin } from "./topology.ts";

/** A peer that ended is started again within a few seconds, or not soon. */
const PEER_MISSED_MS = 5_000;

export interface PeerView {
  readonly service: string;
  readonly twin: "a" | "b";
  readonly store: Store;
  readonly presence: Presence;
  readonly crash: CrashNote;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Peer {
  /** It beats, and finds nothing wrong with itself. */
  isWell(): boolean;
  /** It is away since a few seconds, and may be back at once. */
  isMissed(): boolean;
  /** Looks at what has changed with it since the last look; called at every pulse. */
  look(): void;
  /** Reads which inputs ended the peer's process twice, so that ours need not end twice as well (protocols 7). Throws where the store does not answer. */
  hearCrashers(): Promise<void>;
}

/** Watches the peer through what is heard of it. */
export function watchPeer({ service, twin, store, presence, crash, clock, log }: PeerView): Peer {
  const peer = otherTwin(twin);
  /** The process whose open transactions have been ended, and the one whose crashers are known here. */
  let buried: string | undefined;
  let crashersOf: string | undefined;
  /** When it was last well: as this process begins it may be about to, for what ended this one may have ended both. */
  let wellMs = clock.monotonicMs();
  const isPeerWell = () => isWell(presence, service, peer);

  /** A peer that has died, or is frozen, holds documents locked by the transaction that it left open. */
  function bury(): void {
    const last = presence.isDead(service, peer) ? presence.last(service, peer) : undefined;
    if (last?.instance === buried) return;
    buried = last?.instance;
    if (!last) return;
    store.endTransactionsOf(`${service}.${peer}.${last.instance}`).then(
      (ended) => ended > 0 && log.warn({ peer, ended }, "ended what the peer left open"),
      (error: unknown) => log.info({ err: error }, "what the peer left open is ended by mongod within its second"),
    );
  }

  async function hearCrashers(): Promise<void> {
    const ids = (await store.mark(`crashers.${peer}`))?.ids;
    if (Array.isArray(ids)) crash.condemn(ids.filter((id) => typeof id === "string"));
  }

  presence.onDeath((of, one, atHand) => {
    bury();
    if (of === service && one === peer && atHand !== undefined) crash.fear(atHand);
  });
  return {
    isWell: isPeerWell,
    isMissed: () => !isPeerWell() && clock.monotonicMs() - wellMs < PEER_MISSED_MS,
    look: () => {
      bury();
      if (!isPeerWell()) return;
      wellMs = clock.monotonicMs();
      const now = presence.last(service, peer)?.instance;
      if (now === crashersOf) return;
      crashersOf = now;
      // It has written down what ended it before it beats.
      hearCrashers().catch((error: unknown) => log.debug({ err: error }, "the peer's crashers are read at the next turn"));
    },
    hearCrashers,
  };
}
