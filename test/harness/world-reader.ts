/** A reader over the in-memory world that finds as MongoDB does. */
import { Query } from "mingo";
import type { Reader } from "../../services/mesh/wiring.ts";
import type { Doc } from "../../services/values/decision.ts";
import type { World } from "./decide.ts";

const LIMIT = 1_000;

export function worldReader(world: World): Reader {
  const matching = <D extends Doc>(name: string, filter: Readonly<Record<string, unknown>>): D[] => {
    const query = new Query(filter as never);
    return world
      .rows<D>(name)
      .filter((row) => query.test(row as never))
      .map(({ _id, ...doc }) => doc as unknown as D);
  };
  return {
    get: async (key) => world.get(key),
    getAll: async (keys) => new Map(keys.flatMap((key) => (world.get(key) ? [[key.id, world.get(key)]] : [])) as never),
    count: async ({ name }, filter) => matching(name, filter).length,
    find: async <D extends Doc>({ name }: { readonly name: string }, filter: Readonly<Record<string, unknown>>, options = {}) => {
      const { sort = {}, limit = LIMIT } = options as { sort?: Readonly<Record<string, 1 | -1>>; limit?: number };
      const found = matching<D>(name, filter).sort((a, b) => {
        for (const [field, direction] of Object.entries(sort)) {
          const [left, right] = [fieldOf(a, field), fieldOf(b, field)];
          if (left !== right) return left < right ? -direction : direction;
        }
        return 0;
      });
      return found.slice(0, limit);
    },
  };
}

function fieldOf(doc: Doc, field: string): string | number {
  return (doc as unknown as Readonly<Record<string, string | number | undefined>>)[field] ?? "";
}
