/** What `npm test` plays in brief, played at length: thousands of days of the payment states, weeks of a bank that misbehaves, many seeds of the whole mesh. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";

interface Part {
  readonly what: string;
  readonly program: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

const HOUR_MS = 3_600_000;
const vitest = (project: string, file: string): Pick<Part, "program" | "parameters"> => ({
  program: "node_modules/vitest/vitest.mjs",
  parameters: ["run", "--project", project, file],
});

const PARTS: readonly Part[] = [
  {
    what: "5,000 random days of the payment states",
    ...vitest("unit", "test/unit/payment/days.test.ts"),
    environment: { NRCMS_RUNS: "5000" },
    limitMs: HOUR_MS,
  },
  ...[1, 2, 3].map((seed) => ({
    what: `a week with a bank that misbehaves, seed ${seed}`,
    ...vitest("journey", "test/journey/bank-week.test.ts"),
    environment: { NRCMS_SEED: `${seed}` },
    limitMs: HOUR_MS,
  })),
  {
    what: "500 seeds of the simulation",
    program: "test/simulation/main.ts",
    parameters: ["--seeds", "500"],
    environment: {},
    limitMs: HOUR_MS,
  },
];

/** True where it ended well and in time. */
function play({ program, parameters, environment, limitMs }: Part): Promise<boolean> {
  const child = spawn(process.execPath, [join(ROOT, program), ...parameters], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const limit = setTimeout(() => child.kill("SIGTERM"), limitMs);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve(code === 0);
    });
  });
}

let [passed, failed] = [0, 0];
for (const [index, part] of PARTS.entries()) {
  const startedMs = performance.now();
  console.log(`${index + 1}/${PARTS.length}  ${part.what}`);
  const well = await play(part);
  if (well) passed += 1;
  else failed += 1;
  console.log(
    `${index + 1}/${PARTS.length}  ${part.what}: ${well ? "passed" : "FAILED"} after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
