/** What claims is asked about second compensation (二次补偿). */
import {
  ClaimsServiceDefinition as definition,
  type SecondCompensation as SecondMessage,
} from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { FIRST_YEAR, LAST_YEAR } from "../values/days.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { badCounty, badFen, badNumber } from "./domain/fields.ts";
import { refuse } from "./domain/refusals.ts";
import { approveSecond, type PlanInput, planSecond, type Second, seconds, shares } from "./domain/second-compensation.ts";
import { muchBorne } from "./store.ts";

const MAX_PAGES = 1_000;

export function secondCalls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  return [
    command(methods.planSecondCompensation, {
      check: ({ county, year, potFen }) =>
        badYear(county, year) ??
        badFen("pot_fen", potFen) ??
        (potFen === 0n ? badRequest("pot_fen", "须大于 0", "must be above 0") : undefined),
      input: ({ county, year, potFen }): PlanInput => ({ county, year, potFen }),
      // The owner of what is asked is claims itself: the year's claims are looked for only where there is something to split.
      ask: async ({ county, year, potFen }): Promise<PlanInput> => ({ county, year, potFen, found: await muchBorne(reader, county, year) }),
      decision: planSecond,
      reply: (second) => ({ second: secondMessage(second) }),
    }),
    command(methods.approveSecondCompensation, {
      check: ({ county, year }) => badYear(county, year),
      input: ({ county, year, contentHash }) => ({ county, year, contentHash }),
      decision: approveSecond,
      reply: (second) => ({ second: secondMessage(second) }),
    }),
    query(methods.getSecondCompensation, async ({ county, year, page }) => {
      const fault = badYear(county, year) ?? badNumber("page", page, 0, MAX_PAGES);
      if (fault) return fault;
      const second = await reader.get(seconds.key(county, year));
      if (!second) return refuse("UNKNOWN_SECOND", { field: "year", county, year });
      const found = page > 0 ? await reader.get(shares.key(county, year, second.plan, page)) : undefined;
      return { second: secondMessage(second), shares: [...(found?.shares ?? [])] };
    }),
  ];
}

function badYear(county: string, year: number): Refusal | undefined {
  return badCounty("county", county) ?? badNumber("year", year, FIRST_YEAR, LAST_YEAR);
}

function secondMessage({ granted, ...second }: Second): SecondMessage {
  return { ...second, pagesGranted: granted };
}
