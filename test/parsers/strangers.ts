/** Shows documents to the programs that never saw our code, and brings back what they read. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { javaClasses, javaPackages, pythonPackages } from "./packages.ts";
import type { Reading } from "./reading.ts";

const run = promisify(execFile);

const READ_LIMIT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

type Command = readonly [program: string, parameters: readonly string[], environment: NodeJS.ProcessEnv];

/** One reading for each document, in order. Throws what the program said where it does not read them all. */
async function read(xmls: readonly string[], [program, parameters, environment]: Command): Promise<Reading[]> {
  const folder = await mkdtemp(join(tmpdir(), "nrcms-documents-"));
  try {
    const files = xmls.map((_, index) => join(folder, `${index}.xml`));
    for (const [index, file] of files.entries()) await writeFile(file, xmls[index] ?? "");
    const { stdout } = await run(program, [...parameters, ...files], {
      env: { ...process.env, ...environment },
      timeout: READ_LIMIT_MS,
      killSignal: "SIGKILL",
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    const readings = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Reading);
    if (readings.length !== xmls.length) throw new Error(`${program} read ${readings.length} of ${xmls.length} documents`);
    return readings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By pyiso20022, with the python3 (3.10 or newer) of this machine. */
export async function readWithPython(xmls: readonly string[]): Promise<Reading[]> {
  const packages = await pythonPackages();
  return await read(xmls, ["python3", [join(import.meta.dirname, "read.py")], { PYTHONPATH: packages, PYTHONUTF8: "1" }]);
}

/** By pw-iso20022. */
export async function readWithJava(xmls: readonly string[]): Promise<Reading[]> {
  const packages = await javaPackages();
  const classes = await javaClasses(packages, join(import.meta.dirname, "Read.java"));
  const classPath = [classes, packages.classPath].join(delimiter);
  return await read(xmls, [packages.java, ["-Dstdout.encoding=UTF-8", "-classpath", classPath, "Read"], {}]);
}
