/** What is wrong in a file that somebody wants to import: where, and why, in both languages. No sentence repeats a name or an identity number. */
import type { Reason } from "../../values/shape.ts";

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1: the column of a table, the character in YAML and JSON; 0 where the whole line is meant. */
  readonly column: number;
  /** The column's name, or the path of the field (`schemes[2].rules[0].rate_bp`); empty where the whole line is meant. */
  readonly field: string;
}

export interface Problem extends Place, Reason {}

export type OnProblem = (problem: Problem) => void;

/** What every reader takes: it reports each problem as it finds it, and gives what is good; whether that is enough is the caller's to say. */
export interface ReadOptions {
  readonly onProblem: OnProblem;
}

/** `households.csv:17:7 identity_number: 校验码不对 / the check character is wrong`. */
export function problemText({ file, line, column, field, zh, en }: Problem): string {
  const at = column > 0 ? `${file}:${line}:${column}` : `${file}:${line}`;
  return `${at}${field === "" ? "" : ` ${field}`}: ${zh} / ${en}`;
}

/** Nothing of the file can be used: it is in another encoding, or no text at all. */
export class UnreadableFile extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problemText(problem));
    this.problem = problem;
  }
}
