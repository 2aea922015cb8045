/**
 * A small mesh after a working day, made by the services' own decisions, as the audit reads it. Tests break one thing in it and see it found;
 * a service that renames a field breaks this file.
 */

import type { SchemeView } from "../../../services/audit/records.ts";
import { NOTHING_BEFORE } from "../../../services/benefit/case.ts";
import { type BillReport, reportBills } from "../../../services/claims/domain/bill-report.ts";
import type { BenefitYear, Claim, Household } from "../../../services/claims/domain/documents.ts";
import type { Second, SharePage } from "../../../services/claims/domain/second-compensation.ts";
import { sideOf } from "../../../services/claims/domain/three-way.ts";
import { recordDeparture } from "../../../services/enrollment/domain/departure.ts";
import type { Household as Enrolled, Identity, Tally } from "../../../services/enrollment/domain/documents.ts";
import { enrol } from "../../../services/enrollment/domain/enrol.ts";
import { hearCounty } from "../../../services/enrollment/domain/hear-county.ts";
import { addMember } from "../../../services/enrollment/domain/join.ts";
import { moveMember } from "../../../services/enrollment/domain/move.ts";
import { CHAIN_START, chainHash, type Entry as JournalEntry } from "../../../services/mesh/journal.ts";
import { cut } from "../../../services/payment/domain/cut.ts";
import type { Due, Order, Statement } from "../../../services/payment/domain/documents.ts";
import { payableDue } from "../../../services/payment/domain/payable-due.ts";
import { payeeChanged } from "../../../services/payment/domain/payee-changed.ts";
import { approve } from "../../../services/settlement/domain/approve.ts";
import { type BankDay, compareDays, knowStatement } from "../../../services/settlement/domain/bank-days.ts";
import { closeWindow } from "../../../services/settlement/domain/close-window.ts";
import { disputeRows } from "../../../services/settlement/domain/dispute-rows.ts";
import type {
  Account,
  Assessment,
  Book,
  Capitation,
  ClearingWindow,
  DayTotal,
  Dispute,
  Entry,
  Ledger,
  Payable,
  Reservation,
  Upheld,
  Withholding,
} from "../../../services/settlement/domain/documents.ts";
import { knowCounty } from "../../../services/settlement/domain/know-county.ts";
import { receiveFunds } from "../../../services/settlement/domain/receive-funds.ts";
import { reservePrefund } from "../../../services/settlement/domain/reserve-prefund.ts";
import { ruleDispute } from "../../../services/settlement/domain/rule-dispute.ts";
import { setPrefund } from "../../../services/settlement/domain/set-prefund.ts";
import { settle } from "../../../services/settlement/domain/settle.ts";
import type { Decision, EventMap } from "../../../services/values/decision.ts";
import { isRefusal, isUnavailable } from "../../../services/values/outcome.ts";
import { newWorld, type Told } from "../../harness/decide.ts";
import { household, member, request } from "../enrollment/people.ts";

export const HOME = "640424";
export const AWAY = "640521";
export const NOW = Date.parse("2011-11-25T17:00:00+08:00");
const TODAY = "2011-11-25";
const HOSPITAL = { [HOME]: "H-JY-001", [AWAY]: "H-ZN-001" } as const;
const DEBITS_FEN = 36_193n + 406_510n + 406_510n;
const SCHEME = `${HOME}/2011/1`;
const CAP_FEN = 5_000_000n;
/** Claims of the year that are not refused. */
const STANDING = 6;

type WithId<T> = { -readonly [K in keyof T]: T[K] } & { _id: string };

/** Every stored document that the audit reads, by kind; tests change them in place. */
export interface Sample {
  readonly claims: WithId<Claim>[];
  readonly years: WithId<BenefitYear>[];
  readonly households: WithId<Household>[];
  readonly seconds: WithId<Second>[];
  readonly sharePages: WithId<SharePage>[];
  readonly schemes: { -readonly [K in keyof SchemeView]: SchemeView[K] }[];
  readonly enrolled: WithId<Enrolled>[];
  readonly identities: WithId<Identity>[];
  readonly tallies: WithId<Tally>[];
  readonly contributions: { receiptId: string; receivedOn: string; fen: bigint }[];
  readonly entries: WithId<Entry>[];
  readonly accounts: WithId<Account>[];
  readonly totals: WithId<DayTotal>[];
  readonly books: WithId<Book>[];
  readonly sequences: WithId<Ledger>[];
  readonly payables: WithId<Payable>[];
  readonly withholdings: WithId<Withholding>[];
  readonly assessments: WithId<Assessment>[];
  readonly capitations: WithId<Capitation>[];
  readonly reservations: WithId<Reservation>[];
  readonly windows: WithId<ClearingWindow>[];
  readonly disputes: WithId<Dispute>[];
  readonly upheld: WithId<Upheld>[];
  readonly dues: WithId<Due>[];
  readonly orders: WithId<Order>[];
  readonly statements: WithId<Statement>[];
  readonly bankDays: WithId<BankDay>[];
  readonly billReports: WithId<BillReport>[];
  readonly journal: WithId<Omit<JournalEntry, "id">>[];
  readonly head: { _id: string; number: number; chain: string; event: number; published: number };
  readonly parked: { _id: string; atMs: number }[];
  readonly seens: { _id: string; reached: number; early: { from: number; to: number }[] }[];
  readonly parkedCounts: { _id: string; parked: number }[];
  readonly placements: { service: string; kind: string; county: string; documents: number }[];
}

