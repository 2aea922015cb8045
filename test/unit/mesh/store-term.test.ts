/** Protocols 1 and 15: in whose term something was read, and when a read lacks nothing. */
import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import { Conflict, Weather } from "../../../services/mesh/store.ts";
import { type Terms, termsOver } from "../../../services/mesh/store-mongo-term.ts";

let client: EventEmitter;
/** Each confirmation that was begun, to be ended by the test. */
let confirming: PromiseWithResolvers<void>[];
let terms: Terms;

/** The driver hears who is primary, and by which election; nobody where it is undefined. */
function hear(address: string | undefined, election = 1): void {
  const others = [{ type: "RSSecondary", address: "other:1", electionId: null }];
  const servers = address === undefined ? others : [...others, { type: "RSPrimary", address, electionId: election }];
  client.emit("topologyDescriptionChanged", { newDescription: { servers: new Map(servers.map((one) => [one.address, one])) } });
}

/** Lets what can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const confirm = async (index: number): Promise<void> => {
  confirming[index]?.resolve();
  await settle();
};
/** The term in force, once its confirmation, the how-manieth of all, has come. */
const begun = async (index: number): Promise<string> => {
  const asked = terms.begun();
  await confirm(index);
  return await asked;
};

beforeEach(() => {
  client = new EventEmitter();
  confirming = [];
  terms = termsOver(client, () => {
    const one = Promise.withResolvers<void>();
    confirming.push(one);
    return one.promise;
  });
  hear("a:1");
});

describe("a term", () => {
  test("is confirmed once, by all who ask together, and then known until the primary changes", async () => {
    const asked = [terms.begun(), terms.begun()];
    await confirm(0);
    const [term, same] = await Promise.all(asked);
    expect(term).toBe(same);
    expect(await terms.begun()).toBe(term);
    expect(confirming).toHaveLength(1);
    terms.still(term ?? "");
    hear("b:1", 2);
    expect(() => terms.still(term ?? "")).toThrow(Conflict);
    expect(await begun(1)).not.toBe(term);
  });

  test("is another one where the same member is elected again", async () => {
    const term = await begun(0);
    hear(undefined);
    expect(() => terms.still(term)).toThrow(Conflict);
    hear("a:1", 3);
    expect(() => terms.still(term)).toThrow(Conflict);
    expect(await begun(1)).not.toBe(term);
  });

  test("is the same one after a connection that failed", async () => {
    const term = await begun(0);
    hear(undefined);
    hear("a:1");
    expect(await terms.begun()).toBe(term);
    expect(confirming).toHaveLength(1);
  });

  test("is not begun by what another primary has confirmed", async () => {
    const asked = terms.begun();
    hear("b:1", 2);
    await confirm(0);
    expect(confirming).toHaveLength(2);
    await confirm(1);
    terms.still(await asked);
  });

  test("cannot be known where nobody confirms it, and the next who asks tries anew", async () => {
    const asked = terms.begun();
    confirming[0]?.reject(new Weather("no majority"));
    await expect(asked).rejects.toThrow("no majority");
    terms.still(await begun(1));
  });
});

describe("a read that lacks nothing", () => {
  test("comes after a confirmation that was begun after it was asked for", async () => {
    const read: string[] = [];
    const early = terms.surely(async () => read.push("early"));
    await settle();
    const late = [terms.surely(async () => read.push("late")), terms.surely(async () => read.push("late too"))];
    await settle();
    expect(confirming).toHaveLength(1);
    await confirm(0);
    expect(read).toEqual(["early"]);
    expect(confirming).toHaveLength(2);
    await confirm(1);
    expect(read).toEqual(["early", "late", "late too"]);
    await Promise.all([early, ...late]);
    const own = terms.surely(async () => read.push("own"));
    await settle();
    expect(confirming).toHaveLength(3);
    await confirm(2);
    await own;
  });

  test("is read again where the primary changed meanwhile", async () => {
    let reads = 0;
    const asked = terms.surely(async () => {
      reads += 1;
      if (reads === 1) hear("b:1", 2);
      return reads;
    });
    await confirm(0);
    await confirm(1);
    expect(await asked).toBe(2);
  });

  test("is given up where the primary changes each time", async () => {
    let reads = 0;
    const asked = terms.surely(async () => {
      reads += 1;
      hear(`b:${reads}`, reads + 1);
    });
    asked.catch(() => undefined);
    for (let index = 0; index < 4; index += 1) await confirm(index);
    await expect(asked).rejects.toThrow(Weather);
    expect(reads).toBe(4);
  });

  test("fails with what it threw, and with what the confirmation threw", async () => {
    const failing = terms.surely(async () => {
      throw new Error("a bug");
    });
    failing.catch(() => undefined);
    await confirm(0);
    await expect(failing).rejects.toThrow("a bug");
    const cut = terms.surely(async () => "never read");
    await settle();
    confirming[1]?.reject(new Weather("no majority"));
    await expect(cut).rejects.toThrow("no majority");
  });
});
