/** What is wrong with a scheme's document, each fault with its place: asked by whoever drafts it, checks it or estimates it. */
import { goldenFaults } from "../benefit/golden.ts";
import { catalogueFaults } from "../benefit/scheme-check.ts";
import { readScheme } from "../benefit/scheme-file.ts";
import type { Reader } from "../mesh/wiring.ts";
import type { PlacedFault } from "../mesh/yaml.ts";
import { assert, type Refusal } from "../values/outcome.ts";
import { badScheme } from "./domain/refusals.ts";
import { catalogues, itemOf } from "./domain/scheme.ts";

/** The first fault of a document, with its place in words: a refusal has room for one. */
export function documentFault(document: string): Refusal | undefined {
  const read = readScheme(document);
  if ("scheme" in read) return undefined;
  const [fault] = read.faults;
  assert(fault, "a document that is not read has a fault");
  return placedRefusal(fault);
}

/** A fault as a refusal: its field, and its line and column in the sentence. */
export function placedRefusal({ line, column, field, zh, en }: PlacedFault): Refusal {
  return badScheme(field || "document", `第 ${line} 行第 ${column} 列：${zh}`, `line ${line}, column ${column}: ${en}`);
}

/** Form, contradictions, and, where its catalogue is published, what the catalogue and the golden cases say. */
export async function faultsOf(document: string, reader: Reader): Promise<PlacedFault[]> {
  const read = readScheme(document);
  if ("faults" in read) return [...read.faults];
  const { scheme, place } = read;
  const catalogue = await reader.get(catalogues.key(scheme.catalogueVersion));
  const placed = (fault: { path: readonly (string | number)[]; zh: string; en: string }) => ({
    ...place(fault.path),
    zh: fault.zh,
    en: fault.en,
  });
  if (!catalogue) {
    const { catalogueVersion: name } = scheme;
    return [placed({ path: ["catalogue_version"], zh: `没有目录 ${name}`, en: `there is no catalogue ${name}` })];
  }
  const faults = catalogueFaults(scheme, catalogue.items);
  if (faults.length > 0) return faults.map(placed);
  return goldenFaults(scheme, (itemCode) => itemOf(catalogue, itemCode)).map(placed);
}
