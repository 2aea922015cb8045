/** Work in a process of its own: its memory has a bound, whoever asked goes on meanwhile, and it is killed where nobody waits for it any more. Its program answers over the channel to its parent. */
import { fork } from "node:child_process";
import { wordsOf } from "../values/thrown.ts";

const MAX_WORDS = 2_000;

/** What the program says to its parent: how far it is, and at last its answer or why there is none. */
type Said<P, A> =
  | { readonly kind: "progress"; readonly progress: P }
  | { readonly kind: "answer"; readonly answer: A }
  | { readonly kind: "failed"; readonly why: string };

export interface ApartParts<P> {
  /** The program's file. */
  readonly program: string;
  /** Words on its command line. */
  readonly parameters?: readonly string[];
  /** How it is called in an error. */
  readonly what: string;
  /** What it is told once it runs: plain data. */
  readonly wanted: object;
  /** What it may keep on its heap. Besides, it has Node itself, the driver and the batches on their way: about 200 MB. */
  readonly heapMb: number;
  /** Half of a young generation. */
  readonly youngMb: number;
  readonly limitMs: number;
  /** Ends it: whoever asked is gone. */
  readonly signal?: AbortSignal | undefined;
  /** Told the process's number once it runs. */
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onProgress?: ((progress: P) => void) | undefined;
}

/** It was ended from outside: it took too long, this machine had no room for it, or nobody wanted it any more. Another time the same work may end well. */
export class EndedFromOutside extends Error {}

/** What the program has answered, once it is gone. Throws what it failed or died of, and EndedFromOutside. */
export function runApart<P, A>(parts: ApartParts<P>): Promise<A> {
  const { program, parameters = [], what, wanted, heapMb, youngMb, limitMs, signal, onStart, onProgress } = parts;
  const child = fork(program, parameters, {
    execArgv: [`--max-old-space-size=${heapMb}`, `--max-semi-space-size=${youngMb}`],
    // Each thread's own arena of memory would keep what it once needed.
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Amounts are bigint, which JSON has not.
    serialization: "advanced",
  });
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-MAX_WORDS)));
  return new Promise((resolve, reject) => {
    let why = "";
    let fromOutside = false;
    const kill = (because: string) => {
      why ||= because;
      fromOutside = true;
      child.kill("SIGKILL");
    };
    const late = setTimeout(() => kill(`no end after ${limitMs / 1000} s`), limitMs);
    const unwanted = () => kill("nobody waits for it any more");
    signal?.addEventListener("abort", unwanted, { once: true });
    if (signal?.aborted) unwanted();
    let answered: { readonly answer: A } | undefined;
    child.on("message", (message: unknown) => {
      const said = message as Said<P, A>;
      if (said.kind === "answer") answered = said;
      else if (said.kind === "failed") why ||= said.why;
      else onProgress?.(said.progress);
    });
    child.once("spawn", () => {
      if (child.pid !== undefined) onStart?.(child.pid);
      child.send(wanted);
    });
    child.once("error", (error) => kill(error.message));
    child.once("close", (code, ended) => {
      clearTimeout(late);
      signal?.removeEventListener("abort", unwanted);
      if (answered) return resolve(answered.answer);
      const last = words.trim().split("\n").at(-1) ?? "";
      const Ended = fromOutside || ended === "SIGKILL" ? EndedFromOutside : Error;
      reject(new Ended(`${what} did not end: ${why || `${ended ?? `exit code ${code}`}${last ? ` (${last})` : ""}`}`));
    });
  });
}

/**
 * The program's side: does the work that its parent wants, says how far it is and what came of it, and ends; it ends as well when its parent is gone.
 * `what` is as its parent calls it; `tell` resolves once the parent will hear it, whatever becomes of this process.
 */
export function answerApart<W, P, A>(what: string, work: (wanted: W, tell: (progress: P) => Promise<void>) => Promise<A>): void {
  if (!process.send) throw new Error(`${what} is a process apart: it is started by its apart.ts`);
  const say = (said: Said<P, A>) => new Promise<void>((resolve) => process.send?.(said, undefined, {}, () => resolve()));
  const answer = async (wanted: W): Promise<void> => {
    try {
      await say({ kind: "answer", answer: await work(wanted, (progress) => say({ kind: "progress", progress })) });
    } catch (error) {
      await say({ kind: "failed", why: wordsOf(error) });
    }
    process.disconnect?.();
  };
  process.once("message", (wanted) => void answer(wanted as W));
  process.once("disconnect", () => process.exit());
  // Gone before this program had been read.
  if (!process.connected) process.exit();
}
