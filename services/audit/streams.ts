/** Documents are compared as streams sorted by one key, side by side, so that an audit of millions of claims needs no map of them. */

export interface Sorted<T> {
  readonly rows: AsyncIterable<T>;
  key(row: T): string;
}

export type Streams<T> = { readonly [K in keyof T]: Sorted<T[K]> };

/** All rows of one key, by stream; empty where a stream has none. */
export interface Group<T> {
  readonly key: string;
  readonly rows: { readonly [K in keyof T]: readonly T[K][] };
}

interface Cursor {
  readonly name: string;
  /** The key of the row that is next, or undefined at the end. */
  key(): string | undefined;
  /** Takes the rows of this key. */
  take(key: string): Promise<unknown[]>;
  close(): Promise<void>;
}

/** The groups of every key of every stream, in the order of the keys. Throws where a stream is not sorted. */
export async function* joined<T extends object>(streams: Streams<T>): AsyncGenerator<Group<T>> {
  const cursors: Cursor[] = [];
  try {
    for (const name of Object.keys(streams) as (keyof T & string)[]) cursors.push(await cursorOver(name, streams[name]));
    for (;;) {
      const keys = cursors.map((cursor) => cursor.key()).filter((key) => key !== undefined);
      const [key] = keys.toSorted();
      if (key === undefined) return;
      const rows: Record<string, unknown[]> = {};
      for (const cursor of cursors) rows[cursor.name] = await cursor.take(key);
      yield { key, rows: rows as Group<T>["rows"] };
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

async function cursorOver<T>(name: string, { rows, key: keyOf }: Sorted<T>): Promise<Cursor> {
  const iterator = rows[Symbol.asyncIterator]();
  let next: { row: T; key: string } | undefined;
  const advance = async () => {
    const { done, value } = await iterator.next();
    const key = done ? undefined : keyOf(value);
    if (key !== undefined && next !== undefined && key < next.key) throw new Error(`${name} is not sorted: ${key} after ${next.key}`);
    next = key === undefined ? undefined : { row: value, key };
  };
  await advance();
  return {
    name,
    key: () => next?.key,
    async take(key) {
      const taken: T[] = [];
      while (next?.key === key) {
        taken.push(next.row);
        await advance();
      }
      return taken;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
