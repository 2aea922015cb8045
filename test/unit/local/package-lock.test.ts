/** `npm ci` refuses a lock file that lacks what somebody depends on. Whoever has node_modules already does not notice: this test does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Readonly<Record<string, Package>> };
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Package;

/** Where Node finds `name` from a package's folder: in its own node_modules, then in those above it. */
function pathOf(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === "") return undefined;
  }
}

/** What a package cannot do without. npm brings peers along as well. */
function wantedBy({ dependencies, devDependencies, peerDependencies, peerDependenciesMeta }: Package): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {}), ...peers];
}

test("the lock file has all that any package in it depends on", () => {
  const missing = Object.entries(packages).flatMap(([path, row]) =>
    wantedBy(row).flatMap((name) => (pathOf(path, name) ? [] : [`${path || "the project"} wants ${name}`])),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(packages).length).toBeGreaterThan(100);
});

test("the lock file says what package.json says", () => {
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const)
    expect(packages[""]?.[kind], kind).toEqual(manifest[kind]);
  for (const kind of ["dependencies", "devDependencies"] as const)
    for (const [name, version] of Object.entries(manifest[kind] ?? {}))
      expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
});

test("what only optional packages want is marked optional: it is not installed everywhere, and must not be missed", () => {
  const needed = new Set([""]);
  for (const path of needed) {
    const row = packages[path];
    for (const name of row ? wantedBy(row) : []) needed.add(pathOf(path, name) ?? "");
  }
  const unmarked = Object.entries(packages).filter(([path, { optional }]) => !needed.has(path) && !optional);
  expect(unmarked.map(([path]) => path)).toEqual([]);
});

test("the lock file names no registry's host, and has a checksum for each package that is fetched here", () => {
  const named = Object.entries(packages).filter(([, row]) => row.resolved !== undefined);
  expect(named.map(([path]) => path)).toEqual([]);
  const unchecked = Object.entries(packages).filter(([path, row]) => path !== "" && !row.optional && !row.integrity);
  expect(unchecked.map(([path]) => path)).toEqual([]);
});
