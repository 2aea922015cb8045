/** Log lines are JSON on standard output; they carry a trace id where there is one, never a name, an identity number or an account. */
import { writeSync } from "node:fs";
import { type DestinationStream, pino } from "pino";

export type Logger = pino.Logger;

/** A logger whose every line names its process (`claims.a`). Level by NRCMS_LOG (default info). */
export function logger(process_: string): Logger {
  const options: pino.LoggerOptions = {
    name: process_,
    level: process.env.NRCMS_LOG ?? "info",
    base: { process: process_, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { logMethod: saying },
    redact: { paths: ["*.identityNumber", "*.accountNumber", "*.name", "identityNumber", "accountNumber"], censor: "***" },
  };
  return pino(options, lines(STANDARD_OUTPUT));
}

/** Who logs is often in the midst of an error already: what pino cannot write (an error that is frozen, a getter that throws) is left out, and throws nothing. */
function saying(this: Logger, parameters: Parameters<pino.LogFn>, log: pino.LogFn): void {
  try {
    log.apply(this, parameters);
  } catch (fault) {
    const words: unknown[] = parameters;
    log.call(this, { unsaid: String(fault), about: about(words[0]) }, words.find((one) => typeof one === "string") ?? "");
  }
}

/** The words of the error that was to be logged, where they can be had. */
function about(first: unknown): string | undefined {
  try {
    const error = first instanceof Error ? first : (first as { readonly err?: unknown }).err;
    return error instanceof Error ? `${error.message}` : undefined;
  } catch {
    return undefined; // `unsaid` says why.
  }
}

/** Whoever ends for an error that nobody caught says so in its log like anything else; the exit code is 1, as Node's own is. */
export function sayLastWords(log: Logger): void {
  process.once("uncaughtException", (error, origin) => {
    log.fatal({ err: error, origin }, "an error that nobody caught: this process ends");
    process.exit(1);
  });
}

const STANDARD_OUTPUT = 1;
const WARN = 40;

/**
 * Writes lines into a file, each at once. One that cannot be written is no reason to end, least of all for who has to say that the disk is full: it is counted, and the
 * number said before the next line that can be.
 */
export function lines(file: number, write: (file: number, text: string) => void = writeSync): DestinationStream {
  let lost = 0;
  return {
    write(line) {
      const before = lost > 0 ? `${JSON.stringify({ level: WARN, msg: "lines before this could not be written", lost })}\n` : "";
      try {
        write(file, `${before}${line}`);
        lost = 0;
      } catch {
        lost += 1;
      }
    },
  };
}
