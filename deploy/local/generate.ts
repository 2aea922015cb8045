/**
 * Contracts → code. Runs buf (lint and ts-proto) and shortens the enum values to their bare names ("INPATIENT", not "VISIT_KIND_INPATIENT"),
 * so that the domain speaks the contract's words without knowing the contract.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const OUT = join(ROOT, "proto", "generated");
const STAMP = join(OUT, "contracts.sha256");

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

function contractsHash(): string {
  const hash = createHash("sha256");
  const sources = [
    ...files(join(ROOT, "proto", "nrcms"), ".proto"),
    ...["buf.yaml", "buf.gen.yaml", "package-lock.json"].map((name) => join(ROOT, name)),
  ];
  for (const source of [...sources, import.meta.filename]) hash.update(source.slice(ROOT.length)).update(readFileSync(source));
  return hash.digest("hex");
}

function buf(...parameters: string[]): void {
  const run = spawnSync(process.execPath, [join(ROOT, "node_modules", "@bufbuild", "buf", "bin", "buf"), ...parameters], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env.PATH ?? ""}` },
  });
  if (run.status !== 0) throw new Error(`buf ${parameters.join(" ")} failed:\n${run.stdout}${run.stderr}`);
}

/** `NAME: "PREFIX_NAME"` inside a generated `as const` object becomes `NAME: "NAME"`. */
function shortenEnums(source: string): string {
  return source.replace(/^export const \w+ = \{[^}]*\} as const;/gm, (block) => block.replace(/(\w+): "\w+"/g, '$1: "$1"'));
}

/** Generates what is out of date. Returns whether anything was done. */
export function generate(): boolean {
  const hash = contractsHash();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash) return false;
  buf("lint");
  buf("generate");
  mkdirSync(OUT, { recursive: true });
  buf("build", "-o", join(OUT, "image.binpb"));
  for (const file of files(join(OUT, "nrcms"), ".ts")) writeFileSync(file, shortenEnums(readFileSync(file, "utf8")));
  writeFileSync(STAMP, hash);
  return true;
}

if (import.meta.main) console.log(generate() ? "contracts generated" : "contracts up to date");
