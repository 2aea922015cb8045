import { MongoInvalidArgumentError, MongoNetworkError, MongoServerError, MongoServerSelectionError, TopologyType } from "mongodb";
import { describe, expect, test } from "vitest";
import { Conflict, TooSlow, Weather } from "../../../services/mesh/store.ts";
import { cased } from "../../../services/mesh/store-mongo-cases.ts";

/** As Node throws it: the driver writes to a socket that the other side has half closed, and lets the error through. */
const ended = () => Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" });
const server = (code: number) => new MongoServerError({ message: "no", code });

async function caseFor(error: unknown): Promise<unknown> {
  return await cased(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
}

describe("what the driver throws", () => {
  test.each([
    ["a broken connection", new MongoNetworkError("closed"), Weather],
    ["a socket that the other side has ended", ended(), Weather],
    ["a member that steps down", server(189), Weather],
    ["no majority", server(91), Weather],
    ["a disk that fails under the server", server(8), Weather],
    ["a disk that is full under the server", server(14031), Weather],
    ["a cursor that ended with a change of primaries", server(237), Weather],
    ["what the driver calls retryable", new MongoServerError({ message: "no", code: 1, errorLabels: ["RetryableWriteError"] }), Weather],
    ["a write conflict", server(112), Conflict],
    ["a key that is there", server(11000), Conflict],
    ["a transaction that was ended for its time", server(290), TooSlow],
  ])("%s", async (_, error, expected) => {
    expect(await caseFor(error)).toBeInstanceOf(expected);
  });

  test("no primary that answers", async () => {
    const topology = { type: TopologyType.Unknown, servers: new Map() };
    expect(await caseFor(new MongoServerSelectionError("none", topology as never))).toBeInstanceOf(Weather);
  });

  test.each([
    ["a bug", new TypeError("undefined is not a function")],
    ["what is never sent", new MongoInvalidArgumentError("too large")],
    ["an error of the server's that the mesh does not know", server(2)],
  ])("%s stays what it is", async (_, error) => {
    expect(await caseFor(error)).toBe(error);
  });
});
