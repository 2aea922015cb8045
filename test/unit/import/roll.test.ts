/** A county's roll: read household by household, checked as a whole before anything is sent, and brought in as often as one likes. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { counties, type Household, type Receipt, type Release } from "../../../services/enrollment/domain/documents.ts";
import { type EnrolResult, enrol } from "../../../services/enrollment/domain/enrol.ts";
import { importRoll, problemsCsv, progressLine, type RollImport } from "../../../services/nrcms/enrol-import.ts";
import type { GatewayClient } from "../../../services/nrcms/gateway-client.ts";
import type { Problem } from "../../../services/nrcms/import/problems.ts";
import { readRoll } from "../../../services/nrcms/import/roll.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { household, member, request } from "../enrollment/people.ts";
import { csv, fileOf, HEADER, identityNumber, row } from "./files.ts";

const ZHONGNING = "640521";

async function read(content: string | Uint8Array, encoding: "utf-8" | "gb18030" = "utf-8") {
  const problems: Problem[] = [];
  const roll = readRoll(fileOf(content), {
    county: ZHONGNING,
    encoding,
    today: "2011-11-25",
    onProblem: (problem) => void problems.push(problem),
  });
  const good: string[] = [];
  for (;;) {
    const { done, value } = await roll.next();
    if (done) return { good, problems, usable: value, places: problems.map(({ line, column, field }) => `${line}:${column} ${field}`) };
    good.push(`${Number(value.household.householdId.slice(6))}:${value.household.members.length}`);
  }
}

/** 二道渠村, 马小山 and 鸣沙镇 in GB18030: what Node cannot write it can be given. */
const GB: Readonly<Record<string, readonly number[]>> = {
  鸣: [0xc3, 0xf9],
  沙: [0xc9, 0xb3],
  镇: [0xd5, 0xf2],
  二: [0xb6, 0xfe],
  道: [0xb5, 0xc0],
  渠: [0xc7, 0xfe],
  村: [0xb4, 0xe5],
  马: [0xc2, 0xed],
  小: [0xd0, 0xa1],
  山: [0xc9, 0xbd],
};
const gb18030 = (text: string) => Uint8Array.from([...text].flatMap((one) => GB[one] ?? [one.charCodeAt(0)]));

describe("a roll is read", () => {
  test("household by household", async () => {
    expect(await read(csv(row(1, "01", 1), row(1, "02", 2), row(2, "01", 3)))).toMatchObject({
      good: ["1:2", "2:1"],
      problems: [],
      usable: true,
    });
  });

  test.each([
    ["without a head", [row(1, "01", 1, { head: "false" }), row(1, "02", 2), row(2, "01", 3)], ["2:10 head"], ["2:1"]],
    ["with two heads", [row(1, "01", 1), row(1, "02", 2, { head: "true" }), row(2, "01", 3)], ["3:10 head"], ["2:1"]],
    ["of another county", [row(1, "01", 1), row(2, "01", 3, { county: "640424" })], ["3:2 county"], ["1:1"]],
    ["with somebody twice", [row(1, "01", 1), row(2, "01", 1)], ["3:7 identity_number"], ["1:1"]],
    ["with a birth date that the number denies", [row(1, "01", 1, { born_on: "1970-05-02" }), row(2, "01", 3)], ["2:9 born_on"], ["2:1"]],
    [
      "with a wrong check digit",
      [row(1, "01", 1, { identity_number: "640521197005010010" }), row(2, "01", 3)],
      ["2:7 identity_number"],
      ["2:1"],
    ],
    ["whose rows do not stand together", [row(1, "01", 1), row(2, "01", 3), row(1, "02", 2)], ["4:1 household_id"], ["1:1", "2:1"]],
    [
      "with a row of nobody's between",
      [row(1, "01", 1), row(9, "01", 5).replace("64052100000009", "x"), row(2, "01", 3), row(3, "01", 7)],
      ["3:1 household_id"],
      ["3:1"],
    ],
  ] as const)("%s: the place is named, and the others are given", async (_, rows, places, good) => {
    const found = await read(csv(...rows));
    expect(found.places).toEqual(places);
    expect(found.good).toEqual(good);
  });

  test("cut off in the last row", async () => {
    const whole = csv(row(1, "01", 1), row(2, "01", 3));
    const { places, good, problems } = await read(whole.slice(0, -40));
    expect(good).toEqual(["1:1"]);
    expect(places).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line: 3, en: "the file is cut off in its last line" });
  });

  test("in GB18030 where that is said, and otherwise told how", async () => {
    const bytes = gb18030(csv(row(1, "01", 1), row(2, "01", 3)));
    expect(await read(bytes, "gb18030")).toMatchObject({ good: ["1:1", "2:1"], problems: [] });
    const unsaid = await read(bytes);
    expect(unsaid).toMatchObject({ good: [], usable: false });
    expect(unsaid.problems[0]?.en).toContain("--encoding gb18030");
    const other = await read(csv(row(1, "01", 1)), "gb18030");
    expect(other).toMatchObject({ good: [], usable: false });
    expect(other.problems[0]?.en).toContain("UTF-8, not GB18030");
  });

  test("with a byte that is none of GB18030 in one cell, that cell is named", async () => {
    const bytes = gb18030(csv(row(1, "01", 1), row(2, "01", 3)));
    bytes[bytes.indexOf(0xc2)] = 0xff;
    expect((await read(bytes, "gb18030")).places).toEqual(["2:6 name"]);
  });

  test("empty, or without a header, it is of no use", async () => {
    expect(await read("")).toMatchObject({ usable: false, places: ["1:0 "] });
    expect(await read(`${row(1, "01", 1)}\n`)).toMatchObject({ usable: false, good: [] });
  });
});

