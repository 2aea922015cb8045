/**
 * A planned change of the primary. Writes stand still for a quarter of a second and less, where otherwise it would be a second and more, because a member that looks for another
 * source of its changes sleeps so long: the others follow the successor first, so that its first majority write finds them there; then the primary steps down, and the successor
 * stands when it has all that there is.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Document, Timestamp } from "mongodb";
import type { Topology } from "../../services/mesh/topology.ts";
import { addresses, Member } from "./mongo-member.ts";

const STAND_TRIES = 20;
const STAND_PAUSE_MS = 50;
/** How long a planned transfer waits for its sync chain; without it the transfer works too, and writes stand still for up to a second. */
const CHAIN_LIMIT_MS = 6_000;
const CHAIN_POLL_MS = 20;
const CHAIN_STANDS_MS = 150;
/** What a member is asked shows in its status a little later. */
const ASK_AGAIN_MS = 500;
const STAND_POLL_MS = 5;
/** Nobody but the successor stands for so long. */
const FROZEN_S = 10;
const CATCH_UP_S = 2;

/**
 * Moves the primary away from a server: its successor is the secondary of the highest priority elsewhere. Returns the names of the old and the new primary; undefined where the
 * server has none. In either case nobody takes changes from the server's member any more. Throws where the successor does not become primary; then the engines' own election follows.
 */
export async function handOverPrimary(topology: Topology, server: string): Promise<{ from: string; to: string } | undefined> {
  const rows = topology.engines.mongo.map((mongo, index) => ({ mongo, member: new Member(addresses(topology)[index] ?? "") }));
  try {
    const views = await Promise.all(rows.map(async ({ mongo, member }) => ({ mongo, member, view: await member.look() })));
    const from = views.find(({ mongo, view }) => mongo.server === server && typeof view !== "string" && view.primary);
    const secondaries = views.filter(({ mongo, view }) => mongo.server !== server && typeof view !== "string" && view.secondary);
    if (!from) {
      const primary = views.find(({ view }) => typeof view !== "string" && view.primary);
      if (primary) await Promise.all(secondaries.map(({ member }) => follow(member, primary.member)));
      return undefined;
    }
    const [to, ...others] = secondaries;
    if (!to) throw new Error(`no other server has a mongod that could be primary instead of ${from.mongo.name}`);
    await follow(to.member, from.member);
    await Promise.all(others.map(({ member }) => follow(member, to.member)));
    try {
      await Promise.all(others.map(({ member }) => quietly(member, { replSetFreeze: FROZEN_S })));
      await quietly(from.member, { replSetStepDown: FROZEN_S, secondaryCatchUpPeriodSecs: CATCH_UP_S });
      await caughtUp(to.member, from.member);
      await stand(to.member);
    } finally {
      await Promise.all([from, ...others].map(({ member }) => quietly(member, { replSetFreeze: 0 })));
    }
    return { from: from.mongo.name, to: to.mongo.name };
  } finally {
    await Promise.all(rows.map(({ member }) => member.close()));
  }
}

/** Asks for what makes the transfer quicker; without it, it comes about as well. */
async function quietly(member: Member, command: Document): Promise<void> {
  try {
    await member.admin.command(command);
  } catch {
    await member.close();
  }
}

/** Waits, not for long, until a member has all that the other one has. */
async function caughtUp(member: Member, other: Member): Promise<void> {
  const untilMs = performance.now() + CATCH_UP_S * 1_000;
  const optime = async (of: Member) => JSON.stringify(await optimeOf(of));
  try {
    while ((await optime(member)) !== (await optime(other)) && performance.now() < untilMs) await pause(STAND_POLL_MS);
  } catch {
    await Promise.all([member.close(), other.close()]);
  }
}

/** Asks a member to stand. One that is a moment behind, or meets another election, is asked again. Throws where it does not win. */
async function stand(member: Member): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await member.admin.command({ replSetStepUp: 1 });
      return;
    } catch (error) {
      const view = await member.look();
      if (typeof view !== "string" && view.primary) return;
      if (attempt === STAND_TRIES) throw error;
      await pause(STAND_PAUSE_MS);
    }
  }
}

/**
 * Lets a member take its changes from another, and waits until it has done so for a moment and has all that the other had by then. It is asked only where it follows somebody else, and not again
 * before the first word has had its effect: a member that is asked for the source that it has just chosen sleeps for a second before it goes on; and one that finds the wanted source no farther
 * than itself leaves it again, and chooses anew a second later. Two members that sleep at once hold up every write.
 */
async function follow(member: Member, source: Member): Promise<void> {
  const untilMs = performance.now() + CHAIN_LIMIT_MS;
  let sinceMs: number | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  try {
    while (performance.now() < untilMs) {
      const { syncSourceHost } = await member.admin.command({ replSetGetStatus: 1 });
      sinceMs = syncSourceHost === source.address ? (sinceMs ?? performance.now()) : undefined;
      if (sinceMs !== undefined && performance.now() - sinceMs >= CHAIN_STANDS_MS && (await hasAllOf(member, source))) return;
      // One that has no source is choosing.
      if (sinceMs === undefined && syncSourceHost !== "" && performance.now() - askedMs >= ASK_AGAIN_MS) {
        await member.admin.command({ replSetSyncFrom: source.address });
        askedMs = performance.now();
      }
      await pause(CHAIN_POLL_MS);
    }
  } catch {
    // Its choice of source is a matter of speed only.
  }
}

/** Whether a member gets what another has now, within a moment. */
async function hasAllOf(member: Member, source: Member): Promise<boolean> {
  const { ts: wanted } = await optimeOf(source);
  await pause(CHAIN_POLL_MS);
  return (await optimeOf(member)).ts.greaterThanOrEqual(wanted);
}

/** How far a member is. */
async function optimeOf({ admin }: Member): Promise<{ readonly ts: Timestamp }> {
  return (await admin.command({ hello: 1 })).lastWrite?.opTime;
}
