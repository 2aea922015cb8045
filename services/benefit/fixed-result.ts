/** What a fixed price pays: a serious disease's quota (定额包干), a disease's price (单病种). No deductible, no catalogue. */
import { BP, halfUp, lesser } from "../values/money.ts";
import { type Case, type Computed, unitSize } from "./case.ts";
import type { DiseasePrice, SeriousDisease } from "./scheme.ts";
import { words } from "./trace.ts";

/** A fixed price that fund, assistance and patient share: no deductible, no catalogue; what is above it is the hospital's. */
export function byQuota({ law, visit, totalFen, note }: Case, serious: SeriousDisease): Computed {
  const { code, quotaFen, fundBp, assistanceBp } = serious;
  const baseFen = lesser(totalFen, quotaFen);
  const size = unitSize({ visit, law });
  const resultFen = halfUp(baseFen * BigInt(fundBp), BP * size) * size;
  const assistanceFen = halfUp(baseFen * BigInt(assistanceBp), BP);
  note?.("PRICE", code, baseFen, resultFen, words.price(baseFen, fundBp, resultFen));
  const hospitalFen = totalFen - baseFen;
  return { ...FIXED, code, resultFen, assistanceFen, hospitalFen };
}

const FIXED = {
  order: "POOL_ONLY",
  deductibleFen: 0n,
  rateBp: 0,
  subsidyFen: 0n,
  perVisitCapFen: undefined,
  assistanceFen: 0n,
  byRate: false,
  months: [],
  deducted: "",
} as const;

/** A price for the disease, whatever it cost, and some items beside it. */
export function byPrice({ law, visit, note }: Case, { code, priceFen, fundBp, separately }: DiseasePrice): Computed {
  const size = unitSize({ visit, law });
  const fundFen = halfUp(priceFen * BigInt(fundBp), BP * size) * size;
  note?.("PRICE", code, priceFen, fundFen, words.price(priceFen, fundBp, fundFen));
  let resultFen = fundFen;
  let actualFen = 0n;
  for (const { item, billedFen, deductedFen = 0n } of visit.lines) {
    const standingFen = billedFen - deductedFen;
    const apart = separately.find(({ items }) => items.includes(item.itemCode));
    if (!apart) {
      actualFen += standingFen;
      continue;
    }
    const fen = halfUp(standingFen * BigInt(apart.bp), BP * size) * size;
    note?.("SEPARATE", item.itemCode, standingFen, fen, words.separate(item.name, standingFen, apart.bp, fen));
    resultFen += fen;
  }
  return { ...FIXED, code, resultFen, hospitalFen: actualFen - priceFen };
}
