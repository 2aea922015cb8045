import { describe, expect, it } from "vitest";
import type { GoldenCase, Scheme } from "../../../services/benefit/scheme.ts";
import { canonical, hashOf } from "../../../services/claims/domain/canonical.ts";
import { publishCatalogue } from "../../../services/claims/domain/publish-catalogue.ts";
import { catalogues, drafts, itemOf, rowOf, schemeIdOf, timetables, versionOf } from "../../../services/claims/domain/scheme.ts";
import { approveScheme, draftScheme, publishScheme, simulateScheme } from "../../../services/claims/domain/scheme-life.ts";
import { isAskOwner } from "../../../services/values/outcome.ts";
import {
  bill,
  expectDone,
  INPATIENT_CAP,
  ITEMS,
  line,
  publish,
  refusedWith,
  region,
  scheme,
  schemeIn,
  snapshot,
  submitted,
  ZHONGNING,
} from "./nx-ref.ts";

/** Today is 25 November 2011; version 1 of 2011 is in force. */
const next = (overrides: Partial<Scheme> = {}) => scheme({ version: 2, fromDay: "2011-11-26", ...overrides });
const as = (name: string) => ({ caller: { name, role: "ADMINISTRATOR", scope: "640000" } });
const draftOf = (version: Scheme) => ({ scheme: version, document: "", contentHash: hashOf(version) });
const named = (version: Scheme, contentHash = "") => {
  const { county, year, version: number } = version;
  return { county, year, version: number, contentHash };
};

