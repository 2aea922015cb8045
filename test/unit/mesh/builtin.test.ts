import { beforeEach, describe, expect, test } from "vitest";
import { Batcher } from "../../../services/mesh/batcher.ts";
import { type Builtin, builtins, type EventsAnswer } from "../../../services/mesh/builtin.ts";
import { noCrashNote } from "../../../services/mesh/crash.ts";
import { askedInput, toldInput } from "../../../services/mesh/inputs.ts";
import { type Entry, eventId, firstHead } from "../../../services/mesh/journal.ts";
import { UnavailableError } from "../../../services/mesh/rpc.ts";
import { isWhole } from "../../../services/mesh/seal.ts";
import { Weather } from "../../../services/mesh/store.ts";
import type { AnyDecision, CommandCall } from "../../../services/mesh/wiring.ts";
import { command, told } from "../../../services/mesh/wiring.ts";
import { askOwner } from "../../../services/values/outcome.ts";
import { type MemoryStore, memoryStore } from "../../harness/memory-store.ts";
import { AT_MS, CALLER, inputOf, MemoryPublisher, purses, SILENT, standingClock, TELLS } from "../../harness/mesh-parts.ts";
import { codec, tillDefinition } from "../../harness/till.ts";

const OPERATOR = { name: "operator-1", role: "OPERATOR", scope: "640000" };

let store: MemoryStore;
let batcher: Batcher;
let answers: ReadonlyMap<string, Builtin>;
let broken: boolean;
/** The decision lacks what an owner knows. */
let lacking: boolean;
/** What the owner says when it is asked. */
let owner: () => Promise<object>;
let call: CommandCall;
let forgiven: string[];
let again: unknown[];
const seenCallers: string[] = [];
const ROLES: Readonly<Record<string, readonly string[]>> = { Republish: ["OPERATOR", "SERVICE"], Told: ["SERVICE"], Events: ["SERVICE"] };

/** A decision with a bug, until somebody mends it. */
const mended: AnyDecision = {
  needs: () => [purses.key("p")],
  decide(input, state, change, context) {
    if (broken) throw new Error("a bug");
    if (lacking && !(input as { asked?: true }).asked) return askOwner();
    seenCallers.push(`${context.caller.name} ${context.caller.role} ${context.caller.scope} ${context.atMs}`);
    const fen = (state.get(purses.key("p"))?.fen ?? 0n) + 1n;
    change.put(purses.key("p"), { county: "640521", fen });
    return { fen, deposits: 1 };
  },
};
const rule = told("claims", "Approved", codec<object>(), { input: (body) => body, decision: mended });

const ask = (name: string, request: object) => answers.get(name)?.answer({ ...request }, OPERATOR);

beforeEach(async () => {
  store = memoryStore();
  broken = true;
  lacking = false;
  owner = async () => ({ asked: true });
  forgiven = [];
  again = [];
  seenCallers.length = 0;
  const clock = standingClock();
  const head = await store.takeHead("a", "one");
  const settings = {
    twin: "a",
    instance: "one",
    batchLimit: 400,
    commitsPerSecond: 10_000,
    queueLimit: 100,
    queueBytes: 100_000,
    tells: TELLS,
    lease: () => ({ epoch: 0, alwaysFenced: false }),
    onLeaseLost: () => undefined,
    onReplaced: () => undefined,
  };
  batcher = new Batcher({ store, publisher: new MemoryPublisher(), clock, crash: noCrashNote, log: SILENT, head, settings });
  call = command(tillDefinition.methods.deposit, {
    input: (request) => request,
    ask: () => owner() as never,
    decision: mended,
    reply: (balance) => balance,
  });
  const relay = {
    async anew(...parts: unknown[]) {
      again.push(parts.slice(0, 3));
      return 3;
    },
  };
  answers = builtins({
    service: "till",
    calls: [call],
    messages: [rule],
    batcher,
    store,
    relay,
    crash: { ...noCrashNote, forgive: (id) => void forgiven.push(id) },
    clock,
    log: SILENT,
  });
});

async function parkCall(id: string): Promise<void> {
  const bytes = tillDefinition.methods.deposit.requestType.encode({ requestId: "1", county: "640521", account: "p", fen: 1n }).finish();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  batcher.enter(askedInput(call, { id, value: {}, caller: CALLER, hash: "h", trace: "", bytes, deadlineMs: undefined }, resolve));
  await promise;
}

