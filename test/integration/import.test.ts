/** The operator's command on a small mesh: imports with every kind of bad file, and what it says, prints and exits with in every other case. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REGION } from "../../services/nrcms/run.ts";
import { changed, digest, still } from "../harness/digest.ts";
import { plainBills } from "../harness/door-callers.ts";
import { type DoorMesh, regionFor, startDoorMesh } from "../harness/door-mesh.ts";
import { type Ended, nrcms } from "../harness/nrcms.ts";
import { householdOf, householdsFile, schemeFile, writeRegionFolder } from "../harness/region-folder.ts";

const LIMIT_MS = 240_000;
const COUNTIES = ["640521", "640424"];
/** Of the bad rows' file: enrolled in Jingyuan. */
const ENROLLED = "640424196410196034";
const COMMANDS = ["day", "up", "status", "import", "trace", "explain", "scheme", "enrol", "household", "audit", "stop"];

const scratch = mkdtempSync(join(tmpdir(), "nrcms-import-"));
const bad = (name: string) => readFileSync(join(REGION, "bad", `households-${name}.csv`));
let mesh: DoorMesh;

beforeAll(async () => {
  // Only the certificates know the region; what is stored, the imports store.
  mesh = await startDoorMesh({
    region: await regionFor([...(await plainBills("H640521001", 1)), ...(await plainBills("H640424001", 1))]),
    imported: false,
  });
}, LIMIT_MS);

afterAll(async () => {
  await mesh?.stop();
  rmSync(scratch, { recursive: true, force: true });
}, LIMIT_MS);

function folderWith(name: string, households: string | Uint8Array): string {
  return writeRegionFolder(join(scratch, name), COUNTIES, households);
}

const run = (...parameters: string[]) => nrcms(mesh.run, ...parameters);

/** Each line of a report begins with the place: file, line and, where it is known, column. */
const places = (ended: Ended) =>
  ended.stderr
    .split("\n")
    .flatMap(
      (line) => /^(\S+?:\d+(?::\d+)?)(?: (\w+))?: .*\p{Script=Han}.* \/ .*[a-z]/u.exec(line)?.slice(1).filter(Boolean).join(" ") ?? [],
    );

const BAD_ROWS = [
  "households.csv:4:2 county",
  "households.csv:5:2 county",
  "households.csv:8:7 identity_number",
  "households.csv:11:10 head",
  "households.csv:12:10 head",
  "households.csv:19:9 born_on",
  "households.csv:20:6 name",
  "households.csv:22:8 sex",
  "households.csv:25:5 member_no",
];

