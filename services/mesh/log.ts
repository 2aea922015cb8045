/** Log lines are JSON on standard output; they carry a trace id where there is one, never a name, an identity number or an account. */
import { pino } from "pino";

export type Logger = pino.Logger;

/** A logger whose every line names its process (`claims.a`). Level by NRCMS_LOG (default info). */
export function logger(process_: string): Logger {
  return pino({
    name: process_,
    level: process.env.NRCMS_LOG ?? "info",
    base: { process: process_, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ["*.identityNumber", "*.accountNumber", "*.name", "identityNumber", "accountNumber"], censor: "***" },
  });
}
