/** The pair's settings in the topology → one frozen object. Every bad value is reported in one error. */
import { z } from "zod";
import { isCountyCode } from "../values/region.ts";
import type { CrossRegion } from "./domain/cross-region.ts";

export interface ClaimsConfig {
  /** How long a claim may wait for its prefund before it is refused, in milliseconds. */
  readonly pendingLimitMs: number;
  /** The counties that take part in cross-region settlement: all, or those of the pilot by their codes. */
  readonly crossRegion: CrossRegion;
}

/** 22 counties, and room. */
const MOST_COUNTIES = 100;

const schema = z.strictObject({
  pendingLimitMs: z.number().int().min(1_000).max(86_400_000).default(600_000),
  crossRegion: z
    .union([
      z.literal("ALL"),
      z.array(z.coerce.string().refine(isCountyCode, "must be the code of a county of the province")).min(1).max(MOST_COUNTIES),
    ])
    .default("ALL"),
});

export function claimsConfig(settings: Readonly<Record<string, unknown>>): ClaimsConfig {
  const result = schema.safeParse(settings);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map((issue) => `  settings.${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`claims cannot start:\n${faults.join("\n")}`);
}
