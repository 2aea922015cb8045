import { appendFileSync, closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { limitLog, openLog } from "../../../deploy/local/logs.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-logs-"));
  file = join(folder, "claims.a.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a log that has grown too large is put aside under its process, which goes on in the same file", () => {
  const output = openLog(file);
  writeSync(output, "old\n".repeat(10));
  limitLog(file, 100);
  expect(existsSync(`${file}.1`)).toBe(false);
  limitLog(file, 30);
  writeSync(output, "new\n");
  closeSync(output);
  expect(readFileSync(`${file}.1`, "utf8")).toBe("old\n".repeat(10));
  expect(readFileSync(file, "utf8")).toBe("new\n");
});

test("where it cannot be copied it is cut all the same", () => {
  appendFileSync(file, "old\n");
  mkdirSync(`${file}.1`);
  limitLog(file, 3);
  expect(readFileSync(file, "utf8")).toBe("");
  expect(existsSync(`${file}.1`)).toBe(false);
});

test("one older one is kept, and no more; a log that is not there is none", () => {
  limitLog(file, 3);
  for (const word of ["one\n", "two\n", "three\n"]) {
    appendFileSync(file, word);
    limitLog(file, 3);
  }
  expect(readFileSync(`${file}.1`, "utf8")).toBe("three\n");
  expect(existsSync(`${file}.2`)).toBe(false);
});
