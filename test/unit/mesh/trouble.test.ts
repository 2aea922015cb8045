import { describe, expect, test } from "vitest";
import type { Arrived, Bus } from "../../../services/mesh/bus.ts";
import { type Details, stepDownsOf } from "../../../services/mesh/leaders.ts";
import { hearTrouble, tellTrouble } from "../../../services/mesh/trouble.ts";

describe("a machine in trouble", () => {
  test("is so for its twins while it is said, and ten seconds longer", () => {
    const listeners = new Map<string, (message: Arrived) => void>();
    const bus: Pick<Bus, "hear" | "tell"> = {
      hear(subject, listener) {
        listeners.set(subject, listener);
        return { stop: () => void listeners.delete(subject) };
      },
      tell: (subject, data) => listeners.get(subject)?.({ data } as Arrived),
    };
    let now = 50_000;
    const trouble = hearTrouble(bus, "server-a", { monotonicMs: () => now });
    expect(trouble.why).toBe("");
    tellTrouble(bus, "server-b", "no disk");
    expect(trouble.why).toBe("");
    tellTrouble(bus, "server-a", "no disk");
    expect(trouble.why).toBe("no disk");
    now += 9_999;
    expect(trouble.why).toBe("no disk");
    now += 1;
    expect(trouble.why).toBe("");
    trouble.close();
    expect(listeners.size).toBe(0);
  });

  test("is asked to lead nothing, consumers before their streams", () => {
    const led = (leader: string) => ({ cluster: { leader } });
    const details: Details = {
      account_details: [
        {
          stream_detail: [
            {
              name: "ONE",
              ...led("nats-a"),
              consumer_detail: [
                { name: "x", ...led("nats-a") },
                { name: "y", ...led("nats-b") },
              ],
            },
            { name: "TWO", ...led("nats-b"), consumer_detail: [{ name: "z", ...led("nats-a") }] },
            { name: "THREE" },
          ],
        },
        {},
      ],
    };
    expect(stepDownsOf("nats-a", details)).toEqual([
      "$JS.API.CONSUMER.LEADER.STEPDOWN.ONE.x",
      "$JS.API.STREAM.LEADER.STEPDOWN.ONE",
      "$JS.API.CONSUMER.LEADER.STEPDOWN.TWO.z",
    ]);
    expect(stepDownsOf("nats-a", {})).toEqual([]);
  });
});
