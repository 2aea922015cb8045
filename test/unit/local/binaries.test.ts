/** Where engines come from, on machines that lack one thing or another. The wheels are small ones made here; pip is a script that hands them over. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EngineLock, type EngineName, findBinary } from "../../../deploy/local/binaries.ts";

const MEMBER = "engine.data/scripts/nats-server";
const ENGINE = Buffer.from("#!/bin/sh\necho 'nats-server: v2.15.1'\n");
const OLD_ENGINE = Buffer.from("#!/bin/sh\necho 'nats-server: v2.9.10'\n");
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** A zip with one deflated member. */
function wheelOf(member: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const name = Buffer.from(member);
  const shared = Buffer.alloc(22);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(8, 4); // deflate
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(content.length, 18);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), shared, Buffer.from([name.length, 0, 0, 0]), name, packed]);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02"),
    Buffer.from([20, 0]),
    shared,
    Buffer.from([name.length, 0]),
    Buffer.alloc(16),
    name,
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

const WHEEL = wheelOf(MEMBER, ENGINE);
let folder = "";
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-binaries-"));
  said = [];
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("PATH", `${join(folder, "bin")}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function program(path: string, content: string | Buffer): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

/** A pip that hands over these bytes, or fails with these words. */
function pip(outcome: Buffer | string): void {
  if (typeof outcome === "string")
    return void program("bin/python3", `#!/bin/sh\necho run >> ${folder}/pip-runs\necho '${outcome}' >&2\nexit 1\n`);
  writeFileSync(join(folder, "engine.whl"), outcome);
  program(
    "bin/python3",
    `#!/bin/sh\necho run >> ${folder}/pip-runs\nwhile [ "$1" != --dest ]; do shift; done\ncp ${folder}/engine.whl "$2/engine-1.whl"\n`,
  );
}

const pipRuns = () => (existsSync(join(folder, "pip-runs")) ? readFileSync(join(folder, "pip-runs"), "utf8").trim().split("\n").length : 0);
const wheel = {
  from: "wheel",
  version: "2.15.1",
  platform: `${process.platform}-${process.arch}`,
  package: "engine==1",
  archive: sha256(WHEEL),
  member: MEMBER,
  binary: sha256(ENGINE),
} as const;
const npm = {
  from: "npm",
  version: "2.14.0",
  platform: wheel.platform,
  package: "@engine/npm",
  member: "bin/nats-server",
  binary: sha256(ENGINE),
} as const;

function find(sources: EngineLock["sources"], environment: Record<string, string> = {}) {
  const lock: EngineLock = { variable: "NATS_SERVER_BIN", lowest: "2.14.0", install: "nats-server 2.15.1", sources };
  const locks = { "nats-server": lock, mongod: lock } satisfies Record<EngineName, EngineLock>;
  const PATH = join(folder, "path");
  return findBinary("nats-server", {
    cache: join(folder, "cache"),
    modules: join(folder, "modules"),
    environment: { PATH, ...environment },
    locks,
    say: (line) => said.push(line),
  });
}

const cached = () => join(folder, "cache", "bin", wheel.binary, "nats-server");

