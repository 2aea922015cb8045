/**
 * The nightly audit's own record: begun, how far it is, ended or failed, tried again, missed. The audit itself runs apart (nightly.ts); a try that its twin did not
 * outlive is found by the next leader, because only a leader begins one and it begins one at a time.
 */
import type { Change, Decision } from "../../values/decision.ts";
import { PROVINCE } from "../../values/region.ts";
import { type AlarmKind, type AuditedLine, type AuditProgress, alarms, audits, NIGHTS, type NightAudit } from "./documents.ts";

/** A night's audit is begun so often, whatever ends it before its time. */
export const MAX_TRIES = 3;
const MAX_FAULT = 500;

/** A try of a night's audit. */
export interface Try {
  readonly day: string;
  readonly number: number;
}

/** What a decision answers: whether it was so. */
export interface Noted {
  readonly noted: boolean;
}

/** From the first night after monitoring began, every night is to have an audit; those before never will. */
export const watchNights: Decision<{ readonly through: string }, Noted> = {
  needs: () => [NIGHTS],
  decide({ through }, state, change) {
    if (state.get(NIGHTS)) return { noted: false };
    change.put(NIGHTS, { county: PROVINCE, judgedThrough: through });
    return { noted: true };
  },
};

/** Nights that went by without an audit, because nothing ran: from, up to and with; `nights` counts them. */
export const missNights: Decision<{ readonly from: string; readonly through: string; readonly nights: number }, Noted> = {
  needs: ({ through }) => [NIGHTS, alarms.key("AUDIT_MISSED", through)],
  decide({ from, through, nights }, state, change, { atMs }) {
    if (state.must(NIGHTS).judgedThrough >= through) return { noted: false };
    raise(change, "AUDIT_MISSED", { day: through, count: nights, detail: `${from} – ${through}: not begun`, atMs });
    change.put(NIGHTS, { county: PROVINCE, judgedThrough: through });
    return { noted: true };
  },
};

export const beginAudit: Decision<Try & { readonly twin: string }, Noted> = {
  needs: ({ day }) => [audits.key(day), NIGHTS],
  decide({ day, number, twin }, state, change, { atMs }) {
    const before = state.get(audits.key(day));
    const next = before?.state !== "ENDED" && number === (before?.tries ?? 0) + 1 && number <= MAX_TRIES;
    if (!next || state.must(NIGHTS).judgedThrough >= day) return { noted: false };
    const begun: NightAudit = {
      county: PROVINCE,
      day,
      state: "RUNNING",
      tries: number,
      twin,
      startedAtMs: atMs,
      endedAtMs: 0,
      progress: { invariant: 1, checked: 0, breaches: 0 },
      lines: [],
      fault: before?.fault ?? "",
      peakResidentBytes: 0,
    };
    change.put(audits.key(day), begun);
    return { noted: true };
  },
};

export const noteProgress: Decision<Try & { readonly progress: AuditProgress }, Noted> = {
  needs: ({ day }) => [audits.key(day)],
  decide({ day, number, progress }, state, change) {
    const night = state.must(audits.key(day));
    if (night.state !== "RUNNING" || night.tries !== number) return { noted: false };
    change.put(audits.key(day), { ...night, progress });
    return { noted: true };
  },
};

export interface AuditEnded extends Try {
  readonly lines: readonly AuditedLine[];
  readonly peakResidentBytes: number;
}

export const endAudit: Decision<AuditEnded, Noted> = {
  needs: ({ day }) => [audits.key(day), NIGHTS, alarms.key("AUDIT_BREACH", day)],
  decide({ day, number, lines, peakResidentBytes }, state, change, { atMs }) {
    const night = state.must(audits.key(day));
    if (night.state !== "RUNNING" || night.tries !== number) return { noted: false };
    const breached = lines.filter(({ breachCount }) => breachCount > 0);
    const last = lines.at(-1);
    const progress = { invariant: last?.invariant ?? 0, checked: last?.checked ?? 0, breaches: last?.breachCount ?? 0 };
    change.put(audits.key(day), { ...night, state: "ENDED", endedAtMs: atMs, progress, lines, fault: "", peakResidentBytes });
    change.put(NIGHTS, { county: PROVINCE, judgedThrough: day });
    if (breached.length > 0) {
      const count = breached.reduce((sum, { breachCount }) => sum + breachCount, 0);
      raise(change, "AUDIT_BREACH", { day, count, detail: breached.map(({ invariant }) => invariant).join(", "), atMs });
    }
    return { noted: true };
  },
};

/** The last try of a night that fails is an alarm: nobody knows then whether the books are right. */
export const failAudit: Decision<Try & { readonly why: string }, Noted> = {
  needs: ({ day }) => [audits.key(day), NIGHTS, alarms.key("AUDIT_MISSED", day)],
  decide({ day, number, why }, state, change, { atMs }) {
    const night = state.must(audits.key(day));
    if (night.state !== "RUNNING" || night.tries !== number) return { noted: false };
    const fault = why.slice(0, MAX_FAULT);
    change.put(audits.key(day), { ...night, state: "FAILED", endedAtMs: atMs, fault });
    if (number < MAX_TRIES) return { noted: true };
    change.put(NIGHTS, { county: PROVINCE, judgedThrough: day });
    raise(change, "AUDIT_MISSED", { day, count: 1, detail: fault, atMs });
    return { noted: true };
  },
};

interface Raised {
  readonly day: string;
  readonly count: number;
  readonly detail: string;
  readonly atMs: number;
}

function raise(change: Change<never>, kind: AlarmKind & `AUDIT_${string}`, { day, count, detail, atMs }: Raised): void {
  const key = alarms.key(kind, day);
  change.put(key, { alarmId: key.id, county: PROVINCE, kind, subject: day, count, amountFen: 0n, detail, raisedAtMs: atMs });
}
