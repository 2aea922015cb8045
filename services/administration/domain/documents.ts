/** What administration remembers. Amounts in fen, days YYYY-MM-DD. */
import type { BankAccount } from "../../values/account.ts";
import { type Doc, kind } from "../../values/decision.ts";

export type Level = "VILLAGE" | "TOWNSHIP" | "COUNTY" | "PREFECTURE" | "PROVINCE" | "OUT_OF_PROVINCE";
export type PaySchedule = "IMMEDIATE" | "DAILY" | "WEEKLY" | "MONTHLY";

export interface County {
  /** The division code; also the document's county. */
  readonly county: string;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly prefecture: string;
  readonly account: BankAccount;
  readonly fundFloorFen: bigint;
}

export interface Institution {
  readonly institutionId: string;
  readonly county: string;
  readonly name: string;
  readonly level: Level;
  readonly paySchedule: PaySchedule;
  readonly account: BankAccount;
}

export interface Notice {
  readonly noticeId: string;
  /** A county, or the province's code where it concerns all. */
  readonly county: string;
  readonly title: string;
  readonly body: string;
  readonly publishedOn: string;
}

/** Counts the changes from 1; goes out as the state event's version. (The mesh keeps a `version` of its own on every stored document.) */
interface Revised {
  readonly revision: number;
}

export interface CountyDocument extends County, Doc, Revised {}
export interface InstitutionDocument extends Institution, Doc, Revised {}
export interface NoticeDocument extends Notice, Doc {
  /** Orders the notices of a day. */
  readonly publishedAtMs: number;
}

export const counties = kind<CountyDocument>("counties");
export const institutions = kind<InstitutionDocument>("institutions");
export const notices = kind<NoticeDocument>("notices", { immutable: true });
