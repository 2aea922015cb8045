/** What an invariant's check has looked at and found wrong: counted in full, told up to a limit. */

/** Breaches told by name; the rest are only counted. A broken invariant breaks thousands of documents at once. */
export const MAX_BREACHES = 100;
/** Documents between two words of progress. */
const PROGRESS_EVERY = 5000;

export interface AuditLine {
  /** 1 to 9: the invariant's number in the README. */
  readonly invariant: number;
  readonly zh: string;
  readonly en: string;
  /** Documents or facts that were looked at. */
  readonly checked: number;
  /** At most 100, and one more that says how many there are beyond. */
  readonly breaches: readonly string[];
  readonly breachCount: number;
}

export interface Progress {
  readonly invariant: number;
  readonly checked: number;
  readonly breaches: number;
}

export interface Findings {
  /** Something was looked at. */
  look(): void;
  /** A breach, unless it holds. */
  hold(holds: boolean, breach: () => string): void;
}

/** Runs one invariant's check and says what it found. */
export async function findingsOf(
  title: Pick<AuditLine, "invariant" | "zh" | "en">,
  onProgress: (progress: Progress) => void,
  check: (findings: Findings) => Promise<void>,
): Promise<AuditLine> {
  let checked = 0;
  let breachCount = 0;
  const breaches: string[] = [];
  const tell = () => onProgress({ invariant: title.invariant, checked, breaches: breachCount });
  await check({
    look() {
      checked += 1;
      if (checked % PROGRESS_EVERY === 0) tell();
    },
    hold(holds, breach) {
      if (holds) return;
      breachCount += 1;
      if (breaches.length < MAX_BREACHES) breaches.push(breach());
    },
  });
  tell();
  if (breachCount > breaches.length) breaches.push(`… and ${breachCount - breaches.length} more`);
  return { ...title, checked, breaches, breachCount };
}
