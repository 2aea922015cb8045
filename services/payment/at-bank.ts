/** What the leading twin needs for what it does at one bank by itself: send, ask, fetch, cancel. */
import type { Logger } from "../mesh/log.ts";
import type { Reader } from "../mesh/wiring.ts";
import type { Channel } from "./bank/channel.ts";
import type { BankMessage } from "./bank/message.ts";

export interface AtBank {
  /** Its id. */
  readonly bank: string;
  readonly reader: Reader;
  readonly log: Logger;
  readonly channel: Channel;
  readonly read: (bytes: Uint8Array) => BankMessage;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}