/** What one service stores, by kind and id, as its decisions write it. */
function newService() {
  const world = newWorld();
  const stored = new Map<string, Map<string, object>>();
  const noting = <I, R, E extends EventMap>(decision: Decision<I, R, E>): Decision<I, R, E> => ({
    needs: (input, loaded, context) => decision.needs(input, loaded, context),
    decide: (input, state, change, context) =>
      decision.decide(
        input,
        state,
        {
          ...change,
          put(key, doc) {
            stored.set(key.kind, (stored.get(key.kind) ?? new Map()).set(key.id, structuredClone(doc)));
            change.put(key, doc);
          },
        },
        context,
      ),
  });
  return {
    run<I, R, E extends EventMap>(decision: Decision<I, R, E>, input: I): readonly Told[] {
      const { result, told } = world.run(noting(decision), input, { atMs: NOW - 3_600_000 });
      if (isRefusal(result) || isUnavailable(result)) throw new Error(JSON.stringify(result));
      return told;
    },
    documents: <T>(kind: string) =>
      [...(stored.get(kind) ?? [])].map(([_id, doc]) => ({ ...doc, _id }) as WithId<T>).sort((a, b) => (a._id < b._id ? -1 : 1)),
  };
}

/** An entry of the journal: the claim that it is about, and the events that it told. */
interface JournalRow {
  readonly claimId: string;
  readonly names: readonly string[];
}

