/** An audit in a process of its own says why it could not be made, and is gone when nobody waits for it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { auditApart } from "../../services/audit/apart.ts";
import { until } from "../unit/sandbox/bank.ts";

const APART = pathToFileURL(join(ROOT, "services", "audit", "apart.ts")).href;
const NOBODY = "mongodb://127.0.0.1:9/?replicaSet=none&serverSelectionTimeoutMS=60000";
const wanted = { uri: NOBODY, nowMs: 0, settled: false, background: true };

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
    throw error;
  }
}

test("what MongoDB says of the address is what the caller hears", async () => {
  await expect(auditApart({ ...wanted, uri: "postgres://127.0.0.1" })).rejects.toThrow(/the audit did not end: .*scheme/i);
});

test("one that is no longer wanted is killed, and so is one that takes too long", async () => {
  const stop = new AbortController();
  const pids: number[] = [];
  const onStart = (pid: number) => {
    pids.push(pid);
    setTimeout(() => stop.abort(), 100);
  };
  await expect(auditApart({ ...wanted, signal: stop.signal, onStart })).rejects.toThrow(/nobody waits for it any more/);
  await expect(auditApart({ ...wanted, limitMs: 150, onStart: (pid) => void pids.push(pid) })).rejects.toThrow(/no end after 0.15 s/);
  expect(pids).toHaveLength(2);
  for (const pid of pids) expect(await until(() => isGone(pid), 2_000)).toBe(true);
});

test("one that is killed from outside is an error, not a silence", async () => {
  await expect(auditApart({ ...wanted, onStart: (pid) => void process.kill(pid, "SIGKILL") })).rejects.toThrow(/SIGKILL/);
});

test("one whose parent was killed ends by itself", async () => {
  const program = `import { auditApart } from ${JSON.stringify(APART)};
    auditApart({ ...${JSON.stringify(wanted)}, onStart: (pid) => console.log(pid) });`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString("utf8"));
  expect(isGone(pid)).toBe(false);
  parent.kill("SIGKILL");
  expect(await until(() => isGone(pid), 5_000)).toBe(true);
});
