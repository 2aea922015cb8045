/** Fetches the statements that were asked for from a bank while this twin leads, and enters them. One that the bank has not yet is asked for again. */
import { pause } from "../mesh/clock.ts";
import type { Leading } from "../mesh/wiring.ts";
import { bankPart } from "../values/banks.ts";
import { isRefusal } from "../values/outcome.ts";
import type { AtBank } from "./at-bank.ts";
import { keepDoubted } from "./bank/hear.ts";
import { BadBankMessage } from "./bank/message.ts";
import type { Statement } from "./domain/documents.ts";
import { type BookStatement, bookStatement, statementHash } from "./domain/statement.ts";
import { bookedAfter, bookedBefore, openOrderIds, orderIdsBookedOn, wantedStatements } from "./store.ts";
import { newWaits } from "./waits.ts";

const POLL_MS = 1_000;

/** Runs until the signal aborts. Throws where the store does. */
export async function fetchWhileLeading(parts: AtBank, leading: Leading): Promise<void> {
  const waits = newWaits(parts.monotonicMs);
  while (!leading.signal.aborted) {
    const wanted = await wantedStatements(parts.reader, parts.bank);
    waits.keep(wanted.map(nameOf));
    for (const statement of wanted)
      if (waits.isDue(nameOf(statement)) && !(await fetchOne(parts, leading, statement))) waits.later(nameOf(statement));
    await pause(POLL_MS, leading.signal);
  }
}

function nameOf(statement: Statement): string {
  return `${statement.day}/${statement.wanted}`;
}

/**
 * False where the bank has none, does not answer, or answers with something else. What we hold booked is read first: what is settled in between is then
 * in the statement, and is found through it.
 */
async function fetchOne(parts: AtBank, leading: Leading, { day, wanted }: Statement): Promise<boolean> {
  const { bank } = parts;
  const expectedOrderIds = await orderIdsBookedOn(parts.reader, bank, day);
  const [previousDay, nextDay] = await Promise.all([bookedBefore(parts.reader, bank, day), bookedAfter(parts.reader, bank, day)]);
  const reply = await parts.channel.statement(day, leading.signal);
  await keepDoubted(leading, bank, reply, `statement:${day}`);
  if (reply.kind !== "answer") {
    parts.log.warn(
      { bank, day, why: reply.kind === "absent" || reply.kind === "taken" ? reply.kind : reply.why },
      "the bank gave no statement",
    );
    return false;
  }
  try {
    const message = await parts.read(reply.document);
    if (message.kind !== "camt.053" || message.content.day !== day)
      throw new BadBankMessage(`${message.kind} ${message.messageId} is no statement of ${day}`);
    const { content } = message;
    const open = await openOrderIds(parts.reader, bank, content);
    const input: BookStatement = { bank, content, expectedOrderIds, previousDay, nextDay, openOrderIds: open };
    const id = `statement/${bankPart(bank, day)}/${wanted}/${statementHash(content).slice(0, 16)}`;
    const result = await leading.enter(id, bookStatement, input, { fenced: true });
    if (isRefusal(result)) throw new BadBankMessage(`the statement was refused: ${result.en}`);
    if (result.breaks > 0) parts.log.warn({ bank, day, breaks: result.breaks }, "the statement and the orders do not agree");
    return true;
  } catch (error) {
    if (!(error instanceof BadBankMessage)) throw error;
    parts.log.error({ bank, day, why: error.message }, "the bank's statement cannot be booked");
    return false;
  }
}
