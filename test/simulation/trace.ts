/** What happened, as a hash over all of it (two runs of one seed must have the same), and as lines for a person who replays one. */

export interface Trace {
  note(what: string): void;
  /** Over all notes so far, 16 hexadecimal digits. */
  hash(): string;
  /** The newest notes, for a report. */
  tail(): readonly string[];
}

const TAIL = 40;

export function newTrace(now: () => number, tell?: (line: string) => void): Trace {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  const lines: string[] = [];
  return {
    note(what) {
      const line = `${now().toFixed(3).padStart(11)}  ${what}`;
      for (let index = 0; index < line.length; index += 1) {
        const code = line.charCodeAt(index);
        one = Math.imul(one ^ code, 0x01000193);
        other = Math.imul(other ^ code, 0x85ebca6b);
        other ^= other >>> 13;
      }
      lines.push(line);
      if (lines.length > 2 * TAIL) lines.splice(0, TAIL);
      tell?.(line);
    },
    hash: () => [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(""),
    tail: () => lines.slice(-TAIL),
  };
}
