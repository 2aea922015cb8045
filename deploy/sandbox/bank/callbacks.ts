/**
 * The bank's messages to the payment centre: each is offered to one gateway after the other until one takes it (2xx), again and again with a growing wait.
 * What has not been taken is planned again from the books after a restart. The centre knows a message by its MsgId, so a second one does no harm.
 */
import { Agent, request } from "node:https";
import type { Logger } from "pino";

const PATH = "/bank/v1/messages";
const MAX_AT_ONCE = 4;
const TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 15_000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Callback {
  readonly messageId: string;
  readonly document: () => string;
  misses: number;
}

export interface MessengerParts {
  readonly places: readonly Place[];
  readonly credentials: Credentials;
  readonly down: () => boolean;
  /** Called once a gateway has taken a message. */
  readonly taken: (messageId: string) => void;
  readonly log: Logger;
}

export class Messenger {
  readonly #parts: MessengerParts;
  readonly #agent: Agent;
  readonly #queue: Callback[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  readonly #stopping = new AbortController();
  #sending = 0;

  constructor(parts: MessengerParts) {
    this.#parts = parts;
    this.#agent = new Agent({ ...parts.credentials, keepAlive: true, maxSockets: MAX_AT_ONCE });
  }

  /** `document` is asked for at each attempt. */
  send(messageId: string, document: () => string): void {
    this.#offer({ messageId, document, misses: 0 });
  }

  stop(): void {
    this.#stopping.abort();
    for (const wait of this.#waits) clearTimeout(wait);
    this.#agent.destroy();
  }

  #offer(callback: Callback): void {
    this.#queue.push(callback);
    this.#pump();
  }

  #pump(): void {
    while (this.#sending < MAX_AT_ONCE && !this.#stopping.signal.aborted) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#sending += 1;
      void this.#deliver(next).finally(() => {
        this.#sending -= 1;
        this.#pump();
      });
    }
  }

  async #deliver(callback: Callback): Promise<void> {
    const { messageId } = callback;
    const failures: string[] = [];
    if (this.#parts.down()) failures.push("the bank is down");
    else
      for (const place of this.#parts.places) {
        const outcome = await this.#post(place, callback.document());
        if (this.#stopping.signal.aborted) return;
        if (outcome >= 200 && outcome < 300) return this.#parts.taken(messageId);
        failures.push(`${place.host}:${place.port} ${outcome === 0 ? "does not answer" : `answers ${outcome}`}`);
      }
    if (this.#stopping.signal.aborted) return;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(callback.misses, 20), MAX_WAIT_MS);
    callback.misses += 1;
    this.#parts.log.warn({ messageId, failures, waitMs }, "no gateway took the message");
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      this.#offer(callback);
    }, waitMs);
    this.#waits.add(wait);
  }

  /** The HTTP status; 0 where none came. */
  #post(place: Place, document: string): Promise<number> {
    const body = Buffer.from(document, "utf8");
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return new Promise((resolve) => {
      const headers = { "content-type": "application/xml; charset=utf-8", "content-length": body.length };
      const outgoing = request({ ...place, agent: this.#agent, method: "POST", path: PATH, headers, signal }, (incoming) => {
        incoming
          .once("error", () => resolve(0))
          .once("end", () => resolve(incoming.statusCode ?? 0))
          .resume();
      });
      // Refused, reset or out of time are all the same here: it is offered again.
      outgoing.once("error", () => resolve(0));
      outgoing.end(body);
    });
  }
}
