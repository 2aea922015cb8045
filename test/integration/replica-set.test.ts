/** What the guardians and an operator's hand do with the replica set, on three real mongods: who follows whom, and who is primary. */
import { MongoClient, MongoError } from "mongodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handOverPrimary } from "../../deploy/local/mongo-hand-over.ts";
import { type Members, watchMembers } from "../../services/guardian/members.ts";
import { pause } from "../../services/mesh/clock.ts";
import { hostOf } from "../../services/mesh/topology.ts";
import { type LocalMesh, startEngines } from "../harness/mesh.ts";
import { until } from "../harness/twins.ts";

const LIMIT_MS = 50_000;
/** A member that finds its source no farther than itself leaves it, and sleeps for a second before it chooses anew. */
const CHOOSING_MS = 1_200;
const AGAIN_MS = 50;
/** What a guardian has seen of a secondary is half a second old at most. */
const SEEN_MS = 1_000;

let engines: LocalMesh;
let members: Members;
let direct: ReadonlyMap<string, MongoClient>;
/** Many write all the while: who has nothing new at the moment is not followed. */
const WRITERS = 12;
const writing = new AbortController();
let writes: Promise<void>;

beforeAll(async () => {
  engines = await startEngines();
  const { mongo } = engines.topology.engines;
  const all = mongo.map(({ name, server, port }) => ({ name, server, address: `${hostOf(engines.topology, server)}:${port}` }));
  members = watchMembers(all);
  direct = new Map(all.map(({ name, address }) => [name, new MongoClient(`mongodb://${address}/`, { directConnection: true })]));
  const set = new MongoClient(`mongodb://${all.map(({ address }) => address).join(",")}/?replicaSet=nrcms`, {
    writeConcern: { w: "majority" },
  });
  const write = async (_: unknown, who: number): Promise<void> => {
    for (let number = 0; !writing.signal.aborted; number += 1)
      try {
        await set.db("test").collection("ticks").updateOne({ who }, { $set: { number } }, { upsert: true });
      } catch (error) {
        // The driver repeats a write once; an election may take longer.
        if (!(error instanceof MongoError && error.hasErrorLabel("RetryableWriteError"))) throw error;
        await pause(AGAIN_MS);
      }
  };
  writes = Promise.all(Array.from({ length: WRITERS }, write)).then(() => set.close());
});
afterAll(async () => {
  writing.abort();
  await writes;
  await members?.close();
  await Promise.all([...(direct?.values() ?? [])].map((client) => client.close()));
  await engines?.stop();
});

/** Of each member what it is and whom it follows, by name. */
async function look(): Promise<ReadonlyMap<string, { readonly state: string; readonly follows: string | undefined }>> {
  const nameOf = new Map(
    engines.topology.engines.mongo.map(({ name, server, port }) => [`${hostOf(engines.topology, server)}:${port}`, name]),
  );
  const rows = [...direct].map(async ([name, client]) => {
    const status = await client.db("admin").command({ replSetGetStatus: 1 });
    const state = String(status.members.find((one: { self?: boolean }) => one.self)?.stateStr);
    return [name, { state, follows: nameOf.get(String(status.syncSourceHost)) }] as const;
  });
  return new Map(await Promise.all(rows));
}

const primaryIn = (seen: Awaited<ReturnType<typeof look>>) => [...seen].find(([, { state }]) => state === "PRIMARY")?.[0];

test("a secondary that follows another is asked to follow the primary itself, and one that does is left alone", {
  timeout: 180_000,
}, async () => {
  const before = await look();
  const primary = primaryIn(before);
  const [one, other] = [...before.keys()].filter((name) => name !== primary) as [string, string];
  const { port } = engines.topology.engines.mongo.find(({ name }) => name === other) ?? {};
  const follows = async (name: string, whom: string | undefined) => (await look()).get(name)?.follows === whom;
  const chained = async (): Promise<boolean> => {
    if (!(await follows(one, other)))
      await direct
        .get(one)
        ?.db("admin")
        .command({ replSetSyncFrom: `127.0.0.1:${port}` });
    await pause(CHOOSING_MS);
    return await follows(one, other);
  };
  await until("one follows the other", chained, LIMIT_MS);
  const straight = async (): Promise<boolean> => {
    expect([one, other, undefined]).toContain(await members.followPrimary());
    await pause(CHOOSING_MS);
    return (await follows(one, primary)) && (await follows(other, primary));
  };
  await until("it is seen and asked", async () => (await members.followPrimary()) === one, LIMIT_MS);
  await until("both follow the primary", straight, LIMIT_MS);
  expect(await members.followPrimary()).toBeUndefined();
});

test("the primary leaves a server and comes back, and nobody follows who is about to go", async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    const from = primaryIn(await look()) ?? "";
    const server = engines.topology.engines.mongo.find(({ name }) => name === from)?.server ?? "";
    const moved = await handOverPrimary(engines.topology, server);
    expect(moved?.from).toBe(from);
    expect(primaryIn(await look())).toBe(moved?.to);
    expect(await handOverPrimary(engines.topology, server)).toBeUndefined();
    const seen = await look();
    for (const [name, { follows }] of seen) if (name !== from) expect([name, follows]).not.toEqual([name, from]);
  }
});

/** Waits until one of the servers leads, not the witness, which gives the lead on soon; and the guardian has seen so. Gives its name. */
async function settled(): Promise<string> {
  await pause(SEEN_MS);
  let primary = "";
  const isSeen = async (): Promise<boolean> => {
    primary = primaryIn(await look()) ?? "";
    const roles = new Map(members.seen().map(({ name, role }) => [name, role]));
    const others = [...roles].filter(([name, role]) => name !== primary && role === "SECONDARY");
    return primary !== "mongo-w" && roles.get(primary) === "PRIMARY" && others.length === 2;
  };
  await until("one is primary, and the guardian has seen so", isSeen, LIMIT_MS);
  return primary;
}

test("of the secondaries the one that is furthest stands, and is followed by the others", { timeout: 120_000 }, async () => {
  const first = await settled();
  const names = [...direct.keys()];
  const secondaries = names.filter((name) => name !== first);
  let chosen = "";
  // The primary lives and is written to meanwhile, so that a candidate may lack what another has just got.
  await until(
    "one of them wins",
    async () => {
      chosen = await members.stepUp(secondaries).catch(() => "");
      return chosen !== "";
    },
    LIMIT_MS,
  );
  expect(secondaries).toContain(chosen);
  const primary = await settled();
  expect(new Set([primary, ...(await members.follow(primary))])).toEqual(new Set(names));
  const isFollowed = async () => [...(await look())].every(([name, { follows }]) => name === primary || follows === primary);
  await until("both follow it", isFollowed, LIMIT_MS);
  await expect(members.stepUp(["nobody"])).rejects.toThrow("no members nobody");
});
