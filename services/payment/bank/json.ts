/** Reads what a bank with a JSON interface says (`formats.md`). Every field is checked; an unknown one is an error, because it may be one that matters. */
import { z } from "zod";
import { isDay } from "../../values/days.ts";
import { fenOf, MAX_FEN } from "../../values/money.ts";
import { wordsOf } from "../../values/thrown.ts";
import type { ReportedTransaction } from "../domain/answer.ts";
import type { StatementEntry } from "../domain/reconcile.ts";
import { BadBankMessage, type BankMessage, evidenceOf, limitEntries, saysOfCase, textOf } from "./message.ts";

const id = z.string().regex(/^[A-Za-z0-9/\-?:().,'+ ]{1,35}$/, "must be 1 to 35 characters of the SWIFT set");
const code = z.string().regex(/^[A-Z0-9]{0,4}$/, "must be a code of at most 4 letters or digits");
const day = z.string().refine(isDay, "must be a day YYYY-MM-DD");
const account = z.string().min(1).max(34);
const money = z.string().transform((text, context) => amount(text, context, 0n));
const balance = z.string().transform((text, context) => amount(text, context, -MAX_FEN));

const entry = z.strictObject({
  day,
  direction: z.enum(["DEBIT", "CREDIT"]),
  amount: money,
  endToEndId: id.or(z.literal("")).default(""),
  returned: z.boolean().default(false),
  reason: code.default(""),
});
const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    messageId: id,
    originalMessageId: id,
    status: code.default(""),
    reason: code.default(""),
    payments: z.array(
      z.strictObject({
        endToEndId: id,
        status: code.min(1, "is missing"),
        reason: code.default(""),
        day: day.or(z.literal("")).default(""),
        amount: money.optional(),
      }),
    ),
  }),
  z.strictObject({
    kind: z.literal("resolution"),
    messageId: id,
    cancellationId: id,
    endToEndId: id,
    status: code,
    reason: code.default(""),
  }),
  z.strictObject({ kind: z.literal("notice"), messageId: id, account, entries: z.array(entry) }),
  z.strictObject({
    kind: z.literal("statement"),
    messageId: id,
    account,
    day,
    opening: balance,
    closing: balance,
    entries: z.array(entry),
  }),
]);

export function readJson(bytes: Uint8Array, accountNumber: string): BankMessage {
  const message = check(textOf(bytes));
  const { messageId } = message;
  if (message.kind === "status") {
    limitEntries(message.payments);
    const transactions = message.payments.map(
      ({ endToEndId, status, reason, day, amount }): ReportedTransaction => ({
        endToEndId,
        status,
        reason,
        on: day,
        ...(amount === undefined ? {} : { amountFen: amount }),
      }),
    );
    const { originalMessageId, status: groupStatus, reason: groupReason } = message;
    return { kind: "pain.002", messageId, report: { messageId, originalMessageId, groupStatus, groupReason, transactions } };
  }
  if (message.kind === "resolution") {
    const { cancellationId: caseId, endToEndId, status, reason } = message;
    return { kind: "camt.029", messageId, resolution: { caseId, endToEndId, says: saysOfCase(status), reason } };
  }
  if (message.account !== accountNumber) throw new BadBankMessage("account is another account than the payment centre's");
  limitEntries(message.entries);
  const entries = message.entries.map(({ day, amount, ...rest }) => ({
    on: day,
    entry: { ...rest, amountFen: amount } satisfies StatementEntry,
  }));
  if (message.kind === "notice") return { kind: "camt.054", messageId, evidence: evidenceOf(entries) };
  const { day, opening: openingFen, closing: closingFen } = message;
  return { kind: "camt.053", messageId, content: { messageId, day, openingFen, closingFen, entries: entries.map(({ entry }) => entry) } };
}

function check(text: string): z.infer<typeof schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadBankMessage(`it is no JSON: ${wordsOf(error)}`, { cause: error });
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new BadBankMessage(`${first?.path.join(".") || "the message"}: ${first?.message ?? "is wrong"}`);
}

/** Yuan with at most two places, as text: a JSON number would be rounded. */
function amount(text: string, context: z.RefinementCtx, lowest: bigint): bigint {
  const negative = text.startsWith("-");
  const fen = fenOf(negative ? text.slice(1) : text);
  const signed = fen !== undefined && negative ? -fen : fen;
  if (signed !== undefined && signed >= lowest && signed <= MAX_FEN) return signed;
  context.addIssue({ code: "custom", message: 'must be an amount in yuan such as "12.34"' });
  return z.NEVER;
}
