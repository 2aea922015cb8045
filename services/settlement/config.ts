/** The pair's settings in the topology → one frozen object. Every bad value is reported in one error. */
import { z } from "zod";
import type { Silence } from "./domain/documents.ts";

export interface SettlementConfig {
  /** How many days after its cut the debtors of a window may confirm and dispute its rows; 0: it is netted at once. */
  readonly confirmDays: number;
  /** What is done for a county that has not answered by then. */
  readonly silence: Silence;
  /** How often one row may be disputed before only the province's centre can take it out. */
  readonly disputesPerRow: number;
  /** From what part of a county's prefund in use, in basis points, it is YELLOW and RED; in force for a county from its next SetPrefund on. */
  readonly prefundYellowBp: number;
  readonly prefundRedBp: number;
  /** Over how many days the daily use is averaged. */
  readonly forecastDays: number;
}

const schema = z
  .strictObject({
    confirmDays: z.number().int().min(0).max(60).default(0),
    silence: z.enum(["CONFIRM", "DISPUTE"]).default("CONFIRM"),
    disputesPerRow: z.number().int().min(1).max(10).default(2),
    prefundYellowBp: z.number().int().min(1).max(10_000).default(7_000),
    prefundRedBp: z.number().int().min(1).max(10_000).default(9_000),
    forecastDays: z.number().int().min(1).max(60).default(30),
  })
  .refine(({ prefundYellowBp, prefundRedBp }) => prefundYellowBp < prefundRedBp, {
    path: ["prefundRedBp"],
    message: "must be above prefundYellowBp",
  });

export function settlementConfig(settings: Readonly<Record<string, unknown>>): SettlementConfig {
  const result = schema.safeParse(settings);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map((issue) => `  settings.${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`settlement cannot start:\n${faults.join("\n")}`);
}
