import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { contentHash } from "../../../services/mesh/journal.ts";
import { type Client, decodeCaller, encodeCaller, openClient } from "../../../services/mesh/rpc.ts";
import { holdTime, within } from "../../harness/held-time.ts";
import { CALLER, type MemoryBus, memoryBus, NEVER, replying } from "../../harness/mesh-parts.ts";

let bus: MemoryBus;
let dead: Set<string>;
let client: Client;

beforeEach(() => {
  holdTime();
  bus = memoryBus();
  dead = new Set();
  client = openClient(bus, (service, twin) => dead.has(`${service}.${twin}`));
});

afterEach(() => void vi.useRealTimers());

const call = (timeoutMs = 2_000) =>
  client.call("till", "Deposit", new Uint8Array([1]), {
    caller: CALLER,
    traceparent: "t",
    hash: contentHash(new Uint8Array([1])),
    timeoutMs,
  });
const subjects = () => bus.sent.map((sent) => sent.subject);

describe("calls: failover to the twin and retry by request id", () => {
  test("one answer, one request, on the queue group, with caller, hash and deadline", async () => {
    bus.answer = () => replying("OK", new Uint8Array([7]));
    expect(await within(10, call())).toMatchObject({ status: "OK", data: new Uint8Array([7]) });
    expect(bus.sent).toHaveLength(1);
    const [sent] = bus.sent;
    expect(sent).toMatchObject({
      subject: "nrcms.rpc.till.Deposit",
      headers: { "nrcms-caller": "TREASURER 640000 treasurer", traceparent: "t" },
    });
    expect(Number(sent?.headers["nrcms-deadline"])).toBeGreaterThan(1_900);
  });

  test("a refusal is an answer; it is not tried again", async () => {
    bus.answer = () => replying("FAILED_PRECONDITION");
    expect((await within(10, call())).status).toBe("FAILED_PRECONDITION");
    expect(bus.sent).toHaveLength(1);
  });

  test("no responders and Unavailable are tried again until the deadline, on either connection, with a shrinking deadline", async () => {
    bus.answer = () =>
      bus.sent.length < 3
        ? { kind: "no responders" }
        : replying("UNAVAILABLE", new Uint8Array(), { "nrcms-reason": "what%20it%20waits%20for" });
    const answer = await within(600, call(400));
    expect(answer).toMatchObject({ status: "UNAVAILABLE", reason: "what it waits for" });
    expect(bus.sent.length).toBeGreaterThan(3);
    expect(new Set(bus.sent.map((sent) => sent.hand))).toEqual(new Set([0, 1]));
    const deadlines = bus.sent.map((sent) => Number(sent.headers["nrcms-deadline"]));
    expect(deadlines).toEqual(deadlines.toSorted((a, b) => b - a));
  });

  test("an attempt that stays unanswered is repeated on both twins, and the first real answer wins", async () => {
    bus.answer = (sent) => {
      if (sent.subject === "nrcms.rpc.till.Deposit") return NEVER;
      return sent.subject.includes(".a.") ? replying("UNAVAILABLE") : replying("OK");
    };
    expect((await within(900, call())).status).toBe("OK");
    expect(subjects()).toEqual(["nrcms.rpc.till.Deposit", "nrcms.rpc.till.a.Deposit", "nrcms.rpc.till.b.Deposit"]);
  });

  test("a twin that dies with the call in hand: its peer is asked at once, not after the attempt's time", async () => {
    bus.answer = (sent) => (sent.subject === "nrcms.rpc.till.Deposit" ? NEVER : replying("OK"));
    setTimeout(() => dead.add("till.a"), 60);
    expect((await within(300, call())).status).toBe("OK");
    expect(subjects()).toEqual(["nrcms.rpc.till.Deposit", "nrcms.rpc.till.b.Deposit"]);
  });

  test("a call in dead hands is not waited for when the peer has said that it is not ready: it is asked again until it is", async () => {
    let asked = 0;
    bus.answer = (sent) => {
      if (sent.subject === "nrcms.rpc.till.Deposit") return NEVER;
      asked += 1;
      return asked < 5 ? replying("UNAVAILABLE", new Uint8Array(), { "nrcms-retry-after": "20" }) : replying("OK");
    };
    setTimeout(() => dead.add("till.a"), 60);
    expect((await within(1_000, call(4_000))).status).toBe("OK");
  });

  test("a connection whose server gives no sign of life: the call goes out on the other one, and costs no budget", async () => {
    bus.answer = (sent) => (sent.hand === 0 ? NEVER : replying("OK"));
    for (let round = 0; round < 2; round += 1) {
      bus.trusts = (hand) => hand !== 0 || !bus.distrusted.includes(0);
      const answers = await within(500, Promise.all(Array.from({ length: 30 }, () => call())));
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set(["OK"]));
    }
  });

  test("a call in slow hands whose hedge hangs on a frozen connection is asked over the first connection again", async () => {
    bus.trusts = (hand) => hand === 0 || !bus.distrusted.includes(1);
    bus.answer = (sent) => (sent.hand === 0 && sent.subject === "nrcms.rpc.till.b.Deposit" ? replying("OK") : NEVER);
    expect((await within(1_500, call(4_000))).status).toBe("OK");
    expect(bus.sent.map((sent) => sent.hand)).toEqual([0, 1, 1, 0, 0]);
  });

  test("while one twin is known dead, the other is asked directly: a frozen one is still in the queue group", async () => {
    dead.add("till.a");
    bus.answer = () => replying("OK");
    await within(10, call());
    expect(subjects()).toEqual(["nrcms.rpc.till.b.Deposit"]);
    dead.add("till.b");
    await within(10, call());
    expect(subjects().at(-1)).toBe("nrcms.rpc.till.Deposit");
  });
});

describe("protocols 6: repeats on the other twin have a budget", () => {
  test("a slow mesh is not made slower: beyond the burst, one call in ten is repeated; a known death costs nothing", async () => {
    bus.answer = (sent) =>
      sent.subject === "nrcms.rpc.till.Deposit" ? new Promise((resolve) => setTimeout(() => resolve(replying("OK")), 700)) : NEVER;
    await within(2_500, Promise.all(Array.from({ length: 60 }, () => call())));
    const repeated = bus.sent.filter((sent) => sent.subject === "nrcms.rpc.till.a.Deposit").length;
    expect(repeated).toBeGreaterThanOrEqual(20);
    expect(repeated).toBeLessThanOrEqual(27);
  });
});

describe("the caller's header", () => {
  test.each(["treasurer", "王会计 银川", "a/b c%d"])("carries %s", (name) => {
    expect(decodeCaller(encodeCaller({ name, role: "TREASURER", scope: "640521" }))).toEqual({ name, role: "TREASURER", scope: "640521" });
  });

  test.each(["", "TREASURER", "TREASURER 640521", "TREASURER 640521 %E0%A4%A", "  "])("%j is nobody, and ends nothing", (text) => {
    expect(decodeCaller(text)).toBeUndefined();
  });
});
