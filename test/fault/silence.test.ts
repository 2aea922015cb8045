/**
 * Somebody says nothing. The active twin of a hot standby is frozen and wakes up after the other has taken over: it believes that it still leads, and must not commit,
 * post or send anything any more. The bank executes a file and does not answer: the money must leave exactly once.
 * At the end, on the same mesh, because a start costs its time: the check from outside is worth what it finds.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pause } from "../../services/mesh/clock.ts";
import { answersFolder, CALLERS } from "../harness/callers.ts";
import { answers, underLoad, until } from "../harness/faults.ts";
import { checkFromOutside } from "../harness/outside-check.ts";
import { askBank, leaderOf, type RegionMesh, startRegionMesh, twinStatus } from "../harness/region-mesh.ts";

const FROZEN_MS = 8_000;
const FILES = 4;
const READY_LIMIT_MS = 60_000;
const AFTER = 40;

let mesh: RegionMesh;
beforeAll(async () => {
  mesh = await startRegionMesh();
});
afterAll(async () => {
  await mesh?.stop();
});

describe("the active twin is frozen, and wakes up", () => {
  for (const service of ["settlement", "payment"] as const)
    test(`${service}: the other one leads, and the sleeper harms nothing`, async () => {
      await underLoad(mesh, `SIGSTOP of the active ${service} twin, SIGCONT after ${FROZEN_MS / 1000} s`, async (load) => {
        const frozen = await leaderOf(mesh, service);
        if (!frozen) throw new Error(`no twin of ${service} leads`);
        const other = frozen.endsWith("a") ? `${service}.b` : `${service}.a`;
        const enough = pause(FROZEN_MS);
        mesh.supervisor.pause(frozen);
        await until(`${other} leads`, async () => ((await twinStatus(mesh, other))?.epoch ?? 0) > 0);
        const atFirst = (await twinStatus(mesh, other))?.committed ?? 0;
        await until(`${other} works while ${frozen} sleeps`, async () => ((await twinStatus(mesh, other))?.committed ?? 0) > atFirst);
        await enough;
        mesh.supervisor.resume(frozen);
        await until(`${frozen} follows`, async () => (await twinStatus(mesh, frozen))?.epoch === 0);
        await mesh.supervisor.waitReady([frozen], READY_LIMIT_MS);
        await answers(load, AFTER);
      });
    });
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
      await answers(load, AFTER);
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
      await answers(load, AFTER);
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
