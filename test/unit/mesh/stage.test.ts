import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHAIN_START, chainHash, firstHead } from "../../../services/mesh/journal.ts";
import { decideBatch, type Loads, nameOf, type StageSettings } from "../../../services/mesh/stage.ts";
import type { AnyDecision } from "../../../services/mesh/wiring.ts";
import { unavailable } from "../../../services/values/outcome.ts";
import { AT_MS, inputOf, laws, purses, putting, TELLS } from "../../harness/mesh-parts.ts";

const REFUSAL = { outcome: "refused", code: "NO", status: "FAILED_PRECONDITION", field: "", zh: "否", en: "no" } as const;

function settings(more: Partial<StageSettings> = {}): StageSettings {
  return {
    head: firstHead("a", "one"),
    instance: "one",
    published: { event: 0, entry: 0 },
    nowMs: AT_MS,
    epoch: 0,
    alwaysFenced: false,
    tells: TELLS,
    park: new Set(),
    faults: new Map(),
    lastChance: false,
    ...more,
  };
}

function loaded(...names: [string, bigint | undefined, number][]): Loads {
  return new Map(
    names.map(([purse, fen, version]) => [
      nameOf(purses.key(purse)),
      { doc: fen === undefined ? undefined : { county: "640521", fen }, version },
    ]),
  );
}

const deciding = (decide: AnyDecision["decide"]): AnyDecision => ({ needs: () => [purses.key("p")], decide });

describe("protocols 4: inside a batch", () => {
  test("each input sees what the ones before it changed, and one version goes out", () => {
    const inputs = [putting("p", 1n), putting("p", 10n), putting("p", 100n)].map((decision) => inputOf(decision));
    const { plan, verdicts } = decideBatch(inputs, loaded(["p", 5n, 7]), settings());
    expect(inputs.map((input) => verdicts.get(input))).toMatchObject([{ result: 6n }, { result: 16n }, { result: 116n }]);
    expect(plan.puts).toHaveLength(1);
    expect(plan.puts[0]).toMatchObject({ version: 7, doc: { fen: 116n }, by: inputs[2]?.id });
    expect(plan.entries.map((entry) => entry.id)).toEqual(inputs.map((input) => input.id));
  });

  test.each([
    ["a refusal", () => REFUSAL, "refused"],
    ["weather", () => unavailable("later"), "unavailable"],
    [
      "a throw",
      () => {
        throw new Error("a bug");
      },
      "parked",
    ],
  ] as const)("%s drops changes, guards and events", (_, end, kind) => {
    const failing = inputOf(
      deciding((_input, state, change) => {
        change.put(purses.key("p"), { county: "640521", fen: 999n });
        expect(state.get(purses.key("p"))?.fen).toBe(999n);
        change.guard(purses.key("p"));
        change.tell("Put", "640521", { purse: "p" });
        return end();
      }),
    );
    const good = inputOf(putting("p", 1n));
    const { plan, verdicts } = decideBatch([failing, good], loaded(["p", 5n, 7]), settings());
    expect(verdicts.get(failing)?.kind).toBe(kind);
    expect(verdicts.get(good)).toMatchObject({ kind: "done", result: 6n });
    expect(plan.puts[0]?.doc).toMatchObject({ fen: 6n });
    expect(plan.entries.flatMap((entry) => entry.events)).toHaveLength(1);
    expect(plan.guards).toEqual([]);
  });

  test("what was not loaded defers the input, and is parked where it is alone for the last time", () => {
    const input = inputOf({ needs: () => [], decide: (_input, state) => state.get(purses.key("elsewhere")) });
    expect(decideBatch([input], new Map(), settings()).verdicts.get(input)).toMatchObject({
      kind: "deferred",
      missing: "purses/elsewhere",
    });
    const last = decideBatch([input], new Map(), settings({ lastChance: true }));
    expect(last.verdicts.get(input)).toMatchObject({ kind: "parked" });
    expect(last.plan.parked[0]?.error).toContain("purses/elsewhere");
  });

  test("a needs that threw parks its own input only", () => {
    const [bad, good] = [inputOf(putting("p", 1n)), inputOf(putting("p", 2n))];
    const { plan, verdicts } = decideBatch([bad, good], loaded(["p", 5n, 7]), settings({ faults: new Map([[bad, "needs threw"]]) }));
    expect(plan.parked).toMatchObject([{ id: bad.id, error: "needs threw", caller: "treasurer", role: "TREASURER", resolved: false }]);
    expect(verdicts.get(good)).toMatchObject({ kind: "done", result: 7n });
  });
});

