/** Whose book a call may reach: what the doors of several calls check. */
import type { Caller } from "../values/decision.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import { isCountyCode, PROVINCE } from "../values/region.ts";

export function checkCounty(county: string): Refusal | undefined {
  return isCountyCode(county)
    ? undefined
    : badRequest("county", "须为本省六位县级行政区划代码", "must be the six-digit division code of a county of the province");
}

/** The county whose book the caller may see, empty for all; a county's caller sees its own. */
export function scopeOf(county: string, caller: Caller): string | Refusal {
  if (county !== "" && county !== PROVINCE) {
    const wrong = checkCounty(county);
    if (wrong) return wrong;
  }
  const wanted = county === PROVINCE ? "" : county;
  if (caller.scope === PROVINCE || caller.role === "SERVICE" || wanted === caller.scope) return wanted;
  if (wanted === "" && county === "" && isCountyCode(caller.scope)) return caller.scope;
  return {
    outcome: "refused",
    code: "WRONG_SCOPE",
    status: "PERMISSION_DENIED",
    field: "county",
    zh: `${caller.name} 只能查询 ${caller.scope} 的账`,
    en: `${caller.name} sees the book of ${caller.scope} only`,
  };
}
