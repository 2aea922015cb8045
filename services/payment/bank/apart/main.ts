/** Reads one document as a process of its own: it is told the document by its parent (../apart.ts), says what it says, and ends. */
import { answerApart } from "../../../mesh/apart.ts";
import { type Found, type ReadWanted, WHAT } from "../apart.ts";
import { BadBankMessage } from "../message.ts";
import { READERS } from "../read.ts";
import { HalfWritten } from "../text.ts";

answerApart<ReadWanted, never, Found>(WHAT, async ({ format, accountNumber, bytes }) => {
  try {
    return { message: READERS[format](bytes, accountNumber) };
  } catch (error) {
    if (!(error instanceof BadBankMessage)) throw error;
    return { bad: error.message, isHalf: error instanceof HalfWritten };
  }
});