describe("a scheme's life", () => {
  it("goes from the draft through its golden cases and two people's word to publication, and no other way", () => {
    const world = region();
    const second = next();
    const hash = hashOf(second);
    const stateOf = () => world.get(drafts.key(ZHONGNING, 2011, 2))?.state;
    const wrong = (wanted: string) =>
      expect.objectContaining({ code: "WRONG_SCHEME_STATE", en: expect.stringContaining(`must be ${wanted}`) });

    expect(world.run(simulateScheme, named(second)).result).toMatchObject({ code: "UNKNOWN_SCHEME" });
    expectDone(world.run(draftScheme, draftOf(second), as("li")));
    expect(stateOf()).toBe("DRAFT");
    expect(world.run(approveScheme, named(second, hash), as("li")).result).toEqual(wrong("SIMULATED"));
    expect(world.run(publishScheme, named(second)).result).toEqual(wrong("APPROVED"));
    expectDone(world.run(simulateScheme, named(second, hash)));
    expect(stateOf()).toBe("SIMULATED");
    expectDone(world.run(approveScheme, named(second, hash), as("li")));
    expect(stateOf()).toBe("SIMULATED");
    expect(world.run(publishScheme, named(second)).result).toEqual(wrong("APPROVED"));
    expect(world.run(approveScheme, named(second, hash), as("li")).result).toMatchObject({ code: "ALREADY_APPROVED" });
    expect(expectDone(world.run(approveScheme, named(second, hash), as("wang")))).toMatchObject({
      state: "APPROVED",
      approvedBy: ["li", "wang"],
    });
    expect(expectDone(world.run(publishScheme, named(second, hash))).state).toBe("PUBLISHED");
    expect(world.get(drafts.key(ZHONGNING, 2011, 1))?.state).toBe("SUPERSEDED");
    expect(world.get(timetables.key(ZHONGNING))?.rows.map(({ version }) => version)).toEqual([1, 2]);
    expect(expectDone(world.run(publishScheme, named(second, hash))).state).toBe("PUBLISHED");
    expect(world.get(timetables.key(ZHONGNING))?.rows).toHaveLength(2);
  });

  it("begins anew where it is drafted anew: nobody has approved what they have not seen", () => {
    const world = region();
    const [one, other] = [next(), next({ name: "another" })];
    expectDone(world.run(draftScheme, draftOf(one), as("li")));
    expectDone(world.run(simulateScheme, named(one)));
    expectDone(world.run(approveScheme, named(one, hashOf(one)), as("li")));
    expectDone(world.run(draftScheme, draftOf(other), as("wang")));
    expect(world.get(drafts.key(ZHONGNING, 2011, 2))).toMatchObject({ state: "DRAFT", draftedBy: "wang", approvedBy: [] });
    expect(world.run(simulateScheme, named(one, hashOf(one))).result).toMatchObject({ code: "SCHEME_CHANGED", field: "content_hash" });
  });

  it("ends before publication where it does not decide its golden cases as they say", () => {
    const world = region();
    const [golden] = schemeIn("nx-ref").golden;
    const wrong: GoldenCase = { ...golden, expect: { fundFen: 3_553n } } as never;
    const version = next({ golden: [wrong] });
    expectDone(world.run(draftScheme, draftOf(version), as("li")));
    const before = snapshot(world);
    expect(world.run(simulateScheme, named(version)).result).toMatchObject({
      code: "BAD_SCHEME",
      field: "golden[0].expect.fund_fen",
      en: expect.stringContaining("expects fundFen 3553 and gets 3552"),
    });
    expect(snapshot(world)).toEqual(before);
  });

  it("is published once; the same again is answered, other content refused", () => {
    const world = region();
    const second = next();
    expect(schemeIdOf(expectDone(publish(world, second)).scheme)).toBe(`${ZHONGNING}/2011/2`);
    const before = snapshot(world);
    expect(expectDone(publish(world, second)).state).toBe("PUBLISHED");
    expect(publish(world, { ...second, name: "other" }).result).toMatchObject({ code: "SCHEME_EXISTS", field: "document" });
    expect(snapshot(world)).toEqual(before);
  });

  it.each([
    ["2011-11-24", "TOO_EARLY"],
    ["2011-11-25", "TOO_EARLY"],
    ["2011-11-26", undefined],
  ])("from %s takes effect the next day at the earliest: %s", (fromDay, code) => {
    const { result } = publish(region(), next({ fromDay }));
    expect("code" in result ? result.code : undefined).toBe(code);
  });

  it("of a year that has ended may reach back, and a county's first may", () => {
    expect(expectDone(publish(region(), scheme({ year: 2010 }))).state).toBe("PUBLISHED");
    expect(submitted(region([scheme()]), bill()).benefit.schemeId).toBe(`${ZHONGNING}/2011/1`);
  });

  it.each<[string, Partial<Scheme>]>([
    ["catalogue_version", { catalogueVersion: "NONE" }],
    ["classes", { classes: scheme().classes.slice(1) }],
  ])("that does not fit its catalogue at %s is no draft", (field, overrides) => {
    const world = region();
    const before = snapshot(world);
    expect(publish(world, next(overrides)).result).toMatchObject({ code: "BAD_SCHEME", field });
    expect(snapshot(world)).toEqual(before);
  });

  it("has a higher number than those of its year, and may raise or drop a cap but not introduce, lower or narrow one", () => {
    const world = region();
    const [stays, visits] = scheme().caps;
    if (!stays || !visits) throw new Error("NX-REF has two caps");
    const version = (number: number, caps: Scheme["caps"]) => publish(world, next({ version: number, caps })).result;
    expect(version(5, [{ ...stays, fen: INPATIENT_CAP + 1n }])).toMatchObject({ state: "PUBLISHED" });
    expect(version(4, [stays])).toMatchObject({ code: "BAD_SCHEME", field: "version" });
    expect(version(6, [stays])).toMatchObject({ code: "BAD_SCHEME", field: "caps[0].fen" });
    expect(version(7, [{ ...stays, fen: INPATIENT_CAP + 1n, scope: "HOUSEHOLD" }])).toMatchObject({
      code: "BAD_SCHEME",
      field: "caps[0].fen",
    });
    expect(version(8, [visits])).toMatchObject({ code: "BAD_SCHEME", field: "caps[0].fen" });
    expect(version(9, [])).toMatchObject({ state: "PUBLISHED" });
  });

  it("of a county that is not known asks administration before it refuses", () => {
    const world = region();
    const wrong = draftOf(scheme({ county: "640199" }));
    expect(isAskOwner(world.run(draftScheme, wrong).result)).toBe(true);
    const refused = world.run(draftScheme, { ...wrong, asked: { countyKnown: false } });
    expect(refused.result).toMatchObject({ code: "UNKNOWN_COUNTY" });
    expect(expectDone(world.run(draftScheme, { ...wrong, asked: { countyKnown: true } })).state).toBe("DRAFT");
  });

  it("of a day is the highest version whose days hold it", () => {
    const row = (version: number, fromDay: string, toDay: string) => ({ year: 2011, version, fromDay, toDay });
    const rows = [row(1, "2011-01-01", "2011-12-31"), row(3, "2011-05-01", "2011-05-31"), row(2, "2011-04-01", "2011-12-31")];
    const versions = ["2010-12-31", "2011-03-31", "2011-04-01", "2011-05-01", "2011-05-31", "2011-06-01", "2011-12-31", "2012-01-01"].map(
      (day) => rowOf({ county: ZHONGNING, rows }, day)?.version,
    );
    expect(versions).toEqual([undefined, 1, 2, 3, 3, 2, 2, undefined]);
  });

  it("has an id that can be read back, and nothing else can", () => {
    expect(versionOf(schemeIdOf(scheme()))).toEqual({ county: ZHONGNING, year: 2011, version: 1 });
    for (const wrong of ["", "640521", "640521/2011", "640521/2011/1/2", "640521/2011/x", "64052/2011/1"])
      expect(versionOf(wrong)).toBeUndefined();
  });
});

