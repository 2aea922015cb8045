/** A decision tried over what is stored now, and nothing kept of it: what a command would have answered, as long as nothing changes meanwhile. */
import type { Change, Context, Decision, Doc, Key } from "../values/decision.ts";
import { assert, type Refusal, type Unavailable } from "../values/outcome.ts";
import { nameOf } from "./stage.ts";
import type { Reader } from "./wiring.ts";

const NEEDS_ROUNDS = 6;

/** Throws what the reader throws, and where the decision looks at what its `needs` did not name. */
export async function rehearse<I, R>(
  // biome-ignore lint/suspicious/noExplicitAny: what it would tell is told to nobody.
  decision: Decision<I, R, any>,
  input: I,
  reader: Pick<Reader, "getAll">,
  context: Context,
): Promise<R | Refusal | Unavailable> {
  const loads = new Map<string, Doc | undefined>();
  const loaded = { get: <D extends Doc>(key: Key<D>) => loads.get(nameOf(key)) as D | undefined };
  for (let round = 0; round < NEEDS_ROUNDS; round += 1) {
    const news = new Map<string, Key>();
    for (const key of decision.needs(input, loaded, context)) if (!loads.has(nameOf(key))) news.set(nameOf(key), key);
    if (news.size === 0) break;
    // One read a kind: a trial may name thousands of documents.
    const kinds = [...Map.groupBy(news.values(), ({ kind }) => kind).values()];
    const found = await Promise.all(kinds.map((keys) => reader.getAll(keys)));
    for (const [index, keys] of kinds.entries()) for (const key of keys) loads.set(nameOf(key), found[index]?.get(key.id));
  }
  const written = new Map<string, Doc>();
  const read = <D extends Doc>(key: Key<D>): D | undefined => {
    const name = nameOf(key);
    assert(loads.has(name) || written.has(name), `needs names ${key.kind}/${key.id}`);
    return (written.get(name) ?? loads.get(name)) as D | undefined;
  };
  const state = {
    get: read,
    must<D extends Doc>(key: Key<D>): D {
      const doc = read(key);
      assert(doc, `${key.kind}/${key.id} is there`);
      return doc;
    },
  };
  const change: Change = {
    put: (key, doc) => void written.set(nameOf(key), doc),
    guard: () => undefined,
    tell: () => undefined,
    about: () => undefined,
  };
  return decision.decide(input, state, change, context);
}
