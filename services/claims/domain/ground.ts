/**
 * Where and when a stay is insured: the day whose scheme applies and the county that pays. Source: domain rules 3.4, example 14:
 * covered at discharge, that day's version; otherwise the version of the last covered day. Lines on uncovered days are the patient's.
 */

import { isCategory } from "../../benefit/words.ts";
import type { Bill, Cover, Stretch } from "./documents.ts";

export interface Ground {
  /** The day whose scheme version applies. */
  readonly day: string;
  /** The stretch of cover that holds that day: its county is the home county. */
  readonly stretch: Stretch;
  covers(day: string): boolean;
}

/** Enrollment's cover as a stretch of days; who is in no category is an ordinary member. */
export function stretchFrom(cover: Omit<Stretch, "category"> & { readonly category: string }): Stretch {
  const { county, fromDay, toDay, category } = cover;
  return { county, fromDay, toDay, category: isCategory(category) ? category : "ORDINARY" };
}

/** The stretches known of a person: what the projection has, and what the owner answered where the projection could not say yes. */
export function stretchesOf(cover: Cover | undefined, told: Stretch | undefined): readonly Stretch[] {
  const heard = cover?.stretches ?? [];
  return told ? [...heard, told] : heard;
}

/** Whether a person is known to be one of a county's own, on whatever days. */
export function isInsuredIn(county: string, cover: Cover | undefined, told: Stretch | undefined): boolean {
  return stretchesOf(cover, told).some((stretch) => stretch.county === county);
}

/** The ground of a stay, or undefined where no day of it is covered. */
export function groundOf(bill: Bill, stretches: readonly Stretch[]): Ground | undefined {
  let found: { day: string; stretch: Stretch } | undefined;
  for (const stretch of stretches) {
    if (stretch.fromDay > bill.dischargedOn || stretch.toDay < bill.admittedOn || stretch.toDay < stretch.fromDay) continue;
    const atDischarge = stretch.toDay >= bill.dischargedOn;
    const day = atDischarge ? bill.dischargedOn : stretch.toDay;
    if (!found || day > found.day) found = { day, stretch };
  }
  return found && { ...found, covers: (day) => stretches.some((stretch) => stretch.fromDay <= day && day <= stretch.toDay) };
}
