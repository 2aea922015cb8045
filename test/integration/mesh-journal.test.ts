import { createConnection } from "node:net";
import type { Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTwinConfig } from "../../services/mesh/config.ts";
import { contentHash, eventId } from "../../services/mesh/journal.ts";
import { logger } from "../../services/mesh/log.ts";
import { encodeCaller } from "../../services/mesh/rpc.ts";
import { startTwin } from "../../services/mesh/twin.ts";
import { depositFaults, journalFaults, journalOf, startCallers } from "../harness/proof.ts";
import { type Asked, codec, type Deposit, till } from "../harness/till.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openTwins();
  await Promise.all(["till.a", "till.b"].map((name) => bench.start(name)));
});
afterAll(async () => await bench?.stop());

type Row = { _id: string } & Document;
const rows = (name: string) => bench.mongo.db("nrcms_till").collection<Row>(name);
const entryOf = (id: string) => rows("journal").findOne({ _id: id });
const accountOf = async (account: string) => Number((await rows("accounts").findOne({ _id: account }))?.fen ?? 0);

let serial = 0;
function depositOf(more: Partial<Deposit> = {}): Deposit {
  serial += 1;
  return { requestId: `j${serial}`, county: "640521", account: `j/${serial}`, fen: 5n, ...more };
}
const bytesOf = (deposit: Deposit) => codec<Deposit>().encode(deposit).finish();

describe("protocols 8: ids", () => {
  test("a repeat gets the first answer again, byte for byte, on either twin, and has no second effect", async () => {
    const deposit = depositOf();
    const answers = [];
    for (const twin of ["till.a", "till.b", "till.a"]) answers.push(await bench.direct(twin, "Deposit", bytesOf(deposit)));
    expect(answers.map((answer) => answer.status)).toEqual(["OK", "OK", "OK"]);
    expect(new Set(answers.map((answer) => Buffer.from(answer.data).toString())).size).toBe(1);
    expect(await accountOf(deposit.account)).toBe(5);
  });

  test("repeats that meet on both twins at once are one input", async () => {
    const deposit = depositOf();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.direct(index % 2 ? "till.a" : "till.b", "Deposit", bytesOf(deposit))),
    );
    expect(new Set(all.map((answer) => `${answer.status} ${Buffer.from(answer.data)}`)).size).toBe(1);
    expect(await accountOf(deposit.account)).toBe(5);
  });

  test("other content under a known id is refused, and changes nothing", async () => {
    const deposit = depositOf();
    await bench.direct("till.a", "Deposit", bytesOf(deposit));
    const other = await bench.direct("till.b", "Deposit", bytesOf({ ...deposit, fen: 6n }));
    expect(other.refusal).toMatchObject({ code: "REQUEST_REUSED", status: "ALREADY_EXISTS", field: "request_id" });
    expect(await accountOf(deposit.account)).toBe(5);
  });

  test("the hash is the one taken at the door: a repeat that was encoded anew on the way is still a repeat", async () => {
    const deposit = depositOf();
    const hash = contentHash(bytesOf(deposit));
    await bench.direct("till.a", "Deposit", bytesOf(deposit), { "nrcms-hash": hash });
    const reencoded = new TextEncoder().encode(` ${new TextDecoder().decode(bytesOf(deposit))} `);
    expect((await bench.direct("till.b", "Deposit", reencoded, { "nrcms-hash": hash })).status).toBe("OK");
    expect(await accountOf(deposit.account)).toBe(5);
    expect(await entryOf(`treasurer/Deposit/${deposit.requestId}`)).toMatchObject({ hash });
  });

  test("another caller's same request id is another input", async () => {
    const deposit = depositOf();
    const another = encodeCaller({ name: "treasurer 2/Deposit", role: "TREASURER", scope: "640000" });
    await bench.direct("till.a", "Deposit", bytesOf(deposit));
    await bench.direct("till.a", "Deposit", bytesOf(deposit), { "nrcms-caller": another });
    expect(await accountOf(deposit.account)).toBe(10);
    expect(await entryOf(`treasurer%202%2FDeposit/Deposit/${deposit.requestId}`)).not.toBeNull();
  });
});