describe("protocols 2: guards", () => {
  test("a document that is guarded and not changed is touched by its version; one that is changed too is not touched twice", () => {
    const guard = inputOf({
      needs: () => [purses.key("p"), purses.key("q")],
      decide(_input, _state, change) {
        change.guard(purses.key("p"));
        change.guard(purses.key("q"));
        return 0;
      },
    });
    const { plan } = decideBatch([guard, inputOf(putting("q", 1n))], loaded(["p", 1n, 3], ["q", 1n, 4]), settings());
    expect(plan.guards).toEqual([{ key: purses.key("p"), version: 3 }]);
    expect(plan.puts.map((put) => put.version)).toEqual([4]);
  });

  test("a document made in the same batch needs no guard; one that is not there cannot be guarded", () => {
    const guard = () => inputOf(deciding((_input, _state, change) => change.guard(purses.key("p"))));
    const made = decideBatch([inputOf(putting("p", 1n)), guard()], loaded(["p", undefined, 0]), settings());
    expect(made.plan.guards).toEqual([]);
    const absent = guard();
    expect(decideBatch([absent], loaded(["p", undefined, 0]), settings()).verdicts.get(absent)?.kind).toBe("parked");
  });

  test("an immutable document is put once", () => {
    const law = (): ReturnType<typeof inputOf> =>
      inputOf({
        needs: () => [laws.key("l")],
        decide: (_input, _state, change) => change.put(laws.key("l"), { county: "640000", fen: 1n }),
      });
    const [first, second] = [law(), law()];
    const { verdicts } = decideBatch([first, second], new Map([[nameOf(laws.key("l")), { doc: undefined, version: 0 }]]), settings());
    expect([verdicts.get(first)?.kind, verdicts.get(second)?.kind]).toEqual(["done", "parked"]);
  });
});

describe("protocols 9: refusals and the like", () => {
  test("a refusal has an entry with its reply and no events; weather and parked inputs have none", () => {
    const refused = inputOf(deciding(() => REFUSAL));
    const late = inputOf(deciding(() => unavailable("later")));
    const bug = inputOf(
      deciding(() => {
        throw new Error("a bug");
      }),
    );
    const { plan } = decideBatch([refused, late, bug], loaded(["p", 5n, 7]), settings());
    expect(plan.entries).toMatchObject([{ id: refused.id, outcome: "refused", events: [] }]);
    expect(plan.entries[0]?.reply.length).toBeGreaterThan(0);
    expect(plan.parked).toMatchObject([{ id: bug.id, bytes: new Uint8Array([1]) }]);
  });

  test("a replay that is decided is marked resolved with who wanted it, also where it is refused; one that throws again stays parked", () => {
    const replay = { by: "operator" };
    const done = inputOf(putting("p", 1n), { replay });
    const refused = inputOf(
      deciding(() => REFUSAL),
      { replay },
    );
    const bug = inputOf(
      deciding(() => {
        throw new Error("still");
      }),
      { replay },
    );
    const { plan } = decideBatch([done, refused, bug], loaded(["p", 5n, 7]), settings());
    expect(plan.resolved).toEqual([done, refused].map((input) => ({ id: input.id, by: "operator" })));
    expect(plan.parked.map((row) => row.id)).toEqual([bug.id]);
  });

  test("a reply that cannot be encoded parks the input and drops its changes", () => {
    const input = inputOf(putting("p", 1n), {
      encode: () => {
        throw new Error("no such field");
      },
    });
    const { plan, verdicts } = decideBatch([input], loaded(["p", 5n, 7]), settings());
    expect(verdicts.get(input)?.kind).toBe("parked");
    expect(plan.puts).toEqual([]);
  });

  test.each([
    ["an event that the service does not tell", deciding((_input, _state, change) => change.tell("Unheard", "640521", {}))],
    ["an event of no county", deciding((_input, _state, change) => change.tell("Put", "", {}))],
    ["an event whose county would be two parts of a subject", deciding((_input, _state, change) => change.tell("Put", "64.05", {}))],
    ["an event whose county no subject can hold", deciding((_input, _state, change) => change.tell("Put", "64 05", {}))],
    ["a document of no county", deciding((_input, _state, change) => change.put(purses.key("p"), { county: "", fen: 1n }))],
  ])("%s is a bug", (_, decision) => {
    const input = inputOf(decision);
    expect(decideBatch([input], loaded(["p", 5n, 7]), settings()).verdicts.get(input)?.kind).toBe("parked");
  });

  test("an input that keeps no entry may not tell", () => {
    const input = inputOf(putting("p", 1n), { record: "own" });
    expect(decideBatch([input], loaded(["p", 5n, 7]), settings()).verdicts.get(input)?.kind).toBe("parked");
  });
});

