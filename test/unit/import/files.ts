/** Files of the moment for the import tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { OnProblem, Problem } from "../../../services/nrcms/import/problems.ts";
import { checkCharacter } from "../../../services/values/identity.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-import-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file for one test and gives its path. */
export function fileOf(content: string | Uint8Array, name = "file.csv"): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Reads a file and gives what the reader gave, with the problems as `line:column field`. */
export async function reading<T>(
  read: (options: { onProblem: OnProblem }) => Promise<T>,
): Promise<{ result: T; problems: Problem[]; places: string[] }> {
  const problems: Problem[] = [];
  const result = await read({ onProblem: (problem) => void problems.push(problem) });
  return { result, problems, places: problems.map(({ line, column, field }) => `${line}:${column} ${field}`) };
}

export const HEADER = "household_id,county,township,village,member_no,name,identity_number,sex,born_on,head,category";

export function identityNumber(serial: number, bornOn = "1970-05-01"): string {
  const first17 = `640521${bornOn.replaceAll("-", "")}${String(serial).padStart(3, "0")}`;
  return first17 + checkCharacter(first17);
}

/** A member's row; the serial's parity is the sex (odd is male). */
export function row(household: number, memberNo: string, serial: number, change: Partial<Record<string, string>> = {}): string {
  const county = change.county ?? "640521";
  const cells: Record<string, string> = {
    household_id: `${county}${String(household).padStart(8, "0")}`,
    county,
    township: "鸣沙镇",
    village: "二道渠村",
    member_no: memberNo,
    name: "马小山",
    identity_number: identityNumber(serial),
    sex: serial % 2 === 1 ? "MALE" : "FEMALE",
    born_on: "1970-05-01",
    head: memberNo === "01" ? "true" : "false",
    category: "ORDINARY",
    ...change,
  };
  return HEADER.split(",")
    .map((name) => cells[name])
    .join(",");
}

export const csv = (...rows: readonly string[]) => `${[HEADER, ...rows].join("\n")}\n`;
