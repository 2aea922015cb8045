/** What the driver for MongoDB throws, as the few cases that the mesh knows (protocols 3). */
import { MongoError, MongoInvalidArgumentError, MongoNetworkError, MongoServerError, MongoServerSelectionError } from "mongodb";
import { Conflict, LeaseLost, NewerForm, TooSlow, Weather } from "./store.ts";

/** A transaction that fails after this long failed for its time; mongod ends one after a second. */
const SLOW_MS = 700;
/** Errors by which a server says that it is not, or no longer, the primary, is shutting down, or has no majority. */
const WEATHER_CODES = new Set([6, 7, 64, 89, 91, 133, 189, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 50]);
/**
 * Errors of a server whose disk fails or is full, or that drops what it was reading because it changes its part: it dies or is no longer primary in a moment. The driver calls some of
 * them retryable by a label (RetryableWriteError).
 */
const AILING_CODES = new Set([8, 39, 43, 134, 175, 237, 246, 279, 14031]);
/** Transaction errors that say that it was ended for its time. */
const TIME_CODES = new Set([262, 290]);

/** The connection failed. The driver lets a write to a socket that the other side has half closed through as Node throws it (EPIPE), without making it its own. */
export function isNetworkError(error: unknown): error is Error {
  if (error instanceof MongoNetworkError) return true;
  return error instanceof Error && !(error instanceof MongoError) && "code" in error && /^E[A-Z]+$/.test(String(error.code));
}

/** Turns what the driver throws into the mesh's few cases. */
function caseOf(error: unknown, startedMs: number): unknown {
  const elapsed = performance.now() - startedMs;
  if (error instanceof Conflict || error instanceof LeaseLost || error instanceof NewerForm) return error;
  if (isNetworkError(error) || error instanceof MongoServerSelectionError) return new Weather(error.message, { cause: error });
  if (error instanceof MongoServerError) {
    const code = typeof error.code === "number" ? error.code : 0;
    if (code === 11000 || code === 112) return new Conflict(error.message, { cause: error });
    if (TIME_CODES.has(code) || (code === 251 && elapsed > SLOW_MS)) return new TooSlow(error.message, { cause: error });
    if (WEATHER_CODES.has(code) || AILING_CODES.has(code) || error.hasErrorLabel("RetryableWriteError"))
      return new Weather(error.message, { cause: error });
    if (error.hasErrorLabel("TransientTransactionError") || error.hasErrorLabel("UnknownTransactionCommitResult"))
      return new Conflict(error.message, { cause: error });
    return error;
  }
  // What the driver will not even send (a document beyond 16 MB) stays wrong however often it is tried: its input is found and parked.
  if (error instanceof MongoInvalidArgumentError) return error;
  if (error instanceof MongoError) return new Weather(error.message, { cause: error });
  return error;
}

export async function cased<T>(work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } catch (error) {
    throw caseOf(error, startedMs);
  }
}
