/** An older client library of another program: what it may read, and that what it writes harms nothing. */
import { connect, headers, type JetStreamClient, type NatsConnection, StringCodec } from "nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventId } from "../../services/mesh/journal.ts";
import { natsServers } from "../../services/mesh/topology.ts";
import { journalOf } from "../harness/proof.ts";
import { codec, type Deposited } from "../harness/till.ts";
import { type Bench, openTwins, until } from "../harness/twins.ts";

let bench: Bench;
let foreign: NatsConnection;
let stream: JetStreamClient;

beforeAll(async () => {
  bench = await openTwins();
  await Promise.all(["till.a", "tally.a"].map((name) => bench.start(name)));
  await until("the stream is there", async () => (await (await bench.streams()).streams.names().next()).includes("NRCMS_TILL"));
  foreign = await connect({ servers: natsServers(bench.topology), name: "another program" });
  stream = foreign.jetstream();
  for (let serial = 1; serial <= 20; serial += 1)
    await bench.deposit({ requestId: `f${serial}`, county: "640521", account: `f/${serial % 3}`, fen: BigInt(serial) });
  await until("all is published", async () => (await (await bench.streams()).streams.info("NRCMS_TILL")).state.messages === 20);
});
afterAll(async () => {
  await foreign?.close();
  await bench?.stop();
});

const tally = (name: string) => bench.mongo.db("nrcms_tally").collection<{ _id: string }>(name);

describe("a foreign client reads our events", () => {
  test("with a consumer of its own: subject, id, origin and bytes are those of the journal, in order of their numbers", async () => {
    const manager = await foreign.jetstreamManager();
    await manager.consumers.add("NRCMS_TILL", {
      durable_name: "another",
      ack_policy: "explicit" as never,
      filter_subject: "nrcms.till.640521.Deposited",
    });
    const consumer = await stream.consumers.get("NRCMS_TILL", "another");
    const told = (await journalOf(bench.mongo, "till")).flatMap((entry) => entry.events.map((event) => ({ entry, event })));
    const messages = await consumer.fetch({ max_messages: told.length, expires: 5_000 });
    let index = 0;
    for await (const message of messages) {
      const { entry, event } = told[index] ?? {};
      if (!entry || !event) throw new Error("more than was told");
      expect(message.subject).toBe("nrcms.till.640521.Deposited");
      expect(message.headers?.get("Nats-Msg-Id")).toBe(eventId("till", entry.twin, event.number));
      expect(message.headers?.get("nrcms-origin")).toBe(`${entry.twin} ${event.number} ${entry.atMs}`);
      expect(message.headers?.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(Buffer.from(message.data).equals(Buffer.from(event.bytes))).toBe(true);
      expect(codec<Deposited>().decode(message.data).depositId).toBe(entry.id);
      message.ack();
      index += 1;
    }
    expect(index).toBe(20);
  });

  test("and its consumer holds nobody up: ours has heard all of it", async () => {
    await until("the tally has heard", async () => (await tally("seen").countDocuments()) === 20);
  });
});

describe("a foreign client writes to our streams", () => {
  test("without our headers, and with headers of its own: parked with an alarm, nothing else happens", async () => {
    const before = await tally("journal").countDocuments();
    const totals = await tally("totals").find().sort({ _id: 1 }).toArray();
    await stream.publish("nrcms.till.640521.Deposited", StringCodec().encode("hello"));
    await stream.publish(
      "nrcms.till.640521.Deposited",
      codec<Deposited>().encode({ depositId: "x", account: "f/1", fen: 1_000_000n }).finish(),
    );
    const own = headers();
    own.set("Nats-Msg-Id", "treasurer/Deposit/f1");
    own.set("nrcms-origin", "a 99999 yesterday");
    await stream.publish("nrcms.till.640521.Deposited", new Uint8Array(), { headers: own });
    await until("all three are parked", async () => (await tally("parked").countDocuments({ resolved: false })) === 3);
    await until("the alarm is in the beat", () => (bench.presence.last("tally", "a")?.parked ?? 0) === 3);
    expect(await tally("journal").countDocuments()).toBe(before);
    expect(await tally("totals").find().sort({ _id: 1 }).toArray()).toEqual(totals);
    for (const row of await tally("parked").find().toArray()) expect(row._id).toMatch(/^foreign\/NRCMS_TILL\/\d+\/\d+$/);
  });

  test("on subjects that nobody hears, it is kept and ignored", async () => {
    await stream.publish("nrcms.till.640521.Nothing", StringCodec().encode("hello"));
    await stream.publish("nrcms.till.640521.Deposited.more", StringCodec().encode("hello"));
    expect((await bench.deposit({ requestId: "after", county: "640521", account: "f/after", fen: 1n })).status).toBe("OK");
    await until("the tally goes on", async () => (await tally("totals").findOne({ _id: "f/after" })) !== null);
    expect(await tally("parked").countDocuments({ resolved: false })).toBe(3);
  });

  test("as a caller without an identity: it gets a refusal that it can read the status of", async () => {
    const answer = await foreign.request("nrcms.rpc.till.Deposit", StringCodec().encode("{}"), { timeout: 2_000 });
    expect(answer.headers?.get("nrcms-status")).toBe("UNAUTHENTICATED");
  });

  test("noise on the beats and death notices deposes nobody", async () => {
    for (const noise of ["", "null", "{}", '{"service":"till","twin":"a"}', "\u0000"]) {
      foreign.publish("nrcms.beat.till.a", StringCodec().encode(noise));
      foreign.publish("nrcms.death.till.b", StringCodec().encode(noise));
    }
    await foreign.flush();
    expect((await bench.deposit({ requestId: "noise", county: "640521", account: "f/noise", fen: 1n })).status).toBe("OK");
  });
});