describe("an import", () => {
  test("of good files enters all of it", { timeout: LIMIT_MS }, async () => {
    const folder = folderWith("good", householdsFile([householdOf(ENROLLED)]));
    const { code, stdout, stderr } = await run("import", folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^1 户 households, \d 人 members, [\d.,]+ 元 yuan; 0 项被拒 refused, 0 处有误 problems\n$/);
  });

  test("of the same files again changes nothing but what a repeat may", { timeout: LIMIT_MS }, async () => {
    const before = await still(mesh.mongo);
    const { code } = await run("import", join(scratch, "good"));
    expect(code).toBe(0);
    expect(changed(before, await still(mesh.mongo))).toEqual([]);
  });

  test("of bad rows brings in nothing, and says of each its line, its column and why", { timeout: LIMIT_MS }, async () => {
    const folder = folderWith("bad", bad("bad-rows"));
    const before = await still(mesh.mongo);
    const ended = await run("import", folder);
    expect(ended.code).toBe(1);
    expect(places(ended)).toEqual(BAD_ROWS);
    expect(ended.stderr).toContain("9 处有误 problems，未导入 nothing was imported");
    expect(ended.stderr, "no problem names a person").not.toContain("640521196");
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);
  });

  test("as JSON is one document, and tells the same", { timeout: LIMIT_MS }, async () => {
    const { code, stdout } = await run("import", join(scratch, "bad"), "--json");
    expect(code).toBe(1);
    const { problems, imported } = JSON.parse(stdout) as {
      problems: { file: string; line: number; column: number; field: string; zh: string; en: string }[];
      imported: unknown;
    };
    expect(problems.map(({ file, line, column, field }) => `${file}:${line}:${column} ${field}`)).toEqual(BAD_ROWS);
    expect(problems.every(({ zh, en }) => /\p{Script=Han}/u.test(zh) && !/\p{Script=Han}/u.test(en))).toBe(true);
    expect(imported).toBeNull();
  });

  test("with --dry-run only reads", { timeout: LIMIT_MS }, async () => {
    const before = await digest(mesh.mongo);
    expect((await run("import", join(scratch, "good"), "--dry-run")).code).toBe(0);
    expect((await run("import", join(scratch, "bad"), "--dry-run", "--skip-bad")).code).toBe(1);
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);
  });

  test("with --skip-bad brings in the good households, whole, and says what the mesh refused of them", { timeout: LIMIT_MS }, async () => {
    const ended = await run("import", join(scratch, "bad"), "--skip-bad", "--json");
    expect(ended.code).toBe(0);
    const { problems, imported } = JSON.parse(ended.stdout) as {
      problems: unknown[];
      imported: { households: number; members: number; contributionsFen: string; refused: string[] };
    };
    expect(problems).toHaveLength(BAD_ROWS.length);
    expect(imported).toMatchObject({ households: 4, members: 8, contributionsFen: "24000" });
    expect(imported.refused).toEqual([expect.stringMatching(/^households\.csv:16:7 identity_number: .*640424.*\/.*640424/)]);
    const stored = await mesh.mongo.db("nrcms_enrollment").collection<{ _id: string }>("households").find({ county: "640521" }).toArray();
    expect(stored.map(({ _id }) => _id.slice(-2)).toSorted()).toEqual(["01", "03", "07", "13"]);
  });

  test.each([
    ["in GB18030", "gb18030", ["households.csv:2"], /GB18030/, 0],
    // Its fourth household is one of the bad rows' good ones again, under another number: the mesh refuses it.
    ["cut off in the last row", "truncated", ["households.csv:17:7 identity_number"], /中断 \/ the file is cut off/, 6],
    ["without a header", "no-header", ["households.csv:1"], /表头.*header/, 0],
  ])("of a file %s says so; --skip-bad brings in what can be read", { timeout: LIMIT_MS }, async (_, name, wanted, words, households) => {
    const folder = folderWith(name, bad(name));
    const refused = await run("import", folder);
    expect(refused.code).toBe(1);
    expect(places(refused)).toEqual(wanted);
    expect(refused.stderr).toMatch(words);
    const skipping = await run("import", folder, "--skip-bad");
    expect(skipping.code).toBe(0);
    expect(skipping.stdout).toContain(`${households} 户 households`);
  });

  test("of a folder that lacks files names each of them; of no folder, that", { timeout: LIMIT_MS }, async () => {
    const ended = await run("import", join(REGION, "bad"));
    expect(ended.code).toBe(1);
    expect(places(ended).toSorted()).toEqual(
      ["catalogue", "contributions", "counties", "diagnoses", "households", "institutions", "referrals", "schemes"].map(
        (name) => `${name}${name === "schemes" ? "" : ".csv"}:1`,
      ),
    );
    const none = await run("import", join(scratch, "nowhere"));
    expect(none).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/没有文件夹 .* \/ there is no folder/) });
  });

  test("of a scheme that is published with other content is refused, not passed over; a catalogue with a bad row is never published in part", {
    timeout: LIMIT_MS,
  }, async () => {
    const folder = folderWith("other", householdsFile([householdOf(ENROLLED)]));
    const scheme = schemeFile(folder, COUNTIES[0] ?? "");
    writeFileSync(scheme, readFileSync(scheme, "utf8").replace(/rate_bp: 8000/, "rate_bp: 8001"));
    const changedScheme = await run("import", folder);
    expect(changedScheme.code).toBe(1);
    expect(changedScheme.stderr).toMatch(/schemes\/640\d{3}-2011-1\.yaml: SCHEME_EXISTS.*已发布.*published/);
    writeRegionFolder(folder, COUNTIES, householdsFile([householdOf(ENROLLED)]));
    const catalogue = join(folder, "catalogue.csv");
    const text = readFileSync(catalogue, "utf8");
    writeFileSync(catalogue, `${text}${text.trimEnd().split("\n").at(-1)}\n`);
    const before = await still(mesh.mongo);
    const twice = await run("import", folder, "--skip-bad");
    expect(twice.code).toBe(0);
    expect(places(twice)).toHaveLength(1);
    expect(changed(before, await still(mesh.mongo))).toEqual([]);
  });
});

