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
