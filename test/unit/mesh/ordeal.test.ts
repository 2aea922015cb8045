/** Every service can be wired without engines, in a process that only tries an input. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ensureSandboxCertificates } from "../../../deploy/local/authority.ts";
import { runApart } from "../../../services/mesh/apart.ts";

const ROOT = join(import.meta.dirname, "../../..");
const LIMIT_MS = 30_000;
const SERVICES = ["administration", "claims", "enrollment", "monitoring", "payment", "settlement"];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-ordeal-"));
  await ensureSandboxCertificates(join(folder, "certs"), { counties: [], institutions: [], banks: ["icbc"] });
  vi.stubEnv("NRCMS_TOPOLOGY", join(ROOT, "deploy/topology.yaml"));
  vi.stubEnv("NRCMS_RUN", folder);
  vi.stubEnv("NRCMS_TWIN", "a");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test.each(SERVICES)(
  "protocols 7: %s tries an input by its own commands, and says which it has not",
  async (service) => {
    const input = { id: "x", from: "call", method: "NoSuchCommand", caller: { name: "x", role: "SERVICE", scope: "640000" } };
    const tried = runApart({
      program: join(ROOT, `services/${service}/main.ts`),
      parameters: ["ordeal"],
      what: "an ordeal",
      wanted: { packed: serialize({ input, loads: new Map(), stage: {} }) },
      heapMb: 160,
      youngMb: 2,
      limitMs: LIMIT_MS,
    });
    await expect(tried).rejects.toThrow("an ordeal did not end: there is no command NoSuchCommand");
  },
  LIMIT_MS,
);
