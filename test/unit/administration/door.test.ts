import { describe, expect, test } from "vitest";
import { calls } from "../../../services/administration/calls.ts";
import type { Reader } from "../../../services/mesh/wiring.ts";

const caller = { name: "admin", role: "ADMINISTRATOR", scope: "640000" };
const reader: Reader = {
  get: async () => undefined,
  getAll: async () => new Map(),
  find: async () => [],
  count: async () => 0,
};

/** The field that the door finds wrong, or undefined. */
function fieldOf(method: string, request: object): string | undefined {
  const call = calls({ reader }).find((one) => one.method.name === method);
  if (call?.act !== "command") throw new Error(`${method} is no command`);
  const refusal = call.check({ requestId: "r-1", ...request }, caller);
  if (refusal) expect(refusal).toMatchObject({ code: "BAD_REQUEST", status: "INVALID_ARGUMENT" });
  return refusal?.field;
}

const account = { bankCode: "105871000019", accountNumber: "640521", accountName: "基金" };
const county = { county: "640521", nameZh: "中宁县", nameEn: "Zhongning", prefecture: "中卫市", account, fundFloorFen: 0n };
const institution = { institutionId: "H-1", county: "640521", name: "医院", level: "COUNTY", paySchedule: "DAILY", account };
const notice = { noticeId: "N-1", county: "640000", title: "公示", body: "一\n二", publishedOn: "" };

describe("RegisterCounty", () => {
  test.each<[string | undefined, object]>([
    [undefined, {}],
    [undefined, { fundFloorFen: 1_000_000_000_000n }],
    ["county.county", { county: "640500" }],
    ["county.county", { county: "110101" }],
    ["county.county", { county: "64052" }],
    ["county.name_zh", { nameZh: "" }],
    ["county.name_zh", { nameZh: "县".repeat(101) }],
    [undefined, { nameZh: "县".repeat(100) }],
    ["county.name_en", { nameEn: " Zhongning" }],
    ["county.prefecture", { prefecture: "中卫\u0007" }],
    ["county.fund_floor_fen", { fundFloorFen: -1n }],
    ["county.fund_floor_fen", { fundFloorFen: 1_000_000_000_001n }],
    ["county.account", { account: undefined }],
    ["county.account.bank_code", { account: { ...account, bankCode: "10587100001" } }],
    ["county.account.account_number", { account: { ...account, accountNumber: "64052" } }],
    ["county.account.account_number", { account: { ...account, accountNumber: "6".repeat(35) } }],
    ["county.account.account_number", { account: { ...account, accountNumber: "6405 21" } }],
    [undefined, { account: { ...account, accountNumber: "A".repeat(34) } }],
    ["county.account.account_name", { account: { ...account, accountName: " " } }],
  ])("finds %s in %o", (field, change) => {
    expect(fieldOf("RegisterCounty", { county: { ...county, ...change } })).toBe(field);
  });

  test("wants a county", () => expect(fieldOf("RegisterCounty", { county: undefined })).toBe("county"));
});

describe("RegisterInstitution", () => {
  test.each<[string | undefined, object]>([
    [undefined, {}],
    [undefined, { institutionId: "A".repeat(20) }],
    ["institution.institution_id", { institutionId: "AB" }],
    ["institution.institution_id", { institutionId: "A".repeat(21) }],
    ["institution.institution_id", { institutionId: "abc" }],
    ["institution.county", { county: "640000" }],
    ["institution.name", { name: "" }],
    ["institution.level", { level: "UNSPECIFIED" }],
    ["institution.pay_schedule", { paySchedule: "UNSPECIFIED" }],
    ["institution.account", { account: undefined }],
  ])("finds %s in %o", (field, change) => {
    expect(fieldOf("RegisterInstitution", { institution: { ...institution, ...change } })).toBe(field);
  });
});

describe("PublishNotice", () => {
  test.each<[string | undefined, object]>([
    [undefined, {}],
    [undefined, { county: "640521", publishedOn: "2011-11-25" }],
    ["notice.notice_id", { noticeId: "" }],
    ["notice.notice_id", { noticeId: "a/b" }],
    ["notice.county", { county: "640500" }],
    ["notice.title", { title: "一\n二" }],
    ["notice.body", { body: "" }],
    ["notice.body", { body: "字".repeat(10_001) }],
    ["notice.body", { body: "\u0000字" }],
    ["notice.published_on", { publishedOn: "2011-02-29" }],
  ])("finds %s in %o", (field, change) => {
    expect(fieldOf("PublishNotice", { notice: { ...notice, ...change } })).toBe(field);
  });
});
