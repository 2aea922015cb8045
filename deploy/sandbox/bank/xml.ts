/**
 * A strict and small reader of XML 1.0, for messages from strangers: elements, attributes, text, comments and character data. No document types, no entities
 * but the five of the standard, no processing instructions. Everything else is an XmlFault with its place; depth and number of elements are limited.
 */

const MAX_DEPTH = 40;
const MAX_ELEMENTS = 400_000;
const MAX_ATTRIBUTES = 16;

export class XmlFault extends Error {}

export interface Element {
  /** The name without its prefix. */
  readonly name: string;
  /** The namespace's name; empty where there is none. */
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** Its own text, untrimmed. */
  readonly text: string;
}

interface Open {
  readonly qualified: string;
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Prefix → namespace, in force inside; "" is the default. */
  readonly scope: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

const NAME = "[A-Za-z_][\\w.-]*";
const TAG = new RegExp(`<(?:(${NAME}):)?(${NAME})`, "y");
const ATTRIBUTE = new RegExp(`\\s+(${NAME}(?::${NAME})?)\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const TAG_END = /\s*(\/?)>/y;
const CLOSING = new RegExp(`</((?:${NAME}:)?${NAME})\\s*>`, "y");
const DECLARATION =
  /^<\?xml\s+version\s*=\s*["']1\.[01]["'](?:\s+encoding\s*=\s*["']([\w-]+)["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>/;
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const NONE: ReadonlyMap<string, string> = new Map();

/** The root element of a document in UTF-8. Throws XmlFault, nothing else. */
export function readXml(bytes: Uint8Array): Element {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new XmlFault("it is not UTF-8", { cause: error });
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) throw new XmlFault(`at ${forbidden.index}: a character that XML does not have`);
  return parse(text);
}

function parse(text: string): Element {
  const declaration = DECLARATION.exec(text);
  if (declaration?.[1] && !/^utf-?8$/i.test(declaration[1])) throw new XmlFault(`it says that it is ${declaration[1]}, not UTF-8`);
  let at = declaration ? declaration[0].length : 0;
  let root: Element | undefined;
  let elements = 0;
  const stack: Open[] = [];
  const close = (open: Open): void => {
    const parent = stack.at(-1);
    const { name, namespace, attributes, children, text: own } = open;
    const element: Element = { name, namespace, attributes, children, text: own };
    if (parent) parent.children.push(element);
    else root = element;
  };
  const addText = (piece: string, place: number): void => {
    const open = stack.at(-1);
    if (open) open.text += piece;
    else if (piece.trim() !== "") throw new XmlFault(`at ${place}: text outside the root element`);
  };
  while (at < text.length) {
    const next = text.indexOf("<", at);
    const end = next < 0 ? text.length : next;
    if (end > at) addText(decodeText(text.slice(at, end), at), at);
    at = end;
    if (next < 0) break;
    const kind = text[at + 1];
    if (kind === "/") {
      CLOSING.lastIndex = at;
      const name = CLOSING.exec(text)?.[1];
      const open = stack.pop();
      if (!name || !open || open.qualified !== name)
        throw new XmlFault(`at ${at}: </${name ?? "?"}> closes ${open ? `<${open.qualified}>` : "nothing"}`);
      close(open);
      at = CLOSING.lastIndex;
    } else if (text.startsWith("<!--", at)) {
      at = after(text, "-->", at + 4, "a comment");
    } else if (text.startsWith("<![CDATA[", at)) {
      const from = at + 9;
      at = after(text, "]]>", from, "character data");
      addText(text.slice(from, at - 3), from);
    } else if (kind === "!" || kind === "?") {
      throw new XmlFault(`at ${at}: document types, entities and processing instructions are not accepted`);
    } else {
      if (stack.length === 0 && root) throw new XmlFault(`at ${at}: a second root element`);
      if (stack.length >= MAX_DEPTH) throw new XmlFault(`at ${at}: deeper than ${MAX_DEPTH} elements`);
      elements += 1;
      if (elements > MAX_ELEMENTS) throw new XmlFault(`more than ${MAX_ELEMENTS} elements`);
      const tag = readTag(text, at, stack.at(-1)?.scope ?? NONE);
      at = tag.end;
      if (tag.empty) close(tag.open);
      else stack.push(tag.open);
    }
  }
  const unclosed = stack.at(-1);
  if (unclosed) throw new XmlFault(`<${unclosed.qualified}> is not closed`);
  if (!root) throw new XmlFault("there is no root element");
  return root;
}

function after(text: string, mark: string, from: number, what: string): number {
  const end = text.indexOf(mark, from);
  if (end < 0) throw new XmlFault(`at ${from}: ${what} does not end`);
  return end + mark.length;
}

function readTag(text: string, at: number, outer: ReadonlyMap<string, string>): { open: Open; end: number; empty: boolean } {
  TAG.lastIndex = at;
  const start = TAG.exec(text);
  if (!start) throw new XmlFault(`at ${at}: no element begins here`);
  let end = TAG.lastIndex;
  let attributes: Map<string, string> | undefined;
  let scope: Map<string, string> | undefined;
  for (let count = 0; ; count += 1) {
    ATTRIBUTE.lastIndex = end;
    const found = ATTRIBUTE.exec(text);
    if (!found) break;
    if (count >= MAX_ATTRIBUTES) throw new XmlFault(`at ${end}: more than ${MAX_ATTRIBUTES} attributes`);
    const name = found[1] ?? "";
    const value = decodeText(found[2] ?? found[3] ?? "", end);
    end = ATTRIBUTE.lastIndex;
    attributes ??= new Map();
    if (attributes.has(name)) throw new XmlFault(`at ${at}: attribute ${name} twice`);
    attributes.set(name, value);
    if (name === "xmlns" || name.startsWith("xmlns:")) {
      scope ??= new Map(outer);
      scope.set(name.slice("xmlns:".length), value);
    }
  }
  TAG_END.lastIndex = end;
  const finish = TAG_END.exec(text);
  if (!finish) throw new XmlFault(`at ${end}: <${start[2]}> is malformed`);
  const prefix = start[1] ?? "";
  const name = start[2] ?? "";
  const inForce = scope ?? outer;
  const namespace = inForce.get(prefix);
  if (namespace === undefined && prefix !== "") throw new XmlFault(`at ${at}: the prefix ${prefix} has no namespace`);
  const qualified = prefix === "" ? name : `${prefix}:${name}`;
  const open: Open = {
    qualified,
    name,
    namespace: namespace ?? "",
    attributes: attributes ?? NONE,
    scope: inForce,
    children: [],
    text: "",
  };
  return { open, end: TAG_END.lastIndex, empty: finish[1] === "/" };
}

function decodeText(text: string, at: number): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&\s]{0,12};)?/g, (_, reference: string | undefined) => {
    const name = reference?.slice(0, -1) ?? "";
    const known = ENTITIES[name];
    if (known !== undefined) return known;
    const number = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
    const code = number ? Number.parseInt(number[1] ?? number[2] ?? "", number[1] ? 16 : 10) : -1;
    const character = code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    if (character === "" || FORBIDDEN.test(character)) throw new XmlFault(`at ${at}: the entity &${name}; is not known`);
    return character;
  });
}

/** Text and attribute values for XML; a character that XML cannot carry becomes a space. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, " ")
    .replace(/[&<>"]/g, (character) => (character === "&" ? "&amp;" : character === "<" ? "&lt;" : character === ">" ? "&gt;" : "&quot;"));
}
