import { describe, expect, test } from "vitest";
import { ALWAYS_OPEN, type Calendar, executionDay, isBankingDay } from "../../../services/payment/domain/calendar.ts";

/** The week of National Day 2011: Saturday 1 to Friday 7 October closed, Saturday 8 and Sunday 9 worked. */
const CALENDAR: Calendar = {
  cutOff: "16:30",
  weekends: true,
  holidays: ["2011-10-03", "2011-10-04", "2011-10-05", "2011-10-06", "2011-10-07"],
  workdays: ["2011-10-08", "2011-10-09"],
};
const at = (time: string) => Date.parse(`${time}+08:00`);

describe("the day of execution", () => {
  test.each([
    ["before the cut-off: today", "2011-09-30T16:29:59.999", "2011-09-30"],
    ["at the cut-off before a holiday: when banks work again, though it is a Saturday", "2011-09-30T16:30:00", "2011-10-08"],
    ["within a holiday", "2011-10-04T09:00:00", "2011-10-08"],
    ["on a Sunday that is worked", "2011-10-09T09:00:00", "2011-10-09"],
    ["on a Friday evening: Monday", "2011-11-25T17:00:00", "2011-11-28"],
    ["just before midnight in Shanghai", "2011-11-23T23:59:59", "2011-11-24"],
  ])("%s", (_, time, day) => {
    expect(executionDay(at(time), CALENDAR)).toBe(day);
  });

  test("without a calendar it is always today", () => {
    expect(executionDay(at("2011-10-02T23:59:59.999"), ALWAYS_OPEN)).toBe("2011-10-02");
  });

  test("a calendar without a banking day in a month is a mistake", () => {
    const holidays = Array.from({ length: 31 }, (_, index) => `2011-10-${String(index + 1).padStart(2, "0")}`);
    expect(() => executionDay(at("2011-10-01T09:00:00"), { ...CALENDAR, holidays, workdays: [] })).toThrow("closed for 30 days");
  });

  test("a holiday that falls on a worked weekend is a holiday", () => {
    expect(isBankingDay("2011-10-08", { ...CALENDAR, holidays: ["2011-10-08"] })).toBe(false);
  });
});