describe("protocols 9: a parked input is replayed under the same id", () => {
  test("a call: decided as it came, by the caller who sent it, and its repeat gets the answer", async () => {
    await parkCall("treasurer/Deposit/1");
    expect(await ask("ListParked", {})).toMatchObject({
      parked: [{ id: "treasurer/Deposit/1", from: "call", method: "Deposit", caller: "treasurer" }],
    });
    expect(await ask("ReplayParked", { id: "treasurer/Deposit/1" })).toMatchObject({ outcome: "parked" });
    broken = false;
    expect(await ask("ReplayParked", { id: "treasurer/Deposit/1" })).toEqual({ outcome: "done", why: "" });
    expect(seenCallers).toEqual([`treasurer TREASURER 640000 ${AT_MS}`]);
    expect(store.parked.get("treasurer/Deposit/1")).toMatchObject({ resolved: true, resolvedBy: "operator-1" });
    expect(await store.parkedCount()).toBe(0);
    expect(store.doc(purses.key("p"))?.fen).toBe(1n);
    expect(forgiven).toEqual(["treasurer/Deposit/1", "treasurer/Deposit/1"]);
    const again = inputOf(mended, { id: "treasurer/Deposit/1" });
    batcher.enter(again);
    expect(await again.outcome).toMatchObject({ kind: "done", repeated: true });
  });

  test("a call whose decision lacks what an owner knows: the owner is asked, as when it came (protocols 15)", async () => {
    await parkCall("x");
    broken = false;
    lacking = true;
    owner = async () => {
      throw new UnavailableError("silent");
    };
    expect(await ask("ReplayParked", { id: "x" })).toEqual({ outcome: "unavailable", why: "the owner does not answer" });
    expect(await store.parkedCount()).toBe(1);
    owner = async () => ({ asked: true });
    expect(await ask("ReplayParked", { id: "x" })).toEqual({ outcome: "done", why: "" });
    expect(store.parked.get("x")).toMatchObject({ resolved: true, resolvedBy: "operator-1" });
  });

  test("asked for twice, it is done once", async () => {
    await parkCall("x");
    broken = false;
    await Promise.all([ask("ReplayParked", { id: "x" }), ask("ReplayParked", { id: "x" })]);
    expect(await ask("ReplayParked", { id: "x" })).toEqual({ outcome: "resolved before", why: "" });
    expect(store.doc(purses.key("p"))?.fen).toBe(1n);
  });

  test("an event: with its own time and origin", async () => {
    const id = eventId("claims", "b", 9);
    const origin = `b 9 ${AT_MS - 5_000}`;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    batcher.enter(
      toldInput(
        rule,
        { source: "claims", event: "Approved", id, origin, trace: "", bytes: codec<object>().encode({}).finish(), foreignId: "f" },
        resolve,
      ),
    );
    await promise;
    broken = false;
    expect(await ask("ReplayParked", { id })).toEqual({ outcome: "done", why: "" });
    expect(seenCallers).toEqual([`claims SERVICE 640000 ${AT_MS - 5_000}`]);
  });

  test("what time brings is released, and decided when its timer finds it again", async () => {
    const due = inputOf(mended, { id: "window/1/close", from: "due", method: "due", bytes: new Uint8Array() });
    batcher.enter(due);
    await due.outcome;
    broken = false;
    expect(await ask("ReplayParked", { id: "window/1/close" })).toEqual({ outcome: "released", why: "" });
    const found = inputOf(mended, { id: "window/1/close", from: "due", method: "due" });
    batcher.enter(found);
    expect(await found.outcome).toMatchObject({ kind: "done", repeated: false });
  });

  test("weather leaves it parked", async () => {
    await parkCall("x");
    broken = false;
    store.fault = (step) => {
      if (step === "commit") throw new Weather("no primary");
    };
    void batcher.drain(100);
    expect(await ask("ReplayParked", { id: "x" })).toMatchObject({ outcome: "unavailable" });
    expect(await store.parkedCount()).toBe(1);
  });

  test("one that shall never be decided is dismissed by name and reason", async () => {
    await parkCall("x");
    expect(await ask("DismissParked", { id: "x" })).toMatchObject({ outcome: "refused", field: "reason" });
    expect(await ask("DismissParked", { id: "x", reason: "sent by mistake" })).toMatchObject({ outcome: "dismissed" });
    expect(store.parked.get("x")).toMatchObject({ resolved: true, resolvedBy: "operator-1: sent by mistake" });
  });

  test.each([{}, { id: 7 }, { id: "unknown" }])("%j names nothing", async (request) => {
    expect(await ask("ReplayParked", request)).toMatchObject({ outcome: "refused", status: "NOT_FOUND" });
  });
});

