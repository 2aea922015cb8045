/** A county's desk for bills on paper: its clerk hands in what members paid themselves, its reviewer enters what the hospitals answer and takes some back, and households name their accounts when they think of it. */
import { type Bill, type Claim as ClaimMessage, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrollmentServiceDefinition } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import type { Desk } from "./desk.ts";
import { accountOf, caller, HOSPITALS, householdsOf, PERSONS } from "./region.ts";
import type { World } from "./world.ts";

const PRICE_FEN: readonly [number, number] = [20_000, 900_000];
const ONE_E4 = 10_000n;
const CODE_AGAIN_EVERY = 4;
const HOUSEHOLD_ACCOUNTS = ["6222000000000011", "6222000000009977", "6222000000009901"] as const;

/** As the people try what may be refused. */
type Try = (turn: () => Promise<unknown>) => Promise<void>;

export class Papers {
  private readonly world: World;
  private readonly desk: Desk;
  private readonly attempt: Try;
  private serial = 0;
  private readonly codesAgain = new Set<string>();
  private readonly invoices: { readonly invoiceNumber: string; readonly totalFen: bigint }[] = [];
  private readonly handed: { readonly county: string; readonly claimId: string }[] = [];

  constructor(world: World, desk: Desk, attempt: Try) {
    this.world = world;
    this.desk = desk;
    this.attempt = attempt;
  }

  /** One more paper; now and then one that was handed in before, here or in the other county. */
  async handIn(county: string): Promise<void> {
    const { chance } = this.world;
    this.serial += 1;
    const claimId = `P${this.serial}`;
    const known = this.invoices.length > 0 && chance.chance(2_500) ? chance.pick(this.invoices) : undefined;
    const totalFen = known?.totalFen ?? BigInt(chance.between(...PRICE_FEN));
    const invoice = { invoiceNumber: known?.invoiceNumber ?? `X-${this.serial}`, totalFen };
    const day = chance.between(10, 22);
    const [admittedOn, dischargedOn] = [`2011-11-${day}`, `2011-11-${day + 1}`];
    const bill: Bill = {
      claimId,
      institutionId: "",
      personId: chance.pick(PERSONS.filter((person) => person.startsWith(county) || chance.chance(500))),
      visitKind: "INPATIENT",
      diagnosis: "J18.9",
      admittedOn,
      dischargedOn,
      invoiceNumber: "",
      referralId: "",
      tcm: false,
      procedures: [],
      newborn: 0,
      lines: [{ itemCode: "A", day: dischargedOn, quantityE4: ONE_E4, unitPriceFen: totalFen, billedFen: totalFen }],
      totalFen,
    };
    const named = chance.chance(3_000)
      ? { institutionId: chance.pick(HOSPITALS).institutionId, name: "", city: "", level: "UNSPECIFIED" as const }
      : { institutionId: "", name: "西安某医院", city: "西安", level: "OUT_OF_PROVINCE" as const };
    const paper = { ...named, invoices: [invoice], issuedOn: dischargedOn, submittedBy: "", confirmation: undefined };
    await this.desk.order(ClaimsServiceDefinition, "submitPaperClaim", caller("CLERK", county), {
      requestId: claimId,
      county,
      bill,
      paper,
    });
    this.invoices.push(invoice);
    this.handed.push({ county, claimId });
  }

  /** What the hospital of a waiting paper says, where the reviewer has asked it. */
  async ask(county: string, { bill, paper }: ClaimMessage): Promise<void> {
    const { chance } = this.world;
    const claimId = bill?.claimId ?? "";
    if (!paper || paper.confirmation || chance.chance(2_000)) return;
    const answer = chance.chance(8_500) ? ("CONFIRMED" as const) : ("DENIED" as const);
    const code = this.codeFor(claimId);
    const confirmation = { askedBy: "PHONE" as const, answeredBy: "医保办", code, enteredBy: "", enteredOn: "", confirmed: false };
    const request = { requestId: `ask-${claimId}-${answer}-${code}`, county, claimId, answer, confirmation };
    const reason = answer === "DENIED" ? "查无此人" : "";
    const order = { ...request, reason };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "confirmPaperClaim", caller("REVIEWER", county), order));
  }

  /** Of some papers first the code of the one before: mostly it is refused, and the paper's own is entered at the next look. */
  private codeFor(claimId: string): string {
    const serial = Number(claimId.slice(1));
    if (serial % CODE_AGAIN_EVERY !== 0 || this.codesAgain.has(claimId)) return `K-${claimId}`;
    this.codesAgain.add(claimId);
    return `K-P${serial - 1}`;
  }

  /** Some are taken back, paid or not. */
  async takeBack(): Promise<void> {
    const { chance } = this.world;
    if (this.handed.length === 0 || !chance.chance(2_000)) return;
    const { county, claimId } = chance.pick(this.handed);
    const request = { requestId: `back-${claimId}-${this.serial}`, county, claimId, reason: "重复报销" };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "voidPaperClaim", caller("REVIEWER", county), request));
  }

  async nameAccount(county: string): Promise<void> {
    const { chance } = this.world;
    await this.register(county, chance.pick(householdsOf(county)).householdId, chance.pick(HOUSEHOLD_ACCOUNTS));
  }

  /** At the end of the day every household has one. */
  async nameAccounts(county: string): Promise<void> {
    for (const { householdId } of householdsOf(county)) await this.register(county, householdId, HOUSEHOLD_ACCOUNTS[0]);
  }

  private async register(county: string, householdId: string, accountNumber: string): Promise<void> {
    this.serial += 1;
    const request = {
      requestId: `account-${this.serial}`,
      county,
      householdId,
      account: { ...accountOf(accountNumber), accountName: "某某" },
    };
    await this.attempt(() => this.desk.order(EnrollmentServiceDefinition, "registerAccount", caller("CLERK", county), request));
  }
}
