/** The audit over a province's year in a real mongod: documents a second, and the most memory that its process had resident. */
import Table from "cli-table3";
import { MongoClient } from "mongodb";
import { auditApart } from "../../services/audit/apart.ts";
import { withMongo } from "./one-mongo.ts";
import { fillYear } from "./year-of-claims.ts";

const MB = 1_048_576;

export interface AuditOptions {
  readonly claims: string;
  readonly json?: boolean;
}

export async function benchAudit(options: AuditOptions): Promise<void> {
  await withMongo("nrcms-audit-", (uri) => auditOver(uri, options));
}

async function auditOver(uri: string, { claims, json }: AuditOptions): Promise<void> {
  const say = (line: string) => process.stderr.isTTY && process.stderr.write(`\r${line}\u001b[K`);
  const client = new MongoClient(uri, { useBigInt64: true });
  try {
    const began = performance.now();
    const filled = await fillYear(client, Number(claims), (there) => say(`${there} claims are there`));
    const fillSeconds = (performance.now() - began) / 1000;
    const [started, seconds] = [performance.now(), new Map<number, number>()];
    let before = started;
    let current = 0;
    const audited = await auditApart({
      uri,
      nowMs: filled.nowMs,
      settled: true,
      background: false,
      onProgress({ invariant, checked }) {
        const now = performance.now();
        seconds.set(invariant, (seconds.get(invariant) ?? 0) + (now - before) / 1000);
        before = now;
        if (invariant !== current || checked % 100_000 === 0) say(`invariant ${invariant}/9: ${checked}`);
        current = invariant;
      },
    });
    const tookSeconds = (performance.now() - started) / 1000;
    say("");
    const rows = audited.lines.map(({ invariant, checked, breachCount }) => ({
      invariant,
      checked,
      breaches: breachCount,
      seconds: seconds.get(invariant) ?? 0,
    }));
    const figures = {
      ...filled,
      fillSeconds,
      tookSeconds,
      documentsPerSecond: filled.documents / tookSeconds,
      peakMb: audited.peakRssBytes / MB,
      rows,
    };
    if (json) return console.log(JSON.stringify(figures));
    const table = new Table({ head: ["invariant", "looked at", "breaches", "s"], style: { head: [], border: [], compact: true } });
    for (const row of rows) table.push([row.invariant, row.checked, row.breaches, row.seconds.toFixed(1)]);
    const breaches = audited.lines.flatMap((line) => line.breaches.slice(0, 3).map((breach) => `  ${line.invariant}: ${breach}`));
    console.log(
      [
        `${filled.claims} claims, ${filled.documents} documents, filled in ${fillSeconds.toFixed(0)} s`,
        `audited in ${tookSeconds.toFixed(1)} s: ${figures.documentsPerSecond.toFixed(0)} documents/s; peak memory of the audit ${figures.peakMb.toFixed(0)} MB`,
        table.toString(),
        ...breaches,
      ].join("\n"),
    );
  } finally {
    await client.close();
  }
}
