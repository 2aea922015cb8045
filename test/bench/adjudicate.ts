/** The pure adjudication alone, on one core: bills of 20 lines under the reference scheme, with the full trace and without it, and the arithmetic that it cannot do without beside them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { random } from "../../deploy/sandbox/region/random.ts";
import { adjudicate } from "../../services/benefit/adjudicate.ts";
import { type Before, type Law, NOTHING_BEFORE, type PricedLine, type Visit } from "../../services/benefit/case.ts";
import { entitlementOf } from "../../services/benefit/entitlement.ts";
import type { CatalogueItem } from "../../services/benefit/scheme.ts";
import { readScheme } from "../../services/benefit/scheme-file.ts";
import type { Step } from "../../services/benefit/trace.ts";
import { halfUp } from "../../services/values/money.ts";

const BILLS = 500;
const LINES = 20;
const WARM_UP = 20_000;
const SEED = 1;
const CLASSES = ["A", "B", "EXAM", "IMPORT", "OUT"] as const;
const LEVELS = ["TOWNSHIP", "COUNTY", "PREFECTURE", "PROVINCE"] as const;

interface Bill {
  readonly visit: Visit;
  readonly before: Before;
}

interface Row {
  readonly what: string;
  readonly perSecond: number;
  readonly microseconds: number;
}

export function benchAdjudicate(seconds: number, json: boolean): void {
  const read = readScheme(readFileSync(join(import.meta.dirname, "..", "unit", "benefit", "schemes", "nx-ref.yaml"), "utf8"));
  if ("faults" in read) throw new Error("the reference scheme has faults");
  const hash = "0".repeat(64);
  const law: Law = { scheme: read.scheme, schemeHash: hash, classes: read.scheme.classes, catalogueVersion: "NX", catalogueHash: hash };
  const bills = billsOf();
  let steps = 0;
  const rows: Row[] = [
    measure("with the full trace, in Chinese and English", seconds, bills, ({ visit, before }) => {
      const trace: Step[] = [];
      decide(visit, law, before, trace);
      steps = trace.length;
    }),
    measure("without the trace", seconds, bills, ({ visit, before }) => decide(visit, law, before)),
    measure("only: each line's price limit and self-first share", seconds, bills, ({ visit }) => {
      for (const { billedFen, quantityE4 } of visit.lines) halfUp(halfUp(billedFen * quantityE4, 10_000n) * 9_000n, 10_000n);
    }),
  ];
  if (json) return console.log(JSON.stringify({ lines: LINES, steps, rows }));
  const table = new Table({ head: ["adjudication, one core", "claims/s", "µs/claim"], style: { head: [], border: [], compact: true } });
  for (const { what, perSecond, microseconds } of rows) table.push([what, perSecond.toFixed(0), microseconds.toFixed(1)]);
  console.log(
    `${BILLS} bills of ${LINES} lines, seed ${SEED}; a trace has about ${steps} steps; CPU time, not wall time\n${table.toString()}`,
  );
}

function decide(visit: Visit, law: Law, before: Before, trace?: Step[]): void {
  const entitlement = entitlementOf(visit, law.scheme);
  if (!entitlement) throw new Error("a bill without a benefit");
  adjudicate(visit, entitlement, law, before, trace);
}

/** CPU time of this process: what else runs on the machine does not count. */
function measure(what: string, seconds: number, bills: readonly Bill[], work: (bill: Bill) => void): Row {
  const each = (count: number): void => {
    for (let index = 0; index < count; index += 1) work(bills[index % bills.length] as Bill);
  };
  each(WARM_UP);
  const started = process.cpuUsage();
  let done = 0;
  let usedUs = 0;
  while (usedUs < seconds * 1e6) {
    each(BILLS);
    done += BILLS;
    const { user, system } = process.cpuUsage(started);
    usedUs = user + system;
  }
  return { what, perSecond: (done * 1e6) / usedUs, microseconds: usedUs / done };
}

function billsOf(): Bill[] {
  const chance = random(SEED, "bench adjudicate");
  const items: CatalogueItem[] = CLASSES.flatMap((one, index) =>
    Array.from({ length: 40 }, (_, number) => ({
      itemCode: `${one}-${number}`,
      name: `项目 ${one}${number}`,
      class: one,
      priceLimitFen: index === 2 ? 24_000n : 0n,
      lowestLevel: "VILLAGE" as const,
    })),
  );
  const line = (): PricedLine => ({
    item: chance.pick(items),
    quantityE4: BigInt(chance.between(1, 5)) * 10_000n,
    billedFen: BigInt(chance.between(100, 90_000)),
    day: "2011-05-04",
    covered: true,
  });
  return Array.from({ length: BILLS }, () => ({
    visit: {
      visitKind: "INPATIENT",
      level: chance.pick(LEVELS),
      category: "ORDINARY",
      diagnosis: "J18.9",
      procedures: [],
      registrations: [],
      referred: chance.chance(5_000),
      tcm: chance.chance(1_000),
      lines: Array.from({ length: LINES }, line),
    },
    before: { ...NOTHING_BEFORE, compensatedStays: chance.between(0, 3), usedFen: { YEAR_IP: BigInt(chance.between(0, 4_900_000)) } },
  }));
}
