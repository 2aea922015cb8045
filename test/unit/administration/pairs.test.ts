import { describe, expect, test } from "vitest";
import {
  checkTopology,
  configurePair,
  drainServer,
  type KnownPair,
  type PairSettings,
  pairs,
  resumeServer,
  type Seen,
  switchPair,
} from "../../../services/administration/domain/pairs.ts";
import { PROVINCE } from "../../../services/values/region.ts";
import { newWorld, type World } from "../../harness/decide.ts";

const settings: PairSettings = { mode: "HOT_STANDBY", takeover: "AUTOMATIC", failback: "never", preferred: "a" };
const settlement: KnownPair = { service: "settlement", settings, stateless: false };
const claims: KnownPair = { service: "claims", settings: { ...settings, mode: "DUAL_ACTIVE" }, stateless: false };
const gateway: KnownPair = { service: "gateway", settings: { ...settings, mode: "DUAL_ACTIVE" }, stateless: true };
const well: Seen = { ready: true, fault: "", epoch: 0, waiting: 0 };
const leading: Seen = { ...well, epoch: 7 };
const zhang = { name: "zhang", role: "OPERATOR", scope: PROVINCE };
const li = { ...zhang, name: "li" };

function switching(world: World, more: object = {}, caller = zhang) {
  const twins = { a: leading, b: well };
  return world.run(
    switchPair,
    { service: "settlement", pair: settlement, seenVersion: 0, to: "" as const, rehearse: false, twins, ...more },
    { caller },
  );
}

function draining(world: World, more: object = {}) {
  const tenants = [settlement, claims, gateway].map((pair) => ({ pair, twin: "a" as const, peer: well }));
  return world.run(drainServer, { server: "server-a", known: true, force: "", rehearse: false, tenants, ...more }, { caller: zhang });
}

describe("a switchover", () => {
  test("names the successor and the epoch that it comes after, and is told", () => {
    const world = newWorld();
    const { result, told, about } = switching(world);
    expect(result).toMatchObject({ service: "settlement", revision: 1, successor: "b", overEpoch: 7, orderedBy: "zhang" });
    expect(told).toMatchObject([
      { name: "PairOrdered", county: PROVINCE, body: { order: { service: "settlement", version: 1n, successor: "b", overEpoch: 7n } } },
    ]);
    expect(about).toEqual(["settlement"]);
    expect(world.get(pairs.key("settlement"))).toMatchObject({ county: PROVINCE, revision: 1, settings });
  });

  test("rehearsed says the same, and orders nothing", () => {
    const world = newWorld();
    const { result, told } = switching(world, { rehearse: true });
    expect(result).toMatchObject({ successor: "b", overEpoch: 7, revision: 0 });
    expect(told).toEqual([]);
    expect(world.get(pairs.key("settlement"))).toBeUndefined();
  });

  test("is the word for a twin that waits for one", () => {
    const { result } = switching(newWorld(), { twins: { a: undefined, b: { ...well, waiting: 9 } } });
    expect(result).toMatchObject({ successor: "b", overEpoch: 9 });
  });

  test.each([
    ["an unknown service", { service: "portal", pair: undefined }, "UNKNOWN_SERVICE"],
    ["a pair that has no lead", { service: "gateway", pair: gateway }, "NO_LEAD"],
    ["a twin that does not answer", { twins: { a: leading, b: undefined } }, "TWIN_DOWN"],
    ["a twin with a fault", { twins: { a: leading, b: { ...well, fault: "no space is left" } } }, "TWIN_UNFIT"],
    ["a twin that is not ready", { twins: { a: leading, b: { ...well, ready: false } } }, "TWIN_UNFIT"],
    ["the twin that leads", { to: "a" }, "LEADS_ALREADY"],
    ["an order that was seen in another version", { seenVersion: 3 }, "PAIR_CHANGED"],
  ])("to %s is refused, and nothing is changed", (_, more, code) => {
    const world = newWorld();
    const { result, told } = switching(world, more);
    expect(result).toMatchObject({ outcome: "refused", code });
    expect(told).toEqual([]);
    expect(world.all("pairs")).toEqual([]);
  });

  test("of two operators at once one wins, and the other is told who", () => {
    const world = newWorld();
    switching(world, {}, li);
    const { result } = switching(world);
    expect(result).toMatchObject({ code: "PAIR_CHANGED", field: "seen_version" });
    expect((result as { en: string }).en).toContain("li has changed settlement to version 1");
  });

  test("to a twin at rest is refused", () => {
    const world = newWorld();
    draining(world);
    expect(switching(world, { to: "a", seenVersion: 1, twins: { a: well, b: leading } }).result).toMatchObject({ code: "TWIN_RESTS" });
  });

  test("while nobody leads is to be asked again", () => {
    expect(switching(newWorld(), { twins: { a: well, b: well } }).result).toMatchObject({ outcome: "unavailable" });
  });
});

