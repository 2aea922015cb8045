/**
 * The bank's messages to the payment centre: each is offered until it is taken, again and again with a growing wait: to one gateway after the other, or into
 * the front-end's folder. What has not been taken is planned again from the books after a restart. The centre knows a message by its id, so a second one does no harm.
 */
import { Agent, type RequestOptions, request } from "node:https";
import type { Logger } from "pino";
import { SIGNATURE_HEADER } from "./signing.ts";

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
  /** Offers a message once: undefined where it was taken, otherwise why not. Never rejects. */
  readonly offer: (messageId: string, document: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly down: () => boolean;
  /** Called once a message was taken. */
  readonly taken: (messageId: string) => void;
  readonly log: Logger;
}

export class Messenger {
  readonly #parts: MessengerParts;
  readonly #queue: Callback[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  readonly #stopping = new AbortController();
  #sending = 0;

  constructor(parts: MessengerParts) {
    this.#parts = parts;
  }

  /** `document` is asked for at each attempt. */
  send(messageId: string, document: () => string): void {
    this.#offer({ messageId, document, misses: 0 });
  }

  stop(): void {
    this.#stopping.abort();
    for (const wait of this.#waits) clearTimeout(wait);
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
    const failure = this.#parts.down()
      ? "the bank is down"
      : await this.#parts.offer(messageId, callback.document(), this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    if (failure === undefined) return this.#parts.taken(messageId);
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(callback.misses, 20), MAX_WAIT_MS);
    callback.misses += 1;
    this.#parts.log.warn({ messageId, failure, waitMs }, "nobody took the message");
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      this.#offer(callback);
    }, waitMs);
    this.#waits.add(wait);
  }
}

export interface GatewayParts {
  readonly places: readonly Place[];
  readonly credentials: Credentials;
  readonly contentType: string;
  /** The signature under a message now; undefined where the bank does not sign. */
  readonly sign?: ((document: Buffer) => string) | undefined;
}

/** Offers messages to the gateways: the first that answers 2xx has taken it. */
export function offerToGateways({ places, credentials, contentType, sign }: GatewayParts): MessengerParts["offer"] {
  const agent = new Agent({ ...credentials, keepAlive: true, maxSockets: MAX_AT_ONCE });
  return async (_messageId, document, stopping) => {
    const body = Buffer.from(document, "utf8");
    const headers: Record<string, string | number> = { "content-type": contentType, "content-length": body.length };
    if (sign) headers[SIGNATURE_HEADER] = sign(body);
    const failures: string[] = [];
    for (const place of places) {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]);
      const status = await post({ ...place, agent, method: "POST", path: PATH, headers, signal }, body);
      if (status >= 200 && status < 300) return undefined;
      failures.push(`${place.host}:${place.port} ${status === 0 ? "does not answer" : `answers ${status}`}`);
      if (stopping.aborted) break;
    }
    return failures.join(", ");
  };
}

/** The HTTP status; 0 where none came. */
function post(wanted: RequestOptions, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(wanted, (incoming) => {
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
