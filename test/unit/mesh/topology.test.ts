import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";
import { withElsewhere, withoutSecret } from "../../../deploy/local/elsewhere.ts";
import {
  banksIn,
  checkTopology,
  countyBanksIn,
  mongoUri,
  natsAccess,
  readTopology,
  streamReplicas,
  type Topology,
} from "../../../services/mesh/topology.ts";

const topology = () => readTopology(join(ROOT, "deploy", "topology.yaml"));
const elsewhere = (environment: NodeJS.ProcessEnv) => withElsewhere(topology(), environment);

describe("the engines of a topology", () => {
  test("a twin begins with the nats-server beside it", () => {
    expect(natsAccess(topology(), "server-b").servers).toEqual(["127.0.0.1:24222", "127.0.0.1:24223", "127.0.0.1:24221"]);
    expect(natsAccess(topology(), "nowhere").servers[0]).toBe("127.0.0.1:24221");
    expect(streamReplicas(topology())).toBe(3);
  });

  test("are its own where the environment names none", () => {
    expect(elsewhere({})).toEqual(topology());
    expect(mongoUri(elsewhere({ NATS_URL: "nats://bus" }))).toBe(mongoUri(topology()));
  });

  test.each([
    ["nats://bus", { servers: ["bus:4222"] }, 1],
    ["nats://one:4001, nats://two:4002", { servers: ["one:4001", "two:4002"] }, 2],
    [
      "tls://h%40lf:p%2Fw@one,tls://h%40lf:p%2Fw@two,tls://h%40lf:p%2Fw@three",
      { servers: ["one:4222", "two:4222", "three:4222"], user: "h@lf", pass: "p/w", tls: {} },
      3,
    ],
    [
      "nats://t0ken@[::1]:4222,nats://t0ken@b,nats://t0ken@c,nats://t0ken@d",
      { servers: ["[::1]:4222", "b:4222", "c:4222", "d:4222"], token: "t0ken" },
      3,
    ],
  ])("NATS_URL %s", (url, access, replicas) => {
    const found = elsewhere({ NATS_URL: url });
    expect(natsAccess(found, "server-b")).toEqual(access);
    expect(streamReplicas(found)).toBe(replicas);
    expect(found.engines.nats).toEqual([]);
  });

  test.each([
    ["NATS_URL", "bus:4222", /engines\.elsewhere\.nats: nats:\/\/ or tls:\/\/ addresses/],
    ["NATS_URL", "nats://one,tls://two", /engines\.elsewhere\.nats/],
    ["NATS_URL", "nats://me:secret@one,nats://you:secret@two", /engines\.elsewhere\.nats/],
    ["NATS_URL", "nats://one,,", /engines\.elsewhere\.nats/],
    ["NATS_URL", "nats://", /engines\.elsewhere\.nats/],
    ["MONGODB_URI", "mongodb://one:27017/", /engines\.elsewhere\.mongo: a mongodb:\/\/ or mongodb\+srv:\/\/ address of a replica set/],
    ["MONGODB_URI", "http://one/?replicaSet=x", /engines\.elsewhere\.mongo/],
  ])("%s %s is refused with its place", (name, value, words) => {
    expect(() => elsewhere({ [name]: value })).toThrow(words);
    expect(() => elsewhere({ [name]: value })).not.toThrow(/secret/);
  });

  test("cannot be both here and elsewhere, nor nowhere", () => {
    const both = { ...topology(), engines: { ...topology().engines, elsewhere: { nats: "nats://bus" } } };
    expect(() => withElsewhere(both, { MONGODB_URI: "mongodb+srv://books" })).toThrow(/engines\.nats: either/);
    const none = { ...topology(), engines: { ...topology().engines, nats: [] } };
    expect(() => withElsewhere(none, { MONGODB_URI: "mongodb+srv://books" })).toThrow(/engines\.nats: either/);
  });
});

test("an address is shown without its password", () => {
  expect(withoutSecret("mongodb://me:pw@one,two/?replicaSet=x")).toBe("mongodb://…@one,two/?replicaSet=x");
  expect(withoutSecret("mongodb://one/?replicaSet=x")).toBe("mongodb://one/?replicaSet=x");
});

