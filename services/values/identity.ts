/** Identity numbers of the People's Republic of China, GB 11643: 17 digits and a check character. */
import { isDay } from "./days.ts";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECKS = "10X98765432";

/** The check character of the first 17 digits (ISO 7064 MOD 11-2). */
export function checkCharacter(first17: string): string {
  const total = WEIGHTS.reduce((sum, weight, index) => sum + weight * Number(first17[index]), 0);
  return CHECKS[total % 11] as string;
}

/** What an identity number says of its owner, or undefined where it is not one. */
export function readIdentityNumber(text: string): { bornOn: string; sex: "FEMALE" | "MALE" } | undefined {
  if (!/^\d{17}[\dX]$/.test(text)) return undefined;
  const bornOn = `${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`;
  if (!isDay(bornOn) || checkCharacter(text.slice(0, 17)) !== text[17]) return undefined;
  return { bornOn, sex: Number(text[16]) % 2 === 1 ? "MALE" : "FEMALE" };
}