/** Seven claims: paid at home, paid elsewhere, at the review desk, refused, below the deductible, waiting for the prefund, waiting for the bank. */
export function newSample(dispute: "NONE" | "DISPUTED" | "UPHELD" = "NONE"): Sample {
  const settlement = newService();
  const payment = newService();
  for (const county of [HOME, AWAY]) {
    settlement.run(knowCounty, { county, floorFen: 10_000n, countyVersion: 1n });
    settlement.run(receiveFunds, { county, source: "CENTRAL", amountFen: 2_000_000n, reference: "R1" });
    payment.run(payeeChanged, payeeOf(county, county));
    payment.run(payeeChanged, payeeOf(HOSPITAL[county as keyof typeof HOSPITAL], county));
  }
  settlement.run(setPrefund, { county: HOME, limitFen: 1_000_000n, yellowBp: 7_000n, redBp: 9_000n });
  const dues: Told[] = [];
  const promise = (claimId: string, treating: string, fundFen: bigint) =>
    dues.push(
      ...settlement
        .run(approve, {
          approvalId: `claim/${claimId}/decision/1`,
          claimId,
          homeCounty: HOME,
          treatingCounty: treating,
          institutionId: HOSPITAL[treating as keyof typeof HOSPITAL],
          fundFen,
          accountFen: 0n,
          fund: "INPATIENT",
          approvedOn: TODAY,
          dischargedOn: "2011-11-24",
          totalFen: fundFen + 100_000n,
        })
        .filter(({ name }) => name === "PayableDue"),
    );
  const reserve = (claimId: string, fundFen: bigint) =>
    settlement.run(reservePrefund, { reservationId: `claim/${claimId}/reservation`, claimId, homeCounty: HOME, fundFen, admitted: false });

  promise("C1", HOME, 36_193n);
  reserve("C2", 406_510n);
  promise("C2", AWAY, 406_510n);
  promise("C5", HOME, 0n);
  reserve("C6", 90_000n);
  const settled = (id: string, county: string, payableId: string, claimId: string, amountFen: bigint) =>
    settlement.run(settle, {
      bank: "main",
      id: `settled/${id}`,
      batchId: id,
      county,
      payables: [{ payableId, claimId, amountFen }],
      amountFen,
      settledOn: TODAY,
    });
  settled("B1", HOME, "claim/C1/decision/1", "C1", 36_193n);
  settled("B2", AWAY, "claim/C2/decision/1", "C2", 406_510n);
  dues.push(
    ...settlement.run(closeWindow, { windowId: "W1", confirmDays: 0, silence: "CONFIRM" }).filter(({ name }) => name === "PayableDue"),
  );
  reserve("C7", 50_000n);
  promise("C7", AWAY, 50_000n);
  settled("B3", HOME, `window/W1/transfer/${HOME}/${AWAY}`, "", 406_510n);

  if (dispute !== "NONE") {
    // C7's row is disputed out of W2, whose debtors have days to answer.
    const rowId = "claim/C7/decision/1";
    settlement.run(closeWindow, { windowId: "W2", confirmDays: 5, silence: "CONFIRM" });
    settlement.run(disputeRows, { windowId: "W2", county: HOME, rows: [{ rowId, reason: "非我县参合人" }], limit: 2 });
    if (dispute === "UPHELD") settlement.run(ruleDispute, { rowId, ruling: "UPHELD", reason: "依据充分" });
  }

  for (const { body } of dues) payment.run(payableDue, body);
  const ids: string[] = dues.map(({ body }) => body.payableId);
  const open = ids.filter((id) => id.includes("C7"));
  for (const payableIds of [ids.filter((id) => !open.includes(id)), open])
    payment.run(cut, { countyBanks: {}, payableIds, schedule: "IMMEDIATE", maker: "rule/immediate/1", serial: 0 });
  const orders = payment
    .documents<Order>("orders")
    .map((order) =>
      order.payables.some(({ claimId }) => claimId === "C7") ? order : { ...order, state: "SETTLED" as const, settledOn: TODAY },
    );
  if (orders.length !== 4) throw new Error(`the sample has ${orders.length} orders`);

  const { journal, head } = journalOf([
    { claimId: "C1", names: ["ClaimApproved"] },
    { claimId: "C2", names: ["PrefundRequested"] },
    { claimId: "C2", names: ["ClaimApproved"] },
    { claimId: "C3", names: ["ClaimHeld"] },
    { claimId: "C4", names: ["ClaimHeld"] },
    { claimId: "C4", names: ["ClaimRefused"] },
    { claimId: "C5", names: ["ClaimApproved"] },
    { claimId: "C6", names: ["PrefundRequested"] },
    { claimId: "C7", names: ["PrefundRequested"] },
    { claimId: "C7", names: ["ClaimApproved"] },
    { claimId: "C1", names: ["ClaimsPaid"] },
    { claimId: "C2", names: ["ClaimsPaid"] },
  ]);
  const claims = [
    claimOf("C1", "PAID", 36_193n),
    claimOf("C2", "PAID", 406_510n, AWAY),
    claimOf("C3", "IN_REVIEW", 20_000n),
    claimOf("C4", "REFUSED", 70_000n),
    claimOf("C5", "APPROVED", 0n),
    claimOf("C6", "PENDING", 90_000n, AWAY),
    claimOf("C7", "APPROVED", 50_000n, AWAY),
  ];
  return {
    claims,
    years: [yearOf("6404240000001701", 36_193n + 406_510n + 20_000n + 90_000n + 50_000n, 5)],
    seconds: [],
    sharePages: [],
    households: [{ _id: "64042400000017", county: HOME, householdVersion: 1, heads: { 2011: 2 }, takenFen: 0n }],
    schemes: [
      {
        _id: SCHEME,
        scheme: {
          county: HOME,
          year: 2011,
          caps: [{ code: "YEAR_IP", fen: CAP_FEN }],
          funds: [{ fund: "FAMILY", fenPerHead: 1_500n }],
          financing: [{ fenPerHead: 3_000n, categories: [] }],
        },
      },
    ],
    ...enrolment(),
    entries: settlement.documents<Entry>("entries").sort((a, b) => Number(a.sequence - b.sequence)),
    accounts: settlement.documents("accounts"),
    totals: settlement.documents("totals"),
    books: settlement.documents("books"),
    sequences: settlement.documents("sequences"),
    payables: settlement.documents("payables"),
    withholdings: settlement.documents("withholdings"),
    assessments: settlement.documents("assessments"),
    capitations: settlement.documents("capitations"),
    reservations: settlement.documents("reservations"),
    windows: settlement.documents("windows"),
    disputes: settlement.documents("disputes"),
    upheld: settlement.documents("upheld"),
    dues: payment.documents("dues"),
    orders,
    statements: [statementOf(DEBITS_FEN)],
    bankDays: comparedDays(settlement),
    billReports: reportsOf(claims),
    journal,
    head,
    parked: [],
    seens: [{ _id: "claims.a", reached: head.event, early: [] }],
    parkedCounts: [],
    placements: [
      { service: "claims", kind: "claims", county: HOME, documents: 7 },
      { service: "settlement", kind: "windows", county: "640000", documents: 2 },
    ],
  };
}