describe("protocols 9: refusals and the like", () => {
  test("what fails the contract at the door is no input: nothing is stored", async () => {
    const before = await rows("journal").countDocuments();
    const answer = await bench.direct("till.a", "Deposit", bytesOf(depositOf({ fen: -5n })));
    expect(answer.refusal).toMatchObject({ code: "BAD_REQUEST", field: "fen" });
    expect(await rows("journal").countDocuments()).toBe(before);
  });

  test("a refusal is a reply: its entry is stored, its changes and events are dropped, its repeat gets it again; a corrected try has a new id", async () => {
    const deposit = depositOf({ fen: 2_000_000n });
    const first = await bench.direct("till.a", "Deposit", bytesOf(deposit));
    const again = await bench.direct("till.b", "Deposit", bytesOf(deposit));
    expect(first.refusal).toMatchObject({ code: "TOO_MUCH", status: "FAILED_PRECONDITION", field: "fen" });
    expect(Buffer.from(again.data).equals(Buffer.from(first.data))).toBe(true);
    expect(await entryOf(`treasurer/Deposit/${deposit.requestId}`)).toMatchObject({ outcome: "refused", events: [] });
    expect(await accountOf(deposit.account)).toBe(0);
    expect((await bench.direct("till.a", "Deposit", bytesOf({ ...deposit, requestId: `${deposit.requestId}c`, fen: 5n }))).status).toBe(
      "OK",
    );
  });

  test("weather has no entry, and says when to come again", async () => {
    const deposit = depositOf({ trouble: "absent" });
    const answer = await bench.direct("till.a", "Deposit", bytesOf(deposit));
    expect(answer).toMatchObject({ status: "UNAVAILABLE", reason: "what it follows is not here" });
    expect(await entryOf(`treasurer/Deposit/${deposit.requestId}`)).toBeNull();
    expect((await bench.deposit(deposit, 300)).status).toBe("UNAVAILABLE");
  });

  test("a parked input has no entry, its caller gets INTERNAL with its number, and it is replayed under the same id", async () => {
    const deposit = depositOf({ trouble: "bug" });
    const id = `treasurer/Deposit/${deposit.requestId}`;
    const parked = await bench.direct("till.a", "Deposit", bytesOf(deposit));
    expect(parked.refusal).toMatchObject({ code: "PARKED", status: "INTERNAL", en: `an internal error, kept under ${id}` });
    expect((await bench.direct("till.b", "Deposit", bytesOf(deposit))).refusal).toMatchObject({ code: "PARKED" });
    expect(await entryOf(id)).toBeNull();
    expect(await rows("parked").findOne({ _id: id })).toMatchObject({
      resolved: false,
      method: "Deposit",
      role: "TREASURER",
      scope: "640000",
    });
    expect((await bench.operate("till.b", "ListParked", {})).body.parked).toMatchObject([{ id, error: expect.stringContaining("a bug") }]);

    // The bug is mended: this one throws only while the account is new.
    await bench.direct("till.a", "Deposit", bytesOf(depositOf({ account: deposit.account })));
    const treasurer = await bench.direct("till.b", "ReplayParked", new TextEncoder().encode(JSON.stringify({ id })));
    expect(treasurer.refusal).toMatchObject({ code: "WRONG_ROLE" });
    expect((await bench.operate("till.b", "ReplayParked", { id })).body).toMatchObject({ outcome: "done" });
    expect(await rows("parked").findOne({ _id: id })).toMatchObject({ resolved: true, resolvedBy: "operator-1" });
    expect(await entryOf(id)).toMatchObject({ outcome: "done", twin: "b", caller: "treasurer", hash: contentHash(bytesOf(deposit)) });
    const repeat = await bench.direct("till.a", "Deposit", bytesOf(deposit));
    expect(codec().decode(repeat.data)).toMatchObject({ fen: 10n, deposits: 2 });
    expect((await bench.operate("till.a", "ReplayParked", { id })).body).toMatchObject({ outcome: "resolved before" });
    expect(await accountOf(deposit.account)).toBe(10);
  });
});

