import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { encodeCaller } from "../../services/mesh/rpc.ts";
import { codec, type Deposit } from "../harness/till.ts";
import { type Bench, openTwins } from "../harness/twins.ts";

let bench: Bench;
let entries = 0;
let pid = 0;

beforeAll(async () => {
  bench = await openTwins();
  await bench.start("till.a");
  pid = bench.pid("till.a");
});
afterAll(async () => await bench?.stop());

const journal = async () => await bench.mongo.db("nrcms_till").collection("journal").countDocuments();
let serial = 0;
const depositOf = (more: Partial<Deposit> = {}): Deposit => {
  serial += 1;
  return { requestId: `d${serial}`, county: "640521", account: `d/${serial}`, fen: 5n, ...more };
};
const put = (deposit: object, headers: Readonly<Record<string, string>> = {}) =>
  bench.direct("till.a", "Deposit", codec<object>().encode(deposit).finish(), headers);
const as = (role: string, scope: string) => ({ "nrcms-caller": encodeCaller({ name: "caller", role, scope }) });

beforeEach(async () => {
  entries = await journal();
});
/** Whatever came to the door: the twin lives, nothing was stored, and it still takes what is right. */
afterEach(async () => {
  expect(await journal()).toBe(entries);
  expect((await put(depositOf())).status).toBe("OK");
  expect(bench.pid("till.a")).toBe(pid);
});

describe("protocols 9: what fails at the door leaves nothing", () => {
  test.each([
    ["malformed bytes", new Uint8Array([0xff, 0xfe, 0x00])],
    ["no bytes", new Uint8Array()],
    ["half a message", new TextEncoder().encode('{"requestId":"x","cou')],
  ])("%s", async (_, bytes) => {
    expect((await bench.direct("till.a", "Deposit", bytes)).refusal).toMatchObject({ code: "BAD_REQUEST", status: "INVALID_ARGUMENT" });
  });

  test.each(["", "TREASURER", "TREASURER 640000", "TREASURER 640000 %E0%A4%A", "  ", "\u0000"])("an unknown caller: %j", async (text) => {
    expect((await put(depositOf(), { "nrcms-caller": text })).refusal).toMatchObject({ code: "UNKNOWN_CALLER", status: "UNAUTHENTICATED" });
  });

  test.each(["HOSPITAL", "CLERK", "OPERATOR", "treasurer", "UNSPECIFIED"])("the wrong role: %s", async (role) => {
    expect((await put(depositOf(), as(role, "640000"))).refusal).toMatchObject({ code: "WRONG_ROLE", status: "PERMISSION_DENIED" });
  });

  test.each(["640522", "", "640000x", "64"])("the wrong scope: a treasurer of %j in 640521", async (scope) => {
    const answer = await put(depositOf(), as("TREASURER", scope || "none"));
    expect(answer.refusal).toMatchObject({ code: "WRONG_SCOPE", status: "PERMISSION_DENIED", field: "county" });
  });

  test.each(["", "x".repeat(65), "with space", "ünïcode", "new\nline", 7, null, undefined])("a bad request id: %j", async (requestId) => {
    expect((await put({ ...depositOf(), requestId })).refusal).toMatchObject({ code: "BAD_REQUEST", field: "request_id" });
  });

  test("too large a request, a little and a lot", async () => {
    const padded = await put({ ...depositOf(), padding: "x".repeat(4 * 1024 * 1024) });
    expect(padded.refusal).toMatchObject({ code: "TOO_LARGE", status: "RESOURCE_EXHAUSTED" });
    expect((await put({ ...depositOf(), padding: "x".repeat(7 * 1024 * 1024) })).refusal?.code).toBe("TOO_LARGE");
  });

  test("a deadline that has passed, and one that is no number", async () => {
    expect(await put(depositOf(), { "nrcms-deadline": "-1" })).toMatchObject({ status: "UNAVAILABLE", reason: "deadline passed" });
    expect((await put(depositOf({ fen: -1n }), { "nrcms-deadline": "soon" })).refusal?.field).toBe("fen");
  });

  test("an unknown method, and a method of nobody", async () => {
    for (const method of ["Nothing", "deposit", "__proto__", "constructor"])
      expect((await bench.direct("till.a", method, new Uint8Array())).refusal).toMatchObject({
        code: "BAD_REQUEST",
        en: `no method ${method}`,
      });
    expect((await bench.direct("till.b", "Deposit", new Uint8Array())).status).toBe("no answer");
  });

  test("the contract's own check, with the field", async () => {
    expect((await put({ ...depositOf(), fen: 0n })).refusal).toMatchObject({ code: "BAD_REQUEST", field: "fen", zh: "金额须为正" });
  });

  test("the operator's calls: another role, no JSON, no object", async () => {
    expect((await bench.direct("till.a", "ListParked", new Uint8Array())).refusal).toMatchObject({ code: "WRONG_ROLE" });
    const operator = as("OPERATOR", "640000");
    for (const text of ["{", "7", "null", "[]"]) {
      const answer = await bench.direct("till.a", "ReplayParked", new TextEncoder().encode(text), operator);
      expect(["INTERNAL", "NOT_FOUND", "INVALID_ARGUMENT"]).toContain(answer.status);
    }
  });
});

test("a reply that the bus cannot carry: the deposit stands, the caller hears why it hears no more, and so does its repeat", async () => {
  const deposit = depositOf({ trouble: "reply" });
  for (let repeat = 0; repeat < 2; repeat += 1)
    expect((await put(deposit)).refusal).toMatchObject({ code: "TOO_LARGE", status: "RESOURCE_EXHAUSTED" });
  entries += 1;
  expect(await bench.mongo.db("nrcms_till").collection<{ _id: string }>("accounts").findOne({ _id: deposit.account })).toMatchObject({
    deposits: 1,
  });
});

test("what callers make up does not grow the metrics", async () => {
  for (let count = 0; count < 50; count += 1) await bench.direct("till.a", `Made${count}`, new Uint8Array());
  const metrics = await (await fetch(`http://127.0.0.1:${bench.topology.services.till?.a.port}/metrics`)).text();
  expect(metrics).toContain('method="unknown"');
  expect(metrics).not.toContain("Made");
});
