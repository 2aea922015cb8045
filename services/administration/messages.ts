/** What administration tells; it hears nobody. */
import { CountyChanged, InstitutionChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import type { Message } from "../mesh/wiring.ts";

export const tells = { CountyChanged, InstitutionChanged };

export const messages: readonly Message[] = [];