/** Two households, both paid for by assistance: a mother has had a child, and somebody has moved, and died. */
function enrolment() {
  const enrollment = newService();
  const county = HOME;
  enrollment.run(hearCounty, { county, version: 1n });
  const poor = (no: string, serial: number) => member(no, serial, { category: "FIVE_GUARANTEES" });
  const [here, there] = [`${HOME}00000017`, `${HOME}00000018`];
  const lists = [household(here, [poor("01", 1), poor("02", 2), poor("03", 3)]), household(there, [poor("01", 11)])];
  enrollment.run(enrol, request(lists, { county, contributionFenPerHead: 0n }));
  const child = member("04", 8, { bornOn: "2011-09-30", category: "FIVE_GUARANTEES" });
  const born = { cause: "BORN", year: 2011, fromDay: "2011-09-30", motherNo: "02" } as const;
  enrollment.run(addMember, { requestId: "j", county, householdId: here, member: child, ...born, contributionFen: 0n, evidence: "" });
  const move = { toHouseholdId: there, toMemberNo: "02", fromDay: "2011-11-01", newHeadNo: "", township: "", village: "" };
  enrollment.run(moveMember, { county, personId: `${here}03`, ...move, evidence: "" });
  const death = { cause: "DIED", lastDay: "2011-11-10", newHeadNo: "02" } as const;
  enrollment.run(recordDeparture, { county, personId: `${there}01`, ...death, evidence: "" });
  return {
    enrolled: enrollment.documents<Enrolled>("households"),
    identities: enrollment.documents<Identity>("identities"),
    tallies: enrollment.documents<Tally>("tallies"),
    contributions: [],
  };
}

/** The day's statement, told and compared with the ledger as it stands. */
function comparedDays(settlement: ReturnType<typeof newService>): WithId<BankDay>[] {
  const statement = { openingFen: 9_000_000n, closingFen: 9_000_000n - DEBITS_FEN, otherDebitsFen: 0n, otherCreditsFen: 0n };
  settlement.run(knowStatement, { bank: "main", day: TODAY, version: 1n, ...statement, missingDebitsFen: 0n, missingReturnsFen: 0n });
  const ledger = { paidFen: DEBITS_FEN, returnedFen: 0n, transfersFen: 406_510n, receiptsFen: 4_000_000n, accountsFen: 0n };
  settlement.run(compareDays, { bank: "main", before: "", days: [{ day: TODAY, statementVersion: 1n, looks: 0, ledger }] });
  return settlement.documents("bankdays");
}

/** The hospital at home has reported its day, and all of it is paid or below the deductible but for what waits at the review desk. */
function reportsOf(claims: readonly Claim[]): WithId<BillReport>[] {
  const reports = newService();
  const ours = claims
    .map(sideOf)
    .filter(({ standing }, index) => standing === "STANDS" && claims[index]?.bill.institutionId === HOSPITAL[HOME]);
  const totals = { bills: 0, totalFen: 0n, fundFen: 0n };
  for (const { totalFen, fundFen } of ours) {
    totals.bills += 1;
    totals.totalFen += totalFen;
    totals.fundFen += fundFen;
  }
  const asked = { institutionId: HOSPITAL[HOME], day: "2011-11-24", totals, paidWithinDays: 10 };
  const found = { others: [], tooMany: false, county: HOME };
  const paid = ours.map((side) => ({ ...side, bank: "PAID" as const }));
  reports.run(reportBills, { ...asked, found: { ...found, ours: paid } });
  return reports.documents("billreports");
}

function payeeOf(payeeId: string, county: string) {
  const account = { bankCode: "105871000019", accountNumber: "6405000000000002", accountName: payeeId };
  return { county, payeeId, account, schedule: "IMMEDIATE" as const, stateVersion: 1n };
}

