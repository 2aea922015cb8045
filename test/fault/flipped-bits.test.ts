/**
 * Bits that flip in a stream's files, in messages that somebody still has to hear. nats-server leaves such messages out and says nothing:
 * the hearers find by the source's journal what they did not hear, within a minute, and have it published again. Nothing is lost, nothing comes twice.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enginesReady } from "../../deploy/local/engines.ts";
import { eventId } from "../../services/mesh/journal.ts";
import type { TwinBeat } from "../../services/mesh/wiring.ts";
import { answers, underLoad, until as untilSettled } from "../harness/faults.ts";
import { flipBits } from "../harness/flip.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { depositFaults, journalOf, startCallers } from "../harness/proof.ts";
import { type RegionMesh, startRegionMesh, twinStatus } from "../harness/region-mesh.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

const DETECT_LIMIT_MS = 60_000;
const READY_LIMIT_MS = 60_000;
const HIT = 20;
/** A server keeps what it wrote or read of late in its memory for ten seconds; what it then reads comes from the disk. */
const COLD_MS = 13_000;

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (sinceMs: number) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
/** Every other one is hit in its header. */
const alternately = (id: string) => (Number(id.slice(-1)) % 2 === 0 ? ("body" as const) : ("origin" as const));

describe("protocols 14: a bit flips in messages that the tally has not heard", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openTwins();
    await Promise.all(["till.a", "till.b", "tally.a", "tally.b"].map((name) => bench.start(name)));
  });
  afterAll(async () => await bench?.stop());

  const servers = () => bench.topology.engines.nats.map(({ name }) => name);
  const tallyServer = async () => (await (await bench.streams()).consumers.info("NRCMS_TILL", "tally")).cluster?.leader ?? "";
  const heard = async () => await bench.mongo.db("nrcms_tally").collection("seen").countDocuments();
  /** What the processes that run now have said of themselves. */
  const unheardSaid = () =>
    ["a", "b"].reduce((sum, twin) => {
      const beat = bench.presence.last("tally", twin);
      return sum + (beat?.pid === bench.pid(`tally.${twin}`) ? beat.unheard : 0);
    }, 0);

  test.each([
    ["at the server from which it hears, which runs on", "one", undefined],
    ["at all three servers, which are killed", "all", "SIGKILL"],
  ] as const)("%s", async (where, hit, signal) => {
    const { supervisor, run } = bench.engines;
    const callers = startCallers(bench, { callers: 8, accounts: 20, prefix: `${hit}${signal ?? ""}`, pauseMs: 5 });
    await until("the load runs, and is heard", async () => callers.answered.length > 100 && (await heard()) > 100, 60_000);
    await Promise.all(["tally.a", "tally.b"].map((name) => bench.kill(name)));
    const before = callers.answered.length;
    await until("there is something that it has not heard", () => callers.answered.length > before + 100, 60_000);
    await callers.stop();
    const seen = new Set((await bench.mongo.db("nrcms_tally").collection("seen").find().toArray()).map(({ _id }) => String(_id)));
    const entries = (await journalOf(bench.mongo, "till")).filter((entry) => entry.events.length > 0 && !seen.has(entry.id));
    const ids = entries.slice(10, 10 + HIT).map((entry) => eventId("till", entry.twin, entry.events[0]?.number ?? 0));
    expect(ids).toHaveLength(HIT);

    const names = hit === "one" ? [await tallyServer()] : servers();
    if (signal) {
      for (const name of names) supervisor.hold(name);
      await Promise.all(names.map((name) => supervisor.kill(name, signal)));
    } else await pass(COLD_MS);
    for (const name of names) expect(await flipBits(run, name, "NRCMS_TILL", ids, alternately)).toBe(HIT);
    if (signal) {
      for (const name of names) supervisor.release(name);
      await enginesReady(bench.topology, { limitMs: READY_LIMIT_MS });
    }
    await Promise.all(["tally.a", "tally.b"].map((name) => bench.start(name)));
    const startedMs = performance.now();
    const all = async () =>
      (await bench.mongo
        .db("nrcms_tally")
        .collection("seen")
        .countDocuments({ _id: { $in: entries.map(({ id }) => id) as never[] } })) === entries.length;
    await until("it has heard all", all, DETECT_LIMIT_MS);
    console.log(
      `a bit flipped in ${HIT} messages ${where}: ${unheardSaid()} were left out; all heard ${seconds(startedMs)} after it is up`,
    );
    expect(await depositFaults(bench, callers.answered, { tally: true })).toEqual([]);
    expect(await bench.mongo.db("nrcms_tally").collection("parked").countDocuments()).toBe(0);
  });
});

describe("protocols 14: a bit flips in claims that the settlement has not heard", () => {
  let mesh: RegionMesh & LocalMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => await mesh?.stop());

  test("at all three servers, one after the other stopped and started, while tills bill", async () => {
    const servers = mesh.topology.engines.nats.map(({ name }) => name);
    const deaf = ["settlement.a", "settlement.b"];
    const claims = mesh.mongo.db("nrcms_claims").collection("journal");
    const heard = mesh.mongo.db("nrcms_settlement").collection<{ _id: string }>("journal");
    await underLoad(mesh, `a bit flipped in ${HIT} messages at each nats-server`, async (load) => {
      for (const name of deaf) mesh.supervisor.hold(name);
      await Promise.all(deaf.map((name) => mesh.supervisor.kill(name)));
      await answers(load, 3 * HIT);
      const rows = await claims
        .find({ "events.name": "ClaimApproved" })
        .sort({ atMs: -1 })
        .limit(2 * HIT)
        .toArray();
      const told = rows.map((row) =>
        eventId("claims", row.twin, Number(row.events.find((event: { name: string }) => event.name === "ClaimApproved").number)),
      );
      const known = await heard.countDocuments({ _id: { $in: told } });
      expect(known).toBe(0);
      const ids = told.slice(HIT / 2, HIT / 2 + HIT);
      for (const name of servers) {
        mesh.supervisor.hold(name);
        await mesh.supervisor.kill(name, "SIGTERM");
        expect(await flipBits(mesh.run, name, "NRCMS_CLAIMS", ids, alternately)).toBe(HIT);
        mesh.supervisor.release(name);
        await enginesReady(mesh.topology, { limitMs: READY_LIMIT_MS });
      }
      for (const name of deaf) mesh.supervisor.release(name);
      await mesh.supervisor.waitReady(deaf, READY_LIMIT_MS);
      const startedMs = performance.now();
      await untilSettled("they are heard", async () => (await heard.countDocuments({ _id: { $in: ids } })) === HIT, DETECT_LIMIT_MS);
      const heardAfter = seconds(startedMs);
      let beats: (TwinBeat | undefined)[] = [];
      await untilSettled("the settlement speaks of itself", async () => {
        beats = await Promise.all(deaf.map((name) => twinStatus(mesh, name)));
        return beats.every((beat) => beat !== undefined);
      });
      const unheard = beats.reduce((sum, beat) => sum + (beat?.unheard ?? 0), 0);
      console.log(`${HIT} claims with a flipped bit: ${unheard} were left out; all heard ${heardAfter} after the settlement is up`);
      // A server that found them itself has them from another, or from its log.
      const alarms = mesh.mongo.db("nrcms_monitoring").collection("alarms");
      const alarmed = async () => (await alarms.countDocuments({ kind: "EVENTS_UNHEARD", subject: /^settlement/ })) > 0;
      if (unheard > 0) await untilSettled("the alarm is raised", alarmed, DETECT_LIMIT_MS);
    });
  });
});
