/** Opening what may still be on its way. */
import { wordsOf } from "../values/thrown.ts";
import { pause } from "./clock.ts";
import type { Logger } from "./log.ts";

const TRIES = 60;
const PAUSE_MS = 500;

/** Opens until it succeeds, half a second apart. Throws after so many tries, with the last error as the cause. */
export async function insist<T>(what: string, log: Logger, open: () => Promise<T>, tries = TRIES): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      if (attempt >= tries) throw new Error(`${what} cannot be opened after ${attempt} tries`, { cause: error });
      log.info({ attempt, reason: wordsOf(error) }, `${what} is not there yet`);
      await pause(PAUSE_MS);
    }
  }
}
