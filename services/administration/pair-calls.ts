/** The calls that order how pairs work: names are looked up in the topology, and twins are asked how they are, before anything is decided. */
import {
  type CheckTopologyRequest,
  type ConfigurePairRequest,
  type DrainServerRequest,
  AdministrationServiceDefinition as definition,
  type ResumeServerRequest,
  type SwitchPairRequest,
} from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type { PairSettings as SettingsMessage } from "../../proto/generated/nrcms/values/v1/pairs.ts";
import { settingsMessage } from "../mesh/order.ts";
import { FAILBACK, parseTopology, type Topology } from "../mesh/topology.ts";
import { type Call, command, type Look, query, type Reader } from "../mesh/wiring.ts";
import { badRequest, isRefusal, type Refusal } from "../values/outcome.ts";
import {
  type Checking,
  type Configuring,
  checkTopology,
  configurePair,
  type Draining,
  drainServer,
  type KnownPair,
  ofPair,
  orderMessage,
  type PairSettings,
  pairs,
  type Resuming,
  resumeServer,
  type Seen,
  type Switching,
  switchPair,
  type Twin,
} from "./domain/pairs.ts";

/** Services that remember nothing. */
const STATELESS = new Set(["gateway", "portal"]);
const TEXT_LIMIT = 65_536;
const FAULTS_SHOWN = 50;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;
const TWINS = ["a", "b"] as const;

export interface PairParts {
  readonly reader: Reader;
  readonly topology: Topology;
  readonly look: Look;
}

export function pairCalls({ reader, topology, look }: PairParts): readonly Call[] {
  const { methods } = definition;
  const known = new Map(
    Object.entries(topology.services).map(([service, pair]): [string, KnownPair] => [
      service,
      { service, settings: readSettings(settingsMessage(pair)) as PairSettings, stateless: STATELESS.has(service) },
    ]),
  );

  const seen = async (service: string, twin: Twin): Promise<Seen | undefined> => {
    const beat = await look(service, twin);
    return beat && { ready: beat.ready, fault: beat.fault, epoch: beat.epoch, waiting: beat.waiting };
  };
  const tenantsOf = (server: string) =>
    [...known.values()].flatMap((pair) =>
      TWINS.filter((twin) => topology.services[pair.service]?.[twin].server === server).map((twin) => ({ pair, twin })),
    );

  const configuring = ({ service, settings, seenVersion }: ConfigurePairRequest): Configuring | Refusal => {
    const read = badName("service", service) ?? (settings ? readSettings(settings) : badRequest("settings", "必填", "is missing"));
    return isRefusal(read) ? read : { service, pair: known.get(service), seenVersion: Number(seenVersion), settings: read };
  };
  const switching = async ({ service, to, seenVersion, rehearse }: SwitchPairRequest): Promise<Switching | Refusal> => {
    const bad = badName("service", service) ?? (to === "" || isTwin(to) ? undefined : badTwin("to"));
    if (bad) return bad;
    const pair = known.get(service);
    const [a, b] = pair ? await Promise.all(TWINS.map((twin) => seen(service, twin))) : [];
    return { service, pair, seenVersion: Number(seenVersion), to: to as Twin | "", rehearse, twins: { a, b } };
  };
  const draining = async ({ server, force, rehearse }: DrainServerRequest): Promise<Draining | Refusal> => {
    const bad = badName("server", server);
    if (bad) return bad;
    const tenants = await Promise.all(
      tenantsOf(server).map(async ({ pair, twin }) => ({ pair, twin, peer: await seen(pair.service, twin === "a" ? "b" : "a") })),
    );
    return { server, known: server in topology.servers, force, rehearse, tenants };
  };
  const resuming = ({ server }: ResumeServerRequest): Resuming | Refusal =>
    badName("server", server) ?? { server, known: server in topology.servers, tenants: tenantsOf(server) };

  return [
    query(methods.listPairOrders, async () => {
      const stored = await reader.getAll([...known.keys()].map((service) => pairs.key(service)));
      const state = { get: (key: { id: string }) => stored.get(key.id) } as Parameters<typeof ofPair>[1];
      return { orders: [...known.values()].map((pair) => orderMessage(ofPair(pair, state))) };
    }),
    command(methods.configurePair, {
      input: configuring,
      decision: configurePair,
      reply: (order) => ({ order: orderMessage(order) }),
    }),
    command(methods.switchPair, { input: switching, decision: switchPair, reply: (order) => ({ order: orderMessage(order) }) }),
    command(methods.drainServer, { input: draining, decision: drainServer, reply: (orders) => ({ orders: orders.map(orderMessage) }) }),
    command(methods.checkTopology, { input: checking, decision: checkTopology, reply: (services) => ({ services: [...services] }) }),
    command(methods.resumeServer, { input: resuming, decision: resumeServer, reply: (orders) => ({ orders: orders.map(orderMessage) }) }),
  ];
}

function checking({ text }: CheckTopologyRequest): Checking | Refusal {
  if (text.length > TEXT_LIMIT) return badRequest("text", `不得超过 ${TEXT_LIMIT} 个字符`, `must have at most ${TEXT_LIMIT} characters`);
  const parsed = parseTopology(text);
  if (!("topology" in parsed)) return { services: [], faults: parsed.faults.slice(0, FAULTS_SHOWN) };
  return { services: Object.keys(parsed.topology.services).sort(), faults: [] };
}

function readSettings({ mode, takeover, failback, preferred }: SettingsMessage): PairSettings | Refusal {
  if (mode === "UNSPECIFIED") return badRequest("settings.mode", "必填", "is missing");
  if (takeover === "UNSPECIFIED") return badRequest("settings.takeover", "必填", "is missing");
  if (!FAILBACK.test(failback))
    return badRequest("settings.failback", "须为 never、automatic 或 HH:MM", "must be never, automatic or HH:MM");
  return isTwin(preferred) ? { mode, takeover, failback, preferred } : badTwin("settings.preferred");
}

function isTwin(text: string): text is Twin {
  return text === "a" || text === "b";
}

function badTwin(field: string): Refusal {
  return badRequest(field, "须为 a 或 b", "must be a or b");
}

function badName(field: string, name: string): Refusal | undefined {
  return NAME.test(name) ? undefined : badRequest(field, "须为小写字母开头的名称", "must be a name in small letters");
}
