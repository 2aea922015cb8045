/**
 * The faults, each with its targets. A fault strikes a mesh under load, waits until money flows again, mends what it broke, and leaves everything as it found it.
 * What it costs is measured and printed beside the targets; what it must never do is checked afterwards (harness/faults.ts).
 */
import { machineFaults } from "./faults-machines.ts";
import { mixed } from "./faults-mixed.ts";
import { networkFaults } from "./faults-network.ts";
import { orderFaults } from "./faults-orders.ts";
import { processFaults } from "./faults-processes.ts";
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
  /** Bills a second; the runner's where it is not said. */
  readonly perSecond?: number;
  /** Left out of the short form. */
  readonly long?: true;
  strike(scene: Scene): Promise<void>;
}

const SINGLE: readonly Fault[] = [...processFaults, ...machineFaults, ...networkFaults, ...orderFaults];
const MIXED_MINUTES = 30;

/** All of them; the mixed one for so many minutes. */
export function allFaults(mixedMinutes = MIXED_MINUTES): readonly Fault[] {
  return [...SINGLE, mixed(SINGLE, mixedMinutes)];
}