function claimOf(claimId: string, state: Claim["state"], fundFen: bigint, treatingCounty = HOME): WithId<Claim> {
  const totalFen = fundFen + 100_000n;
  const decided = state !== "IN_REVIEW" && state !== "PENDING";
  return {
    _id: claimId,
    county: HOME,
    treatingCounty,
    state,
    decision: decided ? 1 : 0,
    year: 2011,
    level: "COUNTY",
    reviewed: false,
    reason: state === "IN_REVIEW" || state === "REFUSED" ? "外伤" : "",
    submittedAtMs: NOW - 7_200_000,
    decidedAtMs: decided ? NOW - 7_100_000 : 0,
    paidAtMs: state === "PAID" ? NOW - 3_600_000 : 0,
    traceId: "",
    ...(decided ? {} : { waitingSinceMs: NOW - 7_200_000 }),
    bill: {
      claimId,
      institutionId: HOSPITAL[treatingCounty as keyof typeof HOSPITAL],
      personId: "6404240000001701",
      visitKind: "INPATIENT",
      diagnosis: "J18.9",
      admittedOn: "2011-11-20",
      dischargedOn: "2011-11-24",
      invoiceNumber: claimId,
      referralId: "",
      tcm: false,
      procedures: [],
      newborn: 0,
      lines: [],
      totalFen,
    },
    benefit: {
      totalFen,
      eligibleFen: totalFen,
      deductibleFen: 0n,
      rateBp: 7000,
      fundFen,
      patientFen: 100_000n,
      overCapFen: 0n,
      subsidyFen: 0n,
      accountFen: 0n,
      assistanceFen: 0n,
      catastrophicFen: 0n,
      hospitalFen: 0n,
      code: "IP",
      fund: "INPATIENT",
      schemeId: SCHEME,
    },
    basis: { treatingSchemeId: SCHEME, category: "ORDINARY", uncoveredDays: [], registrations: [], before: NOTHING_BEFORE },
    drawn: {
      caps: [{ code: "YEAR_IP", holder: "6404240000001701" }],
      stay: fundFen > 0n,
      borneFen: 100_000n,
      months: [],
      deducted: "",
      accountFen: 0n,
    },
  };
}

function yearOf(holder: string, usedFen: bigint, compensatedStays: number): WithId<BenefitYear> {
  return {
    _id: `${holder}/2011`,
    county: HOME,
    holder,
    year: 2011,
    usedFen: { YEAR_IP: usedFen },
    compensatedStays,
    borneFen: BigInt(STANDING) * 100_000n,
    months: [],
    deducted: [],
    visits: [],
    others: [],
  };
}

function statementOf(debitsFen: bigint): WithId<Statement> {
  const sums = { openingFen: 9_000_000n, debitsFen, creditsFen: 0n, closingFen: 9_000_000n - debitsFen };
  return {
    _id: TODAY,
    county: "640000",
    day: TODAY,
    state: "BOOKED",
    wanted: 1,
    messageId: "S1",
    entries: 3,
    ...sums,
    breaks: [],
    sums: SUMS,
  };
}

const SUMS = { ordersFen: DEBITS_FEN, returnsFen: 0n, missingDebitsFen: 0n, missingReturnsFen: 0n };

/** The journal of claims' twin a, one entry for each. */
function journalOf(rows: readonly JournalRow[]): Pick<Sample, "journal" | "head"> {
  const journal: Sample["journal"] = [];
  let previous = CHAIN_START;
  let event = 0;
  for (const [index, { claimId, names }] of rows.entries()) {
    const body = {
      id: `entry/${index}`,
      twin: "a",
      number: index + 1,
      atMs: NOW - 7_000_000 + index,
      caller: "hospital",
      method: "SubmitClaim",
      hash: "",
      outcome: "done" as const,
      reply: new Uint8Array([1, 2]),
      events: names.map((name) => {
        event += 1;
        return { number: event, name, county: HOME, bytes: new Uint8Array([event]) };
      }),
      about: [claimId],
      trace: "",
    };
    const chain = chainHash(previous, body);
    const { id: _id, ...rest } = body;
    journal.push({ _id, ...rest, previous, chain });
    previous = chain;
  }
  return { journal, head: { _id: "a", number: rows.length, chain: previous, event, published: event } };
}

/** The document with this id, to be changed. */
export function pick<T extends { _id: string }>(rows: readonly T[], id: string): T {
  const found = rows.find(({ _id }) => _id === id);
  if (!found) throw new Error(`the sample has no ${id}`);
  return found;
}

/** Takes the document with this id away. */
export function drop<T extends { _id: string }>(rows: T[], id: string): void {
  rows.splice(rows.indexOf(pick(rows, id)), 1);
}

/** Changes fields of the document with this id; given a function, by what they are. */
export function set<T extends { _id: string }>(rows: readonly T[], id: string, changes: ((row: T) => object) | object): void {
  const row = pick(rows, id);
  Object.assign(row, typeof changes === "function" ? changes(row) : changes);
}
