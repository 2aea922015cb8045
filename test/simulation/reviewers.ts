/** What goes on around the verdicts of the review desks: tasks are taken, by the reviewer or by a colleague who gives them back; claims go back to their hospitals with a question; hospitals object to what was taken off. */
import { type Claim as ClaimMessage, ClaimsServiceDefinition } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import type { Caller } from "../../services/values/decision.ts";
import type { Desk } from "./desk.ts";
import { caller } from "./region.ts";
import type { World } from "./world.ts";

/** As the people try what may be refused. */
type Try = (turn: () => Promise<unknown>) => Promise<void>;

const seniorOf = (county: string): Caller => ({ ...caller("REVIEWER", county), name: `senior-${county}` });

export class Reviewers {
  private readonly world: World;
  private readonly desk: Desk;
  private readonly attempt: Try;

  constructor(world: World, desk: Desk, attempt: Try) {
    this.world = world;
    this.desk = desk;
    this.attempt = attempt;
  }

  async takeOrAsk(county: string, { bill, task, paper }: ClaimMessage): Promise<void> {
    const { chance } = this.world;
    const claimId = bill?.claimId ?? "";
    const reviewer = caller("REVIEWER", county);
    if (chance.chance(2_000)) {
      const who = chance.chance(7_000) ? reviewer : seniorOf(county);
      const request = { requestId: `take-${claimId}-${who.name}`, county, claimId };
      await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "takeReviewTask", who, request));
      const release = { ...request, requestId: `release-${claimId}-${who.name}` };
      if (who !== reviewer) await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "releaseReviewTask", who, release));
    }
    if (paper || task?.question || !chance.chance(1_500)) return;
    const asked = { requestId: `return-${claimId}`, county, claimId, question: "请补充病历" };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "returnClaim", reviewer, asked));
    const institutionId = bill?.institutionId ?? "";
    const answer = { requestId: `answer-${claimId}`, institutionId, claimId, answer: "见附件" };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "answerQuestion", caller("HOSPITAL", institutionId), answer));
  }

  /** The hospital of a claim that something was taken off. */
  async object({ bill, paper }: ClaimMessage): Promise<void> {
    if (paper || !bill || !this.world.chance.chance(5_000)) return;
    const { claimId, institutionId } = bill;
    const request = { requestId: `appeal-${claimId}`, institutionId, claimId, reason: "有指征" };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "appealClaim", caller("HOSPITAL", institutionId), request));
  }

  /** A reviewer of the second level decides the appeals. */
  async rule(county: string): Promise<void> {
    const { chance } = this.world;
    const senior = seniorOf(county);
    const { appeals } = await this.desk.ask(ClaimsServiceDefinition, "listAppeals", senior, { county });
    if (appeals.length === 0) return;
    const appoint = { requestId: `appoint-${county}`, county, name: senior.name, level: "SECOND" as const };
    await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "appointReviewer", caller("ADMINISTRATOR"), appoint));
    for (const { claimId } of appeals) {
      const verdict = chance.chance(7_000) ? ("GRANT" as const) : ("DISMISS" as const);
      const request = { requestId: `rule-${claimId}-${verdict}`, county, claimId, verdict, reason: "复核", lines: [] };
      await this.attempt(() => this.desk.order(ClaimsServiceDefinition, "decideAppeal", senior, request));
    }
  }
}