describe("protocols 10: head, chain and events", () => {
  test("under load on both twins: the chains are whole, events are numbered without holes, and each is in the stream under its id", async () => {
    const callers = startCallers(bench, { callers: 24, accounts: 10, prefix: "load" });
    await until("there is something to look at", () => callers.answered.length > 300);
    await callers.stop();
    expect(callers.refused).toEqual([]);
    expect(await depositFaults(bench, callers.answered, { tally: false })).toEqual([]);
    const told = (await journalOf(bench.mongo, "till")).flatMap((entry) =>
      entry.events.map((event) => eventId("till", entry.twin, event.number)),
    );
    await until(
      "all of them are in the stream",
      async () => (await (await bench.streams()).streams.info("NRCMS_TILL")).state.messages >= told.length,
    );
    const consumer = await bench.bus.jetstream().client.consumers.get("NRCMS_TILL");
    const ids: string[] = [];
    for await (const message of await consumer.fetch({ max_messages: told.length, expires: 5_000 }))
      ids.push(message.headers?.get("Nats-Msg-Id") ?? "");
    expect(ids.toSorted()).toEqual(told.toSorted());
  });

  test("a twin that says goodbye has written down that all its events are published", async () => {
    await bench.deposit(depositOf());
    await bench.kill("till.b", "SIGTERM");
    const head = await bench.mongo.db("nrcms_till").collection<Row>("heads").findOne({ _id: "b" });
    expect([head?.published, head?.publishedEntry]).toEqual([head?.event, head?.number]);
    await bench.start("till.b");
  });

  test("a twin that says goodbye with queries in hand, and half a question at its health port, ends as it should", async () => {
    await bench.kill("till.b");
    const child = await bench.start("till.b");
    const gone = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    const half = createConnection(bench.topology.services.till?.b.port ?? 0, "127.0.0.1").on("error", () => undefined);
    half.write("GET /status HTTP/1.1\r\n");
    const asked = Array.from({ length: 1_000 }, (_, index) => {
      const data = codec<Asked>()
        .encode({ county: "640521", account: "j/1", waitMs: index + 1 })
        .finish();
      return bench.direct("till.b", "Balance", data, {}, 2_000);
    });
    await bench.kill("till.b", "SIGTERM");
    expect(await gone).toEqual({ code: 0, signal: null });
    await Promise.all(asked);
    half.destroy();
    await bench.start("till.b");
  });

  test("an older process of the same name conflicts and exits; the newer one goes on, and the chain stays whole", async () => {
    const [place] = [bench.topology.services.till?.a];
    if (!place) throw new Error("no till");
    const old = bench.pid("till.a");
    const config = readTwinConfig("till", {
      NRCMS_TOPOLOGY: `${bench.engines.run}/twins.yaml`,
      NRCMS_RUN: `${bench.engines.run}/second`,
      NRCMS_TWIN: "a",
    });
    let exited = false;
    const log = logger("till.a.second");
    log.level = "fatal";
    const second = await startTwin(till(), { ...config, place: { ...place, port: place.port + 40 }, instance: "second" }, log, () => {
      exited = true;
    });
    try {
      const alive = () => {
        try {
          process.kill(old, 0);
          return true;
        } catch {
          return false;
        }
      };
      await until("the older one has gone", async () => {
        await bench.deposit(depositOf());
        return !alive();
      });
      for (let count = 0; count < 10; count += 1) expect((await bench.deposit(depositOf())).status).toBe("OK");
      expect(exited).toBe(false);
    } finally {
      await second.drain();
    }
    expect(await journalFaults(bench.mongo, "till")).toEqual([]);
  });
});
