/**
 * A county's roll of households from CSV, one household after the other: a county is 160,000 people, and what is kept of those that have gone by is whose number stood where.
 * A household's rows stand together. Everything that can be seen in the file alone is reported here, and a household with one bad row is not given.
 */
import { basename } from "node:path";
import type { Household } from "../../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { columnsFor, type Gathering, gather, type HouseholdColumns, householdFault, placeIn } from "./households.ts";
import type { Encoding } from "./lines.ts";
import type { OnProblem, Place } from "./problems.ts";
import { type Row, tableRows } from "./table.ts";

export interface RollOptions {
  readonly county: string;
  readonly encoding: Encoding;
  /** YYYY-MM-DD: who is born after it is reported. */
  readonly today: string;
  readonly onProblem: OnProblem;
}

/** Rows that one file may have: more than any county has people. */
const MAX_ROWS = 2_000_000;

export interface Rolled {
  readonly household: Household;
  /** Rows read so far, those of this household included. */
  readonly rows: number;
  /** Where a field of it stands: `members[1].identity_number`. */
  placeOf(field: string): Place;
}

/** The good households of the file, in its order, and in the end whether the file as a whole is of use. Throws what the file system says. */
export async function* readRoll(file: string, { county, encoding, today, onProblem }: RollOptions): AsyncGenerator<Rolled, boolean> {
  const name = basename(file);
  const people = new Map<string, number>();
  const seen = new Map<string, number>();
  let rows = 0;
  let open: { id: string; household: Gathering } | undefined;
  let stray = false;

  const close = (): Rolled | undefined => {
    if (!open) return undefined;
    const { id, household } = open;
    open = undefined;
    const right = !householdFault(household, (place, reason) => onProblem({ ...place, ...reason }));
    if (!right || household.bad) return undefined;
    const { township = "", village = "" } = household.first.value ?? {};
    const placeOf = (field: string) => placeIn(household, field) ?? { file: name, line: household.first.line, column: 0, field };
    return { household: { householdId: id, township, village, members: household.members }, rows, placeOf };
  };

  const wrongCounty = { zh: `不是 ${county}；一个文件只含一个县`, en: `is not ${county}: a file is of one county` };
  const columns: HouseholdColumns = {
    ...columnsFor({ onProblem, today }),
    county: (text) => (text === county ? { value: text } : { wrong: text === "" ? { zh: "必填", en: "is missing" } : wrongCounty }),
  };
  const table = tableRows(file, columns, onProblem, encoding);
  for (;;) {
    const { done, value: row } = await table.next();
    if (done) {
      const last = close();
      if (last && row) yield last;
      return row;
    }
    const id = row.text("household_id") ?? "";
    if (open && id !== open.id) {
      // Whose row a stray one is cannot be known: it may have been the last of this household.
      if (!/^\d{14}$/.test(id)) open.household.bad = true;
      const rolled = close();
      if (rolled) yield rolled;
    }
    rows += 1;
    if (rows > MAX_ROWS) {
      onProblem({ file: name, line: row.line, column: 0, field: "", zh: `超过 ${MAX_ROWS} 行`, en: `has more than ${MAX_ROWS} rows` });
      return false;
    }
    if (!/^\d{14}$/.test(id)) {
      stray = true;
      continue;
    }
    open ??= begin(id, row);
    gather(row, open.household, people, (place, reason) => onProblem({ ...place, ...reason }));
  }

  function begin(id: string, row: Row<HouseholdColumns>) {
    const before = seen.get(id);
    if (before === undefined) seen.set(id, row.line);
    else
      onProblem({
        ...row.place("household_id"),
        zh: `该户的行须相连；第 ${before} 行已有此户`,
        en: `the rows of a household stand together; this one began in line ${before}`,
      });
    const household: Gathering = {
      first: row,
      members: [],
      lines: [],
      numbers: new Map(),
      heads: [],
      headUnknown: before !== undefined,
      bad: stray || before !== undefined,
    };
    stray = false;
    return { id, household };
  }
}
