import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { depositFaults, startCallers } from "../harness/proof.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openTwins();
  await Promise.all(["till.a", "till.b", "tally.a", "tally.b"].map((name) => bench.start(name)));
});
afterAll(async () => await bench?.stop());

const seen = () => bench.mongo.db("nrcms_tally").collection("seen").countDocuments();

/** How many messages the till's stream has; undefined where it does not say. */
async function stored(): Promise<number | undefined> {
  try {
    return (await (await bench.streams()).streams.info("NRCMS_TILL")).state.messages;
  } catch {
    return undefined;
  }
}

function signal(name: string, word: NodeJS.Signals): void {
  const pid = bench.engines.supervisor.pid(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  process.kill(pid, word);
}

describe("protocols 13, 14: a stream that stands still is gone round", () => {
  test("with one nats-server of three no stream has a majority: what is told is heard all the same, and once", async () => {
    const callers = startCallers(bench, { callers: 4, accounts: 10, prefix: "aside", pauseMs: 50 });
    await until("the load runs", () => callers.answered.length > 40, 60_000);
    const before = (await stored()) ?? 0;
    const frozen = ["nats-b", "nats-w"];
    for (const name of frozen) signal(name, "SIGSTOP");
    try {
      const answered = callers.answered.length;
      await until("deposits are answered without the streams", () => callers.answered.length > answered + 40, 60_000);
      const heard = await seen();
      await until("the tally hears of deposits without the streams", async () => (await seen()) > heard + 40);
      // The stream has next to none of these eighty, whether its leader has noticed by now that it is alone or not.
      expect(((await stored()) ?? 0) - before).toBeLessThan(40);
    } finally {
      for (const name of frozen) signal(name, "SIGCONT");
      const back = callers.answered.length;
      await until("the load goes on", () => callers.answered.length > back + 40, 60_000);
      await callers.stop();
    }
    // Now the streams bring all of it once more.
    expect(await depositFaults(bench, callers.answered, { tally: true })).toEqual([]);
    expect(callers.refused).toEqual([]);
  });
});
