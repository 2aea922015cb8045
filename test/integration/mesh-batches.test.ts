import { randomUUID } from "node:crypto";
import { type Document, MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lastAtHand } from "../../services/mesh/crash.ts";
import { openMongoStore } from "../../services/mesh/store-mongo.ts";
import { mongoUri } from "../../services/mesh/topology.ts";
import { depositFaults, journalFaults, seeded, startCallers } from "../harness/proof.ts";
import { type Balance, codec, type Deposit, type SetGate, till } from "../harness/till.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openTwins();
  await Promise.all(["till.a", "till.b"].map((name) => bench.start(name)));
});
afterAll(async () => await bench?.stop());

type Row = { _id: string } & Document;
const rows = (name: string) => bench.mongo.db("nrcms_till").collection<Row>(name);
const accountOf = async (account: string) => await rows("accounts").findOne({ _id: account });

let serial = 0;
function depositOf(more: Partial<Deposit> = {}): Deposit {
  serial += 1;
  return { requestId: `b${serial}`, county: "640521", account: `b/${serial}`, fen: 5n, ...more };
}
const put = (twin: string, deposit: Deposit, headers = {}, timeoutMs = 5_000) =>
  bench.direct(twin, "Deposit", codec<Deposit>().encode(deposit).finish(), headers, timeoutMs);

