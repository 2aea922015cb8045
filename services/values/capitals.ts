/** Amounts in Chinese capitals (大写), as receipts and cheques carry them against alteration. Source: the rules for filling in bank bills (正确填写票据和结算凭证的基本规定, 1997). */

const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["", "拾", "佰", "仟"] as const;
const GROUPS = ["", "万", "亿", "万亿"] as const;
const GROUP = 10_000n;

/** A nought at the place of 万 or 元 before a digit may be written or left out: it is left out. 叁仟陆佰壹拾玖元叁角贰分 from 361932n; 零元整 from 0n; 负 before what is owed back. */
export function capitals(fen: bigint): string {
  if (fen < 0n) return `负${capitals(-fen)}`;
  const [yuan, jiao, rest] = [fen / 100n, Number((fen / 10n) % 10n), Number(fen % 10n)];
  if (yuan === 0n && jiao === 0 && rest === 0) return "零元整";
  const whole = yuan === 0n ? "" : `${integer(yuan)}元`;
  if (jiao === 0 && rest === 0) return `${whole}整`;
  const tenth = jiao === 0 ? (whole === "" ? "" : DIGITS[0]) : `${DIGITS[jiao]}角`;
  return `${whole}${tenth}${rest === 0 ? "整" : `${DIGITS[rest]}分`}`;
}

/** Groups of four digits, the highest first; one 零 stands for however many noughts between two digits. */
function integer(value: bigint): string {
  const groups: number[] = [];
  for (let left = value; left > 0n; left /= GROUP) groups.unshift(Number(left % GROUP));
  let text = "";
  let gap = false;
  for (const [index, group] of groups.entries()) {
    if (group === 0) {
      gap = text !== "";
      continue;
    }
    const nought = text !== "" && (gap || group < 1_000);
    text += `${nought ? DIGITS[0] : ""}${four(group)}${GROUPS[groups.length - 1 - index]}`;
    gap = false;
  }
  return text;
}

/** 1 to 9999. */
function four(value: number): string {
  let text = "";
  let gap = false;
  for (let place = 3; place >= 0; place -= 1) {
    const digit = Math.floor(value / 10 ** place) % 10;
    if (digit === 0) {
      gap = text !== "";
      continue;
    }
    text += `${gap ? DIGITS[0] : ""}${DIGITS[digit]}${PLACES[place]}`;
    gap = false;
  }
  return text;
}
