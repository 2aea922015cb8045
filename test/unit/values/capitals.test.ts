import fc from "fast-check";
import { expect, test } from "vitest";
import { capitals } from "../../../services/values/capitals.ts";

test.each<[bigint, string]>([
  [0n, "零元整"],
  [1n, "壹分"],
  [50n, "伍角整"],
  [55n, "伍角伍分"],
  [100n, "壹元整"],
  [105n, "壹元零伍分"],
  [150n, "壹元伍角整"],
  [1_000n, "壹拾元整"],
  [10_100n, "壹佰零壹元整"],
  [100_000n, "壹仟元整"],
  [100_500n, "壹仟零伍元整"],
  [140_950n, "壹仟肆佰零玖元伍角整"],
  [361_932n, "叁仟陆佰壹拾玖元叁角贰分"],
  [600_714n, "陆仟零柒元壹角肆分"],
  [1_000_000n, "壹万元整"],
  [10_000_000n, "壹拾万元整"],
  [10_700_053n, "壹拾万柒仟元伍角叁分"],
  [100_000_100n, "壹佰万零壹元整"],
  [10_000_000_000n, "壹亿元整"],
  [10_000_100_000n, "壹亿零壹仟元整"],
  [10_001_000_000n, "壹亿零壹万元整"],
  [123_456_789_012n, "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"],
  [-10_500n, "负壹佰零伍元整"],
])("%s fen", (fen, words) => {
  expect(capitals(fen)).toBe(words);
});

test("no two amounts have the same words, and nothing stands there that is no numeral", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 13n }), fc.bigInt({ min: 0n, max: 10n ** 13n }), (one, other) => {
      expect(capitals(one)).toMatch(/^[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]*元?[零壹贰叁肆伍陆柒捌玖角分]*整?$/);
      expect(capitals(one) === capitals(other)).toBe(one === other);
      expect(capitals(one)).not.toMatch(/零零/);
    }),
  );
});
