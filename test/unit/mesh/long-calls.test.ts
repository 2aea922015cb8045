/** Calls that take minutes: words while they last, the answer once, again where it was lost, and an end where nobody asks any more. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Arrived, Reply } from "../../../services/mesh/bus.ts";
import { type Ending, type LongCalls, serveLongCalls, type Work } from "../../../services/mesh/long-calls.ts";
import { type Client, openClient } from "../../../services/mesh/rpc.ts";
import { type MemoryBus, memoryBus } from "../../harness/mesh-parts.ts";

const text = (data: Uint8Array) => new TextDecoder().decode(data);
const bytes = (word: string) => new TextEncoder().encode(word);

let bus: MemoryBus;
let longs: LongCalls;
let client: Client;
/** Answers that are lost on their way, from the next one on. */
let lost = 0;

beforeEach(() => {
  bus = memoryBus();
  const served: { prefix: string; handler: (message: Arrived) => void }[] = [];
  bus.serve = (subject, handler) => {
    const row = { prefix: subject.slice(0, -1), handler };
    served.push(row);
    return { stop: () => void served.splice(served.indexOf(row), 1) };
  };
  bus.answer = ({ subject, data, headers }) =>
    new Promise<Reply>((resolve) => {
      const row = served.find(({ prefix }) => subject.startsWith(prefix));
      if (!row) return resolve({ kind: "no responders" });
      const respond: Arrived["respond"] = (reply, map = {}) => {
        if (lost > 0) {
          lost -= 1;
          return resolve({ kind: "timeout", hand: 0 });
        }
        resolve({ kind: "reply", data: reply, header: (name) => map[name] ?? "" });
      };
      row.handler({ subject, data, reply: "inbox", header: (name) => headers[name] ?? "", respond });
    });
  longs = serveLongCalls(bus, "claims", "a");
  client = openClient(bus);
  lost = 0;
});

afterEach(() => {
  longs.close();
  vi.useRealTimers();
});

function begun(work: Work, id = "one"): string {
  const more = longs.begin(id, work);
  if (more === undefined) throw new Error("too many");
  return more;
}

const done = (word: string): Ending => ({ status: "OK", data: bytes(word) });

describe("a long call", () => {
  it("tells its newest word, and at last its answer", async () => {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    let tell: (word: Uint8Array) => void = () => undefined;
    const more = begun((telling) => {
      tell = telling;
      return promise;
    });
    tell(bytes("1 of 3"));
    tell(bytes("2 of 3"));
    const word = await client.word(more);
    expect([word.status, text(word.data)]).toEqual(["MORE", "2 of 3"]);
    // Whoever asks before there is anything new waits for it.
    const next = client.word(more);
    tell(bytes("3 of 3"));
    expect(text((await next).data)).toBe("3 of 3");
    const last = client.word(more);
    resolve(done("all"));
    expect([(await last).status, text((await last).data)]).toEqual(["OK", "all"]);
  });

  it("says after a second that there is nothing new", async () => {
    const more = begun(() => new Promise(() => undefined));
    const word = await client.word(more);
    expect([word.status, word.data.length]).toEqual(["MORE", 0]);
  });

  it("gives its answer again where that was lost", async () => {
    const more = begun(async () => done("all"));
    lost = 2;
    const word = await client.word(more);
    expect([word.status, text(word.data)]).toEqual(["OK", "all"]);
  });

  it("refuses as it would at once", async () => {
    const more = begun(async () => ({ status: "FAILED_PRECONDITION", data: bytes("no") }));
    expect(await client.word(more)).toMatchObject({ status: "FAILED_PRECONDITION" });
  });

  it("is begun once under one id, however often it arrives", () => {
    let count = 0;
    const work: Work = () => {
      count += 1;
      return new Promise(() => undefined);
    };
    expect(begun(work)).toBe(begun(work));
    expect(begun(work, "another")).not.toBe(begun(work));
    expect(count).toBe(2);
  });

  it("is ended by its caller's word", async () => {
    let ended = false;
    const more = begun((_, signal) => {
      signal.addEventListener("abort", () => (ended = true));
      return new Promise(() => undefined);
    });
    client.stop(more);
    await vi.waitFor(() => expect(ended).toBe(true));
    expect(await client.word(more)).toMatchObject({ status: "UNAVAILABLE", reason: "gone" });
  });

  it("is ended where nobody has asked for ten seconds, and not before", async () => {
    vi.useFakeTimers();
    longs.close();
    longs = serveLongCalls(bus, "claims", "a");
    let ended = false;
    begun((_, signal) => {
      signal.addEventListener("abort", () => (ended = true));
      return new Promise(() => undefined);
    });
    vi.advanceTimersByTime(9_000);
    expect(ended).toBe(false);
    vi.advanceTimersByTime(3_000);
    expect(ended).toBe(true);
  });

  it("there are a hundred of them at most", () => {
    const forever: Work = () => new Promise(() => undefined);
    for (let index = 0; index < 100; index += 1) begun(forever, String(index));
    expect(longs.begin("one more", forever)).toBeUndefined();
  });

  it("on a twin that is gone is unavailable", async () => {
    const more = begun(() => new Promise(() => undefined));
    longs.close();
    expect(await client.word(more)).toMatchObject({ status: "UNAVAILABLE" });
  });
});
