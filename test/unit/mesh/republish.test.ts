import { expect, test } from "vitest";
import type { Reply } from "../../../services/mesh/bus.ts";
import { republishOver } from "../../../services/mesh/republish.ts";
import { UnavailableError } from "../../../services/mesh/rpc.ts";
import { CALLER, memoryBus, type Sent } from "../../harness/mesh-parts.ts";

const answered = (status: string, body: object): Reply => ({
  kind: "reply",
  data: new TextEncoder().encode(JSON.stringify(body)),
  header: (name) => (name === "nrcms-status" ? status : ""),
});

function asking(answer: (sent: Sent) => Reply, dead: readonly string[] = []) {
  const bus = memoryBus();
  bus.answer = answer;
  return { bus, republish: republishOver(bus, CALLER, (_, twin) => dead.includes(twin)) };
}

test("the first twin that lives is asked on its own subject, for the twin and numbers that are missing", async () => {
  const { bus, republish } = asking(() => answered("OK", { events: 7 }), ["a"]);
  expect(await republish("claims", "a", 107, 113)).toBe(7);
  expect(bus.sent.map(({ subject }) => subject)).toEqual(["nrcms.rpc.claims.b.Republish"]);
  expect(JSON.parse(new TextDecoder().decode(bus.sent[0]?.data))).toEqual({ twin: "a", event: 107, to: 113 });
});

test("one that does not answer, or not well, leaves it to the other", async () => {
  const { bus, republish } = asking(({ subject }) =>
    subject.includes(".a.") ? answered("UNAVAILABLE", {}) : answered("OK", { events: 1 }),
  );
  expect(await republish("claims", "b", 1, 1)).toBe(1);
  expect(bus.sent).toHaveLength(2);
});

test("where neither does it, the asker hears so", async () => {
  const { republish } = asking(() => ({ kind: "no responders" }));
  await expect(republish("claims", "b", 1, 1)).rejects.toThrow(UnavailableError);
});
