/** The bank executes a file and does not answer: nobody knows whether the money has left, and it must leave exactly once. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { answers, underLoad, until } from "../harness/faults.ts";
import { askBank, leaderOf, type RegionMesh, startRegionMesh } from "../harness/region-mesh.ts";

const FILES = 4;
const READY_LIMIT_MS = 60_000;
const AFTER = 40;

describe("the bank times out after executing", () => {
  let mesh: RegionMesh;
  beforeAll(async () => {
    mesh = await startRegionMesh();
  });
  afterAll(async () => {
    await mesh?.stop();
  });

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
