import { describe, expect, it } from "vitest";
import { audit } from "../../../services/audit/audit.ts";
import type { Progress } from "../../../services/audit/findings.ts";
import { recordsOf } from "./arrays.ts";
import { NOW, newSample } from "./sample.ts";

describe("an audit of books that are right", () => {
  it.each([{ settled: true }, { settled: false }])(
    "finds nothing, settled: $settled, and looks at every invariant",
    async ({ settled }) => {
      const lines = await audit(recordsOf(newSample()), { nowMs: NOW, settled });
      expect(lines.flatMap(({ breaches }) => breaches)).toEqual([]);
      expect(lines.map(({ invariant }) => invariant)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      for (const { checked } of lines) expect(checked).toBeGreaterThan(0);
    },
  );

  it("tells how far it is", async () => {
    const told: Progress[] = [];
    await audit(recordsOf(newSample()), { nowMs: NOW, settled: true, onProgress: (progress) => told.push(progress) });
    expect(told.map(({ invariant }) => invariant)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(told[6]).toEqual({ invariant: 7, checked: 7, breaches: 0 });
  });
});
