/**
 * What goes between the services, and to the bank, is lost or comes again. The bank executes a file and does not answer: the money must leave exactly once. Everything that
 * ever came comes twice more: nothing may change. Bits flip in messages that somebody still has to hear: they are heard all the same.
 * At the end, on the same mesh, because a start costs its time: the check from outside is worth what it finds.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enginesReady } from "../../deploy/local/engines.ts";
import { eventId } from "../../services/mesh/journal.ts";
import type { TwinBeat } from "../../services/mesh/wiring.ts";
import { answersFolder, CALLERS } from "../harness/callers.ts";
import { changed, still } from "../harness/digest.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import { alternately, flipBits } from "../harness/flip.ts";
import type { LocalMesh } from "../harness/mesh.ts";
import { checkFromOutside } from "../harness/outside-check.ts";
import { askBank, leaderOf, type RegionMesh, startRegionMesh, twinStatus } from "../harness/region-mesh.ts";
import { redeliverAll, repeatBills } from "../harness/replay.ts";

const FILES = 4;
const READY_LIMIT_MS = 60_000;
const DETECT_LIMIT_MS = 60_000;
const BETWEEN = 20;
const HIT = 20;

const seconds = (sinceMs: number) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

let mesh: RegionMesh & LocalMesh;
beforeAll(async () => {
  mesh = await startRegionMesh();
});
afterAll(async () => {
  await mesh?.stop();
});

describe("the bank times out after executing", () => {
  const executedInSilence = async (left: number): Promise<void> => {
    await until(`the bank has left ${FILES - left} files without an answer`, async () => {
      const { timeoutAfterExecuting } = (await askBank(mesh, "/control")) as { timeoutAfterExecuting: number };
      return timeoutAfterExecuting <= left;
    });
  };

  test("the sender asks what became of the file, and repeats nothing", async () => {
    await underLoad(mesh, `the bank times out after executing ${FILES} files`, async (load) => {
      await askBank(mesh, "/control", { timeoutAfterExecuting: FILES });
      await executedInSilence(0);
      await answers(load, BETWEEN);
    });
  });

  test("the sender dies while it waits, and its successor asks", async () => {
    await underLoad(mesh, "the bank times out after executing, and the sender is killed while it waits", async (load) => {
      await askBank(mesh, "/control", { timeoutAfterExecuting: FILES });
      await executedInSilence(FILES - 1);
      const sender = await leaderOf(mesh, "payment");
      if (!sender) throw new Error("no twin of payment leads");
      await mesh.supervisor.kill(sender);
      await executedInSilence(0);
      await mesh.supervisor.waitReady([sender], READY_LIMIT_MS);
      await answers(load, BETWEEN);
    });
  });
});

describe("everything comes again", () => {
  test("all that came since the beginning comes a second and a third time, events and bills: nothing changes", async () => {
    await underLoad(mesh, "a while of work, to be repeated", (load) => answers(load, BETWEEN));
    const before = await still(mesh.mongo);
    for (let time = 2; time <= 3; time += 1) {
      const startedMs = performance.now();
      const { messages, durables: hearers } = await redeliverAll(mesh);
      const { bills, faults } = await repeatBills(mesh);
      expect(faults).toEqual([]);
      expect(bills).toBeGreaterThan(0);
      expect(changed(before, await still(mesh.mongo))).toEqual([]);
      console.log(
        `time ${time}: ${messages} events to ${hearers} durables, ${bills} bills, in ${seconds(startedMs)}: no document and no entry more`,
      );
    }
  });
});

describe("protocols 14: a bit flips in claims that the settlement has not heard", () => {
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
      await until("they are heard", async () => (await heard.countDocuments({ _id: { $in: ids } })) === HIT, DETECT_LIMIT_MS);
      const heardAfter = seconds(startedMs);
      let beats: (TwinBeat | undefined)[] = [];
      await until("the settlement speaks of itself", async () => {
        beats = await Promise.all(deaf.map((name) => twinStatus(mesh, name)));
        return beats.every((beat) => beat !== undefined);
      });
      const unheard = beats.reduce((sum, beat) => sum + (beat?.unheard ?? 0), 0);
      console.log(`${HIT} claims with a flipped bit: ${unheard} were left out; all heard ${heardAfter} after the settlement is up`);
      // A server that found them itself has them from another, or from its log.
      const alarms = mesh.mongo.db("nrcms_monitoring").collection("alarms");
      const alarmed = async () => (await alarms.countDocuments({ kind: "EVENTS_UNHEARD", subject: /^settlement/ })) > 0;
      if (unheard > 0) await until("the alarm is raised", alarmed, DETECT_LIMIT_MS);
    });
  });
});

describe("the check from outside: each damage is done to the settled mesh by hand, found, and undone", () => {
  const faults = async () => (await checkFromOutside(mesh)).faults.join("\n");

  /** Puts something else in a document's place, or takes it away, while `look` looks. */
  const damaged = async (
    service: string,
    kind: string,
    of: Document,
    change: (found: Document) => Document | undefined,
    look: () => Promise<void>,
  ) => {
    const collection = mesh.mongo.db(`nrcms_${service}`).collection(kind);
    const found = await collection.findOne(of);
    if (!found) throw new Error(`no such ${kind} to damage`);
    const other = change(found);
    if (other) await collection.replaceOne({ _id: found._id }, other);
    else await collection.deleteOne({ _id: found._id });
    try {
      await look();
    } finally {
      await collection.replaceOne({ _id: found._id }, found, { upsert: true });
    }
  };

  test("finds nothing where nothing is wrong", async () => {
    expect(await faults()).toBe("");
  });

  test("an answer that was given and is not stored", async () => {
    const file = join(answersFolder(mesh.run), `${CALLERS[0]}.jsonl`);
    const before = readFileSync(file, "utf8");
    const [line = ""] = before.split("\n");
    appendFileSync(file, `${JSON.stringify({ ...JSON.parse(line), claimId: "H640521001-lost" })}\n`);
    try {
      expect(await faults()).toMatch(/H640521001-lost was acknowledged .* and is not stored/);
    } finally {
      writeFileSync(file, before);
    }
  });

  test("a claim that nobody was told of, and one with another benefit", async () => {
    const paid = { state: "PAID" };
    const elsewhere = (claim: Document) => ({ ...claim, benefit: { ...claim.benefit, fundFen: claim.benefit.fundFen + 1n } });
    await damaged("claims", "claims", paid, elsewhere, async () => expect(await faults()).toMatch(/the till heard \d+ fen, stored are/));
    const claims = mesh.mongo.db("nrcms_claims").collection<Document & { _id: string }>("claims");
    const { _id: _, ...copy } = (await claims.findOne(paid)) ?? {};
    const { insertedId } = await claims.insertOne({ _id: "H640521001-unheard", ...copy });
    try {
      expect(await faults()).toMatch(/H640521001-unheard is stored, and no till ever had an answer/);
    } finally {
      await claims.deleteOne({ _id: insertedId });
    }
  });

  test("a promise without a payable, and a transfer without an order", async () => {
    const ofClaim = { claimId: { $ne: "" }, amountFen: { $gt: 0n } };
    await damaged(
      "settlement",
      "payables",
      ofClaim,
      () => undefined,
      async () => expect(await faults()).toMatch(/was promised \d+ fen, and has 0 payables/),
    );
    await damaged(
      "payment",
      "orders",
      { state: "SETTLED" },
      () => undefined,
      async () => {
        const found = await faults();
        expect(found).toMatch(/is in 0 executed transfers/);
        expect(found).toMatch(/the bank has moved \d+ fen by \S+; ordered were none/);
      },
    );
  });

  test("an order that the bank has not executed: the payable is paid twice, or never", async () => {
    const unsent = (order: Document) => ({ ...order, endToEndId: "never-sent" });
    await damaged("payment", "orders", { state: "SETTLED" }, unsent, async () =>
      expect(await faults()).toMatch(/is in 0 executed transfers/),
    );
  });

  test("money of a fund that is neither received nor paid", async () => {
    const more = (book: Document) => ({ ...book, bankFen: book.bankFen + 1n });
    await damaged("settlement", "books", {}, more, async () =>
      expect(await faults()).toMatch(/the funds hold \d+ fen; \d+ came in and \d+ went out/),
    );
  });

  test("an account that had more than its claims sum to", async () => {
    const file = join(answersFolder(mesh.run), `${CALLERS[1]}.jsonl`);
    const before = readFileSync(file, "utf8");
    // One of which something was owed: the first may be a bill below its deductible, or one that waits for a reviewer.
    const lines = before.split("\n").filter((line) => line !== "");
    const answers = lines.map((line) => JSON.parse(line) as { claimId: string; state: string; fundFen: string });
    const owed = answers.find(({ state, fundFen }) => (state === "APPROVED" || state === "PAID") && fundFen !== "0");
    expect(owed).toBeDefined();
    writeFileSync(
      file,
      lines
        .filter((_, index) => answers[index]?.claimId !== owed?.claimId)
        .map((line) => `${line}\n`)
        .join(""),
    );
    try {
      expect(await faults()).toMatch(/account \d+ had \d+ fen, owed were \d+/);
    } finally {
      writeFileSync(file, before);
    }
  });
});
