/** Breaks one thing in the sample and looks whether the audit finds it, under that invariant. */
import { expect, it } from "vitest";
import { audit } from "../../../services/audit/audit.ts";
import { recordsOf } from "./arrays.ts";
import { NOW, newSample, type Sample } from "./sample.ts";

export interface Planted {
  readonly what: string;
  plant(sample: Sample): void;
  /** What the breach says; undefined where none is to be found. */
  readonly breach: RegExp | undefined;
}

/** One test a row: one thing is broken, and the invariant's line says what and where. */
export function planted(invariant: number, rows: readonly Planted[], settled = true, make: () => Sample = newSample): void {
  it.each(rows)("$what", async ({ plant, breach }) => {
    const sample = make();
    plant(sample);
    const lines = await audit(recordsOf(sample), { nowMs: NOW, settled });
    const [line] = lines.filter((one) => one.invariant === invariant);
    if (breach) expect(line?.breaches.join("\n")).toMatch(breach);
    else expect(line?.breaches).toEqual([]);
  });
}
