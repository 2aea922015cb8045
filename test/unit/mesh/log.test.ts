import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { lines } from "../../../services/mesh/log.ts";

const FILE = JSON.stringify(new URL("../../../services/mesh/log.ts", import.meta.url).pathname);

function runProgram(program: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
}

test("a line that cannot be written ends nobody, and is told of before the next one that can", () => {
  const written: string[] = [];
  let full = true;
  const log = lines(1, (_, text) => {
    if (full) throw new Error("ENOSPC");
    written.push(text);
  });
  log.write('{"msg":"one"}\n');
  log.write('{"msg":"two"}\n');
  full = false;
  log.write('{"msg":"three"}\n');
  log.write('{"msg":"four"}\n');
  expect(written).toEqual(['{"level":40,"msg":"lines before this could not be written","lost":2}\n{"msg":"three"}\n', '{"msg":"four"}\n']);
});

test.each([
  ["an error that is frozen", "{ err: Object.freeze(new Error('boom')) }", "Cannot add property", "boom"],
  ["a frozen error by itself", "Object.freeze(new Error('boom'))", "Cannot add property", "boom"],
  ["a getter that throws", "{ other: new DOMException('boom') }", "DOMException", undefined],
  ["an error that is such a getter", "{ get err() { throw new Error('sealed'); } }", "sealed", undefined],
])("what cannot be written (%s) is left out but for its words, and throws nothing", (_, given, unsaid, about) => {
  const program = `import { logger } from ${FILE}; logger("till.a").warn(${given}, "a call failed");`;
  const line = JSON.parse(runProgram(program).stdout);
  expect(line).toMatchObject({ level: 40, process: "till.a", msg: "a call failed", unsaid: expect.stringContaining(unsaid) });
  expect(line.about).toBe(about);
});

test.each([
  ["uncaughtException", "setTimeout(() => { throw new Error('boom'); });"],
  ["unhandledRejection", "void Promise.reject(new Error('boom'));"],
])("whoever ends for an error that nobody caught (%s) says so in its log, and ends with 1", (origin, fault) => {
  const ended = runProgram(`import { logger, sayLastWords } from ${FILE}; sayLastWords(logger("till.a")); ${fault}`);
  expect([ended.status, ended.stderr]).toEqual([1, ""]);
  expect(JSON.parse(ended.stdout)).toMatchObject({ level: 60, process: "till.a", origin, err: { message: "boom" } });
});