describe("an engine's binary", () => {
  test("comes out of the wheel whole, executable and checked, and the second time out of the cache", async () => {
    pip(WHEEL);
    expect(await find([wheel])).toEqual({ file: cached(), version: "2.15.1", from: "the wheel" });
    expect(readFileSync(cached())).toEqual(ENGINE);
    expect(statSync(cached()).mode & 0o111).toBe(0o111);
    expect(await find([wheel])).toMatchObject({ from: "the cache" });
    expect(pipRuns()).toBe(1);
  });

  test("a wrong checksum of the wheel is refused and leaves nothing in the cache", async () => {
    pip(Buffer.concat([WHEEL, Buffer.from("!")]));
    await expect(find([wheel])).rejects.toThrow(/wrong checksum of engine==1/);
    expect(existsSync(cached())).toBe(false);
    expect(readdirSync(dirname(cached())).filter((name) => name.includes("fetching"))).toEqual([]);
  });

  test("a wrong checksum of the binary inside is refused too", async () => {
    const other = wheelOf(MEMBER, OLD_ENGINE);
    pip(other);
    await expect(find([{ ...wheel, archive: sha256(other) }])).rejects.toThrow(/wrong checksum of engine.data/);
    expect(existsSync(cached())).toBe(false);
  });

  test("a half-downloaded wheel is refused in words", async () => {
    const half = WHEEL.subarray(0, WHEEL.length / 2);
    pip(half);
    await expect(find([{ ...wheel, archive: sha256(Buffer.from(half)) }])).rejects.toThrow(/no zip, or is cut short/);
  });

  test("a damaged file in the cache is noticed, removed and fetched again", async () => {
    pip(WHEEL);
    await find([wheel]);
    writeFileSync(cached(), ENGINE.subarray(0, 10));
    expect(await find([wheel])).toMatchObject({ file: cached(), from: "the wheel" });
    expect(said.join("\n")).toContain("wrong checksum");
    expect(readFileSync(cached())).toEqual(ENGINE);
  });

  test("where pip fails the next source serves, says why, and pip is left alone until tomorrow", async () => {
    pip("ERROR: No matching distribution found for engine");
    program(`modules/${npm.package}/${npm.member}`, ENGINE);
    expect(await find([wheel, npm])).toMatchObject({ version: "2.15.1", from: "the npm package @engine/npm" });
    expect(said.join("\n")).toContain("No matching distribution found");
    await find([wheel, npm]);
    expect(pipRuns()).toBe(1);
    rmSync(join(folder, "modules"), { recursive: true });
    await expect(find([wheel, npm])).rejects.toThrow(/No matching distribution/);
    expect(pipRuns()).toBe(2);
  });

  test("an npm package that is not what was pinned is refused", async () => {
    program(`modules/${npm.package}/${npm.member}`, OLD_ENGINE);
    await expect(find([npm])).rejects.toThrow(/wrong checksum/);
  });

  test("one on the PATH serves if it is new enough", async () => {
    program("path/nats-server", OLD_ENGINE);
    await expect(find([{ from: "path" }])).rejects.toThrow(/is 2\.9\.10, older than 2\.14\.0/);
    const file = program("path/nats-server", ENGINE);
    expect(await find([{ from: "path" }])).toEqual({ file, version: "2.15.1", from: "the PATH" });
  });

  test("one that a person names is taken, or the start ends with the reason", async () => {
    const NATS_SERVER_BIN = program("own/nats-server", ENGINE);
    expect(await find([wheel], { NATS_SERVER_BIN })).toEqual({ file: NATS_SERVER_BIN, version: "2.15.1", from: "NATS_SERVER_BIN" });
    await expect(find([wheel], { NATS_SERVER_BIN: "/nowhere/nats-server" })).rejects.toThrow(
      /NATS_SERVER_BIN=\/nowhere\/nats-server does not serve: .*ENOENT/,
    );
  });

  test("when none serves the error says what each source said, and what to install", async () => {
    pip("ERROR: Could not find a version that satisfies the requirement");
    const words = await find([wheel, npm, { from: "path" }]).catch((error: Error) => error.message);
    expect(words).toContain("no usable nats-server (at least 2.14.0)");
    expect(words).toContain("from the wheel engine==1: python3 -m pip: ERROR: Could not find a version");
    expect(words).toContain("from npm: the optional package @engine/npm is not installed");
    expect(words).toContain("from the PATH: there is none");
    expect(words).toContain("Install nats-server 2.15.1.");
  });

  test("a source for another platform is not tried", async () => {
    pip(WHEEL);
    await expect(find([{ ...wheel, platform: "plan9-mips" }])).rejects.toThrow(/no usable nats-server/);
    expect(pipRuns()).toBe(0);
  });
});
