/** What a simulated process is to those who simulate it. */

/** A simulated process: what it waits for dies with it. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Stands still until then (SIGSTOP), in virtual milliseconds. */
  frozenUntilMs: number;
  /** Effects so far, and the one at which it dies. */
  effects: number;
  crashAt: number;
  onCrash: () => void;
}
