import { describe, expect, test } from "vitest";
import { eventId } from "../../../services/mesh/journal.ts";
import { messageOf } from "../../../services/mesh/relay.ts";
import { againId, idIn, isWhole } from "../../../services/mesh/seal.ts";
import { AT_MS } from "../../harness/mesh-parts.ts";

const event = { number: 7, name: "Deposited", county: "640521", bytes: new Uint8Array([1, 2, 3, 4]) };
const { subject, data, headers } = messageOf("till", "a", AT_MS, "", event);
const sealed = { subject, bytes: data, origin: headers["nrcms-origin"] ?? "" };
const seal = headers["nrcms-hash"] ?? "";

describe("protocols 14: a message that is not as it was published is no event", () => {
  test("as it was published", () => expect(isWhole(seal, sealed)).toBe(true));

  test("any one bit of its content", () => {
    for (let bit = 0; bit < data.length * 8; bit += 1) {
      const bytes = data.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isWhole(seal, { ...sealed, bytes })).toBe(false);
    }
  });

  test.each([
    ["its subject", { subject: "nrcms.till.640522.Deposited" }],
    ["its number", { origin: sealed.origin.replace(" 7 ", " 6 ") }],
    ["its twin", { origin: sealed.origin.replace("a", "b") }],
    ["its end", { bytes: data.slice(0, 3) }],
    ["a header that is gone", { origin: "" }],
  ])("%s", (_, change) => expect(isWhole(seal, { ...sealed, ...change })).toBe(false));

  test("the seal itself", () =>
    expect(
      isWhole(
        seal.replace(/^./, (first) => (first === "0" ? "1" : "0")),
        sealed,
      ),
    ).toBe(false));

  test("without a seal nothing is known: a former release's is heard, a foreign one's is parked", () =>
    expect(isWhole("", sealed)).toBe(true));
});

test("protocols 10: what is published once more has another Nats-Msg-Id, and is the same event", () => {
  const id = eventId("till", "a", 7);
  expect(againId(id, "1")).not.toBe(againId(id, "2"));
  expect([againId(id, "1"), id, ""].map(idIn)).toEqual([id, id, ""]);
});
