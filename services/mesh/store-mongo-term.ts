/**
 * In whose term something was read, and whether that term has begun. A read with majority concern alone may lack what was acknowledged: at a primary that was elected a moment
 * ago, which learns how far its predecessor had come only when something of its own has reached a majority; and at one that is cut off and does not know it yet.
 * Whoever answers "no" must know that neither is so (protocols 1, 15).
 */
import type { ServerDescription, TopologyDescriptionChangedEvent } from "mongodb";
import { Conflict, Weather } from "./store.ts";

export interface Terms {
  /** The term in force, known to have begun: what is read in it lacks nothing that was acknowledged before, unless its primary is cut off. Throws what `confirm` throws. */
  begun(): Promise<string>;
  /** What `read` gives once it has read, within one term, all that was acknowledged before this was called. Throws Weather where that cannot be known. */
  surely<T>(read: () => Promise<T>): Promise<T>;
  /** Throws Conflict where another term than this is in force by now. */
  still(term: string): void;
}

/** A client of the driver's, as far as it tells what it hears. */
export interface Told {
  on(event: "topologyDescriptionChanged", hear: (changed: TopologyDescriptionChangedEvent) => void): unknown;
}

/** Elections while one read is under way. */
const ATTEMPTS = 4;

/**
 * `confirm` waits until something of the primary's own term, no older than the call, has reached a majority: a linearizable read.
 * A cut-off primary does not get that far.
 */
export function termsOver(client: Told, confirm: () => Promise<void>): Terms {
  let now: string | undefined;
  let begun: string | undefined;
  let running: Promise<string> | undefined;
  let next: Promise<string> | undefined;
  client.on("topologyDescriptionChanged", ({ newDescription }) => {
    now = termOf(newDescription.servers.values());
  });

  const confirmed = async (): Promise<string> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = now;
      await confirm();
      // Where the primary changed meanwhile it may be its successor that answered.
      if (before !== undefined && before === now) {
        begun = before;
        return before;
      }
    }
    throw new Weather("the primary changes again and again");
  };
  const start = (): Promise<string> => {
    running = confirmed().finally(() => {
      running = undefined;
    });
    return running;
  };
  /** One at a time, for all who ask: for each it begins after it was asked for. */
  const confirmedSince = (): Promise<string> => {
    if (!running) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return running ?? start();
      });
    return next;
  };

  return {
    begun: async () => (now !== undefined && now === begun ? now : await (running ?? start())),
    async surely(read) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const term = await confirmedSince();
        const found = await read();
        if (term === now) return found;
      }
      throw new Weather("the primary changes again and again");
    },
    still(term) {
      if (term !== now) throw new Conflict("the store is led in another term than when it was read");
    },
  };
}

function termOf(servers: Iterable<Pick<ServerDescription, "type" | "address" | "electionId">>): string | undefined {
  for (const { type, address, electionId } of servers) if (type === "RSPrimary") return `${address} ${electionId}`;
  return undefined;
}
