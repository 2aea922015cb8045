/** Registers one of the county's own people for a chronic disease (慢特病) that a scheme pays for by itself: approved by the county's reviewer, for some days. */
import type { Decision } from "../../values/decision.ts";
import { askOwner } from "../../values/outcome.ts";
import { canonical } from "./canonical.ts";
import { covers, type Registration, registrations } from "./documents.ts";
import { isInsuredIn } from "./ground.ts";
import { refuse } from "./refusals.ts";
import type { Asked } from "./submit.ts";

/** Of one person; far more than anybody has. */
const MAX_REGISTRATIONS = 50;

export interface DiseaseInput {
  /** The home county. */
  readonly county: string;
  readonly personId: string;
  readonly registration: Registration;
  readonly asked?: Asked;
}

/** Replies with the registration; the same one again gets the same answer. Refuses REGISTRATION_EXISTS, TOO_MANY_REGISTRATIONS, UNKNOWN_PERSON (also another county's). */
export const registerDisease: Decision<DiseaseInput, Registration> = {
  needs: ({ personId }) => [registrations.key(personId), covers.key(personId)],
  decide({ county, personId, registration, asked }, state, change) {
    const key = registrations.key(personId);
    const stored = state.get(key)?.registered ?? [];
    const same = stored.find(({ registrationId }) => registrationId === registration.registrationId);
    if (same) {
      if (canonical(same) === canonical(registration)) return same;
      return refuse("REGISTRATION_EXISTS", { field: "registration_id", registration: registration.registrationId });
    }
    const insuredHere = isInsuredIn(county, state.get(covers.key(personId)), asked?.cover);
    if (!asked && !insuredHere) return askOwner();
    if (!insuredHere) return refuse("UNKNOWN_PERSON", { field: "person_id", person: personId });
    if (stored.length >= MAX_REGISTRATIONS) return refuse("TOO_MANY_REGISTRATIONS", { field: "person_id", most: MAX_REGISTRATIONS });
    change.put(key, { county, registered: [...stored, registration] });
    change.about(registration.registrationId);
    return registration;
  },
};
