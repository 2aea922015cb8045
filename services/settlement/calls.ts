/** What settlement is asked. The `check…` functions are the contract at the door and name the field that is wrong. */
import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import {
  type GetTrialBalanceResponse,
  type ReceiveFundsRequest,
  type SetPrefundRequest,
  SettlementServiceDefinition,
} from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { type Ask, type Call, command, query, type Reader } from "../mesh/wiring.ts";
import { FIRST_YEAR, isDay, LAST_YEAR } from "../values/days.ts";
import { MAX_FEN, sum } from "../values/money.ts";
import { badRequest, type Refusal } from "../values/outcome.ts";
import type { SettlementConfig } from "./config.ts";
import { type FundSource, isFundSource } from "./domain/chart.ts";
import { type CloseYearInput, closeYear } from "./domain/close-year.ts";
import { type ReceiveFundsInput, receiveFunds } from "./domain/receive-funds.ts";
import { setPrefund } from "./domain/set-prefund.ts";
import { prefundsOn } from "./forecast.ts";
import { checkCounty, scopeOf } from "./scope.ts";
import { balancesOn, statement } from "./statement.ts";
import { accountsOf, booksOf, ledgerOf } from "./store.ts";

/** A trial balance is many documents read without a lock: one that a commit tore apart is read again this often. */
const MOST_READS = 5;

export interface CallParts {
  readonly reader: Reader;
  readonly ask: Ask;
  readonly config: SettlementConfig;
}

export function calls({ reader, ask, config }: CallParts): readonly Call[] {
  const { methods } = SettlementServiceDefinition;
  const yellowBp = BigInt(config.prefundYellowBp);
  const redBp = BigInt(config.prefundRedBp);
  const isKnown = async (county: string): Promise<boolean> => {
    const { counties } = await ask(AdministrationServiceDefinition, "listCounties", {});
    return counties.some((known) => known.county === county);
  };
  return [
    command(methods.receiveFunds, {
      check: checkReceipt,
      input: receiptOf,
      ask: async (request) => ({ ...receiptOf(request), countyKnown: await isKnown(request.county) }),
      decision: receiveFunds,
      reply: (result) => result,
    }),
    command(methods.setPrefund, {
      check: checkPrefund,
      input: ({ county, limitFen }) => ({ county, limitFen, yellowBp, redBp }),
      ask: async ({ county, limitFen }) => ({ county, limitFen, yellowBp, redBp, countyKnown: await isKnown(county) }),
      decision: setPrefund,
      reply: ({ limitFen, reservedFen, committedFen }) => ({ limitFen, reservedFen, committedFen }),
    }),
    command(methods.closeYear, {
      check: ({ county, year }) => checkCounty(county) ?? checkYear(year),
      input: ({ county, year }): CloseYearInput => ({ county, year }),
      ask: async ({ county, year }) => ({ county, year, countyKnown: await isKnown(county) }),
      decision: closeYear,
      reply: ({ funds, ...result }) => ({ ...result, funds: [...funds] }),
    }),
    query(methods.getTrialBalance, async ({ county, day }, caller) => {
      const wanted = scopeOf(county, caller);
      return typeof wanted === "string" ? trialBalance(reader, wanted, day) : wanted;
    }),
    query(methods.listPrefunds, async ({ county, day }, caller) => {
      const wanted = scopeOf(county, caller);
      if (typeof wanted !== "string") return wanted;
      if (!isDay(day)) return badRequest("day", "须为 YYYY-MM-DD 的日期", "must be a day YYYY-MM-DD");
      return { prefunds: await prefundsOn(reader, wanted, day, config.forecastDays) };
    }),
    query(methods.getStatement, async (asked) => checkCounty(asked.county) ?? statement(reader, asked)),
  ];
}

/** The source was checked at the door. */
function receiptOf({ county, source, amountFen, reference }: ReceiveFundsRequest): ReceiveFundsInput {
  return { county, source: source as FundSource, amountFen, reference };
}

function checkFen(field: string, fen: bigint, leastFen: bigint): Refusal | undefined {
  if (fen >= leastFen && fen <= MAX_FEN) return undefined;
  return badRequest(field, `须在 ${leastFen} 与 ${MAX_FEN} 分之间`, `must be between ${leastFen} and ${MAX_FEN} fen`);
}

function checkReceipt({ county, source, amountFen, reference }: ReceiveFundsRequest): Refusal | undefined {
  const wrong = checkCounty(county);
  if (wrong) return wrong;
  if (!isFundSource(source)) return badRequest("source", "须写明资金来源", "must name where the money comes from");
  if (!/^[A-Za-z0-9._-]{1,40}$/.test(reference))
    return badRequest(
      "reference",
      "须为 1 至 40 位字母、数字、点、下划线或连字符",
      "must be 1 to 40 characters A–Z, a–z, 0–9, dot, underscore or hyphen",
    );
  return checkFen("amount_fen", amountFen, 1n);
}

function checkYear(year: number): Refusal | undefined {
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return undefined;
  return badRequest("year", `须在 ${FIRST_YEAR} 与 ${LAST_YEAR} 之间`, `must be between ${FIRST_YEAR} and ${LAST_YEAR}`);
}

function checkPrefund({ county, limitFen }: SetPrefundRequest): Refusal | undefined {
  return checkCounty(county) ?? checkFen("limit_fen", limitFen, 0n);
}

async function trialBalance(reader: Reader, county: string, day: string): Promise<GetTrialBalanceResponse | Refusal> {
  if (day !== "") {
    const then = await balancesOn(reader, county, day);
    if ("outcome" in then) return then;
    // What was open in that evening is in its accounts, not in the books, which know the present only.
    return { ...then, sumFen: sum(then.accounts.map(({ balanceFen }) => balanceFen)), payablesOpen: 0n, payablesHeld: 0n };
  }
  for (let read = 1; ; read += 1) {
    const before = await ledgerOf(reader);
    const [accounts, books] = await Promise.all([accountsOf(reader, county), booksOf(reader, county)]);
    const sumFen = sum(accounts.map((account) => account.balanceFen));
    const { sequence } = await ledgerOf(reader);
    // A sum other than zero is news, unless the ledger moved on meanwhile.
    if (sumFen !== 0n && sequence !== before.sequence && read < MOST_READS) continue;
    const held = books.reduce((total, book) => total + book.heldPayables, 0);
    const due = books.reduce((total, book) => total + book.duePayables, 0);
    return {
      accounts: accounts.map((row) => ({
        county: row.county,
        account: row.account,
        balanceFen: row.balanceFen,
        entries: BigInt(row.entries),
      })),
      sumFen,
      sequence,
      payablesOpen: BigInt(due + held),
      payablesHeld: BigInt(held),
    };
  }
}