describe("protocols 10: a missing number is asked for", () => {
  test("it is published again, and what follows it where no end is named", async () => {
    expect(await ask("Republish", { twin: "b", event: 5, to: 9 })).toEqual({ events: 3 });
    expect(await ask("Republish", { twin: "b", event: 5 })).toEqual({ events: 3 });
    expect(again).toEqual([
      ["b", 5, 9],
      ["b", 5, 1004],
    ]);
  });

  test.each([
    {},
    { twin: "c", event: 1 },
    { twin: "a" },
    { twin: "a", event: 0 },
    { twin: "a", event: 1.5 },
    { twin: "a", event: "1" },
    { twin: "a", event: 3, to: 2 },
  ])("%j is refused", async (request) => {
    expect(await ask("Republish", request)).toMatchObject({ outcome: "refused", status: "INVALID_ARGUMENT" });
  });

  test("whoever hears is told what there was of these names, as far as it is published and old enough", async () => {
    const entry = (number: number, atMs: number, ...names: string[]) =>
      store.journal.set(`e${number}`, {
        ...({ id: `e${number}`, twin: "a", number, atMs } as Entry),
        events: names.map((name, index) => ({ number: number * 10 + index, name, county: "640521", bytes: new Uint8Array() })),
      });
    entry(1, AT_MS - 20_000, "Put", "Taken");
    entry(2, AT_MS - 15_000);
    entry(3, AT_MS - 12_000, "Put");
    entry(4, AT_MS - 1_000, "Put");
    entry(5, AT_MS - 30_000, "Put");
    const head = firstHead("a", "one");
    const askPut = (after: number) => ask("Told", { twin: "a", after, names: ["Put"] });
    store.heads.set("a", { ...head, number: 5, publishedEntry: 3 });
    expect(await askPut(0)).toEqual({ entry: 3, events: [10, 30] });
    expect(await askPut(3)).toEqual({ entry: 3, events: [] });
    store.heads.set("a", { ...head, number: 5, publishedEntry: 4 });
    expect(await askPut(1)).toEqual({ entry: 3, events: [30] });
    expect(await ask("Told", { twin: "b", after: 7, names: ["Put"] })).toEqual({ entry: 7, events: [] });
  });

  test.each([
    { twin: "c", after: 0, names: [] },
    { twin: "a", after: -1, names: [] },
    { twin: "a", after: 0 },
  ])("%j is refused", async (request) => {
    expect(await ask("Told", request)).toMatchObject({ outcome: "refused", status: "INVALID_ARGUMENT" });
    expect(await ask("Events", request)).toMatchObject({ outcome: "refused", status: "INVALID_ARGUMENT" });
  });

  test("whoever misses the stream gets the events themselves, published or not, as they are published, and no more than an answer holds", async () => {
    const entry = (number: number, bytes: number, ...names: string[]) =>
      store.journal.set(`e${number}`, {
        ...({ id: `e${number}`, twin: "a", number, atMs: AT_MS, trace: "" } as Entry),
        events: names.map((name, index) => ({ number: number * 10 + index, name, county: "640521", bytes: new Uint8Array(bytes) })),
      });
    entry(1, 3, "Put", "Taken");
    entry(2, 3);
    entry(3, 300_000, "Put");
    entry(4, 300_000, "Put");
    entry(5, 700_000, "Put");
    entry(6, 3, "Put");
    const events = async (after: number) => (await ask("Events", { twin: "a", after, names: ["Put"] })) as unknown as EventsAnswer;
    const first = await events(0);
    expect(first).toMatchObject({ entry: 3, events: [{ number: 10, subject: "nrcms.till.640521.Put", data: "AAAA" }, { number: 30 }] });
    const { subject = "", headers = {}, data = "" } = first.events[0] ?? {};
    const { "Nats-Msg-Id": id, "nrcms-origin": origin = "", "nrcms-hash": seal = "" } = headers;
    expect(id).toBe(eventId("till", "a", 10));
    expect(isWhole(seal, { subject, origin, bytes: Buffer.from(data, "base64") })).toBe(true);
    // What is too large for an answer waits for its stream, and holds nothing up.
    expect(await events(3)).toMatchObject({ entry: 6, events: [{ number: 40 }, { number: 60 }] });
    expect(await events(6)).toEqual({ entry: 6, events: [] });
  });

  test("all of it is the operator's; services may ask for events", () => {
    for (const [name, one] of answers) expect(one.roles).toEqual(ROLES[name] ?? ["OPERATOR"]);
  });
});
