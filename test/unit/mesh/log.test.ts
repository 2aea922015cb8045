import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { lines } from "../../../services/mesh/log.ts";

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
  ["uncaughtException", "setTimeout(() => { throw new Error('boom'); });"],
  ["unhandledRejection", "void Promise.reject(new Error('boom'));"],
])("whoever ends for an error that nobody caught (%s) says so in its log, and ends with 1", (origin, fault) => {
  const file = JSON.stringify(new URL("../../../services/mesh/log.ts", import.meta.url).pathname);
  const program = `import { logger, sayLastWords } from ${file}; sayLastWords(logger("till.a")); ${fault}`;
  const ended = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program]);
  expect([ended.status, ended.stderr.toString()]).toEqual([1, ""]);
  expect(JSON.parse(ended.stdout.toString())).toMatchObject({ level: 60, process: "till.a", origin, err: { message: "boom" } });
});
