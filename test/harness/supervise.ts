/** A supervisor as a process of its own, for tests that kill it: `node test/harness/supervise.ts <run> <port offset>`. Says `ready` once the engines are. */
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";
import { Supervisor, stopOnSignals } from "../../deploy/local/supervisor.ts";
import { readTopology } from "../../services/mesh/topology.ts";

const [run = "", offset = "0"] = process.argv.slice(2);
const topology = readTopology(join(ROOT, "deploy", "topology.yaml"));
const supervisor = new Supervisor({ topology, run, services: [], portOffset: Number(offset), say: (line) => console.log(line) });
stopOnSignals(supervisor, (line) => console.log(line));
await supervisor.start();
console.log("ready");
