/** Where in a YAML document (or a line of JSON, which YAML contains) a field stands. */
import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Path } from "../values/shape.ts";

/** Aliases in one file; far more than 22 counties' schemes have. */
export const MAX_ALIASES = 10_000;

export interface Parsed {
  readonly document: Document.Parsed;
  /** The place of a path's field; of the nearest group around it where the field itself is missing. From 1. */
  placeOf(path: Path): { line: number; column: number };
}

export function parseYaml(content: string): Parsed {
  const counter = new LineCounter();
  const document = parseDocument(content, { lineCounter: counter, intAsBigInt: true });
  return {
    document,
    placeOf(path) {
      const { line, col } = counter.linePos(offsetOf(document, path));
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inside) && typeof step === "string") {
      const pair = inside.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step);
      if (!pair) return offset;
      offset = startOf(pair.value) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(inside) && typeof step === "number") {
      node = inside.items[step];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
