/**
 * A file's lines, checked byte by byte to be UTF-8. What clerks send is often GB18030, from a spreadsheet: that is recognized and named, and read where that is asked for.
 * A file that has shown itself to be UTF-8 and then has a bad line has one bad line.
 */

import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import type { Reason } from "../../values/shape.ts";
import { UnreadableFile } from "./problems.ts";

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line end. Where it is not UTF-8, unreadable bytes are replaced. */
  readonly text: string;
  /** Set where the line is not UTF-8: how many characters are right before the first bad byte. */
  readonly badAfter: number | undefined;
  /** The file ends here without a line end. */
  readonly cut: boolean;
  readonly encoding: Encoding;
}

const MAX_LINE_BYTES = 1 << 20;
const HAN = /\p{Script=Han}/u;
const LF = 0x0a;
const CR = 0x0d;

export const ENCODINGS = ["utf-8", "gb18030"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Reads a file line by line, LF or CRLF, with or without a byte order mark. Throws UnreadableFile, and what the file system says. */
export async function* readLines(file: string, encoding: Encoding = "utf-8"): AsyncGenerator<Line> {
  let number = 0;
  let provenUtf8 = false;
  let carry: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  const refuse = (reason: Reason) => new UnreadableFile({ file, line: number, column: 0, field: "", ...reason });

  const lineOf = (raw: Buffer, cut: boolean): Line => {
    number += 1;
    if (number === 1 && isUtf16(raw))
      throw refuse({ zh: "文件是 UTF-16，不是 UTF-8；请另存为 UTF-8", en: "the file is UTF-16, not UTF-8; save it as UTF-8" });
    const marked = number === 1 && raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
    if (marked) provenUtf8 = true;
    const bytes = raw.subarray(marked ? 3 : 0, raw.at(-1) === CR ? -1 : undefined);
    if (encoding === "gb18030") return gb18030Line(bytes, marked, cut);
    const text = bytes.toString("utf8");
    if (isUtf8(bytes)) {
      if (text.length < bytes.length) provenUtf8 = true;
      return { number, text, badAfter: undefined, cut, encoding };
    }
    if (!provenUtf8 && isGb18030(bytes))
      throw refuse({
        zh: "文件是 GB18030，不是 UTF-8；请先转换，例如 iconv -f GB18030 -t UTF-8；或用 --encoding gb18030 读取（enrol import）",
        en: "the file is GB18030, not UTF-8; convert it, e.g. iconv -f GB18030 -t UTF-8, or read it with --encoding gb18030 (enrol import)",
      });
    return { number, text, badAfter: bytes.subarray(0, firstBadByte(bytes)).toString("utf8").length, cut, encoding };
  };

  // No byte of a character beyond ASCII is a line feed in GB18030 either, and a comma or a quotation mark is always one.
  const gb18030Line = (bytes: Buffer, marked: boolean, cut: boolean): Line => {
    const read = decodes(bytes, "gb18030", false);
    // What is UTF-8 mostly decodes as GB18030 too, to other characters; the other way round no Chinese comes out.
    if (marked || (isUtf8(bytes) && HAN.test(bytes.toString("utf8"))))
      throw refuse({ zh: "文件是 UTF-8，不是 GB18030；不用 --encoding", en: "the file is UTF-8, not GB18030; leave --encoding out" });
    if (read !== undefined) return { number, text: read, badAfter: undefined, cut, encoding };
    return { number, text: bytes.toString("latin1"), badAfter: firstBadByte(bytes, "gb18030"), cut, encoding };
  };

  for await (const chunk of createReadStream(file)) {
    const bytes = Buffer.concat([carry, chunk as Buffer]);
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      yield lineOf(bytes.subarray(from, end), false);
      from = end + 1;
    }
    carry = bytes.subarray(from);
    if (carry.length > MAX_LINE_BYTES) {
      number += 1;
      throw refuse({ zh: `一行超过 ${MAX_LINE_BYTES} 字节`, en: `a line is longer than ${MAX_LINE_BYTES} bytes` });
    }
  }
  if (carry.length > 0) yield lineOf(carry, true);
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

function decodes(bytes: Uint8Array, encoding: Encoding, stream: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function isGb18030(bytes: Uint8Array): boolean {
  return HAN.test(decodes(bytes, "gb18030", false) ?? "");
}

/** The index of the first byte that cannot be of the encoding. A prefix that only lacks the end of its last character is not bad yet. */
function firstBadByte(bytes: Uint8Array, encoding: Encoding = "utf-8"): number {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (decodes(bytes.subarray(0, middle), encoding, true) === undefined) bad = middle - 1;
    else good = middle;
  }
  return good;
}
