import { afterEach, describe, expect, test } from "vitest";
import { type PairOrder, PairOrdered } from "../../../proto/generated/nrcms/values/v1/pairs.ts";
import { firstOrder, type Order, type Orders, openOrders, settingsMessage } from "../../../services/mesh/order.ts";
import { memoryBus, SILENT } from "../../harness/mesh-parts.ts";
import { until } from "../../harness/twins.ts";

const SETTINGS = { mode: "hot-standby", takeover: "automatic", failback: "never", preferred: "a" } as const;
const SUBJECT = "nrcms.administration.640000.PairOrdered";

const message = (version: bigint, more: Partial<PairOrder> = {}): PairOrder => ({
  service: "till",
  version,
  settings: settingsMessage({ ...SETTINGS, mode: "dual-active" }),
  successor: "b",
  overEpoch: 7n,
  resting: ["a"],
  orderedBy: "zhang",
  orderedAtMs: 1n,
  ...more,
});

const opened: Orders[] = [];
afterEach(() => {
  for (const orders of opened.splice(0)) orders.close();
});

async function open(more: { asked?: readonly PairOrder[]; mark?: Readonly<Record<string, unknown>> } = {}) {
  const bus = memoryBus();
  const heard: Order[] = [];
  const kept: Readonly<Record<string, unknown>>[] = [];
  const orders = await openOrders({
    service: "till",
    first: firstOrder(SETTINGS),
    bus,
    log: SILENT,
    ask: async () => {
      if (!more.asked) throw new Error("administration is away");
      return more.asked;
    },
    remembered: async () => more.mark,
    keep: async (order) => void kept.push(order),
  });
  opened.push(orders);
  orders.onChange((order) => void heard.push(order));
  const tell = (order: PairOrder) => bus.publish(SUBJECT, PairOrdered.encode({ order }).finish());
  return { orders, heard, kept, tell };
}

const ORDERED = { ...SETTINGS, mode: "dual-active", version: 2, successor: "b", overEpoch: 7, resting: ["a"] };

describe("a pair's order", () => {
  test("is the topology's while nobody has ordered anything, and the giver is away", async () => {
    const { orders } = await open();
    expect(orders.current).toEqual({ ...SETTINGS, version: 0, successor: undefined, overEpoch: 0, resting: [] });
  });

  test("is heard as it is given, and kept", async () => {
    const { orders, heard, kept, tell } = await open();
    tell(message(2n));
    await until("it is heard", () => heard.length === 1);
    expect(orders.current).toEqual(ORDERED);
    expect(kept).toEqual([ORDERED]);
  });

  test("is the newest one only, of this service only, and one that can be read", async () => {
    const { orders, heard, tell } = await open();
    tell(message(2n));
    tell(message(2n, { resting: [] }));
    tell(message(1n, { resting: [] }));
    tell(message(9n, { service: "tally" }));
    tell(message(9n, { settings: undefined }));
    await until("it is heard", () => heard.length > 0);
    expect(heard).toEqual([ORDERED]);
    expect(orders.current).toEqual(ORDERED);
  });

  test("is asked for at the start, for who has missed it", async () => {
    const { orders } = await open({ asked: [message(9n, { service: "tally" }), message(2n)] });
    await until("it is heard", () => orders.current.version === 2);
    expect(orders.current).toEqual(ORDERED);
  });

  test("is remembered where the giver is away at the start; a mark of another form is passed over", async () => {
    expect((await open({ mark: { ...ORDERED, _id: "order" } })).orders.current).toEqual(ORDERED);
    expect((await open({ mark: { _id: "order" } })).orders.current.version).toBe(0);
    const none = await open({ mark: { ...ORDERED, successor: null } });
    expect(none.orders.current.successor).toBeUndefined();
  });
});
