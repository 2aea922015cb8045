/**
 * Calls that take minutes (wiring.ts, `long`). The first answer names a subject on the twin that took the call; whoever asks there gets the newest word as soon as there is one, and at last the answer.
 * So a stream of words is one request after the other, over whichever connection lives; who is slow misses words and nothing else; and what nobody asks about any more is ended.
 */
import { randomUUID } from "node:crypto";
import type { Arrived, Bus, Subscribed } from "./bus.ts";
import { pause } from "./clock.ts";

/** An answer as it goes out: a status header, bytes and further headers. */
export interface Ending {
  readonly status: string;
  readonly data: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Does the work, telling the newest word from time to time. It never throws: what went wrong is an ending too. */
export type Work = (tell: (word: Uint8Array) => void, signal: AbortSignal) => Promise<Ending>;

export interface LongCalls {
  /** Begins a work under its caller's id, once: the same id gets the same subject. Undefined where there are too many. */
  begin(id: string, work: Work): string | undefined;
  close(): void;
}

/** How long whoever asks waits for a new word, before it is told that there is none yet. */
const WORD_MS = 1_000;
/** Nobody has asked for so long: nobody wants it. */
const IDLE_MS = 10_000;
const LOOK_MS = 1_000;
const MAX_WORKS = 100;
export const STOP = "stop";

interface One {
  readonly id: string;
  readonly stop: AbortController;
  word: Uint8Array;
  /** Counts the words, so that one is told once. */
  words: number;
  told: number;
  ending: Ending | undefined;
  askedMs: number;
  news: AbortController;
}

export function serveLongCalls(bus: Bus, service: string, twin: string): LongCalls {
  const prefix = `nrcms.long.${service}.${twin}.`;
  const works = new Map<string, One>();

  const end = (token: string, one: One) => {
    works.delete(token);
    one.stop.abort();
    one.news.abort();
  };
  const news = (one: One) => {
    const before = one.news;
    one.news = new AbortController();
    before.abort();
  };

  const answer = async (message: Arrived, token: string, one: One): Promise<void> => {
    one.askedMs = performance.now();
    if (message.header("nrcms-long") === STOP) {
      end(token, one);
      return message.respond(new Uint8Array(), { "nrcms-status": "OK" });
    }
    if (!one.ending && one.words === one.told) await pause(WORD_MS, one.news.signal);
    one.askedMs = performance.now();
    const { ending } = one;
    // An ending is kept until nobody asks any more: the answer that carried it may be lost.
    if (ending) return message.respond(ending.data, { "nrcms-status": ending.status, ...ending.headers });
    const isNew = one.words > one.told;
    one.told = one.words;
    message.respond(isNew ? one.word : new Uint8Array(), { "nrcms-status": "MORE" });
  };

  const subscribed: Subscribed = bus.serve(`${prefix}*`, (message) => {
    const token = message.subject.slice(prefix.length);
    const one = works.get(token);
    if (one) return void answer(message, token, one);
    message.respond(new Uint8Array(), { "nrcms-status": "UNAVAILABLE", "nrcms-reason": "gone" });
  });

  // Runs only while there is a long call: an idle twin should not wake for nothing.
  let looking: NodeJS.Timeout | undefined;
  const look = () => {
    const now = performance.now();
    for (const [token, one] of works) if (now - one.askedMs > IDLE_MS) end(token, one);
    if (works.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };

  return {
    begin(id, work) {
      for (const [token, one] of works) if (one.id === id) return prefix + token;
      if (works.size >= MAX_WORKS) return undefined;
      const token = randomUUID();
      const one: One = {
        id,
        stop: new AbortController(),
        word: new Uint8Array(),
        words: 0,
        told: 0,
        ending: undefined,
        askedMs: performance.now(),
        news: new AbortController(),
      };
      works.set(token, one);
      looking ??= setInterval(look, LOOK_MS).unref();
      const tell = (word: Uint8Array) => {
        one.word = word;
        one.words += 1;
        news(one);
      };
      void work(tell, one.stop.signal).then((ending) => {
        one.ending = ending;
        news(one);
      });
      return prefix + token;
    },
    close() {
      clearInterval(looking);
      subscribed.stop();
      for (const [token, one] of works) end(token, one);
    },
  };
}
