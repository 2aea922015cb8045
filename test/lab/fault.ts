/** What a fault is: where it strikes, and what it may cost at most. */
import type { Scene } from "./scene.ts";

export interface Fault {
  /** For --only, and in the table's file. */
  readonly id: string;
  readonly title: string;
  /** The most that the longest gap between answers should be, and the time until a claim billed since is paid and posted; undefined where nothing is asked. */
  readonly gapMs?: number;
  readonly flowMs?: number;
  /** Needs machines of their own: namespaces, disks, control groups. */
  readonly lab?: true;
  /** Sets a machine's clock. */
  readonly clock?: true;
  /** The whole service is away meanwhile: calls may fail. */
  readonly outage?: true;
  /** How often it is played, with a seed of its own each time; 3 where it is not said. */
  readonly seeds?: number;
  /** Left out of the short form. */
  readonly long?: true;
  strike(scene: Scene): Promise<void>;
}