describe("a county's roll", () => {
  const ROLL = readFileSync(join(REGION, "households.csv"), "utf8").trimEnd().split("\n");
  const lines = ROLL.filter((line, index) => index === 0 || line.startsWith("64052100000"));
  const rollOf = (name: string, text: string) => {
    const file = join(scratch, name);
    writeFileSync(file, text);
    return file;
  };
  const enrolRoll = (file: string, ...more: string[]) =>
    run("enrol", "import", "640521", file, "--year", "2012", "--contribution", "50", ...more);

  test("is checked as a whole, then enrolled; a second time nothing changes; and its life goes on", { timeout: LIMIT_MS }, async () => {
    const good = rollOf("roll.csv", `${lines.slice(0, 301).join("\n")}\n`);
    const cut = rollOf("cut.csv", lines.slice(0, 301).join("\n").slice(0, -30));
    const before = await still(mesh.mongo);
    const report = join(scratch, "report.csv");
    const refused = await enrolRoll(cut, "--report", report);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^cut\.csv:301:\d+ \S+: .*中断 \/ the file is cut off/m);
    expect(readFileSync(report, "utf8")).toMatch(/^\ufefffile,line,column,field,zh,en\r\ncut\.csv,301,/);
    const dry = await enrolRoll(good, "--dry-run", "--json");
    expect(dry.code, dry.stderr).toBe(0);
    expect(changed(before, await digest(mesh.mongo))).toEqual([]);

    const entered = await enrolRoll(good, "--json");
    expect(entered.code, entered.stderr).toBe(0);
    const { members, households, contributionsFen } = JSON.parse(entered.stdout) as Record<string, string | number>;
    expect(JSON.parse(dry.stdout)).toMatchObject({ members, households, contributionsFen, imported: false });
    const after = await still(mesh.mongo);
    expect((await enrolRoll(good)).code).toBe(0);
    expect(changed(after, await still(mesh.mongo))).toEqual([]);

    const rate = await run("enrol", "rate", "640521", "2012", "--json");
    expect(JSON.parse(rate.stdout)).toContainEqual(expect.objectContaining({ township: "", heads: members, households, entitled: 0 }));

    const [id = ""] = (lines[1] ?? "").split(",");
    const dead = await run("household", "leave", `${id}01`, "died", "2011-11-01", "--head", "02", "--evidence", "火化证 17");
    expect(dead.stderr).toBe("");
    expect(dead.stdout).toMatch(/没有参合日 no day is covered/);
    const history = await run("household", "history", id, "--json");
    expect(JSON.parse(history.stdout)).toMatchObject([{ kind: "LEFT", cause: "DIED", evidence: "火化证 17" }]);
    const again = await run("household", "leave", `${id}01`, "died", "2011-11-01");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("left the household") });
    expect((await run("audit", "--settled")).code).toBe(0);
  });

  test("in GB18030 says how it can be read", { timeout: LIMIT_MS }, async () => {
    const refused = await enrolRoll(join(REGION, "bad", "households-gb18030.csv"), "--dry-run");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--encoding gb18030") });
    const read = await enrolRoll(join(REGION, "bad", "households-gb18030.csv"), "--dry-run", "--encoding", "gb18030");
    expect(read.code, read.stderr).toBe(0);
    expect(read.stdout).toMatch(/12 户 households/);
  });
});

