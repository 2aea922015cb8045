import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastAtHand, openCrashNote, writeNote } from "../../../services/mesh/crash.ts";
import { Weather } from "../../../services/mesh/store.ts";

let folder: string;
const open = () => openCrashNote(join(folder, "crash", "till.a.json"));
const batch = (...ids: string[]) => ids.map((id) => ({ id }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nrcms-crash-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("protocols 7: crashers", () => {
  test("no input is to blame where the disk does not take the note", () => {
    const full = openSync("/dev/full", "w");
    expect(() => writeNote(full, { deciding: ["1"], crashes: {}, feared: [] })).toThrow(Weather);
    closeSync(full);
  });

  test("a process that ended between batches suspects nobody", () => {
    const note = open();
    note.begin(batch("1", "2"));
    note.end(batch("1", "2"));
    expect(open().isSuspect("1")).toBe(false);
  });

  test("after a crash the batch is suspect; at the second crash the one that was there is condemned, the others are not", () => {
    open().begin(batch("1", "bad", "2"));
    const second = open();
    expect(["1", "bad", "2", "3"].map((id) => second.isSuspect(id))).toEqual([true, true, true, false]);
    expect(second.condemned.size).toBe(0);
    second.begin(batch("1"));
    second.end(batch("1"));
    second.begin(batch("bad"));
    const third = open();
    expect([...third.condemned]).toEqual(["bad"]);
    expect(third.isSuspect("1")).toBe(false);
    expect(third.isSuspect("2")).toBe(true);
  });

  test("the condemned stay so over starts, until they are forgiven; then they are decided alone, and once more is enough", () => {
    open().begin(batch("bad"));
    open().begin(batch("bad"));
    expect(open().condemned.has("bad")).toBe(true);
    const forgiving = open();
    forgiving.forgive("bad");
    expect([forgiving.condemned.has("bad"), forgiving.isSuspect("bad")]).toEqual([false, true]);
    forgiving.begin(batch("bad"));
    expect(open().condemned.has("bad")).toBe(true);
  });

  test("the one at hand is feared until it is tried or decided; its neighbours are suspect only", () => {
    const first = open();
    first.begin(batch("1", "2", "3"));
    first.at(1);
    expect(lastAtHand(folder, "till.a")).toBe("2");
    const second = open();
    expect(["1", "2", "3"].map((id) => [second.isSuspect(id), second.isFeared(id)])).toEqual([
      [true, false],
      [true, true],
      [true, false],
    ]);
    second.begin(batch("9"));
    second.end(batch("9"));
    expect(open().isFeared("2")).toBe(true);
    const third = open();
    third.unfear("2");
    expect([third.isSuspect("2"), third.isFeared("2")]).toEqual([true, false]);
    third.begin(batch("2"));
    third.end(batch("2"));
    expect(third.isSuspect("2")).toBe(false);
  });

  test("what the peer had at hand is feared here, however often that is told; what was there at a crash here as well is condemned", () => {
    const note = open();
    for (let told = 0; told < 3; told += 1) note.fear("x");
    expect([note.isSuspect("x"), note.isFeared("x"), note.condemned.size]).toEqual([true, true, 0]);
    note.begin(batch("x"));
    expect([...open().condemned]).toEqual(["x"]);
  });

  test("what has been decided, by whomever, is suspect no more", () => {
    const note = open();
    note.fear("x");
    note.clear("x");
    expect([note.isSuspect("x"), note.isFeared("x")]).toEqual([false, false]);
  });

  test("who is convicted is parked, forgiven or not, over starts", () => {
    const note = open();
    note.forgive("x");
    note.convict("x");
    expect([note.condemned.has("x"), note.isFeared("x")]).toEqual([true, false]);
    note.begin([]);
    note.end([]);
    expect(open().condemned.has("x")).toBe(true);
  });

  test("what the peer condemns is condemned here, unless it was forgiven here", () => {
    const note = open();
    note.condemn(["x", "y"]);
    note.forgive("x");
    note.condemn(["x", "y"]);
    expect([...note.condemned]).toEqual(["y"]);
  });

  test.each(["", "{", "[]", "7", "000000\n{}", '{"deciding":["1"],"crashes":{}}\n'])("a note of %j is no note", (text) => {
    open();
    writeFileSync(join(folder, "crash", "till.a.json"), text);
    expect(open().condemned.size).toBe(0);
  });

  test("the note does not grow without end", () => {
    for (let crash = 0; crash < 5; crash += 1) open().begin(batch(...Array.from({ length: 400 }, (_, index) => `${crash}/${index}`)));
    const note = open();
    expect([note.isSuspect("0/0"), note.isSuspect("4/399")]).toEqual([false, true]);
  });
});
