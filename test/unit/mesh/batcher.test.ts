import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Batcher, type BatcherSettings } from "../../../services/mesh/batcher.ts";
import { type CrashNote, noCrashNote, openCrashNote } from "../../../services/mesh/crash.ts";
import type { Input, InputOutcome } from "../../../services/mesh/input.ts";
import type { Ordeal, TryApart } from "../../../services/mesh/ordeal.ts";
import { Conflict, LeaseLost, NewerForm, Replaced, TooSlow, Weather } from "../../../services/mesh/store.ts";
import type { AnyDecision } from "../../../services/mesh/wiring.ts";
import { unavailable } from "../../../services/values/outcome.ts";
import { type MemoryStore, memoryStore } from "../../harness/memory-store.ts";
import {
  type Clocked,
  type Entered,
  inputOf,
  MemoryPublisher,
  purses,
  putting,
  SILENT,
  standingClock,
  TELLS,
} from "../../harness/mesh-parts.ts";

let store: MemoryStore;
let publisher: MemoryPublisher;
let clock: Clocked;
let batcher: Batcher;
let lost: number[];
let replaced: number;
const lease = { epoch: 0, alwaysFenced: false };

async function open(more: Partial<BatcherSettings> = {}, crash: CrashNote = noCrashNote): Promise<Batcher> {
  const head = await store.takeHead("a", "one");
  return new Batcher({
    store,
    publisher,
    clock,
    crash,
    log: SILENT,
    head,
    settings: {
      twin: "a",
      instance: "one",
      batchLimit: 400,
      commitsPerSecond: 10_000,
      queueLimit: 1000,
      queueBytes: 1_000_000,
      tells: TELLS,
      lease: () => lease,
      onLeaseLost: (epoch) => void lost.push(epoch),
      onReplaced: () => {
        replaced += 1;
      },
      ...more,
    },
  });
}

beforeEach(async () => {
  store = memoryStore();
  publisher = new MemoryPublisher();
  clock = standingClock();
  lost = [];
  replaced = 0;
  Object.assign(lease, { epoch: 0, alwaysFenced: false });
  batcher = await open();
});

afterEach(async () => {
  store.fault = () => undefined;
  await batcher.drain(50);
});

const enter = (...inputs: Entered[]): Promise<InputOutcome[]> => {
  for (const input of inputs) batcher.enter(input);
  return Promise.all(inputs.map((input) => input.outcome));
};
const kinds = (outcomes: readonly InputOutcome[]) => outcomes.map((outcome) => outcome.kind);
const purse = (name: string) => store.doc(purses.key(name))?.fen;

/** Throws the first so many times that a step is taken. */
function failing(step: string, when: "before" | "after", errors: Error[]): void {
  store.fault = (at, then) => {
    const error = at === step && then === when ? errors.shift() : undefined;
    if (error) throw error;
  };
}

