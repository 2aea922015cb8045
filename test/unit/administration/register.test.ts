import { describe, expect, test } from "vitest";
import { type County, counties, type Institution, institutions, type Notice } from "../../../services/administration/domain/documents.ts";
import { publishNotice } from "../../../services/administration/domain/publish-notice.ts";
import { registerCounty } from "../../../services/administration/domain/register-county.ts";
import { registerInstitution } from "../../../services/administration/domain/register-institution.ts";
import { newWorld } from "../../harness/decide.ts";

const account = { bankCode: "105871000019", accountNumber: "6405210000000001", accountName: "中宁县新农合基金" };
const zhongning: County = { county: "640521", nameZh: "中宁县", nameEn: "Zhongning", prefecture: "中卫市", account, fundFloorFen: 0n };
const jingyuan: County = { ...zhongning, county: "640424", nameZh: "泾源县", nameEn: "Jingyuan", prefecture: "固原市" };
const hospital: Institution = {
  institutionId: "H640521-01",
  county: "640521",
  name: "中宁县人民医院",
  level: "COUNTY",
  paySchedule: "IMMEDIATE",
  account,
};
const notice: Notice = { noticeId: "N-1", county: "640521", title: "补偿公示", body: "十一月", publishedOn: "" };

function registered() {
  const world = newWorld();
  world.run(registerCounty, zhongning);
  world.run(registerCounty, jingyuan);
  return world;
}

describe("a county", () => {
  test("is told in whole, with version 1, on its own subject", () => {
    const world = newWorld();
    const { result, told } = world.run(registerCounty, zhongning);
    expect(result).toEqual(zhongning);
    expect(told).toEqual([{ name: "CountyChanged", county: "640521", body: { county: zhongning, version: 1n } }]);
    expect(world.get(counties.key("640521"))).toEqual({ ...zhongning, revision: 1 });
  });

  test("entered again unchanged tells nothing and answers the same", () => {
    const world = registered();
    const { result, told } = world.run(registerCounty, { ...zhongning, account: { ...account } });
    expect(result).toEqual(zhongning);
    expect(told).toEqual([]);
    expect(world.get(counties.key("640521"))?.revision).toBe(1);
  });

  test.each<Partial<County>>([
    { nameZh: "中宁" },
    { nameEn: "Zhongning County" },
    { prefecture: "中卫" },
    { fundFloorFen: 1n },
    { account: { ...account, bankCode: "105871000020" } },
    { account: { ...account, accountNumber: "6405210000000002" } },
    { account: { ...account, accountName: "中宁县" } },
  ])("changed in %o is told with version 2", (change) => {
    const world = registered();
    const { told } = world.run(registerCounty, { ...zhongning, ...change });
    expect(told).toHaveLength(1);
    expect(told[0]?.body).toEqual({ county: { ...zhongning, ...change }, version: 2n });
  });
});

describe("an institution", () => {
  test("is told on its county's subject", () => {
    const { result, told } = registered().run(registerInstitution, hospital);
    expect(result).toEqual(hospital);
    expect(told).toEqual([{ name: "InstitutionChanged", county: "640521", body: { institution: hospital, version: 1n } }]);
  });

  test.each<[Partial<Institution>, number]>([
    [{}, 0],
    [{ name: "中宁县医院" }, 1],
    [{ level: "TOWNSHIP" }, 1],
    [{ paySchedule: "WEEKLY" }, 1],
    [{ account: { ...account, accountNumber: "6405210000000009" } }, 1],
  ])("changed in %o tells %i events", (change, events) => {
    const world = registered();
    world.run(registerInstitution, hospital);
    const { told } = world.run(registerInstitution, { ...hospital, ...change });
    expect(told.map((event) => event.body.version)).toEqual(events === 0 ? [] : [2n]);
  });

  test("of an unregistered county is refused", () => {
    const { result, told } = newWorld().run(registerInstitution, hospital);
    expect(result).toMatchObject({ code: "UNKNOWN_COUNTY", status: "FAILED_PRECONDITION", field: "institution.county" });
    expect(told).toEqual([]);
  });

  test("cannot move to another county", () => {
    const world = registered();
    world.run(registerInstitution, hospital);
    const { result } = world.run(registerInstitution, { ...hospital, county: "640424" });
    expect(result).toMatchObject({ code: "COUNTY_CHANGED", field: "institution.county" });
    expect(world.get(institutions.key(hospital.institutionId))?.county).toBe("640521");
  });
});

describe("a notice", () => {
  test("is published on the day it is sent", () => {
    const { result } = registered().run(publishNotice, notice, { atMs: Date.parse("2011-11-25T23:59:59+08:00") });
    expect(result).toEqual({ ...notice, publishedOn: "2011-11-25" });
  });

  test("may concern the whole province", () => {
    expect(newWorld().run(publishNotice, { ...notice, county: "640000" }).result).toMatchObject({ county: "640000" });
  });

  test("sent again is answered as it was published, on another day too", () => {
    const world = registered();
    const first = world.run(publishNotice, notice, { atMs: Date.parse("2011-11-25T10:00:00+08:00") });
    const again = world.run(publishNotice, notice, { atMs: Date.parse("2011-11-26T10:00:00+08:00") });
    expect(again.result).toEqual(first.result);
  });

  test.each([{ title: "更正" }, { body: "十二月" }, { county: "640424" }])("never changes in place: %o", (change) => {
    const world = registered();
    world.run(publishNotice, notice);
    expect(world.run(publishNotice, { ...notice, ...change }).result).toMatchObject({ code: "BAD_REQUEST", field: "notice.notice_id" });
  });

  test.each([
    ["2011-11-24", "notice.published_on"],
    ["2011-11-26", "notice.published_on"],
  ])("is not dated %s on the 25th", (publishedOn, field) => {
    expect(registered().run(publishNotice, { ...notice, publishedOn }).result).toMatchObject({ code: "BAD_REQUEST", field });
  });

  test("of an unregistered county is refused", () => {
    expect(newWorld().run(publishNotice, notice).result).toMatchObject({ code: "UNKNOWN_COUNTY", field: "notice.county" });
  });
});
