/** Sorting, projecting and aggregating as the server does. mingo does it but for sorting, in which it takes money (bigint) for text. */
import { Aggregator } from "mingo";
import type { AnyObject } from "mingo/types";
import { fieldOf, type Stored } from "./replica-set.ts";

type Spec = Readonly<Record<string, unknown>>;

/** Undefined comes first, as in MongoDB. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

export function bySpec(spec: Spec): (a: unknown, b: unknown) => number {
  const fields = Object.entries(spec);
  return (a, b) => {
    for (const [path, direction] of fields) {
      const order = compare(fieldOf(a, path), fieldOf(b, path));
      if (order !== 0) return order * Number(direction);
    }
    return 0;
  };
}

/** Projections by name, by exclusion, and the first elements of an array. */
export function projected(doc: Stored, projection: Spec | undefined): Stored {
  if (!projection) return doc;
  const [row] = new Aggregator([{ $project: sliced(projection) } as AnyObject]).run([doc as AnyObject]);
  return row as unknown as Stored;
}

/** `$slice` is one thing in a projection and another in an aggregation. */
function sliced(projection: Spec): AnyObject {
  return Object.fromEntries(
    Object.entries(projection).map(([field, value]) => {
      const most = (value as { $slice?: number } | null)?.$slice;
      return [field, most === undefined ? value : { $slice: [`$${field}`, most] }];
    }),
  );
}

export function aggregate(documents: readonly Stored[], stages: readonly Spec[]): AnyObject[] {
  let rows = documents as readonly AnyObject[];
  for (const stage of stages) {
    if (stage.$sort) rows = [...rows].sort(bySpec(stage.$sort as Spec));
    else rows = new Aggregator([stage as AnyObject]).run([...rows]) as AnyObject[];
  }
  return [...rows];
}
