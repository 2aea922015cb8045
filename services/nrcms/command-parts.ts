/** What several groups of commands share: in whose name they ask, and how they end. */
import { InvalidArgumentError } from "commander";
import { DeductionReason } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import type { Topology } from "../mesh/topology.ts";
import { isDay } from "../values/days.ts";
import { fenOf } from "../values/money.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { Off } from "./review.ts";

export interface Tools {
  inForce(): Promise<{ readonly run: string; readonly topology: Topology }>;
  json(value: unknown): string;
  finish(code: number): void;
}

export const AS = "以谁的证书（certs 中的名字）· whose certificate: a name in certs";
export const JSON_WORDS = "机器可读 · machine-readable";

/** Who asks, and how the answer is shown. */
export interface Asking {
  readonly as: string;
  readonly json?: boolean;
}

/** Asks the gateway with somebody's certificate, and prints what came: as a text, or as JSON. `codeOf` says with which code it ends, 0 by default. */
export function answering({ inForce, json, finish }: Tools) {
  return async <T>(
    { as, json: asJson }: Asking,
    ask: (who: GatewayClient) => Promise<T>,
    text: (answer: T) => string,
    codeOf: (answer: T) => number = () => 0,
  ): Promise<void> => {
    const { people } = await import("./people.ts");
    const { run, topology } = await inForce();
    const who = people(topology, run);
    let code = 0;
    try {
      const answer = await ask(who.as(as));
      code = codeOf(answer);
      console.log(asJson ? json(answer) : text(answer));
    } finally {
      who.close();
    }
    finish(code);
  };
}

export function wholeYear(text: string): number {
  if (/^\d{4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("须为四位年份 · must be a year of four digits");
}

export function aDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError("须为 YYYY-MM-DD 的日期 · must be a day YYYY-MM-DD");
}

export function basisPoints(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 10_000) return Number(text);
  throw new InvalidArgumentError("须为 0 至 10000 的万分比 · must be basis points, 0 to 10000");
}

export const DEDUCTION_REASONS = Object.values(DeductionReason).filter((reason) => reason !== DeductionReason.UNSPECIFIED);

/** `line:yuan:reason[:note]`, several of them. */
export function aDeduction(text: string, before: readonly Off[] | undefined): readonly Off[] {
  const [line = "", amount = "", reason = "", ...note] = text.split(":");
  const deductedFen = fenOf(amount);
  const why = DEDUCTION_REASONS.find((one) => one === reason);
  if (/^[1-9]\d{0,2}$/.test(line) && deductedFen !== undefined && deductedFen > 0n && why)
    return [...(before ?? []), { line: Number(line), deductedFen, reason: why, note: note.join(":") }];
  throw new InvalidArgumentError("须为 行号:元:原因[:说明] · must be line:yuan:reason[:note]");
}
