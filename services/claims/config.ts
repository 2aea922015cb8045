/** The pair's settings in the topology → one frozen object. Every bad value is reported in one error. */
import { z } from "zod";

export interface ClaimsConfig {
  /** How long a claim may wait for its prefund before it is refused, in milliseconds. */
  readonly pendingLimitMs: number;
}

const schema = z.strictObject({ pendingLimitMs: z.number().int().min(1_000).max(86_400_000).default(600_000) });

export function claimsConfig(settings: Readonly<Record<string, unknown>>): ClaimsConfig {
  const result = schema.safeParse(settings);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map((issue) => `  settings.${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`claims cannot start:\n${faults.join("\n")}`);
}
