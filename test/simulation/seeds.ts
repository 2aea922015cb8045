/** Runs seeds one after the other and writes each outcome as a line of JSON: a process of its own, because a thousand provinces leave much behind. */
import { simulate } from "./run.ts";

const [from = 1, count = 1, stop = 0] = process.argv.slice(2).map(Number);
for (let seed = from; seed < from + count; seed += 1) {
  const outcome = await simulate(seed);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  if (stop === 1 && outcome.breach !== "") break;
}