describe("protocols 1 and 3: versions, conflicts", () => {
  test("both twins on the same few documents: every conflict is read and decided again, nothing is lost or doubled", async () => {
    const callers = startCallers(bench, { callers: 32, accounts: 3, prefix: "hot" });
    await until("there is something to look at", () => callers.answered.length > 400);
    await callers.stop();
    expect(callers.refused).toEqual([]);
    expect(await depositFaults(bench, callers.answered, { tally: false })).toEqual([]);
    const conflicts = await Promise.all(
      (["a", "b"] as const).map(async (twin) => {
        const text = await (await fetch(`http://127.0.0.1:${bench.topology.services.till?.[twin].port}/metrics`)).text();
        return Number(/^nrcms_conflicts\{.*\} (\d+)$/m.exec(text)?.[1]);
      }),
    );
    console.log(`answered ${callers.answered.length}, conflicts ${conflicts}, longest gap ${Math.round(callers.gap.ms)} ms`);
    expect(conflicts.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  });

  test("a document that both twins make at the same moment (11000, without a retry label) is made once and counted twice", async () => {
    for (let round = 0; round < 25; round += 1) {
      const account = `born/${round}`;
      const answers = await Promise.all(["till.a", "till.b"].map((twin) => put(twin, depositOf({ account }))));
      expect(answers.map((answer) => answer.status)).toEqual(["OK", "OK"]);
      const places = answers.map((answer) => codec<Balance>().decode(answer.data).deposits);
      expect(places.toSorted()).toEqual([1, 2]);
    }
  });

  test("an error that stays parks its own input and nobody else's of the batch", async () => {
    for (const trouble of ["huge", "needs", "unnamed", "bug"]) {
      const culprit = depositOf({ trouble });
      const others = Array.from({ length: 12 }, () => depositOf());
      const [bad, ...good] = await Promise.all([culprit, ...others].map((deposit) => put("till.a", deposit)));
      expect([trouble, bad?.refusal?.code]).toEqual([trouble, "PARKED"]);
      expect(good.map((answer) => answer.status)).toEqual(others.map(() => "OK"));
      expect(await accountOf(culprit.account)).toBeNull();
    }
  });

  test("a unique index beside _id is an error, not a conflict for ever; a duplicate _id in the same collection is a conflict", async () => {
    expect((await put("till.a", depositOf({ trouble: "stamp" }))).status).toBe("OK");
    const second = await put("till.b", depositOf({ trouble: "stamp" }));
    expect(second.refusal?.code).toBe("PARKED");
    expect(await journalFaults(bench.mongo, "till")).toEqual([]);
  });
});

describe("protocols 2: what a decision depends on and does not change is guarded", () => {
  test("no deposit is taken on an account that the other twin is closing: the write skew does not happen", async () => {
    const gate = (twin: string, account: string, closed: boolean) => {
      serial += 1;
      const request: SetGate = { requestId: `g${serial}`, county: "640521", account, closed };
      return bench.direct(twin, "SetGate", codec<SetGate>().encode(request).finish());
    };
    let after = 0;
    const random = seeded(2011);
    for (let round = 0; round < 40; round += 1) {
      const account = `gate/${round}`;
      await put("till.a", depositOf({ account }));
      await gate("till.a", account, false);
      const later = new Promise((resolve) => setTimeout(resolve, random() * 60)).then(() => gate("till.b", account, true));
      const [deposit, closing] = await Promise.all([put("till.a", depositOf({ account })), later]);
      expect(closing.status).toBe("OK");
      const stored = await rows("gates").findOne({ _id: account });
      // What the closing saw is what is there: a deposit came before it, or not at all.
      expect(Number((await accountOf(account))?.deposits)).toBe(Number(stored?.deposits));
      if (deposit.status !== "OK") {
        expect(deposit.refusal?.code).toBe("CLOSED");
        after += 1;
      }
    }
    console.log(`of 40 deposits that met a closing, ${after} came too late`);
  });
});

describe("protocols 5: transaction time", () => {
  test("a transaction that somebody left open holds nobody up for longer than mongod lets it live", async () => {
    const held = depositOf();
    await put("till.a", held);
    const session = bench.mongo.startSession();
    session.startTransaction({ readConcern: { level: "snapshot" }, writeConcern: { w: "majority" } });
    await rows("accounts").updateOne({ _id: held.account }, { $inc: { _touched: 1 } }, { session });
    const startedMs = performance.now();
    const answer = await bench.deposit(depositOf({ account: held.account }));
    const tookMs = performance.now() - startedMs;
    await session.endSession();
    console.log(`answered ${Math.round(tookMs)} ms after the transaction was left open`);
    expect(answer.status).toBe("OK");
    expect(tookMs).toBeLessThan(5_000);
  });
});

describe("reliability 00: what a dead twin left open", () => {
  test("is ended by its name at once; others' transactions are not touched", async () => {
    const uri = mongoUri(bench.topology);
    const [dead, living] = await Promise.all(["till.x.one", "till.y.two"].map((appName) => new MongoClient(uri, { appName }).connect()));
    if (!dead || !living) throw new Error("not connected");
    const store = await openMongoStore(uri, "till", till().indexes, "till.z.three");
    try {
      const held = [depositOf(), depositOf()];
      for (const deposit of held) await put("till.a", deposit);
      const left = [dead, living].map((client, index) => {
        const session = client.startSession();
        session.startTransaction({ readConcern: { level: "snapshot" }, writeConcern: { w: "majority" } });
        const filter = { _id: held[index]?.account ?? "" };
        return {
          session,
          touched: client
            .db("nrcms_till")
            .collection<Row>("accounts")
            .updateOne(filter, { $inc: { _touched: 1 } }, { session }),
        };
      });
      await Promise.all(left.map((one) => one.touched));
      const startedMs = performance.now();
      expect(await store.endTransactionsOf("till.x.one")).toBe(1);
      expect((await put("till.b", depositOf({ account: held[0]?.account ?? "" }))).status).toBe("OK");
      console.log(`free ${Math.round(performance.now() - startedMs)} ms after the death was known`);
      await left[1]?.session.commitTransaction();
      await expect(left[0]?.session.commitTransaction()).rejects.toThrow();
      expect(await store.endTransactionsOf("till.x.one")).toBe(0);
    } finally {
      await Promise.all([dead.close(), living.close(), store.close()]);
    }
  });
});

describe("protocols 6: overload", () => {
  test("a full queue answers Unavailable at once with a time to come again, and what was answered OK is there", async () => {
    const account = `flood/${randomUUID()}`;
    const deposits = Array.from({ length: 8_000 }, () => depositOf({ account }));
    const startedMs = performance.now();
    let firstNoMs = 0;
    const answers = await Promise.all(
      deposits.map(async (deposit) => {
        const answer = await put("till.a", deposit, {}, 20_000);
        if (answer.status === "UNAVAILABLE" && firstNoMs === 0) firstNoMs = performance.now() - startedMs;
        return answer;
      }),
    );
    const count = (status: string) => answers.filter((answer) => answer.status === status).length;
    console.log(
      `of 8,000 at once ${count("OK")} done, ${count("UNAVAILABLE")} told to come again, the first after ${Math.round(firstNoMs)} ms`,
    );
    expect(count("OK") + count("UNAVAILABLE")).toBe(8_000);
    expect(answers.find((answer) => answer.status === "UNAVAILABLE")?.reason).toBe("overloaded");
    expect(count("OK")).toBeGreaterThanOrEqual(5_000);
    expect(Number((await accountOf(account))?.deposits)).toBe(count("OK"));
  });

  test("work past its deadline is dropped before deciding", async () => {
    const late = depositOf();
    expect(await put("till.a", late, { "nrcms-deadline": "0" })).toMatchObject({ status: "UNAVAILABLE", reason: "deadline passed" });
    expect(await put("till.a", late, { "nrcms-deadline": "-5" })).toMatchObject({ status: "UNAVAILABLE" });
    expect(await accountOf(late.account)).toBeNull();
  });
});

describe("protocols 7: crashers", () => {
  /** Ends till.a by a deposit, among neighbours that are decided afterwards; what its peer hears of it is up to the test. */
  async function endedBy(crasher: Deposit, tell: () => void): Promise<void> {
    const neighbours = Array.from({ length: 8 }, () => depositOf());
    const attempts = [crasher, ...neighbours].map((deposit) => put("till.a", deposit, {}, 1_000));
    await until("till.a has ended", () => !alive(bench.pid("till.a")));
    tell();
    await Promise.all(attempts);
    await bench.start("till.a");
    const answers = await Promise.all(neighbours.map((deposit) => put("till.a", deposit)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => "OK"));
  }
  const parkedBy = async ({ requestId }: Deposit) => await rows("parked").findOne({ _id: `treasurer/Deposit/${requestId}` });
  const pids = () => ["till.a", "till.b"].map((name) => [bench.pid(name), alive(bench.pid(name))]);

  test("one that ended the process is tried apart when it comes again, and parked as that ends too; neither twin ends, its neighbours are decided", async () => {
    const crasher = depositOf({ trouble: "crash" });
    await endedBy(crasher, () => undefined);
    const before = pids();
    const startedMs = performance.now();
    expect((await put("till.a", crasher)).refusal?.code).toBe("PARKED");
    console.log(`tried apart and parked in ${Math.round(performance.now() - startedMs)} ms`);
    expect((await put("till.b", crasher)).refusal?.code).toBe("PARKED");
    expect(pids()).toEqual(before);
    expect(await parkedBy(crasher)).toMatchObject({ error: "this input ended a process twice", twin: "a" });
    expect(await journalFaults(bench.mongo, "till")).toEqual([]);
  });

  test("the peer is told what was at hand: it tries that apart and does not end", async () => {
    const crasher = depositOf({ trouble: "crash" });
    const pid = bench.pid("till.a");
    const notice = () => JSON.stringify({ pid, atHand: lastAtHand(bench.engines.run, "till.a") });
    await endedBy(crasher, () => bench.bus.publish("nrcms.death.till.a", new TextEncoder().encode(notice())));
    const before = pids();
    expect((await put("till.b", crasher)).refusal?.code).toBe("PARKED");
    expect((await put("till.a", crasher)).refusal?.code).toBe("PARKED");
    expect(pids()).toEqual(before);
    expect(await parkedBy(crasher)).toMatchObject({ twin: "b" });
  });

  /** Says that till.b has ended over a deposit. */
  function accuse({ requestId }: Deposit): void {
    const notice = { pid: bench.pid("till.b"), atHand: `treasurer/Deposit/${requestId}` };
    bench.bus.publish("nrcms.death.till.b", new TextEncoder().encode(JSON.stringify(notice)));
  }

  test("one that comes to no end is parked, though it ends nothing", async () => {
    const hanging = depositOf({ trouble: "hang" });
    accuse(hanging);
    const before = pids();
    expect((await put("till.a", hanging, {}, 15_000)).refusal?.code).toBe("PARKED");
    expect(pids()).toEqual(before);
  });

  test("what was at hand when somebody else ended the process survives its ordeal, and is decided", async () => {
    const deposit = depositOf();
    accuse(deposit);
    const before = pids();
    expect(await put("till.a", deposit)).toMatchObject({ status: "OK" });
    expect(pids()).toEqual(before);
    expect(await parkedBy(deposit)).toBeNull();
    expect(await accountOf(deposit.account)).toMatchObject({ fen: deposit.fen });
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