describe("a server's rest", () => {
  test("puts its twin of every pair at rest, in one commit, and its end wakes them all", () => {
    const world = newWorld();
    expect(draining(world).told.map(({ body }) => [body.order.service, body.order.resting])).toEqual([
      ["settlement", ["a"]],
      ["claims", ["a"]],
      ["gateway", ["a"]],
    ]);
    expect(draining(world).told).toEqual([]); // It rests already.
    const tenants = [settlement, claims, gateway].map((pair) => ({ pair, twin: "a" as const }));
    const { told } = world.run(resumeServer, { server: "server-a", known: true, tenants });
    expect(told.map(({ body }) => [body.order.service, body.order.version, body.order.resting])).toEqual([
      ["settlement", 2n, []],
      ["claims", 2n, []],
      ["gateway", 2n, []],
    ]);
  });

  test.each([
    ["is down", undefined],
    ["is not ready", { ...well, ready: false }],
    ["has a fault", { ...well, fault: "no space is left" }],
  ])("is refused where a peer %s, unless the server's name is typed", (_, peer) => {
    const world = newWorld();
    const tenants = [
      { pair: settlement, twin: "a" as const, peer },
      { pair: claims, twin: "a" as const, peer: well },
    ];
    const { result } = draining(world, { tenants });
    expect(result).toMatchObject({ code: "PEER_UNFIT" });
    expect((result as { en: string }).en).toContain("the work of settlement now");
    expect(world.all("pairs")).toEqual([]);
    expect(draining(world, { tenants, force: "server-b" }).result).toMatchObject({ code: "PEER_UNFIT" });
    expect(draining(world, { tenants, force: "server-a" }).told).toHaveLength(2);
  });

  test("is refused while the other server rests", () => {
    const world = newWorld();
    draining(world);
    const tenants = [{ pair: settlement, twin: "b" as const, peer: well }];
    expect(draining(world, { server: "server-b", tenants }).result).toMatchObject({ code: "PEER_UNFIT" });
  });

  test("rehearsed orders nothing; of an unknown server is refused", () => {
    const world = newWorld();
    expect(draining(world, { rehearse: true }).result).toMatchObject([{ resting: ["a"] }, { resting: ["a"] }, { resting: ["a"] }]);
    expect(draining(world, { known: false, tenants: [] }).result).toMatchObject({ code: "UNKNOWN_SERVER" });
    expect(world.run(resumeServer, { server: "x", known: false, tenants: [] }).result).toMatchObject({ code: "UNKNOWN_SERVER" });
    expect(world.all("pairs")).toEqual([]);
  });
});

describe("a pair's settings", () => {
  const configuring = (world: World, more: object = {}) =>
    world.run(configurePair, { service: "settlement", pair: settlement, seenVersion: 0, settings, ...more }, { caller: zhang });

  test("are ordered and told; the same again changes nothing", () => {
    const world = newWorld();
    const changed = { ...settings, mode: "DUAL_ACTIVE" as const, failback: "02:30" };
    expect(configuring(world, { settings: changed }).told).toMatchObject([{ body: { order: { version: 1n, settings: changed } } }]);
    expect(configuring(world, { settings: changed, seenVersion: 1 }).told).toEqual([]);
    expect(configuring(newWorld()).told).toEqual([]); // As the topology says already.
  });

  test("keep the successor and the rest as they are", () => {
    const world = newWorld();
    switching(world);
    const { result } = configuring(world, { seenVersion: 1, settings: { ...settings, takeover: "CONFIRM" } });
    expect(result).toMatchObject({ revision: 2, successor: "b", overEpoch: 7, settings: { takeover: "CONFIRM" } });
  });

  test("of what remembers nothing stay dual active; of the unknown, and of what another has changed, are refused", () => {
    const world = newWorld();
    expect(configuring(world, { service: "gateway", pair: gateway }).result).toMatchObject({ code: "ALWAYS_DUAL_ACTIVE" });
    expect(configuring(world, { service: "x", pair: undefined }).result).toMatchObject({ code: "UNKNOWN_SERVICE" });
    expect(configuring(world, { seenVersion: 4 }).result).toMatchObject({ code: "PAIR_CHANGED" });
  });
});

describe("a topology file", () => {
  test("that is one is answered with its pairs; one that is none with every fault", () => {
    const world = newWorld();
    expect(world.run(checkTopology, { services: ["claims"], faults: [] }).result).toEqual(["claims"]);
    const { result } = world.run(checkTopology, { services: [], faults: ["province: must be six digits", "bank: is missing"] });
    expect(result).toMatchObject({ code: "BAD_TOPOLOGY", field: "text" });
    expect(result).toMatchObject({ en: expect.stringContaining("province: must be six digits; bank: is missing") });
  });
});
