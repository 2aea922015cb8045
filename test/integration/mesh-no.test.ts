/** Protocols 15: nobody is told "no" by who may not know of the last moments. Two real twins on three real mongods, two of which stand still for a moment. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeCaller } from "../../services/mesh/rpc.ts";
import { openMongoStore } from "../../services/mesh/store-mongo.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import { type Asked, type Balance, codec } from "../harness/till.ts";
import { type Bench, openTwins, TREASURER, until } from "../harness/twins.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openTwins();
  await Promise.all([bench.start("till.a"), bench.start("till.b")]);
});
afterAll(() => bench?.stop());

const known = "known";
const ask = (twin: "a" | "b", account: string, who = TREASURER) =>
  bench.direct(`till.${twin}`, "Balance", codec<Asked>().encode({ county: "640000", account }).finish(), {
    "nrcms-caller": encodeCaller(who),
  });
const fenOf = (data: Uint8Array) => codec<Balance>().decode(data).fen;

/** The names of those that are not primary. */
async function secondaries(): Promise<readonly string[]> {
  const { members } = await bench.mongo.db("admin").command({ replSetGetStatus: 1 });
  const { mongo } = bench.topology.engines;
  return (members as { name: string; stateStr: string }[])
    .filter(({ stateStr }) => stateStr !== "PRIMARY")
    .map(({ name }) => mongo.find(({ port }) => name.endsWith(`:${port}`))?.name ?? "");
}

test("a primary that has lost its majority and does not know it yet says yes, and never no", { timeout: 120_000 }, async () => {
  await bench.deposit({ requestId: "first", county: "640000", account: known, fen: 700n });
  expect((await ask("a", "nobody")).status).toBe("OK");
  const frozen = await secondaries();
  expect(frozen).toHaveLength(2);
  for (const name of frozen) bench.engines.supervisor.pause(name);
  try {
    const [yes, no, forAnother] = await Promise.all([
      ask("a", known),
      ask("b", "nobody"),
      ask("b", known, { name: "claims.a", role: "SERVICE", scope: "640000" }),
    ]);
    expect([yes.status, fenOf(yes.data)]).toEqual(["OK", 700n]);
    expect(no.status).toBe("UNAVAILABLE");
    expect(forAnother.status, "what another service decides by lacks nothing").toBe("UNAVAILABLE");
  } finally {
    for (const name of frozen) bench.engines.supervisor.resume(name);
  }
  await until("there is a majority again", async () => (await ask("b", "nobody")).status === "OK");
  expect(fenOf((await ask("a", "nobody")).data)).toBe(0n);
});

test("what was read in one term is not committed in another", { timeout: 120_000 }, async () => {
  const store = await openMongoStore(mongoUri(bench.topology), "till", {}, "test");
  try {
    const term = await store.term();
    expect(await store.term()).toBe(term);
    const stepDown = async () => {
      try {
        await bench.mongo.db("admin").command({ replSetStepDown: 2, force: true });
      } catch {
        // It says so by closing the connection, or the set has another primary already: the term tells.
      }
      return (await store.term()) !== term;
    };
    await until("another term has begun", stepDown);
    const head = await store.takeHead("z", "one");
    const to = { ...head, version: head.version + 1 };
    const plan = { head: { from: head, to }, entries: [], parked: [], resolved: [], puts: [], guards: [], epoch: 0 };
    await expect(store.commit(plan, term)).rejects.toThrow("another term");
    await store.commit(plan, await store.term());
    expect((await store.head("z"))?.version).toBe(to.version);
  } finally {
    await store.close();
  }
});
