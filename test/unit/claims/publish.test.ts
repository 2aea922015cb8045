import { describe, expect, it } from "vitest";
import { canonical } from "../../../services/claims/domain/canonical.ts";
import { publishCatalogue } from "../../../services/claims/domain/publish-catalogue.ts";
import { publishScheme } from "../../../services/claims/domain/publish-scheme.ts";
import { catalogues, itemOf, rowOf, type Scheme, timetables } from "../../../services/claims/domain/scheme.ts";
import { isAskOwner } from "../../../services/values/outcome.ts";
import { bill, CLASSES, expectDone, INPATIENT_CAP, ITEMS, publish, region, scheme, snapshot, submitted, ZHONGNING } from "./nx-ref.ts";

/** Today is 25 November 2011; version 1 of 2011 is in force. */
const next = (overrides: Partial<Scheme> = {}) => scheme({ version: 2, fromDay: "2011-11-26", ...overrides });

describe("a scheme", () => {
  it("is published once; the same again is answered, other content refused", () => {
    const world = region();
    const second = next();
    expect(expectDone(publish(world, second)).schemeId).toBe(`${ZHONGNING}/2011/2`);
    const before = snapshot(world);
    expect(expectDone(publish(world, second)).schemeId).toBe(`${ZHONGNING}/2011/2`);
    expect(publish(world, { ...second, name: "other" }).result).toMatchObject({ code: "SCHEME_EXISTS", field: "scheme.version" });
    expect(snapshot(world)).toEqual(before);
    expect(world.get(timetables.key(ZHONGNING))?.rows.map(({ version }) => version)).toEqual([1, 2]);
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
    const world = region();
    expect(expectDone(publish(world, scheme({ year: 2010 }))).schemeId).toBe(`${ZHONGNING}/2010/1`);
    expect(submitted(region([scheme()]), bill()).benefit.schemeId).toBe(`${ZHONGNING}/2011/1`);
  });

  it.each<[string, Partial<Scheme>]>([
    ["scheme.to_day", { toDay: "2011-11-25" }],
    ["scheme.to_day", { toDay: "2012-01-01" }],
    ["scheme.from_day", { fromDay: "2012-01-01", toDay: "2012-12-31" }],
    ["scheme.catalogue_version", { catalogueVersion: "NONE" }],
    ["scheme.rules[1]", { rules: [scheme().rules[0], scheme().rules[0]].filter((rule) => rule !== undefined) }],
    ["scheme.caps[1]", { caps: [...scheme().caps.slice(0, 1), ...scheme().caps.slice(0, 1)] }],
    ["scheme.classes[5]", { classes: [...CLASSES, { class: "A", selfFirstBp: 5 }] }],
    ["scheme.deductible_waived[1]", { deductibleWaived: ["MINIMUM_LIVING", "MINIMUM_LIVING"] }],
    ["scheme.classes", { classes: CLASSES.slice(1) }],
    ["scheme.caps[0].cap_fen", { caps: [{ visitKind: "INPATIENT", capFen: INPATIENT_CAP - 1n }] }],
  ])("that contradicts itself at %s is refused", (field, overrides) => {
    const world = region();
    const before = snapshot(world);
    expect(publish(world, next(overrides)).result).toMatchObject({ code: "BAD_SCHEME", field });
    expect(snapshot(world)).toEqual(before);
  });

  it("has a higher number than those of its year, and may raise or drop a cap but not introduce one", () => {
    const world = region();
    expectDone(publish(world, next({ version: 5, caps: [{ visitKind: "INPATIENT", capFen: INPATIENT_CAP + 1n }] })));
    expect(publish(world, next({ version: 4 })).result).toMatchObject({ code: "BAD_SCHEME", field: "scheme.version" });
    expect(publish(world, next({ version: 6 })).result).toMatchObject({ code: "BAD_SCHEME", field: "scheme.caps[0].cap_fen" });
    const introduced = next({ version: 6, caps: [{ visitKind: "OUTPATIENT", capFen: 1n }] });
    expect(publish(world, introduced).result).toMatchObject({ code: "BAD_SCHEME", field: "scheme.caps[0].cap_fen" });
  });

  it("of a county that is not known asks administration before it refuses", () => {
    const world = region();
    const wrong = { scheme: scheme({ county: "640199" }), contentHash: "x" };
    expect(isAskOwner(world.run(publishScheme, wrong).result)).toBe(true);
    const refused = world.run(publishScheme, { ...wrong, asked: { countyKnown: false } });
    expect(refused.result).toMatchObject({ code: "UNKNOWN_COUNTY", field: "scheme.county" });
    expect(expectDone(world.run(publishScheme, { ...wrong, asked: { countyKnown: true } })).schemeId).toBe("640199/2011/1");
  });

  it("of a day is the highest version whose days hold it", () => {
    const row = (version: number, fromDay: string, toDay: string) => ({ year: 2011, version, fromDay, toDay });
    const rows = [row(1, "2011-01-01", "2011-12-31"), row(3, "2011-05-01", "2011-05-31"), row(2, "2011-04-01", "2011-12-31")];
    const versions = ["2010-12-31", "2011-03-31", "2011-04-01", "2011-05-01", "2011-05-31", "2011-06-01", "2011-12-31", "2012-01-01"].map(
      (day) => rowOf({ county: ZHONGNING, rows }, day)?.version,
    );
    expect(versions).toEqual([undefined, 1, 2, 3, 3, 2, 2, undefined]);
  });
});

describe("a catalogue", () => {
  it("is published once, and finds every item by its code", () => {
    const world = region();
    const items = [...ITEMS].reverse();
    expect(expectDone(world.run(publishCatalogue, { catalogueVersion: "NX2", items, contentHash: "h" }))).toBe("h");
    expect(expectDone(world.run(publishCatalogue, { catalogueVersion: "NX2", items, contentHash: "h" }))).toBe("h");
    expect(world.run(publishCatalogue, { catalogueVersion: "NX2", items, contentHash: "g" }).result).toMatchObject({
      code: "CATALOGUE_EXISTS",
    });
    const stored = world.get(catalogues.key("NX2"));
    if (!stored) throw new Error("the catalogue is not stored");
    for (const item of ITEMS) expect(itemOf(stored, item.itemCode)).toEqual(item);
    for (const code of ["", "AA", "ZZZ", "constructor"]) expect(itemOf(stored, code)).toBeUndefined();
  });

  it("with an item twice contradicts itself", () => {
    const items = [...ITEMS, ...ITEMS.slice(0, 1)];
    const { result } = region().run(publishCatalogue, { catalogueVersion: "NX3", items, contentHash: "h" });
    expect(result).toMatchObject({ code: "BAD_SCHEME", field: `items[${ITEMS.length}].item_code` });
  });
});

it("one content has one canonical text, whatever the order of its fields", () => {
  expect(canonical({ b: [1n, "x"], a: { d: true, c: 2 } })).toBe('{"a":{"c":2,"d":true},"b":[1,"x"]}');
  expect(canonical({ a: { c: 2, d: true }, b: [1n, "x"] })).toBe(canonical({ b: [1n, "x"], a: { d: true, c: 2 } }));
});
