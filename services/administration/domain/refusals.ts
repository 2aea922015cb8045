/** The closed list of what administration refuses. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_COUNTY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 不是本省已登记的县",
    en: "{county} is not a registered county of the province",
  },
  COUNTY_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 登记在 {county}，不能改属他县；请登记新机构",
    en: "institution {institution} is registered in {county} and cannot move to another county; register a new one",
  },
});
