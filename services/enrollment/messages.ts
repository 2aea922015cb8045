/** What enrollment tells and hears. */
import { CountyChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { ContributionsReceived, HouseholdAccountChanged, HouseholdCovered } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { type Message, told } from "../mesh/wiring.ts";
import { assert } from "../values/outcome.ts";
import { hearCounty } from "./domain/hear-county.ts";

export const tells = { HouseholdAccountChanged, HouseholdCovered, ContributionsReceived };

export const messages: readonly Message[] = [
  told("administration", "CountyChanged", CountyChanged, {
    input({ county, version }) {
      assert(county, "CountyChanged carries its county");
      return { county: county.county, version };
    },
    decision: hearCounty,
  }),
];
