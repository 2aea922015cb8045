/** In which year's accounts something is booked: the year of its day, or, where that is closed, the first that is not. A fact is never refused for coming late. */
import { yearOf } from "../../values/days.ts";
import type { Book } from "./documents.ts";

export function bookedYear(book: Pick<Book, "closedThrough"> | undefined, day: string): number {
  return Math.max(yearOf(day), (book?.closedThrough ?? 0) + 1);
}
