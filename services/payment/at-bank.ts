/** What the leading twin needs for what it does at one bank by itself: send, ask, fetch, cancel. */
import type { Logger } from "../mesh/log.ts";
import type { Reader } from "../mesh/wiring.ts";
import type { Channel } from "./bank/channel.ts";
import type { ReadDocument } from "./bank/read.ts";

export interface AtBank {
  /** Its id. */
  readonly bank: string;
  readonly reader: Reader;
  readonly log: Logger;
  readonly channel: Channel;
  readonly read: ReadDocument;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}
