/** Engines that somebody else keeps (NATS_URL, MONGODB_URI): looked at first, used, and left as they are. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { withElsewhere } from "../../deploy/local/elsewhere.ts";
import { leftovers } from "../../deploy/local/leftovers.ts";
import { mongoUri, natsServers, type Topology } from "../../services/mesh/topology.ts";
import { forget, startSandbox } from "../../services/nrcms/run.ts";
import { enginesStatus } from "../../services/nrcms/status.ts";
import { type Mesh, startEngines, startMesh } from "../harness/mesh.ts";

let theirs: Mesh;
let addresses: { NATS_URL: string; MONGODB_URI: string };
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  theirs = await startEngines();
  addresses = {
    NATS_URL: natsServers(theirs.topology)
      .map((one) => `nats://${one}`)
      .join(","),
    MONGODB_URI: mongoUri(theirs.topology),
  };
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => await theirs?.stop());

const use = (environment: NodeJS.ProcessEnv) => (topology: Topology) => {
  topology.engines = withElsewhere(topology, environment).engines;
};
const direct = (): string => {
  const [member] = theirs.topology.engines.mongo;
  return `mongodb://127.0.0.1:${member?.port}/?replicaSet=another`;
};

test("a pair works on them, starts none of its own, shows them, and leaves them running", async () => {
  const said: string[] = [];
  const mesh = await startMesh({ services: ["administration"], change: use(addresses), say: (line) => said.push(line) });
  let stopped = false;
  stops.push(async () => (stopped ? undefined : await mesh.stop()));
  expect(mesh.supervisor.names()).toEqual(["administration.a", "administration.b"]);
  expect(said).toEqual([]);
  const client = await MongoClient.connect(addresses.MONGODB_URI);
  stops.push(async () => await client.close());
  const names = async () => (await client.db().admin().listDatabases({ nameOnly: true })).databases.map(({ name }) => name);
  expect(await names()).toContain("nrcms_administration");
  expect(await names()).not.toContain("nrcms_probe");
  const engines = await enginesStatus(mesh.topology);
  expect(engines.map(({ alive, server }) => ({ alive, server }))).toEqual(Array(6).fill({ alive: true, server: "elsewhere" }));
  expect(engines.slice(0, 3).map(({ name }) => name)).toEqual(["nats-a", "nats-b", "nats-w"]);
  expect(
    engines
      .slice(3)
      .map(({ role }) => role)
      .sort(),
  ).toEqual(["PRIMARY", "SECONDARY", "SECONDARY"]);
  await mesh.stop();
  stopped = true;
  expect(leftovers(mesh.run)).toEqual([]);
  expect((await enginesStatus(theirs.topology)).every(({ alive }) => alive)).toBe(true);
  expect(await names()).toContain("nrcms_administration");
});

test("one nats-server is used with one copy of each stream, and said so", async () => {
  const said: string[] = [];
  const [first = ""] = natsServers(theirs.topology);
  const mesh = await startMesh({ change: use({ NATS_URL: `nats://${first}` }), say: (line) => said.push(line) });
  stops.push(async () => await mesh.stop());
  expect(said).toEqual([`NATS at ${first}: streams get 1 of 3 copies, one for each server that NATS_URL names`]);
});

async function refusal(environment: NodeJS.ProcessEnv): Promise<string> {
  const outcome: unknown = await startMesh({ change: use(environment) }).then(
    async (mesh) => await mesh.stop(),
    (reason: unknown) => reason,
  );
  expect(outcome).toBeInstanceOf(Error);
  return (outcome as Error).message;
}

test("what waiting might mend is waited for, then named", async () => {
  const words = await refusal({ NATS_URL: "nats://127.0.0.1:9", MONGODB_URI: direct() });
  expect(words).toMatch(/^after 1\d\.\d s NATS at 127\.0\.0\.1:9 cannot be used: .*refused/i);
  expect(words).toMatch(/, and MongoDB at mongodb:\/\/127\.0\.0\.1:\d+\/\?replicaSet=another cannot be used: /);
});

test("a name and a password that nobody has there are refused at once, and not shown", async () => {
  const words = await refusal({ ...addresses, MONGODB_URI: addresses.MONGODB_URI.replace("//", "//clerk:s3cret@") });
  expect(words).toMatch(/^after \d\.\d s MongoDB at mongodb:\/\/…@.*it refuses who MONGODB_URI names/);
  expect(words).not.toContain("s3cret");
});

test("what is stored there is not looked for here, and is not ours to remove", async () => {
  const run = await mkdtemp(join(tmpdir(), "nrcms-elsewhere-"));
  stops.push(async () => await rm(run, { recursive: true, force: true }));
  const mesh = await startMesh({ run, change: use(addresses) });
  await mesh.stop();
  const region = { counties: [], institutions: [] } as unknown as Parameters<typeof startSandbox>[0]["region"];
  await expect(startSandbox({ run, region, say: () => {} })).rejects.toThrow(
    /has stored is in mongodb:\/\/.*: set MONGODB_URI, or use another run directory/,
  );
  await expect(forget(run)).rejects.toThrow(/is not ours to empty: drop its databases nrcms_\*, then remove/);
});
