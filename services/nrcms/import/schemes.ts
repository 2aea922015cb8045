/**
 * A region's benefit schemes (补助方案): one YAML document a version in the folder `schemes`, read as the mesh reads it, so that a fault is told with line and column before anything is sent.
 */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Scheme } from "../../benefit/scheme.ts";
import { readScheme } from "../../benefit/scheme-file.ts";
import { readLines } from "./lines.ts";
import { type ReadOptions, UnreadableFile } from "./problems.ts";

export interface SchemeDocument {
  /** As problems name it: schemes/640521-2011-1.yaml. */
  readonly file: string;
  readonly document: string;
  readonly scheme: Scheme;
}

/** The good schemes of the folder, by the names of their files. Throws what the file system says. */
export async function readSchemes(folder: string, { onProblem }: ReadOptions): Promise<SchemeDocument[]> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
  if (names.length === 0) onProblem({ file: basename(folder), line: 1, column: 0, field: "", zh: "没有补助方案", en: "has no scheme" });
  const read = await Promise.all(names.map((name) => readOne(join(folder, name), { onProblem })));
  return read.flatMap((one) => (one ? [one] : []));
}

async function readOne(path: string, { onProblem }: ReadOptions): Promise<SchemeDocument | undefined> {
  const file = `${basename(dirname(path))}/${basename(path)}`;
  const document = await contentOf(path, file, onProblem);
  if (document === undefined) return undefined;
  const read = readScheme(document);
  if ("scheme" in read) return { file, document, scheme: read.scheme };
  for (const fault of read.faults) onProblem({ file, ...fault });
  return undefined;
}

async function contentOf(path: string, file: string, onProblem: ReadOptions["onProblem"]): Promise<string | undefined> {
  const lines: string[] = [];
  try {
    for await (const line of readLines(path)) {
      if (line.badAfter !== undefined) {
        onProblem({
          file,
          line: line.number,
          column: line.badAfter + 1,
          field: "",
          zh: "含有不是 UTF-8 的字节",
          en: "holds bytes that are not UTF-8",
        });
        return undefined;
      }
      lines.push(line.text);
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    onProblem({ ...error.problem, file });
    return undefined;
  }
  return `${lines.join("\n")}\n`;
}