describe("protocols 3: one case", () => {
  test("a conflict is read and decided again, on what is there now", async () => {
    let first = true;
    store.fault = (step, when) => {
      if (step !== "commit" || when !== "before" || !first) return;
      first = false;
      store.documents.set("purses\u0000p", { doc: { county: "640521", fen: 100n } as never, version: 1, by: "the peer" });
    };
    const [outcome] = await enter(inputOf(putting("p", 1n)));
    expect(outcome).toMatchObject({ kind: "done", result: 101n });
    expect(purse("p")).toBe(101n);
    expect(batcher.counts.conflicts).toBe(1);
  });

  test("an unknown commit result is settled by the journal: what is in it is answered, not decided again", async () => {
    failing("commit", "after", [new Weather("the connection broke")]);
    const [outcome] = await enter(inputOf(putting("p", 1n)));
    expect(outcome).toMatchObject({ kind: "done", repeated: true });
    expect(purse("p")).toBe(1n);
    expect(store.journal.size).toBe(1);
  });

  test("what a commit of unknown result told is published from the journal, before what is told next", async () => {
    failing("commit", "after", [new TooSlow("ended for its time, it said")]);
    await enter(inputOf(putting("p", 1n)));
    expect(publisher.stored).toEqual([1]);
    expect(publisher.taken).toEqual([]);
    await enter(inputOf(putting("p", 1n)));
    expect(publisher.taken.map(({ entryNumber }) => entryNumber)).toEqual([2]);
  });

  test("weather never parks and is never halved: it ends in Unavailable", async () => {
    clock.monotonicMs = () => performance.now() * 20; // eight seconds of patience in 0.4
    let commits = 0;
    store.fault = (step) => {
      if (step !== "commit") return;
      commits += 1;
      throw new Weather("no primary");
    };
    const outcomes = await enter(inputOf(putting("p", 1n)), inputOf(putting("q", 1n)));
    expect(kinds(outcomes)).toEqual(["unavailable", "unavailable"]);
    expect(store.parked.size).toBe(0);
    expect(commits).toBeGreaterThan(1);
  });

  test("an error that stays is halved down to its culprit, which is parked alone; the others commit", async () => {
    const inputs = Array.from({ length: 9 }, (_, index) => inputOf(putting(`p${index}`, 1n)));
    const culprit = inputs[5] as Entered;
    store.fault = (step, when, plan) => {
      if (step === "commit" && when === "before" && plan?.entries.some((entry) => entry.id === culprit.id)) throw new Error("16 MB");
    };
    const outcomes = await enter(...inputs);
    expect(kinds(outcomes)).toEqual(inputs.map((input) => (input === culprit ? "parked" : "done")));
    expect([...store.parked.values()]).toMatchObject([{ id: culprit.id, resolved: false }]);
    expect(store.parked.get(culprit.id)?.error).toContain("16 MB");
    expect(store.journal.size).toBe(8);
  });

  test("an error that goes away with a fresh read parks nobody", async () => {
    failing("commit", "before", [new Error("once")]);
    expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["done"]);
    expect(store.parked.size).toBe(0);
  });

  test("conflicts without end are halved, and one alone is answered Unavailable", async () => {
    const inputs = Array.from({ length: 3 }, (_, index) => inputOf(putting(`p${index}`, 1n)));
    const unlucky = inputs[1] as Entered;
    store.fault = (step, when, plan) => {
      if (step === "commit" && when === "before" && plan?.entries.some((entry) => entry.id === unlucky.id)) throw new Conflict("hot");
    };
    expect(kinds(await enter(...inputs))).toEqual(["done", "unavailable", "done"]);
  });

  test("a newer form of one document sends its own input to the peer, not the batch (protocols 21)", async () => {
    const inputs = ["p", "new", "q"].map((name) => inputOf(putting(name, 1n)));
    const load = store.load.bind(store);
    store.load = async (keys, loads) => {
      if (keys.some((key) => key.id === "new")) throw new NewerForm("new has form 2");
      await load(keys, loads);
    };
    expect(kinds(await enter(...inputs))).toEqual(["done", "unavailable", "done"]);
  });
});

describe("protocols 4: inside a batch", () => {
  test("what looks at documents that were not loaded comes again with a fresh read", async () => {
    // Needs names q only once p is there; in one batch with p's maker it cannot know.
    const following: AnyDecision = {
      needs: (_input, loaded) => [purses.key("p"), ...(loaded.get(purses.key("p")) ? [purses.key("q")] : [])],
      decide: (_input, state) => (state.get(purses.key("p")) ? `q ${state.get(purses.key("q"))?.fen ?? "none"}` : "no p"),
    };
    const [, outcome] = await enter(inputOf(putting("p", 1n)), inputOf(following));
    expect(outcome).toMatchObject({ kind: "done", result: "q none" });
    expect(store.commits).toHaveLength(2);
  });

  test("one that never names what it looks at is parked when it is alone for the third time", async () => {
    let decided = 0;
    const bug: AnyDecision = {
      needs: () => [],
      decide(_input, state) {
        decided += 1;
        return state.get(purses.key("p"));
      },
    };
    expect(kinds(await enter(inputOf(bug), inputOf(putting("q", 1n))))).toEqual(["parked", "done"]);
    expect(decided).toBe(3);
  });
});

