/** Whether a program is ready, in words where it is not. */
import { readFileSync } from "node:fs";
import { connect as dial } from "node:net";
import { banksIn, hostOf, type Topology } from "../../services/mesh/topology.ts";

const PROBE_LIMIT_MS = 1_000;
const TAIL_LINES = 8;
const SEARCHED_LINES = 200;
const LINE_CHARACTERS = 500;

/** The last lines of a log; of mongod's, where there are any, the lines of errors. */
export function tail(log: string): string {
  let text: string;
  try {
    text = readFileSync(log, "utf8");
  } catch {
    return "(no log)";
  }
  const lines = text.trimEnd().split("\n").slice(-SEARCHED_LINES);
  const errors = lines.filter((line) => line.includes('"s":"F"') || line.includes('"s":"E"'));
  const shown = (errors.length > 0 ? errors : lines).slice(-TAIL_LINES);
  return shown.map((line) => line.slice(0, LINE_CHARACTERS)).join("\n    ");
}

/** Why a twin or the program that plays the banks is not ready; empty when it is. */
export async function unready(topology: Topology, name: string): Promise<string> {
  if (name === "bank") {
    const faults = await Promise.all(banksIn(topology).map(({ host, port }) => unreachable(host, port)));
    return faults.find((fault) => fault !== "") ?? "";
  }
  if (name.startsWith("guardian.")) return ""; // It has no door: it watches as soon as it runs.
  const [service = "", twin] = name.split(".");
  const place = topology.services[service]?.[twin === "b" ? "b" : "a"];
  if (!place) throw new Error(`${name} is no twin of the topology`);
  try {
    const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
    const answer = await fetch(`http://${hostOf(topology, place.server)}:${place.port}/ready`, {
      signal,
      headers: { connection: "close" },
    });
    return answer.ok ? "" : `it answers ${answer.status} ${(await answer.text()).slice(0, LINE_CHARACTERS)}`;
  } catch {
    return "it does not answer yet";
  }
}

function unreachable(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = dial({ host, port, timeout: PROBE_LIMIT_MS });
    const done = (words: string): void => {
      socket.destroy();
      resolve(words);
    };
    socket.once("connect", () => done(""));
    socket.once("timeout", () => done("it does not answer yet"));
    socket.once("error", () => done("it does not listen yet"));
  });
}
