/** What administration tells; it hears nobody. */
import { CountyChanged, InstitutionChanged } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { PairOrdered } from "../../proto/generated/nrcms/values/v1/pairs.ts";
import type { Message } from "../mesh/wiring.ts";

export const tells = { CountyChanged, InstitutionChanged, PairOrdered };

export const messages: readonly Message[] = [];
