import { describe, expect, test } from "vitest";
import { askedId, type Told, toldInput } from "../../../services/mesh/inputs.ts";
import { eventId } from "../../../services/mesh/journal.ts";
import { told } from "../../../services/mesh/wiring.ts";
import { AT_MS, putting } from "../../harness/mesh-parts.ts";
import { codec } from "../../harness/till.ts";

const rule = told("till", "Deposited", codec<{ fen: bigint }>(), { input: (body) => body, decision: putting("p", 1n), record: "own" });
const event: Told = {
  source: "till",
  event: "Deposited",
  id: eventId("till", "a", 7),
  origin: `a 7 ${AT_MS}`,
  trace: "",
  bytes: codec<{ fen: bigint }>().encode({ fen: 5n }).finish(),
  foreignId: "foreign/NRCMS_TILL/1/1",
};
const ignore = () => undefined;

describe("protocols 8: the id of a command", () => {
  test("no caller's name can be read as another's name and method", () => {
    const caller = (name: string) => ({ name, role: "HOSPITAL", scope: "x" });
    expect(askedId(caller("h/Submit"), "Submit", "1")).not.toBe(askedId(caller("h"), "Submit", "Submit/1"));
    expect(askedId(caller("hospital-1"), "Submit", "1")).toBe("hospital-1/Submit/1");
  });
});

describe("protocols 10 and 13: an event is one of ours, or it is parked where it harms nothing", () => {
  test("one of ours keeps its id, its time and its rule's way of recording", () => {
    expect(toldInput(rule, event, ignore)).toMatchObject({
      id: "till.a.000000000007".slice(0, event.id.length),
      atMs: AT_MS,
      record: "own",
      value: { fen: 5n },
      method: "till.Deposited",
    });
  });

  test.each([
    ["no id", { id: "" }],
    ["an id that is not its place", { id: eventId("till", "a", 8) }],
    ["an id of another service", { id: eventId("claims", "a", 7) }],
    ["no origin", { origin: "" }],
    ["no number", { origin: `a 0 ${AT_MS}` }],
    ["a negative number", { origin: `a -7 ${AT_MS}` }],
    ["no time", { origin: "a 7" }],
    ["a time beyond all days", { origin: "a 7 9999999999999999" }],
    ["a twin that we have not", { origin: `c 7 ${AT_MS}` }],
  ])("%s: parked under an id that none of ours can have", (_, change) => {
    const input = toldInput(rule, { ...event, ...change }, ignore);
    expect(input).toMatchObject({ id: "foreign/NRCMS_TILL/1/1", record: "entry", atMs: undefined });
    expect(() => input.decision.decide(undefined, {} as never, {} as never, {} as never)).toThrow("not those of an event of ours");
  });

  test("what cannot be decoded, or has no rule, is parked under its own id", () => {
    const broken = toldInput(rule, { ...event, bytes: new Uint8Array([0xff, 0x00]) }, ignore);
    expect(() => broken.decision.decide(undefined, {} as never, {} as never, {} as never)).toThrow("cannot be read");
    const unknown = toldInput(undefined, event, ignore);
    expect(() => unknown.decision.decide(undefined, {} as never, {} as never, {} as never)).toThrow("no rule for till.Deposited");
    expect([broken.id, unknown.id]).toEqual([event.id, event.id]);
    expect([broken.record, unknown.record]).toEqual(["entry", "entry"]);
  });
});
