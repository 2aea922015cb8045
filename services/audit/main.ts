/**
 * An audit as a process of its own, so that its memory has a bound and whoever asked for it goes on meanwhile. It is told what to audit by its parent (apart.ts),
 * answers, and ends; it ends as well when its parent is gone.
 */
import { setPriority } from "node:os";
import type { Said, Wanted } from "./apart.ts";
import { auditMesh } from "./audit.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 10;

const say = (said: Said) => new Promise<void>((resolve) => process.send?.(said, undefined, {}, () => resolve()));

async function audit({ uri, nowMs, settled, background }: Wanted): Promise<void> {
  try {
    if (background) setPriority(LOW_PRIORITY);
    const lines = await auditMesh({ uri, nowMs, settled, onProgress: (progress) => void say({ kind: "progress", progress }) });
    await say({ kind: "lines", lines, peakRssBytes: process.resourceUsage().maxRSS * 1024 });
  } catch (error) {
    await say({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  }
  process.disconnect?.();
}

if (!process.send) throw new Error("an audit is started by services/audit/apart.ts");
process.once("message", (wanted) => void audit(wanted as Wanted));
process.once("disconnect", () => process.exit());
// Gone before this program had been read.
if (!process.connected) process.exit();