describe("protocols 5: transaction time", () => {
  test("a batch that was ended for its time is split and the limit halved, growing back slowly", async () => {
    failing("commit", "before", [new TooSlow("1,071 ms")]);
    const inputs = Array.from({ length: 8 }, (_, index) => inputOf(putting(`p${index}`, 1n)));
    expect(kinds(await enter(...inputs))).toEqual(inputs.map(() => "done"));
    expect(store.commits.map((plan) => plan.entries.length)).toEqual([4, 4]);
    expect(batcher.room).toBe(32);
    for (let count = 0; count < 200; count += 1) await enter(inputOf(putting("p", 1n)));
    expect(batcher.room).toBe(400);
  });

  test("one that is always too slow is answered Unavailable, and does not hold the twin", async () => {
    clock.monotonicMs = () => performance.now() * 20;
    const slow = inputOf(putting("slow", 1n), { from: "event" });
    store.fault = (step, when, plan) => {
      if (step === "commit" && when === "before" && plan?.puts.some((put) => put.key.id === "slow")) throw new TooSlow("1,071 ms");
    };
    expect(kinds(await enter(slow))).toEqual(["unavailable"]);
    expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["done"]);
    expect(store.parked.size).toBe(0);
  });
});

describe("protocols 6: overload", () => {
  test("work past its deadline is dropped before deciding", async () => {
    let decided = 0;
    const counting: AnyDecision = { needs: () => [], decide: () => (decided += 1) };
    const [late] = await enter(inputOf(counting, { deadlineMs: performance.now() - 1 }));
    expect(late).toMatchObject({ kind: "unavailable", unavailable: { reason: "deadline passed" } });
    expect(decided).toBe(0);
  });

  test("a batch of one switches group commit off", async () => {
    await batcher.drain(50);
    batcher = await open({ batchLimit: 1 });
    await enter(...Array.from({ length: 5 }, () => inputOf(putting("p", 1n))));
    expect(store.commits.map((plan) => plan.entries.length)).toEqual([1, 1, 1, 1, 1]);
  });

  test("what gathers while a batch commits is the next batch", async () => {
    const gate = Promise.withResolvers<void>();
    let open = false;
    store.fault = (step, when) => (step === "commit" && when === "before" && !open ? gate.promise : undefined);
    const first = enter(inputOf(putting("p", 1n)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const rest = enter(...Array.from({ length: 20 }, () => inputOf(putting("p", 1n))));
    open = true;
    gate.resolve();
    await Promise.all([first, rest]);
    expect(store.commits.map((plan) => plan.entries.length)).toEqual([1, 20]);
  });
});

describe("protocols 7: crashers", () => {
  test("a suspect is decided alone; a condemned one is parked unread, and may be replayed once it is forgiven", async () => {
    const condemned = new Set(["bad"]);
    const batches: string[][] = [];
    const crash: CrashNote = {
      ...noCrashNote,
      begin: (batch) => void batches.push(batch.map((input) => input.id)),
      isSuspect: (id) => id === "suspect",
      forgive: (id) => void condemned.delete(id),
      condemned,
    };
    await batcher.drain(50);
    batcher = await open({}, crash);
    const inputs = ["1", "suspect", "bad", "2"].map((id) => inputOf(putting("p", 1n), { id }));
    expect(kinds(await enter(...inputs))).toEqual(["done", "done", "parked", "done"]);
    expect(batches).toEqual([["1"], ["suspect"], ["bad", "2"]]);
    crash.forgive("bad");
    expect(kinds(await enter(inputOf(putting("p", 1n), { id: "bad", replay: { by: "operator" } })))).toEqual(["done"]);
    expect(store.parked.get("bad")).toMatchObject({ resolved: true, resolvedBy: "operator" });
  });
});

describe("protocols 7: crashers and the peer", () => {
  test("while the peer has just gone, what was at hand and cannot be tried apart waits, for it must not end both; others, and the condemned, do not", async () => {
    const isFeared = (id: string) => id === "feared";
    const crash: CrashNote = { ...noCrashNote, isSuspect: (id) => id !== "1", isFeared, condemned: new Set(["bad"]) };
    let missed = true;
    await batcher.drain(50);
    batcher = await open({ isPeerMissed: () => missed }, crash);
    const send = () => enter(...["1", "suspect", "feared", "bad"].map((id) => inputOf(putting("p", 1n), { id })));
    expect(kinds(await send())).toEqual(["done", "done", "unavailable", "parked"]);
    missed = false;
    expect(kinds(await send())).toEqual(["done", "done", "done", "parked"]);
  });
});

describe("protocols 7: ordeals", () => {
  const folder = mkdtempSync(join(tmpdir(), "nrcms-ordeal-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let ordeals: { readonly id: string; end(ordeal: Ordeal): void }[];
  let crash: CrashNote;

  /** A twin whose last process ended over "feared", with "beside" in the same batch. */
  async function afterCrash(more: Partial<BatcherSettings> = {}): Promise<void> {
    const file = join(folder, `${more.twin ?? "a"}.json`);
    rmSync(file, { force: true });
    const last = openCrashNote(file);
    last.begin([{ id: "beside" }, { id: "feared" }]);
    last.at(1);
    crash = openCrashNote(file);
    ordeals = [];
    await batcher.drain(50);
    const tryApart: TryApart = ({ id }) => new Promise((end) => void ordeals.push({ id, end }));
    batcher = await open({ tryApart, ...more }, crash);
  }
  const feared = (more: Partial<Input> = {}) => inputOf(putting("feared", 1n), { id: "feared", ...more });

  test("what was at hand waits for its ordeal, once, and is decided when it survives; the others go on meanwhile", async () => {
    await afterCrash();
    const first = enter(feared(), feared());
    expect(kinds(await enter(...["beside", "other"].map((id) => inputOf(putting("p", 1n), { id }))))).toEqual(["done", "done"]);
    expect([ordeals.map(({ id }) => id), purse("feared")]).toEqual([["feared"], undefined]);
    ordeals[0]?.end("survived");
    expect(kinds(await first)).toEqual(["done", "done"]);
    expect([purse("feared"), crash.isSuspect("feared"), crash.condemned.size]).toEqual([1n, false, 0]);
  });

  test("what ends the process that tries it is parked; a replay is tried apart again", async () => {
    await afterCrash();
    const first = enter(feared());
    await vi.waitFor(() => expect(ordeals).toHaveLength(1));
    ordeals[0]?.end("died");
    expect(kinds(await first)).toEqual(["parked"]);
    expect(store.parked.get("feared")?.error).toBe("this input ended a process twice");
    expect(kinds(await enter(feared()))).toEqual(["parked"]);
    crash.forgive("feared");
    const replayed = enter(feared({ replay: { by: "operator" } }));
    await vi.waitFor(() => expect(ordeals).toHaveLength(2));
    ordeals[1]?.end("died");
    expect(kinds(await replayed)).toEqual(["parked"]);
    crash.forgive("feared");
    const mended = enter(feared({ replay: { by: "operator" } }));
    await vi.waitFor(() => expect(ordeals).toHaveLength(3));
    ordeals[2]?.end("survived");
    expect(kinds(await mended)).toEqual(["done"]);
    expect(store.parked.get("feared")).toMatchObject({ resolved: true });
  });

  test("an ordeal that told nothing leaves it to be decided alone, once the peer is there", async () => {
    let missed = true;
    await afterCrash({ isPeerMissed: () => missed });
    const first = enter(feared());
    await vi.waitFor(() => expect(ordeals).toHaveLength(1));
    ordeals[0]?.end("not tried");
    expect(kinds(await first)).toEqual(["unavailable"]);
    missed = false;
    expect(kinds(await enter(feared()))).toEqual(["done"]);
    expect(ordeals).toHaveLength(1);
  });

  test("a twin that drains does not wait for an ordeal: who asked hears it, and what comes of it later changes nothing", async () => {
    await afterCrash();
    const first = enter(feared());
    await vi.waitFor(() => expect(ordeals).toHaveLength(1));
    await batcher.drain(50);
    expect(kinds(await first)).toEqual(["unavailable"]);
    ordeals[0]?.end("survived");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([purse("feared"), batcher.queued]).toEqual([undefined, 0]);
  });

  test("whoever waited beyond the deadline for it is told so, and asks again: it is not tried twice", async () => {
    await afterCrash();
    const first = enter(feared({ deadlineMs: clock.monotonicMs() + 10 }));
    await vi.waitFor(() => expect(ordeals).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    ordeals[0]?.end("survived");
    expect(kinds(await first)).toEqual(["unavailable"]);
    expect(kinds(await enter(feared()))).toEqual(["done"]);
    expect(ordeals).toHaveLength(1);
  });
});

describe("protocols 8: ids", () => {
  test("a repeat gets the first answer again, also of a refusal; other content is refused and counted as an alarm", async () => {
    const refusing: AnyDecision = {
      needs: () => [],
      decide: () => ({ outcome: "refused", code: "NO", status: "FAILED_PRECONDITION", field: "", zh: "否", en: "no" }),
    };
    await enter(inputOf(putting("p", 1n), { id: "x" }), inputOf(refusing, { id: "y" }));
    const [again, other, refused] = await enter(
      inputOf(putting("p", 1n), { id: "x" }),
      inputOf(putting("p", 1n), { id: "x2", hash: "h" }),
      inputOf(refusing, { id: "y" }),
    );
    expect(again).toMatchObject({ kind: "done", repeated: true, reply: new TextEncoder().encode("1") });
    expect(other?.kind).toBe("done");
    expect(refused).toMatchObject({ kind: "done", repeated: true });
    const [reused] = await enter(inputOf(putting("p", 1n), { id: "x", hash: "another" }));
    expect(reused).toMatchObject({ kind: "refused", refusal: { code: "REQUEST_REUSED" } });
    expect(batcher.counts.reused).toBe(1);
    expect(purse("p")).toBe(2n);
  });

  test("repeats that meet in one batch are one input", async () => {
    const outcomes = await enter(...Array.from({ length: 10 }, () => inputOf(putting("p", 1n), { id: "x" })));
    expect(kinds(outcomes)).toEqual(Array(10).fill("done"));
    expect(purse("p")).toBe(1n);
  });
});

describe("protocols 9: refusals and the like", () => {
  const bug: AnyDecision = {
    needs: () => [],
    decide: () => {
      throw new Error("a bug");
    },
  };

  test("a parked input hurts no other, and its repeat is told so without being decided", async () => {
    const [parked, done] = await enter(inputOf(bug, { id: "bad" }), inputOf(putting("p", 1n)));
    expect(parked).toMatchObject({ kind: "parked", id: "bad" });
    expect(done?.kind).toBe("done");
    expect(store.commits.map(({ entries, parked: rows }) => [entries.length, rows.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(await enter(inputOf(putting("p", 1n), { id: "bad" }))).toMatchObject([{ kind: "parked", error: "parked before" }]);
    expect(purse("p")).toBe(1n);
  });

  test("who fails over documents that were not read at one instant is no bug: it is decided again in a fresh read", async () => {
    const both: AnyDecision = {
      needs: (_, loaded) => (loaded.get(purses.key("p")) ? [purses.key("p"), purses.key("q")] : [purses.key("p")]),
      decide(_, state) {
        if (state.must(purses.key("p")).fen !== state.must(purses.key("q")).fen) throw new Error("the two always hold the same");
        return state.must(purses.key("q")).fen;
      },
    };
    const put = (fen: bigint, version: number) => {
      for (const purse of ["p", "q"])
        store.documents.set(`purses\u0000${purse}`, { doc: { county: "640521", fen } as never, version, by: "the peer" });
    };
    put(1n, 1);
    let loads = 0;
    store.fault = (step) => {
      if (step === "load") loads += 1;
      if (step === "load" && loads === 2) put(2n, 2);
    };
    const [outcome] = await enter(inputOf(both));
    expect(outcome).toMatchObject({ kind: "done", result: 2n });
    expect(store.parked.size).toBe(0);
  });

  test("replayed under the same id it is decided again, and resolved in the transaction of its entry", async () => {
    await enter(inputOf(bug, { id: "bad" }));
    const [outcome] = await enter(inputOf(putting("p", 1n), { id: "bad", replay: { by: "operator" } }));
    expect(outcome).toMatchObject({ kind: "done", result: 1n });
    expect(store.commits.at(-1)).toMatchObject({ entries: [{ id: "bad" }], resolved: [{ id: "bad", by: "operator" }] });
  });

  test("weather in the domain leaves nothing and says when to come again", async () => {
    const [outcome] = await enter(inputOf({ needs: () => [], decide: () => unavailable("the fact is not here", 70) }));
    expect(outcome).toMatchObject({ kind: "unavailable", unavailable: { reason: "the fact is not here", retryAfterMs: 70 } });
    expect(store.commits).toEqual([]);
  });

  test("one whose answer cannot be told does not keep the others from theirs", async () => {
    const deaf = inputOf(putting("p", 1n), {
      settle: () => {
        throw new Error("the connection is closed");
      },
    });
    batcher.enter(deaf);
    const [outcome] = await enter(inputOf(putting("p", 1n)));
    expect(outcome).toMatchObject({ kind: "done", result: 2n, repeated: false });
  });
});

describe("protocols 10: head", () => {
  test("an older process of the same name conflicts, says so, and has committed nothing", async () => {
    await store.takeHead("a", "two");
    const [outcome] = await enter(inputOf(putting("p", 1n)));
    expect(outcome?.kind).toBe("unavailable");
    expect(replaced).toBe(1);
    expect(store.journal.size).toBe(0);
  });

  test("replaced while it parks a culprit: the input is given back, and so is its repeat", async () => {
    store.fault = (step, when) => {
      if (step !== "commit" || when !== "before") return;
      const head = store.heads.get("a");
      if (head) store.heads.set("a", { ...head, instance: "two", version: head.version + 1 });
      throw new Error("stays");
    };
    expect(kinds(await enter(inputOf(putting("p", 1n), { id: "x" })))).toEqual(["unavailable"]);
    expect(replaced).toBe(1);
    store.fault = () => undefined;
    expect(kinds(await enter(inputOf(putting("p", 1n), { id: "x" })))).toEqual(["unavailable"]);
  });

  test("told inputs may be acknowledged only when the batch's own events are", async () => {
    publisher.hold = true;
    const [outcome] = await enter(inputOf(putting("p", 1n), { from: "event" }));
    if (outcome?.kind !== "done") throw new Error("not done");
    let published = false;
    void outcome.published.then(() => {
      published = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(published).toBe(false);
    publisher.release();
    await outcome.published;
    expect(publisher.taken.flatMap((one) => one.events.map(({ event }) => event.number))).toEqual([1]);
  });

  test("an idle twin writes down how far it has published", async () => {
    await enter(inputOf(putting("p", 1n)));
    expect(store.heads.get("a")).toMatchObject({ published: 0 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    await batcher.touch();
    expect(store.heads.get("a")).toMatchObject({ published: 1, publishedEntry: 1, number: 1 });
  });
});

describe("protocols 16: hot standby", () => {
  test("without the lease nothing is decided; under a lost epoch nothing commits, and the twin is told which", async () => {
    Object.assign(lease, { epoch: 0, alwaysFenced: true });
    expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["unavailable"]);
    lease.epoch = 3;
    store.holder = { epoch: 4, holder: "b:two", renewals: 0 };
    expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["unavailable"]);
    expect(lost).toEqual([0, 3]);
    expect(store.journal.size).toBe(0);
    store.holder = { epoch: 3, holder: "a:one", renewals: 0 };
    expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["done"]);
    expect(store.holder.renewals).toBe(1);
  });
});

describe("protocols 19: clocks", () => {
  test("a clock that was set back does not go below the last entry's time, for needs as for decide", async () => {
    await enter(inputOf(putting("p", 1n)));
    const newest = clock.ms;
    clock.ms -= 86_400_000 * 2;
    const days: string[] = [];
    const looking: AnyDecision = {
      needs: (_input, _loaded, context) => {
        days.push(context.day);
        return [purses.key(context.day)];
      },
      decide: (_input, state, _change, context) => {
        days.push(context.day);
        return state.get(purses.key(context.day)) ?? 0;
      },
    };
    expect(kinds(await enter(inputOf(looking)))).toEqual(["done"]);
    expect(new Set(days)).toEqual(new Set(["2011-11-25"]));
    expect([...store.journal.values()].map((entry) => entry.atMs)).toEqual([newest, newest]);
  });
});

describe("drain", () => {
  test("decides what waits, refuses what comes, and ends while the store does not answer", async () => {
    store.fault = (step) => {
      if (step === "commit") throw new Weather("no primary");
    };
    const waiting = enter(inputOf(putting("p", 1n)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const startedMs = performance.now();
    await batcher.drain(300);
    expect(performance.now() - startedMs).toBeLessThan(1500);
    expect(kinds(await waiting)).toEqual(["unavailable"]);
    expect(await enter(inputOf(putting("p", 1n)))).toMatchObject([{ kind: "unavailable", unavailable: { reason: "draining" } }]);
  });
});

test("a lost lease and a replaced head are kept apart from errors", async () => {
  failing("commit", "before", [new LeaseLost("gone", 9), new Replaced("another")]);
  expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["unavailable"]);
  expect(kinds(await enter(inputOf(putting("p", 1n))))).toEqual(["unavailable"]);
  expect([lost, replaced]).toEqual([[9], 1]);
});