describe("a roll is brought in", () => {
  let world: World;
  let calls: string[];
  let failAt = Number.POSITIVE_INFINITY;

  beforeEach(() => {
    world = newWorld();
    calls = [];
    failAt = Number.POSITIVE_INFINITY;
    for (const county of [ZHONGNING, "640424"]) world.put(counties.key(county), { county, revision: 1 });
  });

  /** Enrollment's decision over documents; a check keeps nothing, and an answered request is answered so again. */
  function client(): GatewayClient {
    const answered = new Map<string, unknown>();
    const call = async (_: unknown, method: string, asked: never) => {
      const { requestId = "", ...input } = asked as { requestId?: string };
      if (answered.has(requestId)) return answered.get(requestId);
      calls.push(method);
      if (method === "enrolHouseholds" && calls.filter((one) => one === method).length > failAt) throw new Error("the line is cut");
      const over = method === "checkHouseholds" ? copyOf(world) : world;
      const { result } = over.run(enrol, {
        ...(input as unknown as Parameters<typeof request>[1]),
        requestId,
        ownerKnowsCounty: true,
      } as never);
      if (requestId !== "") answered.set(requestId, result);
      return result as EnrolResult;
    };
    return { name: "clerk-640521", call, close: () => undefined } as unknown as GatewayClient;
  }

  function copyOf(from: World): World {
    const copy = newWorld();
    for (const kind of ["counties", "households", "identities", "tallies", "receipts", "releases"])
      for (const { _id, ...doc } of from.rows(kind)) copy.put({ kind, id: _id }, doc);
    return copy;
  }

  const bring = (content: string, change: Partial<RollImport> = {}, who = client()) =>
    importRoll(
      who,
      {
        file: fileOf(content),
        county: ZHONGNING,
        year: 2011,
        contributionFenPerHead: 3000n,
        encoding: "utf-8",
        today: "2011-11-25",
        dryRun: false,
        skipBad: false,
        queueDuplicates: false,
        ...change,
      },
      () => undefined,
    );
  const books = () =>
    JSON.stringify(
      ["households", "identities", "tallies", "receipts", "releases"].map((kind) => world.rows(kind)),
      (_, value) => (typeof value === "bigint" ? String(value) : value),
    );
  const many = (households: number) =>
    csv(...Array.from({ length: households }, (_, index) => row(index + 1, "01", index + 1, bornFor(index))));
  const bornFor = (index: number) => {
    const bornOn = `19${String(40 + Math.floor(index / 400)).padStart(2, "0")}-01-01`;
    return { born_on: bornOn, identity_number: identityNumber(index % 400, bornOn), sex: (index % 400) % 2 === 1 ? "MALE" : "FEMALE" };
  };

  test("whole, and again without effect", async () => {
    expect(await bring(many(1201))).toMatchObject({
      households: 1201,
      members: 1201,
      contributionsFen: 3_603_000n,
      imported: true,
      problems: [],
    });
    expect(calls.filter((method) => method === "enrolHouseholds")).toHaveLength(7);
    const before = books();
    expect(await bring(many(1201))).toMatchObject({ households: 1201, imported: true, problems: [] });
    expect(books()).toBe(before);
  });

  test("cut off half-way and repeated it ends right, and nothing is booked twice", async () => {
    failAt = 1;
    await expect(bring(many(1201))).rejects.toThrow("the line is cut");
    expect(world.all("households").length).toBeLessThan(1201);
    failAt = Number.POSITIVE_INFINITY;
    await bring(many(1201));
    expect(world.all("households")).toHaveLength(1201);
    expect(world.all<Receipt>("receipts").reduce((sum, { contributionsFen }) => sum + contributionsFen, 0n)).toBe(3_603_000n);
  });

  test("with --dry-run nothing changes, and the report is the same", async () => {
    const before = books();
    expect(await bring(many(30), { dryRun: true })).toMatchObject({ households: 30, imported: false, problems: [] });
    expect(books()).toBe(before);
    expect(calls).toEqual(["checkHouseholds"]);
  });

  const taken = () => {
    const theirs = household("64042400000001", [member("01", 7, { bornOn: "1970-05-01" })]);
    world.run(enrol, request([theirs], { county: "640424", requestId: "theirs" }));
  };
  const WITH_TAKEN = csv(row(1, "01", 1), row(2, "01", 7), row(3, "01", 9));

  test("with a person whom another county has, nothing changes, and the place is named", async () => {
    taken();
    const before = books();
    const { problems, imported } = await bring(WITH_TAKEN);
    expect(imported).toBe(false);
    expect(problems).toMatchObject([{ line: 3, column: 7, field: "identity_number", en: expect.stringContaining("640424") }]);
    expect(books()).toBe(before);
  });

  test("with --skip-bad the others are enrolled; with --queue-duplicates the other county is asked", async () => {
    taken();
    expect(await bring(WITH_TAKEN, { queueDuplicates: true })).toMatchObject({
      imported: false,
      releases: ["6404240000000101-640521-2011"],
    });
    expect(world.all("households")).toHaveLength(1);
    const report = await bring(WITH_TAKEN, { skipBad: true, queueDuplicates: true });
    expect(report).toMatchObject({ imported: true, households: 2, problems: [{ line: 3 }] });
    expect(world.all<Release>("releases")).toHaveLength(1);
  });

  test("whatever is damaged in a file, unless it is whole nothing changes, and every fault has its line", async () => {
    const rows = [HEADER, ...many(12).trimEnd().split("\n").slice(1)];
    const damage = fc.record({
      line: fc.integer({ min: 1, max: 12 }),
      at: fc.integer({ min: 0, max: 90 }),
      by: fc.constantFrom(",", "x", '"', "9", ""),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (all) => {
        const spoiled = rows.map((line, index) =>
          all.filter((one) => one.line === index).reduce((text, { at, by }) => text.slice(0, at) + by + text.slice(at + 1), line),
        );
        const before = books();
        const { problems, imported } = await bring(`${spoiled.join("\n")}\n`, { dryRun: false });
        if (imported) anew();
        else {
          expect(problems.length).toBeGreaterThan(0);
          expect(books()).toBe(before);
        }
        for (const { line } of problems) expect(line).toBeGreaterThan(0);
      }),
      { numRuns: 120 },
    );
  });

  function anew() {
    expect(world.all<Household>("households").length).toBeGreaterThan(0);
    world = newWorld();
    for (const county of [ZHONGNING, "640424"]) world.put(counties.key(county), { county, revision: 1 });
  }
});

test("the error report opens in a spreadsheet", () => {
  const problem = { file: "a,b.csv", line: 3, column: 7, field: "name", zh: "有“引号”", en: 'a "quoted", one' };
  expect(problemsCsv([problem])).toBe('\ufefffile,line,column,field,zh,en\r\n"a,b.csv",3,7,name,有“引号”,"a ""quoted"", one"\r\n');
  expect(progressLine("核对", 50, 200, 10)).toBe(`核对 ${"█".repeat(8)}${"░".repeat(22)} 25% 50/200 行 rows · 5/s · 30 s`);
});
