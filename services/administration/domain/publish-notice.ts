/**
 * Publishes a notice (公示). The day is the day on which it was published and no other: an objection window counts from it.
 * Append-only: a notice is corrected by a later one, never in place.
 */
import type { Decision } from "../../values/decision.ts";
import { badRequest } from "../../values/outcome.ts";
import { PROVINCE } from "../../values/region.ts";
import { counties, type Notice, notices } from "./documents.ts";
import type { AdministrationEvents } from "./events.ts";
import { refuse } from "./refusals.ts";

/** `publishedOn` is empty, or today. Refuses UNKNOWN_COUNTY; BAD_REQUEST for another day, and for an id that names another notice. */
export const publishNotice: Decision<Notice, Notice, AdministrationEvents> = {
  needs: (notice) => [notices.key(notice.noticeId), ...(notice.county === PROVINCE ? [] : [counties.key(notice.county)])],
  decide(notice, state, change, context) {
    const key = notices.key(notice.noticeId);
    const known = state.get(key);
    if (known) {
      const { county, title, body, publishedOn } = known;
      const same = county === notice.county && title === notice.title && body === notice.body;
      if (same && (notice.publishedOn === "" || notice.publishedOn === publishedOn)) return { ...notice, publishedOn };
      return badRequest(
        "notice.notice_id",
        `公告号 ${notice.noticeId} 已用于另一公告；更正请另发新公告`,
        `notice id ${notice.noticeId} is another notice's; publish a correction under a new id`,
      );
    }
    if (notice.county !== PROVINCE && !state.get(counties.key(notice.county)))
      return refuse("UNKNOWN_COUNTY", { field: "notice.county", county: notice.county });
    if (notice.publishedOn !== "" && notice.publishedOn !== context.day)
      return badRequest(
        "notice.published_on",
        `公示日期由系统填写，今天是 ${context.day}`,
        `a notice is published on the day it is sent, today ${context.day}; leave the field empty`,
      );
    const published: Notice = { ...notice, publishedOn: context.day };
    change.put(key, { ...published, publishedAtMs: context.atMs });
    change.about(notice.noticeId);
    return published;
  },
};
