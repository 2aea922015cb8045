/**
 * The faults, each with its targets. A fault strikes a mesh under load, waits until money flows again, mends what it broke, and leaves everything as it found it.
 * What it costs is measured and printed beside the targets; what it must never do is checked afterwards (harness/faults.ts).
 */

import type { Fault } from "./fault.ts";
import { machineFaults } from "./faults-machines.ts";
import { messageFaults } from "./faults-messages.ts";
import { mixed } from "./faults-mixed.ts";
import { networkFaults } from "./faults-network.ts";
import { orderFaults } from "./faults-orders.ts";
import { processFaults } from "./faults-processes.ts";

const SINGLE: readonly Fault[] = [...processFaults, ...messageFaults, ...machineFaults, ...networkFaults, ...orderFaults];
const MIXED_MINUTES = 30;

/** All of them; the mixed one for so many minutes. */
export function allFaults(mixedMinutes = MIXED_MINUTES): readonly Fault[] {
  return [...SINGLE, mixed(SINGLE, mixedMinutes)];
}
