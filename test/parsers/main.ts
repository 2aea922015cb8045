/**
 * Both strangers read every document that we and the sandbox's bank write, and each is checked against its schema: `npm run test:parsers`.
 * Fetches what it needs at the first run (about 100 MB, most of it the Java library). Ends with `N passed, N failed`.
 */
import { documents } from "./documents.ts";
import { difference, type Reading } from "./reading.ts";
import { messageOf, validate } from "./schemas.ts";
import { readWithJava, readWithPython } from "./strangers.ts";

const READERS: readonly (readonly [string, (xmls: readonly string[]) => Promise<Reading[]>])[] = [
  ["pyiso20022 (Python)", readWithPython],
  ["pw-iso20022 (Java)", readWithJava],
];

const beganMs = performance.now();
const print = (line: string) => console.log(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);
let passed = 0;
let failed = 0;
const hold = (fault: string | undefined, what: string): void => {
  if (fault === undefined) passed += 1;
  else failed += 1;
  if (fault !== undefined) print(`FAILED  ${what}: ${fault}`);
};

const shown = await documents();
print(`${shown.length} documents, ${shown.reduce((sum, one) => sum + one.reading.rows.length, 0)} orders, answers and entries in them`);
for (const { what, xml } of shown) {
  const faults = await validate(xml, messageOf(xml));
  hold(faults.length > 0 ? faults.join("; ") : undefined, `${what}, against the schema`);
}
print("checked against the schemas");
for (const [name, read] of READERS) {
  const theirs = await read(shown.map(({ xml }) => xml));
  for (const [index, { what, reading }] of shown.entries()) {
    const other = theirs[index];
    hold(other ? difference(reading, other) : "not read", `${what}, ours / ${name}`);
  }
  print(`read with ${name}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