describe("a topology that has a single point of failure, or cannot be, is refused with the place and the reason", () => {
  const [nats, mongo] = [(draft: Topology) => draft.engines.nats, (draft: Topology) => draft.engines.mongo];
  /** Another bank as it should be. */
  const icbc = (draft: Topology): Topology["other_banks"][number] => ({
    ...draft.bank,
    id: "icbc",
    port: 24342,
    bank_code: "102871000014",
    account_number: "6405000000000002",
    counties: ["640424"],
  });
  const claims = (draft: Topology) => draft.services.claims as NonNullable<Topology["services"][string]>;
  test.each<[string, (draft: Topology) => unknown, RegExp]>([
    [
      "both twins on one server",
      (draft) => Object.assign(claims(draft).b, { server: "server-a" }),
      /services\.claims: both twins are on server-a: a pair needs two servers/,
    ],
    [
      "a port twice",
      (draft) => Object.assign(claims(draft).b, { port: 24303 }),
      /claims\.b\.port: port 127\.0\.0\.1:24303 is claims\.a\.port's already/,
    ],
    [
      "a port of an engine's",
      (draft) => Object.assign(claims(draft).b, { port: 24251 }),
      /claims\.b\.port: port 127\.0\.0\.1:24251 is mongo-a's already/,
    ],
    [
      "no witness for NATS",
      (draft) => Object.assign(nats(draft)[2] ?? {}, { server: "server-b" }),
      /engines\.nats: 2 of 3 are on server-b: without it there is no majority; a third machine, the witness/,
    ],
    ["no witness for MongoDB", (draft) => mongo(draft).pop(), /engines\.mongo: 1 of 2 are on server-a: without it there is no majority/],
    [
      "an unknown server",
      (draft) => Object.assign(mongo(draft)[0] ?? {}, { server: "server-c" }),
      /engines\.mongo\.0: unknown server server-c/,
    ],
    ["a bank code that is none", (draft) => Object.assign(draft.bank, { bank_code: "10587100001" }), /bank\.bank_code: must be a 12-digit/],
    [
      "another bank's bank code that is none",
      (draft) => draft.other_banks.push({ ...icbc(draft), bank_code: "x" }),
      /other_banks\.0\.bank_code: must be a 12-digit CNAPS code/,
    ],
    [
      "two banks with one account",
      (draft) => draft.other_banks.push({ ...icbc(draft), bank_code: draft.bank.bank_code, account_number: draft.bank.account_number }),
      /other_banks\.0\.account_number: account 6405000000000001 at 105871000019 is main's already/,
    ],
    [
      "a county at two banks",
      (draft) => draft.other_banks.push(icbc(draft), { ...icbc(draft), id: "boc", port: 24343, account_number: "6405000000000003" }),
      /other_banks\.1\.counties\.0: 640424 is icbc's already/,
    ],
    [
      "a bank that keeps no county",
      (draft) => draft.other_banks.push({ ...icbc(draft), counties: [] }),
      /other_banks\.0\.counties: must name a county: nothing would ever be paid through it/,
    ],
    [
      "a county that is none of the province's",
      (draft) => draft.other_banks.push({ ...icbc(draft), counties: ["640400"] }),
      /other_banks\.0\.counties\.0: 640400 is no county of 640000/,
    ],
    [
      "two banks of one name",
      (draft) => draft.other_banks.push({ ...icbc(draft), id: "main" }),
      /other_banks\.0\.id: main is main's already/,
    ],
    [
      "two banks at one address",
      (draft) => draft.other_banks.push({ ...icbc(draft), port: draft.bank.port }),
      /other_banks\.0\.port: 127\.0\.0\.1:24341 is main's already/,
    ],
    [
      "a holiday that is no day",
      (draft) =>
        draft.other_banks.push({ ...icbc(draft), calendar: { cutOff: "17:00", weekends: true, holidays: ["2011-02-30"], workdays: [] } }),
      /other_banks\.0\.calendar\.holidays\.0: must be a day YYYY-MM-DD/,
    ],
    ["an unknown mode", (draft) => Object.assign(claims(draft), { mode: "both" }), /services\.claims\.mode: /],
    [
      "a listening address that is a name",
      (draft) => Object.assign(claims(draft).a, { listen: "everywhere" }),
      /services\.claims\.a\.listen: /,
    ],
  ])("%s", (_, change, words) => {
    const draft = { ...structuredClone(topology()), other_banks: [] };
    change(draft);
    expect(() => checkTopology(draft, "topology.yaml")).toThrow(words);
  });
});

test("a topology of before there were several banks has the main one alone; others follow it, and keep the counties that they name", () => {
  expect(banksIn(topology()).map(({ id }) => id)[0]).toBe("main");
  const draft = structuredClone(topology());
  const other = { ...draft.bank, id: "boc", port: 24349, account_number: "6405000000000009", counties: ["640104"] };
  const [main, ...others] = banksIn({ bank: draft.bank, other_banks: [other] });
  expect([main?.id, main?.counties, others.map(({ id, counties }) => [id, counties])]).toEqual(["main", [], [["boc", ["640104"]]]]);
  expect(countyBanksIn({ bank: draft.bank, other_banks: [other] })).toEqual({ "640104": "boc" });
});
