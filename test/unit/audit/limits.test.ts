import { expect, it } from "vitest";
import { audit } from "../../../services/audit/audit.ts";
import { recordsOf } from "./arrays.ts";
import { NOW, newSample, pick } from "./sample.ts";

it("tells a hundred breaches by name and counts the rest", async () => {
  const sample = newSample();
  const model = pick(sample.claims, "C5");
  for (let index = 0; index < 150; index += 1) sample.claims.push({ ...model, _id: `X${index}`, state: "PAID" });
  const [, line] = await audit(recordsOf(sample), { nowMs: NOW, settled: true });
  expect(line?.breachCount).toBe(150);
  expect(line?.breaches).toHaveLength(101);
  expect(line?.breaches.at(-1)).toBe("… and 50 more");
});
