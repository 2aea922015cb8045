/** One offence against each import rule, to see it fire: a rule that finds no module holds for nothing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";

/** Rule → the file that breaks it → what that file imports. */
const OFFENCES: Readonly<Record<string, readonly [file: string, imported: string]>> = {
  "values-import-nothing": ["services/values/money.ts", "node:fs"],
  "domain-imports-its-own-and-values": ["services/claims/domain/submit.ts", "../store.ts"],
  "mesh-knows-no-service": ["services/mesh/twin.ts", "../claims/store.ts"],
  "services-are-strangers": ["services/payment/send.ts", "../claims/store.ts"],
  "audit-is-read-by-monitoring-and-nrcms": ["services/payment/check.ts", "../audit/findings.ts"],
  "contracts-stop-at-the-edge": ["services/claims/store.ts", "../../proto/generated/nrcms/claims/v1/claims.ts"],
  "edges-are-opened-by-main": ["services/payment/config.ts", "./calls.ts"],
  "mongodb-stays-in-the-stores": ["services/claims/query.ts", "mongodb"],
  "nats-stays-in-the-bus": ["services/mesh/relay.ts", "@nats-io/jetstream"],
  "grpc-stays-at-the-doors": ["services/claims/door.ts", "@grpc/grpc-js"],
  "telemetry-stays-in-one-file": ["services/gateway/span.ts", "@opentelemetry/api"],
  "product-never-imports-tests": ["deploy/local/engines.ts", "../../test/harness/mesh.ts"],
  "services-never-import-the-sandbox": ["services/nrcms/day.ts", "../../deploy/sandbox/bank/books.ts"],
  "only-nrcms-deploys": ["services/monitoring/up.ts", "../../deploy/local/ports.ts"],
  "no-circles": ["services/settlement/ledger.ts", "./windows.ts"],
  "no-dead-files": ["services/enrollment/forgotten.ts", "../values/money.ts"],
  "no-unresolvable": ["services/administration/notices.ts", "./gone.ts"],
  "product-needs-no-development-package": ["services/administration/users.ts", "vitest"],
};

/** Types count as well: a file that needs another's types knows the other. */
const TYPE_ONLY = "services/claims/domain/adjudicate.ts";

/** What may be: each in the place that the rules leave for it. */
const ALLOWED: Readonly<Record<string, string>> = {
  "services/claims/domain/review.ts": `import type { Fen } from "../../values/days.ts"; import { createHash } from "node:crypto"; export const x: Fen = createHash;`,
  "services/claims/main.ts": `import { serve } from "../mesh/bus.ts"; import { calls } from "./calls.ts"; import "./domain/review.ts"; serve(calls);`,
  "services/claims/calls.ts": `import { a } from "../../proto/generated/nrcms/claims/v1/claims.ts"; export const calls = a;`,
  "services/mesh/bus.ts": `import { connect } from "@nats-io/jetstream"; export const serve = connect;`,
  "services/mesh/store-mongo.ts": `import { MongoClient } from "mongodb"; export const store = MongoClient;`,
  "services/mesh/telemetry.ts": `import { trace } from "@opentelemetry/api"; export const spans = trace;`,
  "services/monitoring/alarms.ts": `import { findings } from "../audit/findings.ts"; export const alarms = findings;`,
  "services/nrcms/up.ts": `import { ports } from "../../deploy/local/ports.ts"; export const up = ports;`,
};

const OTHERS: Readonly<Record<string, string>> = {
  "services/values/days.ts": "export type Fen = unknown; export const a = 1;",
  "services/audit/findings.ts": "export const findings = 1; export const a = 1;",
  "services/payment/calls.ts": "export const calls = 1; export const a = 1;",
  "services/settlement/windows.ts": `import { b } from "./ledger.ts"; export const a = b;`,
  "proto/generated/nrcms/claims/v1/claims.ts": "export const a = 1;",
  "deploy/local/ports.ts": "export const ports = 1; export const a = 1;",
  "deploy/sandbox/bank/books.ts": "export const a = 1;",
  "test/harness/mesh.ts": "export const a = 1;",
  [TYPE_ONLY]: `import type { A } from "../store.ts"; export type B = A;`,
  "package.json": JSON.stringify({
    type: "module",
    dependencies: { mongodb: "1", "@nats-io/jetstream": "1", "@grpc/grpc-js": "1", "@opentelemetry/api": "1" },
    devDependencies: { vitest: "1" },
  }),
};

let folder = "";
let found: { rule: string; from: string }[] = [];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "nrcms-rules-")));
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  };
  for (const [file, imported] of Object.values(OFFENCES)) write(file, `import { a } from "${imported}"; export const b = a;`);
  for (const [file, content] of Object.entries({ ...ALLOWED, ...OTHERS })) write(file, content);
  for (const name of ["mongodb", "@nats-io/jetstream", "@grpc/grpc-js", "@opentelemetry/api", "vitest"]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
    write(`node_modules/${name}/index.js`, "module.exports = {};");
  }
  // Whatever the other offences and the allowed files are reached by.
  const reached = [...Object.values(OFFENCES).map(([file]) => file), ...Object.keys(ALLOWED)].filter(
    (file) => file.startsWith("services/") && !file.includes("forgotten"),
  );
  write("test/unit/all.test.ts", reached.map((file) => `import "../../${file}";`).join("\n"));
  const program = join(ROOT, "node_modules", "dependency-cruiser", "bin", "dependency-cruiser.mjs");
  const parameters = [program, "--config", join(ROOT, ".dependency-cruiser.cjs"), "--output-type", "json", "services", "deploy", "test"];
  const { stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: folder, encoding: "utf8", timeout: 30_000 });
  if (!stdout.startsWith("{")) throw new Error(`dependency-cruiser: ${stderr || stdout}`);
  const report = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string; to: string }[] } };
  found = report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from: rule.name === "no-dead-files" ? to : from }));
}, 40_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.keys(OFFENCES))("%s", (rule) => {
  expect(found.filter((violation) => violation.rule === rule).map(({ from }) => from)).toContain(OFFENCES[rule]?.[0]);
});

test("an import of types alone is seen too", () => {
  expect(found).toContainEqual({ rule: "domain-imports-its-own-and-values", from: TYPE_ONLY });
});

test("what may be is left alone", () => {
  expect(found.filter(({ from }) => from in ALLOWED)).toEqual([]);
});
