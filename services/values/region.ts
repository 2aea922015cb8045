/** Division codes (GB/T 2260). The province's own documents and callers carry PROVINCE. */

/** Ningxia. A deployment for another province changes this line. */
export const PROVINCE = "640000";

/** Six digits that could be a county of the province. Whether it is one, the registered counties say. */
export function isCountyCode(code: string): boolean {
  return /^\d{6}$/.test(code) && code.startsWith(PROVINCE.slice(0, 2)) && !code.endsWith("00");
}
