export interface LockOptions {
  /** How long to wait for a living owner; 0 by default. */
  readonly waitMs?: number;
  readonly onWait?: (pid: number) => void;
  /** The error's words when the wait is over. */
  readonly busy?: (pid: number) => string;
}
export function identity(pid: number): string | undefined;
export function takeLock(folder: string, options?: LockOptions): Promise<() => void>;
