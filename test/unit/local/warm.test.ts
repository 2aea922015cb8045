/** The compile cache that all twins start from: where it cannot be filled everything still runs, only slower, and nobody would notice. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../../deploy/local/binaries.ts";
import { isWarm } from "../../../deploy/local/warm.ts";
import { readTopology } from "../../../services/mesh/topology.ts";

test("the twins' code is compiled beforehand, all of it, whatever refuses to run by itself", { timeout: 60_000 }, () => {
  const cache = mkdtempSync(join(tmpdir(), "nrcms-warm-"));
  try {
    expect(isWarm(cache)).toBe(false);
    const services = Object.keys(readTopology(join(ROOT, "deploy", "topology.yaml")).services);
    execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "deploy", "local", "warm.ts"), ...services], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      stdio: "pipe",
    });
    expect(isWarm(cache)).toBe(true);
    const compiled = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
    expect(compiled).toBeGreaterThan(500);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
