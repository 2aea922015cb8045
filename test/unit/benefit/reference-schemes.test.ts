/** Three schemes written from the reference alone, and what an oracle that shares no code with the product says of their golden cases, and of cases drawn at random. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenFaults } from "../../../services/benefit/golden.ts";
import { readScheme } from "../../../services/benefit/scheme-file.ts";
import { itemOfCode, schemeIn } from "../claims/nx-ref.ts";
import { documentOf, type Item, opinion } from "./oracle.ts";

const REFERENCE = join(import.meta.dirname, "..", "..", "..", "services", "benefit", "reference.md");
const CODES = ["A", "B", "CT", "IMPORT", "OUT"];

function itemOf(code: string): Item {
  const item = itemOfCode(code);
  if (!item) throw new Error(`no item ${code}`);
  return { class: item.class, limitFen: item.priceLimitFen };
}

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, "schemes", `${file}.yaml`), "utf8");
}

interface Drawn {
  readonly kind: string;
  readonly levels: readonly string[];
  readonly registrations: readonly string[];
}

describe.each<[string, readonly Drawn[]]>([
  ["fc-segments", [{ kind: "INPATIENT", levels: ["TOWNSHIP", "COUNTY", "PREFECTURE"], registrations: [] }]],
  [
    "tb-quotas",
    ["TB-YEAR", "TB-MONTH", "TB-70", "TB-80", "TB-NEW", "TB-RELAPSE"].map((one) => ({
      kind: "OUTPATIENT",
      levels: ["COUNTY"],
      registrations: [one],
    })),
  ],
  [
    "family-accounts",
    [
      { kind: "INPATIENT", levels: ["TOWNSHIP", "COUNTY"], registrations: [] },
      { kind: "OUTPATIENT", levels: ["VILLAGE", "TOWNSHIP", "COUNTY"], registrations: [] },
      { kind: "OUTPATIENT", levels: ["TOWNSHIP", "COUNTY"], registrations: ["CHRONIC"] },
    ],
  ],
])("%s", (file, visits) => {
  const document = documentOf(textOf(file));

  test("decides its golden cases as they say", () => {
    expect(goldenFaults(schemeIn(file), itemOfCode)).toEqual([]);
  });

  const cases: readonly { name: string; expect: object }[] = document.golden;
  test.each(cases)("the oracle says so too: $name", (golden) => {
    expect(opinion(document, golden, itemOf)).toMatchObject(golden.expect);
  });

  test("the oracle and the product agree on bills drawn at random", () => {
    const fen = fc.bigInt({ min: 1n, max: 3_000_000n });
    const lines = fc.array(fc.record({ item_code: fc.constantFrom(...CODES), fen, quantity_e4: fc.bigInt({ min: 1n, max: 90_000n }) }), {
      minLength: 1,
      maxLength: 8,
    });
    const caps: string[] = document.caps.map((cap: { code: string }) => cap.code);
    const before = fc.record({
      account_fen: fc.bigInt({ min: 0n, max: 100_000n }),
      used_fen: fc.tuple(...caps.map((cap) => fc.record({ cap: fc.constant(cap), fen: fc.bigInt({ min: 0n, max: 300_000n }) }))),
    });
    const visit = fc.constantFrom(...visits).chain(({ kind, levels, registrations }) =>
      fc.record({
        visit_kind: fc.constant(kind),
        level: fc.constantFrom(...levels),
        category: fc.constantFrom("ORDINARY", "FIVE_GUARANTEES"),
        diagnosis: fc.constantFrom("J18", "O80.0"),
        registrations: fc.constant(registrations),
        lines,
      }),
    );
    fc.assert(
      fc.property(visit, before, (drawn, seen) => {
        const golden = { name: "drawn", visit: drawn, before: seen };
        const said = opinion(document, golden, itemOf);
        const read = readScheme(textWith({ ...golden, expect: said }, file));
        expect("faults" in read ? read.faults : goldenFaults(read.scheme, itemOfCode)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** The scheme's document with one golden case instead of its own. JSON is YAML. */
function textWith(golden: object, file: string): string {
  const [scheme] = textOf(file).split("\ngolden:\n");
  const numbers = JSON.stringify(golden, (_, value) => (typeof value === "bigint" ? Number(value) : value));
  return `${scheme}\ngolden:\n  - ${numbers}\n`;
}

test("the reference tells every field that a document may have", () => {
  const reader = readFileSync(join(REFERENCE, "..", "scheme-file.ts"), "utf8");
  const reference = readFileSync(REFERENCE, "utf8");
  const fields = new Set([...reader.matchAll(/\b([a-z]+(?:_[a-z0-9]+)+)\b(?=[:,])/g)].map(([, field]) => field));
  expect(fields.size).toBeGreaterThan(50);
  expect([...fields].filter((field) => !reference.includes(String(field)))).toEqual([]);
});
