/** A folder of region files for `nrcms import`: a few counties of the sample region, with a households file of the test's own. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REGION } from "../../services/nrcms/run.ts";

/** The lines of a table of the sample region that belong to the counties, header first. */
function linesOf(name: string, counties: readonly string[]): string[] {
  const [header = "", ...rows] = readFileSync(join(REGION, name), "utf8").trimEnd().split("\n");
  const column = header.split(",").indexOf("county");
  return [header, ...rows.filter((row) => counties.includes(row.split(",")[column] ?? ""))];
}

/** The sample region's households with these ids, as a file. */
export function householdsFile(ids: readonly string[]): string {
  const [header = "", ...rows] = readFileSync(join(REGION, "households.csv"), "utf8").trimEnd().split("\n");
  return `${[header, ...rows.filter((row) => ids.some((id) => row.startsWith(`${id},`)))].join("\n")}\n`;
}

/** The household of the sample region that a person with this identity number belongs to. */
export function householdOf(identityNumber: string): string {
  const row = readFileSync(join(REGION, "households.csv"), "utf8")
    .split("\n")
    .find((line) => line.includes(identityNumber));
  if (!row) throw new Error(`nobody in the sample region has this identity number`);
  return row.split(",")[0] ?? "";
}

/** The file of a county's scheme in a region's folder. */
export function schemeFile(folder: string, county: string): string {
  return join(folder, "schemes", `${county}-2011-1.yaml`);
}

/** Writes the folder; `households` are the bytes of its households.csv. */
export function writeRegionFolder(folder: string, counties: readonly string[], households: string | Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["counties.csv", "contributions.csv", "institutions.csv"])
    writeFileSync(join(folder, name), `${linesOf(name, counties).join("\n")}\n`);
  const [header = ""] = readFileSync(join(REGION, "referrals.csv"), "utf8").split("\n");
  writeFileSync(join(folder, "referrals.csv"), `${header}\n`);
  for (const name of ["catalogue.csv", "diagnoses.csv"]) copyFileSync(join(REGION, name), join(folder, name));
  mkdirSync(join(folder, "schemes"), { recursive: true });
  for (const county of counties) copyFileSync(schemeFile(REGION, county), schemeFile(folder, county));
  writeFileSync(join(folder, "households.csv"), households);
  return folder;
}