describe("the other commands", () => {
  test("status is a table of all pairs and engines, or JSON", { timeout: LIMIT_MS }, async () => {
    const [table, json] = await Promise.all([run("status"), run("status", "--json")]);
    expect(table).toMatchObject({ code: 0, stderr: "" });
    for (const service of ["enrollment", "claims", "settlement", "payment", "monitoring", "administration", "gateway"])
      expect(table.stdout.match(new RegExp(`│ ${service} +│`, "g"))).toHaveLength(2);
    expect(table.stdout).toMatch(/PRIMARY/);
    expect(table.stdout).toMatch(/meta leader/);
    expect(json.code).toBe(0);
    const { supervisor, pairs, engines } = JSON.parse(json.stdout) as {
      supervisor: number;
      pairs: { mode: string; twins: { alive: boolean; parked: string }[] }[];
      engines: { alive: boolean }[];
    };
    expect(supervisor).toBe(process.pid);
    expect(pairs).toHaveLength(7);
    expect(pairs.flatMap(({ twins }) => twins).map(({ alive, parked }) => [alive, parked])).toEqual(
      Array.from({ length: 14 }, () => [true, "0"]),
    );
    expect(engines.map(({ alive }) => alive)).toEqual(Array.from({ length: 6 }, () => true));
  });

  test("a claim that nobody knows has no trace", { timeout: LIMIT_MS }, async () => {
    expect(await run("trace", "nothing")).toMatchObject({ code: 1, stdout: "", stderr: "没有补偿单 nothing / no journal knows nothing\n" });
    expect(await run("trace", "nothing", "--json")).toMatchObject({ code: 1, stdout: "[]\n" });
  });

  test("the audit is clean with 0, and with a breach it is 1 and names it", { timeout: LIMIT_MS }, async () => {
    await still(mesh.mongo);
    const clean = await run("audit", "--settled", "--json");
    expect(clean.code, clean.stdout).toBe(0);
    const lines = JSON.parse(clean.stdout) as { invariant: number; zh: string; en: string; breaches: string[] }[];
    expect(lines.map(({ invariant }) => invariant)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const accounts = mesh.mongo.db("nrcms_settlement").collection("accounts");
    await accounts.updateOne({ county: "640521" }, { $inc: { balanceFen: 1n } }, { writeConcern: { w: "majority" } });
    const breached = await run("audit", "--settled");
    await accounts.updateOne({ county: "640521" }, { $inc: { balanceFen: -1n } }, { writeConcern: { w: "majority" } });
    expect(breached.code).toBe(1);
    expect(breached.stdout).toMatch(/✗ \d/);
    expect(breached.stdout).toMatch(/^ {2}1: /m);
  });

  test("each says what it is for, in Chinese and in English", { timeout: LIMIT_MS }, async () => {
    const all = await run("--help");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    for (const command of COMMANDS) {
      expect(all.stdout).toContain(`  ${command}`);
      const help = await run(command, "--help");
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toMatch(new RegExp(`^Usage: nrcms ${command}`));
      expect(help.stdout).toMatch(/\p{Script=Han}/u);
      expect(help.stdout).toMatch(/[a-z]{4,} [a-z]{2,} [a-z]{2,}/);
    }
  });

  test.each([
    [["bogus"]],
    [["trace"]],
    [["import"]],
    [["status", "--wrong"]],
    [["import", "a", "b"]],
    [["explain"]],
    [["scheme", "check"]],
    [[]],
  ])("a wrong call %j is 2, with the usage", { timeout: LIMIT_MS }, async (parameters) => {
    const { code, stdout, stderr } = await run(...parameters);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: nrcms");
  });

  test.each([["status"], ["trace", "x"], ["audit"], ["import", "."]])(
    "%s on a run directory where nothing was ever started says so",
    { timeout: LIMIT_MS },
    async (...parameters) => {
      const ended = await nrcms(join(scratch, "never"), ...parameters);
      expect(ended).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(/从未启动过 \/ nothing was ever started on .*never/),
      });
    },
  );

  test("on a run directory whose mesh has stopped it says that nothing runs, at once", { timeout: LIMIT_MS }, async () => {
    await mesh.supervisor.stop();
    for (const parameters of [["status"], ["status", "--json"], ["trace", "x"], ["audit"], ["import", join(scratch, "good")]])
      expect(await run(...parameters), parameters.join(" ")).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(/没有在运行的平台 \/ nothing runs on /),
      });
    expect(await run("stop")).toMatchObject({ code: 0, stdout: "没有在运行 nothing runs\n" });
  });
});