describe("a catalogue", () => {
  it("is published once, and finds every item by its code", () => {
    const world = region();
    const items = [...ITEMS].reverse();
    expect(expectDone(world.run(publishCatalogue, { catalogueVersion: "NX2", items, diagnoses: [], contentHash: "h" }))).toBe("h");
    expect(expectDone(world.run(publishCatalogue, { catalogueVersion: "NX2", items, diagnoses: [], contentHash: "h" }))).toBe("h");
    expect(world.run(publishCatalogue, { catalogueVersion: "NX2", items, diagnoses: [], contentHash: "g" }).result).toMatchObject({
      code: "CATALOGUE_EXISTS",
    });
    const stored = world.get(catalogues.key("NX2"));
    if (!stored) throw new Error("the catalogue is not stored");
    for (const item of ITEMS) expect(itemOf(stored, item.itemCode)).toEqual(item);
    for (const code of ["", "AA", "ZZZ", "constructor"]) expect(itemOf(stored, code)).toBeUndefined();
  });

  it("with diagnoses lets a bill name no other, and one without lets it name any", () => {
    const world = region();
    const input = { catalogueVersion: "NXD", items: ITEMS, diagnoses: ["J18.9", "A01.0"], contentHash: "d" };
    expectDone(world.run(publishCatalogue, input));
    expectDone(publish(world, next({ catalogueVersion: "NXD" })));
    const later = { atMs: Date.parse("2011-11-30T10:00:00+08:00") };
    const on = (diagnosis: string) => {
      const day = { admittedOn: "2011-11-27", dischargedOn: "2011-11-28" };
      return bill({ ...day, diagnosis, lines: [line("A", 100_000n, "2011-11-27")] });
    };
    expect(refusedWith(world, on("J18.8"), later)).toMatchObject({ code: "UNKNOWN_DIAGNOSIS", field: "bill.diagnosis" });
    expect(submitted(world, on("J18.9"), later).state).toBe("APPROVED");
    expect(submitted(region(), bill({ diagnosis: "Z99.9" })).state).toBe("APPROVED");
    const twice = { ...input, catalogueVersion: "NXE", diagnoses: ["A01.0", "J18.9", "A01.0"] };
    expect(world.run(publishCatalogue, twice).result).toMatchObject({ code: "BAD_SCHEME", field: "diagnoses[2]" });
  });

  it("with an item twice contradicts itself", () => {
    const items = [...ITEMS, ...ITEMS.slice(0, 1)];
    const { result } = region().run(publishCatalogue, { catalogueVersion: "NX3", items, diagnoses: [], contentHash: "h" });
    expect(result).toMatchObject({ code: "BAD_SCHEME", field: `items[${ITEMS.length}].item_code` });
  });
});

it("one content has one canonical text, whatever the order of its fields", () => {
  expect(canonical({ b: [1n, "x"], a: { d: true, c: 2 } })).toBe('{"a":{"c":2,"d":true},"b":[1,"x"]}');
  expect(canonical({ a: { c: 2, d: true }, b: [1n, "x"] })).toBe(canonical({ b: [1n, "x"], a: { d: true, c: 2 } }));
  expect(canonical({ a: 1, b: undefined })).toBe('{"a":1}');
});
