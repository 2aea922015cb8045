/** Those who work with the province while things go wrong: hospitals that bill, reviewers, clerks, the payment centre's maker and checker, the treasurer, the bank's messages. */

import { AdministrationServiceDefinition } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { type Bill, type BillReport, type BillRow, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { PaymentServiceDefinition } from "../../proto/generated/nrcms/payment/v1/payment.ts";
import { SettlementServiceDefinition, type WindowRow } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import type { Claim } from "../../services/claims/domain/documents.ts";
import { drawingOf, promisedFen } from "../../services/claims/domain/year.ts";
import { pause } from "../../services/mesh/clock.ts";
import { type Batch, type Order, TO_REISSUE } from "../../services/payment/domain/documents.ts";
import { bankName } from "../../services/values/banks.ts";
import type { Caller } from "../../services/values/decision.ts";
import { ITEMS } from "../unit/claims/nx-ref.ts";
import { type Desk, RefusedAtDesk } from "./desk.ts";
import { databaseOf } from "./invariants.ts";
import { Papers } from "./papers.ts";
import type { Province } from "./province.ts";
import {
  accountOf,
  CATALOGUE,
  CORRECTED_ACCOUNT,
  COUNTIES,
  caller,
  HOSPITALS,
  type Hospital,
  householdsOf,
  PERSONS,
  paidByHead,
  schemeText,
  TODAY,
  YEAR,
} from "./region.ts";
import { Reviewers } from "./reviewers.ts";

const ADMINISTRATOR = caller("ADMINISTRATOR");
const DIRECTOR = { ...ADMINISTRATOR, name: "director" };
const TREASURER = caller("TREASURER");
const MAKER = caller("MAKER");
const CHECKER = caller("CHECKER");
/** Who approves large batches as well. */
const DEPUTY: Caller = { ...CHECKER, name: "deputy-640000" };
const BANK = caller("BANK");

/** The checker declines each batch whose number divides by this. */
const DECLINED_EACH = 7;
/** And of how many one is cancelled once the bank has it. */
const CANCELLED_EACH = 3;
const SERIAL_DIGITS = 6;

const BILL_EVERY_MS: readonly [number, number] = [60, 1_200];
const OFFICE_EVERY_MS: readonly [number, number] = [300, 1_200];
const TAKE_BACK_EVERY_MS: readonly [number, number] = [500, 6_000];
const STATEMENT_LIMIT_MS = 120_000;
const STATEMENT_LOOK_MS = 1_000;
const REPORT_EVERY_MS: readonly [number, number] = [3_000, 12_000];
/** Claims that stand in a hospital's books. */
const STANDING: readonly string[] = ["IN_REVIEW", "PENDING", "APPROVED", "PAID"];
const CLERK_EVERY_MS: readonly [number, number] = [500, 4_000];
const PAPER_EVERY_MS: readonly [number, number] = [500, 3_000];
const LAST_MINUTE_MS: readonly [number, number] = [0, 30];
const CONTRIBUTION_FEN = 3_000n;
/** Of covers that end, those that end by a death. */
const DEATH_BP = 4_000;
/** A hospital looks at the claim that it has just sent in. */
const LOOK_BP = 5_000;
/** Little, so that a fund's floor holds payables back now and then. */
const FUNDS_FEN: readonly [number, number] = [50_000, 3_000_000];
const MORE_FUNDS_FEN = 100_000_000n;
const PREFUND_FEN: readonly [number, number] = [20_000, 2_000_000];
const PRICE_FEN: readonly [number, number] = [1_000, 250_000];
const ONE_E4 = 10_000n;

export class People {
  private readonly province: Province;
  private readonly desk: Desk;
  private readonly papers: Papers;
  private readonly reviewers: Reviewers;
  private serial = 0;
  private readonly billedBy = new Map<string, string>();
  closed = false;
  billed = 0;
  /** Turns under way of those that end with the storm. */
  busy = 0;

  constructor(province: Province, desk: Desk) {
    this.province = province;
    this.desk = desk;
    this.papers = new Papers(province.world, desk, (turn) => this.try(turn));
    this.reviewers = new Reviewers(province.world, desk, (turn) => this.try(turn));
    for (const bank of province.banks) bank.tell = (messageId, document) => this.hearBank(bank.id, messageId, document);
  }

  /** Counties, institutions, the law, the members and their money. */
  async found(): Promise<void> {
    const { desk } = this;
    const { chance } = this.province.world;
    const definition = AdministrationServiceDefinition;
    for (const county of COUNTIES) {
      const row = { county, nameZh: "县", nameEn: "County", prefecture: "市", account: accountOf(`62230000${county}`), fundFloorFen: 0n };
      await desk.order(definition, "registerCounty", ADMINISTRATOR, { requestId: `county-${county}`, county: row });
    }
    for (const { institutionId, county, level, accountNumber } of HOSPITALS) {
      const institution = {
        institutionId,
        county,
        name: institutionId,
        level,
        paySchedule: "IMMEDIATE" as const,
        account: accountOf(accountNumber),
      };
      await desk.order(definition, "registerInstitution", ADMINISTRATOR, { requestId: institutionId, institution });
      // Some are paid whole, some less a part.
      const withheldBp = chance.chance(6_000) ? chance.between(1, 2_000) : 0;
      const rate = { requestId: `withheld-${institutionId}`, county, institutionId, withheldBp };
      if (withheldBp > 0) await desk.order(SettlementServiceDefinition, "setWithheld", caller("TREASURER", county), rate);
    }
    const items = ITEMS.map((item) => ({ ...item }));
    await desk.order(ClaimsServiceDefinition, "publishCatalogue", ADMINISTRATOR, {
      requestId: "catalogue",
      catalogueVersion: CATALOGUE,
      items,
      diagnoses: [],
    });
    for (const county of COUNTIES) {
      await this.publish(county);
      const households = householdsOf(county);
      const enrolment = {
        requestId: "enrol",
        county,
        year: YEAR,
        contributionFenPerHead: CONTRIBUTION_FEN,
        households,
        queueDuplicates: false,
      };
      await desk.order(EnrollmentServiceDefinition, "enrolHouseholds", caller("CLERK", county), enrolment);
      await this.fund(county, BigInt(chance.between(...FUNDS_FEN)));
      await this.limit(county, BigInt(chance.between(...PREFUND_FEN)));
    }
  }

  /** The reference scheme, drafted, tried, approved by two and published. */
  private async publish(county: string): Promise<void> {
    const { desk } = this;
    const schemeId = `${county}/${YEAR}/1`;
    const version = (step: string) => ({ requestId: `${step}-${county}`, schemeId, contentHash: "" });
    const draft = { requestId: `draft-${county}`, document: schemeText(county) };
    const drafted = await desk.order(ClaimsServiceDefinition, "draftScheme", ADMINISTRATOR, draft);
    const contentHash = drafted?.scheme?.contentHash ?? "";
    await desk.order(ClaimsServiceDefinition, "simulateScheme", ADMINISTRATOR, version("simulate"));
    for (const approver of [ADMINISTRATOR, DIRECTOR])
      await desk.order(ClaimsServiceDefinition, "approveScheme", approver, { ...version(`approve-${approver.name}`), contentHash });
    await desk.order(ClaimsServiceDefinition, "publishScheme", ADMINISTRATOR, { ...version("publish"), scheme: undefined });
  }

  /** Everybody works until `closed`; resolves when all have come home. */
  async work(billingUntilMs: number): Promise<void> {
    const { world } = this.province;
    await Promise.all([
      ...HOSPITALS.map((hospital) =>
        this.every(
          BILL_EVERY_MS,
          () => this.bill(hospital),
          () => world.now > billingUntilMs,
        ),
      ),
      ...HOSPITALS.map((hospital) =>
        this.every(
          TAKE_BACK_EVERY_MS,
          () => this.takeBack(hospital),
          () => world.now > billingUntilMs,
        ),
      ),
      ...HOSPITALS.map((hospital) =>
        this.every(
          REPORT_EVERY_MS,
          () => this.reportDays(hospital),
          () => world.now > billingUntilMs,
        ),
      ),
      ...COUNTIES.map((county) =>
        this.every(
          PAPER_EVERY_MS,
          () => this.paperDesk(county),
          () => world.now > billingUntilMs,
        ),
      ),
      ...COUNTIES.map((county) => this.every(OFFICE_EVERY_MS, () => this.review(county))),
      ...COUNTIES.map((county) => this.every(OFFICE_EVERY_MS, () => this.correct(county))),
      ...COUNTIES.map((county) => this.every(OFFICE_EVERY_MS, () => this.decideLosses(county))),
      ...COUNTIES.map((county) => this.every(OFFICE_EVERY_MS, () => this.reviewers.rule(county))),
      ...COUNTIES.map((county) => this.every(OFFICE_EVERY_MS, () => this.answerWindows(county))),
      this.every(OFFICE_EVERY_MS, () => this.rule()),
      this.every(
        CLERK_EVERY_MS,
        () => this.endCover(),
        () => world.now > billingUntilMs,
      ),
      this.every(OFFICE_EVERY_MS, () => this.approve()),
      this.every(OFFICE_EVERY_MS, () => this.cancel()),
      this.every(OFFICE_EVERY_MS, () => this.reissue()),
      this.every(OFFICE_EVERY_MS, () => this.confirmAccounts()),
    ]);
  }

  /** Each county pays its township hospital by head, for the month that is next in line. */
  async payByHead(): Promise<void> {
    const { chance } = this.province.world;
    for (const county of COUNTIES) {
      const treasurer = caller("TREASURER", county);
      const { capitations } = await this.desk.ask(SettlementServiceDefinition, "listCapitations", treasurer, { county });
      const paid = capitations.filter(({ state }) => state === "PAID").length;
      const period = `${YEAR}-${String(paid + 1).padStart(2, "0")}`;
      const heads = chance.between(1, 40);
      this.serial += 1;
      const request = { requestId: `heads-${this.serial}`, county, institutionId: paidByHead(county), period, heads };
      await this.try(() => this.desk.order(SettlementServiceDefinition, "proposeCapitation", treasurer, request));
      const agreed = { ...request, requestId: `agreed-${this.serial}` };
      await this.try(() => this.desk.order(SettlementServiceDefinition, "approveCapitation", caller("REVIEWER", county), agreed));
    }
  }

  /** Judges each county's institutions of which something stands withheld: mostly for the month that is next in line, now and then for one that was. */
  async assess(): Promise<void> {
    const { chance } = this.province.world;
    for (const county of COUNTIES) {
      const treasurer = caller("TREASURER", county);
      const { withholdings } = await this.desk.ask(SettlementServiceDefinition, "listWithheld", treasurer, { county });
      for (const { institutionId, withheldFen, last } of withholdings) {
        if (withheldFen === 0n && chance.chance(8_000)) continue;
        const month = Number(last?.period.slice(5) ?? "0") + (chance.chance(500) ? 0 : 1);
        const period = `${YEAR}-${String(Math.max(1, month)).padStart(2, "0")}`;
        const scoreBp = chance.between(0, 10_000);
        this.serial += 1;
        const request = { requestId: `assess-${this.serial}`, county, institutionId, period, scoreBp };
        await this.try(() => this.desk.order(SettlementServiceDefinition, "proposeAssessment", treasurer, { ...request, reason: "考核" }));
        const approval = { ...request, requestId: `judge-${this.serial}` };
        await this.try(() => this.desk.order(SettlementServiceDefinition, "approveAssessment", caller("REVIEWER", county), approval));
      }
    }
  }

  /** What ends a day: money for what was held back, and the window. */
  async closeDay(): Promise<void> {
    for (const county of COUNTIES) {
      await this.fund(county, MORE_FUNDS_FEN);
      await this.papers.nameAccounts(county);
    }
    await this.closeWindow();
  }

  async closeWindow(): Promise<void> {
    const { windows } = await this.desk.ask(SettlementServiceDefinition, "listWindows", TREASURER, {});
    const windowId = windows.find(({ state }) => state === "OPEN")?.windowId ?? "W1";
    await this.try(() =>
      this.desk.order(SettlementServiceDefinition, "closeWindow", TREASURER, { requestId: `close-${windowId}`, windowId }),
    );
  }

  /** A county looks at each window that waits for it: mostly it confirms what it sees, now and then it disputes rows first, or takes back what it has said. */
  private async answerWindows(county: string): Promise<void> {
    const { chance } = this.province.world;
    const treasurer = caller("TREASURER", county);
    const { windows } = await this.desk.ask(SettlementServiceDefinition, "listWindows", treasurer, {});
    for (const { windowId, parties } of windows.filter(({ state }) => state === "CONFIRMING")) {
      const party = parties.find((one) => one.county === county);
      if (!party) continue;
      this.serial += 1;
      const request = { requestId: `answer-${this.serial}`, windowId, county };
      if (party.answer === "CONFIRMED") {
        if (chance.chance(1_000))
          await this.try(() => this.desk.order(SettlementServiceDefinition, "retractAnswer", treasurer, { ...request, rowIds: [] }));
        continue;
      }
      const rows = await this.rowsOf(treasurer, windowId, county);
      const here = rows.filter((row) => row.windowId === windowId);
      const gone = rows.filter((row) => row.dispute === "DISPUTED" && row.windowId !== windowId);
      if (here.length > 0 && chance.chance(2_000)) {
        const disputed = here.filter(() => chance.chance(3_000)).map(({ rowId }) => ({ rowId, reason: "有疑问" }));
        if (disputed.length > 0)
          await this.try(() => this.desk.order(SettlementServiceDefinition, "disputeRows", treasurer, { ...request, rows: disputed }));
      } else if (gone.length > 0 && chance.chance(2_000)) {
        await this.try(() =>
          this.desk.order(SettlementServiceDefinition, "retractAnswer", treasurer, { ...request, rowIds: [chance.pick(gone).rowId] }),
        );
      } else if (chance.chance(7_000)) {
        // Now and then of a list that it has not read to the end.
        const off = chance.chance(500) ? 1n : 0n;
        const owedFen = here.reduce((sum, row) => sum + row.owedFen, off);
        await this.try(() =>
          this.desk.order(SettlementServiceDefinition, "confirmRows", treasurer, { ...request, rows: here.length, owedFen }),
        );
      }
    }
  }

  private async rowsOf(treasurer: Caller, windowId: string, county: string): Promise<readonly WindowRow[]> {
    const rows: WindowRow[] = [];
    for (let after = ""; ; ) {
      const page = await this.desk.ask(SettlementServiceDefinition, "listWindowRows", treasurer, { windowId, county, after });
      rows.push(...page.rows);
      if (page.next === "") return rows;
      after = page.next;
    }
  }

  /** The province's centre rules on some of what is disputed. */
  private async rule(): Promise<void> {
    const { chance } = this.province.world;
    const { disputes } = await this.desk.ask(SettlementServiceDefinition, "listDisputes", TREASURER, {
      state: "DISPUTED",
      county: "",
      after: "",
    });
    for (const { rowId } of disputes) {
      if (!chance.chance(500)) continue;
      const ruling = chance.chance(5_000) ? ("UPHELD" as const) : ("OVERRULED" as const);
      const request = { requestId: `rule-${rowId.replaceAll("/", "-")}-${ruling}`, rowId, ruling, reason: "依据充分" };
      await this.try(() => this.desk.order(SettlementServiceDefinition, "ruleDispute", TREASURER, request));
    }
  }

  /** Turn after turn, until the day is closed, or `over`. */
  private async every(span: readonly [number, number], turn: () => Promise<unknown>, over?: () => boolean): Promise<void> {
    const { world } = this.province;
    while (!this.closed) {
      await pause(world.span(...span));
      if (over?.()) return;
      if (over) this.busy += 1;
      await this.try(turn);
      if (over) this.busy -= 1;
    }
  }

  /** A refusal is an answer like any other. */
  private async try(turn: () => Promise<unknown>): Promise<void> {
    try {
      await turn();
    } catch (error) {
      if (!(error instanceof RefusedAtDesk)) throw error;
      this.province.world.trace.note(`refused: ${error.message}`);
    }
  }

  private async fund(county: string, amountFen: bigint): Promise<void> {
    this.serial += 1;
    const reference = `F${this.serial}`;
    const receipt = { requestId: reference, county, source: "COUNTY" as const, amountFen, reference };
    await this.desk.order(SettlementServiceDefinition, "receiveFunds", caller("TREASURER", county), receipt);
  }

  private async limit(county: string, limitFen: bigint): Promise<void> {
    this.serial += 1;
    const prefund = { requestId: `limit-${this.serial}`, county, limitFen };
    await this.desk.order(SettlementServiceDefinition, "setPrefund", caller("TREASURER", county), prefund);
  }

  private async bill({ institutionId }: Hospital, personId = this.province.world.chance.pick(PERSONS)): Promise<unknown> {
    const { world } = this.province;
    const { chance } = world;
    this.serial += 1;
    this.billed += 1;
    const claimId = `C${this.serial}`;
    this.billedBy.set(claimId, institutionId);
    const stay = chance.chance(6_000);
    const day = chance.between(10, 24);
    const [admittedOn, dischargedOn] = stay ? [`2011-11-${day}`, `2011-11-${day + 1}`] : [TODAY, TODAY];
    const priceFen = BigInt(chance.between(...PRICE_FEN));
    const bill: Bill = {
      claimId,
      institutionId,
      personId,
      visitKind: stay ? "INPATIENT" : "OUTPATIENT",
      diagnosis: chance.chance(500) ? "S61.0" : "J18.9",
      admittedOn,
      dischargedOn,
      invoiceNumber: `I${this.serial}`,
      referralId: "",
      tcm: false,
      procedures: [],
      newborn: 0,
      lines: [{ itemCode: "A", day: dischargedOn, quantityE4: ONE_E4, unitPriceFen: priceFen, billedFen: priceFen }],
      totalFen: priceFen,
    };
    if (stay && chance.chance(3_000)) return this.stay(bill);
    const hospital = caller("HOSPITAL", institutionId);
    await this.desk.order(ClaimsServiceDefinition, "submitClaim", hospital, { requestId: claimId, bill });
    if (chance.chance(LOOK_BP)) await this.desk.ask(ClaimsServiceDefinition, "getClaim", hospital, { claimId });
  }

  /** A stay that is registered at its admission: where it is elsewhere, its prefund is reserved in any case. */
  private async stay({
    claimId,
    institutionId,
    personId,
    admittedOn,
    dischargedOn,
    diagnosis,
    lines,
    invoiceNumber,
    totalFen,
  }: Bill): Promise<void> {
    const hospital = caller("HOSPITAL", institutionId);
    const id = { institutionId, admissionId: claimId };
    const patient = { personId, newborn: 0, admittedOn, diagnosis, referralId: "", tcm: false, procedures: [] };
    const form = { ...id, ...patient, state: "UNSPECIFIED" as const, pages: [], totalFen: 0n };
    await this.desk.order(ClaimsServiceDefinition, "registerAdmission", hospital, { requestId: `admit-${claimId}`, admission: form });
    await this.desk.order(ClaimsServiceDefinition, "uploadFees", hospital, { requestId: `fees-${claimId}`, ...id, page: 1, lines });
    const end = { ...id, dischargedOn, invoiceNumber, totalFen };
    await this.desk.order(ClaimsServiceDefinition, "settleAdmission", hospital, { requestId: `settle-${claimId}`, ...end });
  }

  /** Now and then a hospital takes a bill of its own back, whatever has become of it. */
  private async takeBack({ institutionId }: Hospital): Promise<void> {
    const { chance } = this.province.world;
    const mine = [...this.billedBy].filter(([, by]) => by === institutionId);
    if (mine.length === 0) return;
    const [claimId] = chance.pick(mine);
    const request = { requestId: `void-${claimId}-${this.serial}`, institutionId, claimId, reason: "录入有误" };
    await this.try(() => this.desk.order(ClaimsServiceDefinition, "voidClaim", caller("HOSPITAL", institutionId), request));
  }

  /** Every hospital's days, once all is at rest: bills, claims and the bank agree. A county may correct a claim in between: then it is reported again. */
  async reportAtRest(): Promise<void> {
    const { world } = this.province;
    const untilMs = world.now + STATEMENT_LIMIT_MS;
    for (const hospital of HOSPITALS)
      for (;;) {
        const reports = await this.reportDays(hospital);
        const differing = reports.find(({ state, unpaid }) => state !== "MATCHED" || unpaid > 0);
        if (!differing) break;
        world.hold(world.now < untilMs, () => {
          const { day, state, unpaid, breaks } = differing;
          const [first] = breaks;
          return `${hospital.institutionId} reported ${day}: ${state}, ${unpaid} unpaid; ${first?.kind ?? ""} ${first?.claimId ?? ""} ${first?.en ?? ""}`;
        });
        await pause(STATEMENT_LOOK_MS);
      }
  }

  /** Each bank's statement of the day, once all is at rest: every entry is an order's, and the ledger has moved as the bank has. */
  async reconcileAtRest(): Promise<void> {
    for (const { id } of this.province.banks) await this.reconcileBank(id);
  }

  private async reconcileBank(bank: string): Promise<void> {
    const { world } = this.province;
    this.serial += 1;
    const request = { requestId: `statement-${this.serial}`, day: TODAY, bank };
    await this.desk.order(PaymentServiceDefinition, "fetchStatement", TREASURER, request);
    const untilMs = world.now + STATEMENT_LIMIT_MS;
    for (;;) {
      const found = await this.reconciliation(bank);
      const open = found?.breaks.map(({ kind, endToEndId, en }) => `${kind} ${endToEndId} ${en}`) ?? ["it is not booked"];
      if (found?.ledger && open.length === 0 && found.ledger.standingFen === 0n) return;
      const beside = found?.ledger ? `; the ledger differs by ${found.ledger.standingFen}` : "; it is not compared";
      world.hold(world.now < untilMs, () => `the statement of ${TODAY} of ${bank} does not agree: ${open.slice(0, 3).join("; ")}${beside}`);
      await pause(STATEMENT_LOOK_MS);
    }
  }

  private async reconciliation(bank: string) {
    try {
      return await this.desk.ask(PaymentServiceDefinition, "getReconciliation", TREASURER, { day: TODAY, bank });
    } catch (error) {
      if (error instanceof RefusedAtDesk && error.refusal.code === "NO_STATEMENT") return undefined;
      throw error;
    }
  }

  /** What became of each of a hospital's bills, as its report of their days. */
  private async reportDays({ institutionId }: Hospital): Promise<BillReport[]> {
    const days = new Map<string, BillRow[]>();
    const stored = this.province.set.collection(databaseOf("claims"), "claims").majority;
    for (const claim of [...stored.values()] as unknown as Claim[]) {
      const { claimId, dischargedOn, totalFen, institutionId: by } = claim.bill;
      if (by !== institutionId || !STANDING.includes(claim.state)) continue;
      const row = { claimId, totalFen, fundFen: promisedFen(drawingOf(claim)), voided: false };
      days.set(dischargedOn, [...(days.get(dischargedOn) ?? []), row]);
    }
    const reports: BillReport[] = [];
    for (const [day, rows] of days) {
      const report = await this.reportDay(institutionId, day, rows);
      if (report) reports.push(report);
    }
    return reports;
  }

  private async reportDay(institutionId: string, day: string, rows: BillRow[]): Promise<BillReport | undefined> {
    const hospital = caller("HOSPITAL", institutionId);
    const total = (field: "totalFen" | "fundFen") => rows.reduce((sum, row) => sum + row[field], 0n);
    const totals = { bills: rows.length, totalFen: total("totalFen"), fundFen: total("fundFen") };
    this.serial += 1;
    const requestId = `day-${institutionId}-${this.serial}`;
    const of = { institutionId, day };
    const { report } = await this.desk.order(ClaimsServiceDefinition, "reportBills", hospital, { requestId, ...of, totals });
    if (report?.state !== "ROWS_WANTED") return report;
    // Two pages, of which another report of the day may come between.
    const half = Math.ceil(rows.length / 2);
    const pages = [rows.slice(0, half), rows.slice(half)].filter((page, index) => index === 0 || page.length > 0);
    let last: BillReport | undefined = report;
    for (const [index, page] of pages.entries()) {
      const sent = { ...of, revision: report.revision, page: index + 1, pages: pages.length, rows: page };
      last = (await this.desk.order(ClaimsServiceDefinition, "reportBillRows", hospital, { requestId: `${requestId}-${index}`, ...sent }))
        .report;
    }
    return last;
  }

  private async correct(county: string): Promise<void> {
    const reviewer = caller("REVIEWER", county);
    const { chance } = this.province.world;
    const { corrections } = await this.desk.ask(ClaimsServiceDefinition, "listCorrections", reviewer, { county });
    for (const { claimId, causedBy } of corrections) {
      const verdict = chance.chance(7_000) ? ("POST" as const) : ("DISMISS" as const);
      const request = { requestId: `${claimId}-${causedBy.length}-${verdict}`, county, claimId, verdict };
      await this.try(() => this.desk.order(ClaimsServiceDefinition, "decideCorrection", reviewer, request));
    }
  }

  /** A death of days ago; where it is the head's, the other of the two follows, or nobody is left. */
  private async die(personId: string, lastDay: string): Promise<void> {
    const county = personId.slice(0, 6);
    const clerk = caller("CLERK", county);
    const { household } = await this.desk.ask(EnrollmentServiceDefinition, "getHousehold", clerk, {
      county,
      householdId: personId.slice(0, -2),
    });
    const living = household?.members ?? [];
    const other = living.find(({ memberNo }) => !personId.endsWith(memberNo))?.memberNo ?? "";
    const newHeadNo = living.some(({ memberNo, head }) => head && personId.endsWith(memberNo)) ? other : "";
    const death = { cause: "DIED", lastDay, newHeadNo, evidence: "" } as const;
    const request = { requestId: `died-${personId}-${lastDay}-${newHeadNo}`, county, personId, ...death };
    await this.desk.order(EnrollmentServiceDefinition, "recordDeparture", clerk, request);
  }

  private async decideLosses(county: string): Promise<void> {
    const reviewer = caller("REVIEWER", county);
    const { chance } = this.province.world;
    const { losses } = await this.desk.ask(ClaimsServiceDefinition, "listCoverLosses", reviewer, { county });
    for (const { claimId } of losses) {
      const verdict = chance.chance(6_000) ? ("TAKE_BACK" as const) : ("LET_STAND" as const);
      this.serial += 1;
      const request = { requestId: `loss-${this.serial}`, county, claimId, verdict, reason: "死亡后就诊" };
      await this.try(() => this.desk.order(ClaimsServiceDefinition, "decideCoverLoss", reviewer, request));
    }
  }

  private async review(county: string): Promise<void> {
    const { chance } = this.province.world;
    const reviewer = caller("REVIEWER", county);
    const { claims } = await this.desk.ask(ClaimsServiceDefinition, "listReviewTasks", reviewer, { county });
    for (const claim of claims) {
      const { bill } = claim;
      await this.papers.ask(county, claim);
      const claimId = bill?.claimId ?? "";
      await this.reviewers.takeOrAsk(county, claim);
      const verdict = chance.chance(7_500) ? ("APPROVE" as const) : ("REFUSE" as const);
      const fen = verdict === "APPROVE" && chance.chance(3_000) ? (bill?.lines[0]?.billedFen ?? 0n) / 2n : 0n;
      await this.try(() =>
        this.desk.order(ClaimsServiceDefinition, "reviewClaim", reviewer, {
          requestId: `${claimId}-${verdict}-${fen}`,
          county,
          claimId,
          verdict,
          deductions: fen > 0n ? [{ line: 1, deductedFen: fen, reason: "OVER_QUANTITY", note: "" }] : [],
          words: [],
          reason: "理由",
        }),
      );
      if (fen > 0n) await this.reviewers.object(claim);
    }
  }

  private async paperDesk(county: string): Promise<void> {
    if (this.province.world.chance.chance(3_000)) await this.papers.nameAccount(county);
    await this.papers.takeBack();
    await this.papers.handIn(county);
  }

  private async endCover(): Promise<void> {
    const { world } = this.province;
    const { chance } = world;
    const personId = chance.pick(PERSONS);
    const county = personId.slice(0, 6);
    const lastDay = `2011-11-${chance.between(10, 24)}`;
    if (chance.chance(DEATH_BP)) await this.die(personId, lastDay);
    else {
      const request = { requestId: `end-${personId}-${lastDay}`, county, personId, lastDay, reason: "转入其他保险" };
      await this.desk.order(EnrollmentServiceDefinition, "endCover", caller("CLERK", county), request);
    }
    // Whose cover has just ended is billed in the very moment in which claims hears of it.
    await pause(world.span(...LAST_MINUTE_MS));
    await this.bill(chance.pick(HOSPITALS), personId);
  }

  private async approve(): Promise<void> {
    const { batches } = await this.desk.ask(PaymentServiceDefinition, "listBatches", CHECKER, { bank: "", state: "PROPOSED" });
    for (const { batchId, contentHash: expectedHash, approvals } of batches) {
      if (Number(batchId.slice(-SERIAL_DIGITS)) % DECLINED_EACH === 0) {
        const requestId = `decline-${batchId}-${expectedHash.slice(0, 16)}`;
        const request = { requestId, batchId, expectedHash, orderIds: [], reason: "账户存疑" };
        await this.try(() => this.desk.order(PaymentServiceDefinition, "declineOrders", CHECKER, request));
        continue;
      }
      const checker = approvals.length === 0 ? CHECKER : DEPUTY;
      const requestId = `${checker.name}-${batchId}-${expectedHash.slice(0, 16)}`;
      await this.try(() => this.desk.order(PaymentServiceDefinition, "approveBatch", checker, { requestId, batchId, expectedHash }));
    }
  }

  /** The treasurer makes sure of what the bank has disproved; where the bank does not agree, it says so again. */
  private async confirmAccounts(): Promise<void> {
    const { accounts } = await this.desk.ask(PaymentServiceDefinition, "listAccountsOnCheck", TREASURER, {});
    for (const { bank, account, knownBy } of accounts) {
      if (!account) continue;
      const { bankCode, accountNumber } = account;
      const request = { requestId: `confirm-${knownBy}`, bank, bankCode, accountNumber, reason: "电话核实" };
      await this.try(() => this.desk.order(PaymentServiceDefinition, "confirmAccount", TREASURER, request));
    }
  }

  /** Some orders that the bank has and has not paid yet: the centre has second thoughts. */
  private async cancel(): Promise<void> {
    const collection = (name: string) => this.province.set.collection(databaseOf("payment"), name).majority;
    for (const order of [...collection("orders").values()] as unknown as Order[]) {
      if (order.state !== "OPEN" || Number(order.batchId.slice(-SERIAL_DIGITS)) % CANCELLED_EACH !== 0) continue;
      const batch = collection("batches").get(order.batchId) as unknown as Batch | undefined;
      if (batch?.state !== "ACCEPTED") continue;
      const request = { requestId: `cancel-${order.endToEndId}`, orderId: order.orderId, reason: "户名有误" };
      await this.try(() => this.desk.order(PaymentServiceDefinition, "cancelOrder", MAKER, request));
    }
  }

  /** Orders that the checker or the bank refused or sent back, to an account that is right. */
  private async reissue(): Promise<void> {
    const orders = this.province.set.collection(databaseOf("payment"), "orders").majority;
    for (const order of [...orders.values()] as unknown as Order[]) {
      if (!TO_REISSUE.includes(order.state) || order.contradiction !== "") continue;
      const { orderId } = order;
      const request = { requestId: `reissue-${orderId}`, orderId, account: accountOf(CORRECTED_ACCOUNT) };
      await this.try(() => this.desk.order(PaymentServiceDefinition, "reissueOrder", MAKER, request));
    }
  }

  private async hearBank(bank: string, messageId: string, document: string): Promise<void> {
    const { world, people } = this.province;
    const caller = { ...BANK, name: `${bankName(bank)}-client` };
    const request = { requestId: messageId, document: Buffer.from(document, "utf8"), signature: "" };
    await world.as(people, () => this.try(() => this.desk.order(PaymentServiceDefinition, "receiveBankMessage", caller, request)));
  }
}
