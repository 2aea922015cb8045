/**
 * An audit as a process of its own, so that its memory has a bound and whoever asked for it goes on meanwhile. It is told what to audit by its parent (apart.ts),
 * answers, and ends; it ends as well when its parent is gone.
 */
import { setPriority } from "node:os";
import { answerApart } from "../mesh/apart.ts";
import type { Audited, Wanted } from "./apart.ts";
import { auditMesh } from "./audit.ts";
import type { Progress } from "./findings.ts";

/** Below everything that somebody waits for. */
const LOW_PRIORITY = 10;

answerApart<Wanted, Progress, Audited>("an audit", async ({ uri, nowMs, settled, background }, tell) => {
  if (background) setPriority(LOW_PRIORITY);
  const lines = await auditMesh({ uri, nowMs, settled, onProgress: tell });
  return { lines, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
});
