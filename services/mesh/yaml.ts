/** Where in a YAML document (or a line of JSON, which YAML contains) a field stands. */
import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type Fault, type Path, pathText } from "../values/shape.ts";

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

/** One fault of a document, where a person finds it. Lines and columns from 1. */
export interface PlacedFault {
  readonly line: number;
  readonly column: number;
  /** `benefits[0].levels[2].rate_bp`; empty: the document as a whole. */
  readonly field: string;
  readonly zh: string;
  readonly en: string;
}

/** What a document of a person says, and where each of its faults stands; or why it is no YAML, or too much of it. */
export type PlacedDocument = { readonly value: unknown; place(fault: Fault): PlacedFault } | { readonly faults: readonly PlacedFault[] };

/** Of more, a person reads none. */
export const MAX_FAULTS = 50;
/** In one document. */
const MAX_DOCUMENT_ALIASES = 200;

export function readPlaced(content: string, mostBytes: number): PlacedDocument {
  const whole = (zh: string, en: string) => ({ faults: [{ line: 1, column: 1, field: "", zh, en }] });
  if (Buffer.byteLength(content) > mostBytes) return whole(`文件过大，上限 ${mostBytes} 字节`, `is larger than ${mostBytes} bytes`);
  const { document, placeOf } = parseYaml(content);
  if (document.errors.length > 0)
    return {
      faults: document.errors.slice(0, MAX_FAULTS).map(({ linePos, code }) => ({
        line: linePos?.[0].line ?? 1,
        column: linePos?.[0].col ?? 1,
        field: "",
        zh: `YAML 写法有误（${code}）`,
        en: `is no right YAML: ${code}`,
      })),
    };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_DOCUMENT_ALIASES });
    return { value, place: ({ path, zh, en }) => ({ ...placeOf(path), field: pathText(path), zh, en }) };
  } catch {
    // The one thing that it throws for: aliases that multiply into more than anybody has written.
    return whole(`引用超过 ${MAX_DOCUMENT_ALIASES} 处`, `has more than ${MAX_DOCUMENT_ALIASES} aliases`);
  }
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