describe("protocols 10: the head", () => {
  test("entries and events are numbered without holes over batches, and the chain goes on from the head", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom("done", "refused", "late", "bug"), { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        (batches) => {
          let head = firstHead("a", "one");
          const entries = [];
          for (const batch of batches) {
            const inputs = batch.map((end) =>
              inputOf(
                end === "done"
                  ? putting("p", 1n)
                  : deciding(() => {
                      if (end === "bug") throw new Error("a bug");
                      return end === "refused" ? REFUSAL : unavailable("later");
                    }),
              ),
            );
            const { plan } = decideBatch(inputs, loaded(["p", 5n, 7]), settings({ head }));
            expect(plan.head.to.version).toBe(head.version + 1);
            entries.push(...plan.entries);
            head = plan.head.to;
          }
          let previous = CHAIN_START;
          for (const { previous: said, chain, ...body } of entries) {
            expect(said).toBe(previous);
            expect(chain).toBe(chainHash(previous, body));
            previous = chain;
          }
          expect(entries.map((entry) => entry.number)).toEqual(entries.map((_, index) => index + 1));
          const events = entries.flatMap((entry) => entry.events.map((event) => event.number));
          expect(events).toEqual(events.map((_, index) => index + 1));
          expect(head).toMatchObject({ number: entries.length, event: events.length, chain: previous });
        },
      ),
    );
  });

  test("the mark of what is published never goes back", () => {
    const head = { ...firstHead("a", "one"), published: 9, publishedEntry: 5 };
    expect(decideBatch([], new Map(), settings({ head, published: { event: 7, entry: 4 } })).plan.head.to).toMatchObject({
      published: 9,
      publishedEntry: 5,
    });
    expect(decideBatch([], new Map(), settings({ head, published: { event: 12, entry: 8 } })).plan.head.to).toMatchObject({
      published: 12,
      publishedEntry: 8,
    });
  });

  test("any change of any entry breaks the chain", () => {
    const { plan } = decideBatch([inputOf(putting("p", 1n))], loaded(["p", 5n, 7]), settings());
    const [entry] = plan.entries;
    if (!entry) throw new Error("no entry");
    const { previous, chain, ...body } = entry;
    const changed = [
      { ...body, number: 2 },
      { ...body, reply: new Uint8Array([9]) },
      { ...body, caller: "another" },
      { ...body, atMs: body.atMs + 1 },
      { ...body, outcome: "refused" as const },
      { ...body, events: [] },
      { ...body, events: body.events.map((event) => ({ ...event, county: "640522" })) },
      { ...body, about: ["x"] },
      { ...body, hash: "other" },
    ];
    expect(chain).toBe(chainHash(previous, body));
    for (const other of changed) expect(chainHash(previous, other)).not.toBe(chain);
  });
});

describe("protocols 16: fencing", () => {
  test("one fenced input fences its batch; a twin in hot standby fences every batch", () => {
    const plain = inputOf(putting("p", 1n));
    const fenced = inputOf(putting("p", 1n), { fenced: true });
    const at = (more: Partial<StageSettings>, ...inputs: ReturnType<typeof inputOf>[]) =>
      decideBatch(inputs, loaded(["p", 5n, 7]), settings({ epoch: 4, ...more })).plan.epoch;
    expect([at({}, plain), at({}, plain, fenced), at({ alwaysFenced: true }, plain)]).toEqual([0, 4, 4]);
  });
});

describe("protocols 19: time", () => {
  test("a batch is stamped once, and a told input keeps its event's time", () => {
    const seen: number[] = [];
    const looking = deciding((_input, _state, _change, context) => seen.push(context.atMs));
    decideBatch([inputOf(looking), inputOf(looking, { from: "event", atMs: 42 }), inputOf(looking)], loaded(["p", 5n, 7]), settings());
    expect(seen).toEqual([AT_MS, 42, AT_MS]);
  });
});
