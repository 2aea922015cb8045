/** The pair's settings and the environment → one frozen object. Every missing or bad value is reported in one error. */
import { resolve } from "node:path";
import { z } from "zod";
import { bankCalendar, type TopologyBank } from "../mesh/topology.ts";
import type { CountyBanks } from "../values/banks.ts";
import type { BankTerms } from "./domain/banks.ts";
import { ALWAYS_OPEN } from "./domain/calendar.ts";
import { type Limit, type Limits, NO_LIMITS } from "./domain/limits.ts";

const limit = z.object({ batchFen: z.int().min(1), dayFen: z.int().min(1) });
const fenOf = ({ batchFen, dayFen }: z.infer<typeof limit>): Limit => ({ batchFen: BigInt(batchFen), dayFen: BigInt(dayFen) });

const schema = z.object({
  /** How often dues to be paid at once are cut into batches. */
  cutEveryMs: z.number().int().min(50).max(60_000),
  /** How long after an attempt without an answer the bank is asked. */
  enquireAfterMs: z.number().int().min(100).max(600_000),
  /** When daily (and, on their days, weekly and monthly) payments are cut, HH:MM in Asia/Shanghai. */
  dailyAt: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM"),
  /** 1 Monday … 7 Sunday. */
  weeklyOn: z.number().int().min(1).max(7),
  /** The day of the month; of a shorter month its last. */
  monthlyOn: z.number().int().min(1).max(31).default(31),
  /** Batches above this many fen are approved by two checkers. */
  secondCheckerAboveFen: z.number().int().min(0).max(1_000_000_000_000),
  /** How much one checker may approve, of one batch and of a day; and who has limits of their own. Nothing said: no limit. */
  limits: limit
    .extend({ checkers: z.record(z.string().min(1), limit).default({}) })
    .default({ batchFen: Number(NO_LIMITS.batchFen), dayFen: Number(NO_LIMITS.dayFen), checkers: {} })
    .transform((limits) => ({
      ...fenOf(limits),
      checkers: Object.fromEntries(Object.entries(limits.checkers).map(([name, own]) => [name, fenOf(own)])),
    })),
  /** Of the banks that name no calendar of their own. */
  calendar: bankCalendar.default({ cutOff: ALWAYS_OPEN.cutOff, weekends: ALWAYS_OPEN.weekends, holidays: [], workdays: [] }),
});

/** One account of the payment centre and the way to its bank. */
export interface PaymentBank {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Whether both sides sign what they send. */
  readonly signed: boolean;
  /** Of a batch-file: where its front-end's files are. */
  readonly folder: string;
  /** What a file to it is made by. */
  readonly terms: BankTerms;
}

export interface PaymentConfig {
  readonly cutEveryMs: number;
  readonly enquireAfterMs: number;
  readonly dailyAt: string;
  readonly weeklyOn: number;
  readonly monthlyOn: number;
  readonly secondCheckerAboveFen: number;
  readonly limits: Limits;
  readonly banks: readonly PaymentBank[];
  readonly countyBanks: CountyBanks;
  /** The run directory, where the certificates are. */
  readonly run: string;
}

export function readPaymentConfig(
  settings: Readonly<Record<string, unknown>>,
  /** As the topology has them, the main one first. */
  banks: readonly TopologyBank[],
  environment: NodeJS.ProcessEnv = process.env,
): PaymentConfig {
  const read = schema.safeParse(settings);
  const faults = read.success ? [] : read.error.issues.map((issue) => `settings.${issue.path.join(".")}: ${issue.message}`);
  const run = environment.NRCMS_RUN ?? "";
  if (run === "") faults.push("NRCMS_RUN is not set");
  if (!read.success || faults.length > 0) throw new Error(`payment cannot start:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  const { calendar: usual, ...rest } = read.data;
  return Object.freeze({
    ...rest,
    banks: banks.map((bank) => ({
      id: bank.id,
      host: bank.host,
      port: bank.port,
      signed: bank.signatures === "required",
      folder: resolve(run, bank.folder),
      terms: {
        debtor: { bankCode: bank.bank_code, accountNumber: bank.account_number, accountName: bank.account_name },
        format: bank.format,
        calendar: bank.calendar ?? usual,
      },
    })),
    countyBanks: Object.fromEntries(banks.flatMap(({ id, counties }) => counties.map((county) => [county, id]))),
    run,
  });
}
