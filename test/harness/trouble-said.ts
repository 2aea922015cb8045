/** What the programs of a run said of trouble: for the error of a test whose mesh is gone by the time it is read. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const WARN = 40;
const SHOWN = 20;
const WIDTH = 240;

interface Line {
  readonly level: number;
  readonly time?: string;
  readonly process?: string;
  readonly msg?: string;
  readonly reason?: string;
  readonly err?: { readonly message?: string };
}

/** The last lines of all logs of a run that are warnings or worse, in their order of time, each with its process and reason; "" where there are none. */
export function troubleSaid(run: string): string {
  const folder = join(run, "logs");
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .flatMap((text) => {
      const line = parsed(text);
      return line && line.level >= WARN ? [line] : [];
    })
    .toSorted((one, other) => (one.time ?? "").localeCompare(other.time ?? ""));
  return lines
    .slice(-SHOWN)
    .map(({ time = "", process = "", msg = "", reason, err }) =>
      `${time.slice(11, 23)} ${process}: ${[msg, reason, err?.message].filter(Boolean).join(": ")}`.slice(0, WIDTH),
    )
    .join("\n");
}

/** What the engines and the supervisor say in words of their own is no line of ours. */
function parsed(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const line = JSON.parse(text) as Partial<Line>;
    return typeof line.level === "number" ? (line as Line) : undefined;
  } catch {
    return undefined; // Its program was killed while it wrote.
  }
}
