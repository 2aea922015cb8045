import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_AUDIT: { status: "NOT_FOUND", zh: "没有这一夜的审计（{day}）", en: "There is no audit of that night ({day})" },
  UNKNOWN_COUNTY: { status: "NOT_FOUND", zh: "没有区划代码为“{county}”的县", en: 'There is no county with the division code "{county}"' },
});
