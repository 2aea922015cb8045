/** The pair's settings in the topology → one frozen object. Every bad value is reported in one error. */
import { z } from "zod";
import { isCountyCode } from "../values/region.ts";
import type { CrossRegion } from "./domain/cross-region.ts";

export interface ClaimsConfig {
  /** How long a claim may wait for its prefund before it is refused, in milliseconds. */
  readonly pendingLimitMs: number;
  /** Until when, on the next day, institutions report a day's bills, HH:MM in Asia/Shanghai. */
  readonly reportBy: string;
  /** When the nightly review rules begin, HH:MM in Asia/Shanghai. */
  readonly rulesAt: string;
  /** How long the payment of an approved claim may take before it is a break of the three-way comparison; longer than the longest pay schedule. */
  readonly paidWithinDays: number;
  /** The counties that take part in cross-region settlement: all, or those of the pilot by their codes. */
  readonly crossRegion: CrossRegion;
}

/** 22 counties, and room. */
const MOST_COUNTIES = 100;

const schema = z.strictObject({
  pendingLimitMs: z.number().int().min(1_000).max(86_400_000).default(600_000),
  reportBy: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM")
    .default("09:00"),
  rulesAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM")
    .default("01:30"),
  paidWithinDays: z.number().int().min(1).max(100).default(10),
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
