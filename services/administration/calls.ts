/**
 * What administration is asked. The `read…` functions are the contract at the door: each turns a message into the domain's words
 * or names the field that is wrong.
 */
import {
  AdministrationServiceDefinition as definition,
  type PublishNoticeRequest,
  type RegisterCountyRequest,
  type RegisterInstitutionRequest,
} from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { accountFault } from "../values/account.ts";
import { isDay } from "../values/days.ts";
import { MAX_FEN } from "../values/money.ts";
import { badRequest, isRefusal, type Refusal } from "../values/outcome.ts";
import { isCountyCode, PROVINCE } from "../values/region.ts";
import type { County, Institution, Notice } from "./domain/documents.ts";
import { publishNotice } from "./domain/publish-notice.ts";
import { registerCounty } from "./domain/register-county.ts";
import { registerInstitution } from "./domain/register-institution.ts";
import { allCounties, institutionsOf, noticesOf } from "./store.ts";

const MAX_NAME = 100;
const MAX_BODY = 10_000;

export function calls({ reader }: { readonly reader: Reader }): readonly Call[] {
  const { methods } = definition;
  return [
    command(methods.registerCounty, {
      check: (request) => refusalOf(readCounty(request)),
      input: readCounty,
      decision: registerCounty,
      reply: (county) => ({ county }),
    }),
    command(methods.registerInstitution, {
      check: (request) => refusalOf(readInstitution(request)),
      input: readInstitution,
      decision: registerInstitution,
      reply: (institution) => ({ institution }),
    }),
    command(methods.publishNotice, {
      check: (request) => refusalOf(readNotice(request)),
      input: readNotice,
      decision: publishNotice,
      reply: (notice) => ({ notice }),
    }),
    query(methods.listCounties, async () => ({ counties: [...(await allCounties(reader))] })),
    query(methods.listInstitutions, async ({ county }) => {
      if (county !== "" && !isCountyCode(county)) return badCounty("county", county);
      return { institutions: [...(await institutionsOf(reader, county))] };
    }),
    query(methods.listNotices, async ({ county }) => {
      if (county !== PROVINCE && !isCountyCode(county)) return badCounty("county", county);
      return { notices: [...(await noticesOf(reader, county))] };
    }),
  ];
}

function readCounty({ county }: RegisterCountyRequest): County | Refusal {
  if (!county) return missing("county");
  if (!isCountyCode(county.county)) return badCounty("county.county", county.county);
  const { account } = county;
  const badAccount = accountFault("county.account", account);
  if (badAccount || !account) return badAccount ?? missing("county.account");
  const { fundFloorFen } = county;
  if (fundFloorFen < 0n || fundFloorFen > MAX_FEN)
    return badRequest("county.fund_floor_fen", `须在 0 与 ${MAX_FEN} 分之间`, `must be between 0 and ${MAX_FEN} fen`);
  return (
    badText("county.name_zh", county.nameZh, MAX_NAME) ??
    badText("county.name_en", county.nameEn, MAX_NAME) ??
    badText("county.prefecture", county.prefecture, MAX_NAME) ?? { ...county, account }
  );
}

function readInstitution({ institution }: RegisterInstitutionRequest): Institution | Refusal {
  if (!institution) return missing("institution");
  const { institutionId, county, name, level, paySchedule } = institution;
  if (!/^[A-Z0-9-]{3,20}$/.test(institutionId))
    return badRequest("institution.institution_id", "须为 3 至 20 位大写字母、数字或连字符", "must be 3 to 20 characters A–Z, 0–9 or -");
  if (!isCountyCode(county)) return badCounty("institution.county", county);
  if (level === "UNSPECIFIED") return missing("institution.level");
  if (paySchedule === "UNSPECIFIED") return missing("institution.pay_schedule");
  const { account } = institution;
  const badAccount = accountFault("institution.account", account);
  if (badAccount || !account) return badAccount ?? missing("institution.account");
  return badText("institution.name", name, MAX_NAME) ?? { institutionId, county, name, level, paySchedule, account };
}

function readNotice({ notice }: PublishNoticeRequest): Notice | Refusal {
  if (!notice) return missing("notice");
  if (!/^[A-Za-z0-9-]{1,40}$/.test(notice.noticeId))
    return badRequest("notice.notice_id", "须为 1 至 40 位字母、数字或连字符", "must be 1 to 40 characters A–Z, a–z, 0–9 or -");
  if (notice.county !== PROVINCE && !isCountyCode(notice.county)) return badCounty("notice.county", notice.county);
  if (notice.publishedOn !== "" && !isDay(notice.publishedOn))
    return badRequest("notice.published_on", "须为空或 YYYY-MM-DD 的日期", "must be empty or a day YYYY-MM-DD");
  return badText("notice.title", notice.title, MAX_NAME) ?? badText("notice.body", notice.body, MAX_BODY, /[^\P{Cc}\n\t]/u) ?? notice;
}

/** A text that is empty, too long, padded with spaces, or holds what no reader can see. Length in characters. */
function badText(field: string, text: string, most: number, unseen = /\p{Cc}/u): Refusal | undefined {
  if (text.trim() === "") return missing(field);
  if (text.length > most) return badRequest(field, `不得超过 ${most} 个字符`, `must not be longer than ${most} characters`);
  if (text !== text.trim() || unseen.test(text))
    return badRequest(field, "不得含控制字符或首尾空格", "must not hold control characters or outer spaces");
  return undefined;
}

function missing(field: string): Refusal {
  return badRequest(field, "必填", "is missing");
}

function badCounty(field: string, code: string): Refusal {
  return badRequest(
    field,
    `“${code.slice(0, 20)}” 不是本省的县级区划代码`,
    `"${code.slice(0, 20)}" is not a county division code of the province`,
  );
}

function refusalOf(read: unknown): Refusal | undefined {
  return isRefusal(read) ? read : undefined;
}
