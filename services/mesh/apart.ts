/** Work in a process of its own: its memory has a bound, whoever asked goes on meanwhile, and it is killed where nobody waits for it any more. Its program answers over the channel to its parent. */
import { fork } from "node:child_process";

const MAX_WORDS = 2_000;

export interface ApartParts<S> {
  /** The program's file. */
  readonly program: string;
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
  /** What the program says: done where that was its answer, or why it failed; undefined where it goes on. */
  onSaid(said: S): "done" | { readonly why: string } | undefined;
}

/** Ends once the program has answered and is gone. Throws what it failed of, where it died, took too long or was no longer wanted. */
export function runApart<S>(parts: ApartParts<S>): Promise<void> {
  const { program, what, wanted, heapMb, youngMb, limitMs, signal, onStart, onSaid } = parts;
  const child = fork(program, [], {
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
    const kill = (because: string) => {
      why ||= because;
      child.kill("SIGKILL");
    };
    const late = setTimeout(() => kill(`no end after ${limitMs / 1000} s`), limitMs);
    const unwanted = () => kill("nobody waits for it any more");
    signal?.addEventListener("abort", unwanted, { once: true });
    if (signal?.aborted) unwanted();
    let answered = false;
    child.on("message", (said: unknown) => {
      const heard = onSaid(said as S);
      if (heard === "done") answered = true;
      else if (heard) why ||= heard.why;
    });
    child.once("spawn", () => {
      if (child.pid !== undefined) onStart?.(child.pid);
      child.send(wanted);
    });
    child.once("error", (error) => kill(error.message));
    child.once("close", (code, ended) => {
      clearTimeout(late);
      signal?.removeEventListener("abort", unwanted);
      if (answered) return resolve();
      const last = words.trim().split("\n").at(-1) ?? "";
      reject(new Error(`${what} did not end: ${why || `${ended ?? `exit code ${code}`}${last ? ` (${last})` : ""}`}`));
    });
  });
}
