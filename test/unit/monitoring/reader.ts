/** A reader over the in-memory world: equal fields, sorted as asked. */
import type { Reader } from "../../../services/mesh/wiring.ts";
import type { Doc } from "../../../services/values/decision.ts";
import type { World } from "../../harness/decide.ts";

type Row = Readonly<Record<string, string | number>>;

export function readerOver(world: World): Reader {
  const matching = <D extends Doc>(name: string, filter: Readonly<Record<string, unknown>>) =>
    world.all<D>(name).filter((doc) => Object.entries(filter).every(([field, value]) => (doc as unknown as Row)[field] === value));
  return {
    get: async (key) => world.get(key),
    getAll: async (keys) => new Map(keys.flatMap((key) => (world.get(key) ? [[key.id, world.get(key)]] : [])) as never),
    count: async (kind, filter) => matching(kind.name, filter).length,
    find: async (kind, filter, { sort = {}, limit = 1000 } = {}) => {
      const found = matching<never>(kind.name, filter).sort((a, b) => {
        for (const [field, direction] of Object.entries(sort)) {
          const [left, right] = [(a as Row)[field] ?? "", (b as Row)[field] ?? ""];
          if (left !== right) return left < right ? -direction : direction;
        }
        return 0;
      });
      return found.slice(0, limit);
    },
  };
}
