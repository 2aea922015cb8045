/** `nrcms claim paper …`: a county's desk for bills on paper. The clerk hands in and names accounts; the reviewer asks the hospital, decides and takes back. */
import { type Command, InvalidArgumentError } from "commander";
import { ClaimState, type ConfirmedBy } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { type Asking, answering, JSON_WORDS, type Tools } from "./command-parts.ts";
import { ASKED } from "./import/papers.ts";

const STATES = [ClaimState.IN_REVIEW, ClaimState.APPROVED, ClaimState.PAID, ClaimState.REFUSED, ClaimState.VOIDED] as const;
const CLERK = "以谁的证书，默认为本县经办人 · whose certificate; by default the county's clerk";
const REVIEWER = "以谁的证书，默认为本县审核人 · whose certificate; by default the county's reviewer";

type Options = Partial<Asking>;

export function addPaperCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const paper = program
    .command("claim")
    .description("补偿单：纸质单据\nclaims: bills on paper")
    .command("paper")
    .description(
      "手工报销：录入、向医院核实、审核、撤销、登记户账户、查询\nbills that a member has paid and hands in on paper: hand in, ask the hospital, decide, take back, name the account, list",
    );
  const subcommand = (name: string, description: string, as: string) =>
    paper
      .command(name)
      .description(description)
      .argument("<county>", "参合县 · the home county")
      .option("--as <person>", as)
      .option("--json", JSON_WORDS);
  const byClerk = (options: Options, county: string): Asking => ({ ...options, as: options.as ?? `clerk-${county}` });
  const byReviewer = (options: Options, county: string): Asking => ({ ...options, as: options.as ?? `reviewer-${county}` });

  subcommand(
    "submit",
    "录入一份单据（YAML 或 JSON 文件；格式见 nrcms claim paper submit --help）\nhand in a bill from a file, YAML or JSON",
    CLERK,
  )
    .argument("<file>")
    .option("--check", "只核对文件 · look at the file only, and send nothing")
    .addHelpText("after", EXAMPLE)
    .action(async (county: string, file: string, options: Options & { check?: boolean }) => {
      const [{ paperText, submitPaper }, { readPaper }, { problemText }] = await Promise.all([
        import("./papers.ts"),
        import("./import/papers.ts"),
        import("./import/problems.ts"),
      ]);
      const read = readPaper(file);
      if ("problems" in read) {
        console.error(read.problems.map(problemText).join("\n"));
        return tools.finish(1);
      }
      if (options.check) {
        console.log(options.json ? tools.json(read.paper) : "格式无误 · the file's form is right");
        return tools.finish(0);
      }
      await answer(byClerk(options, county), (who) => submitPaper(who, county, read.paper), paperText);
    });

  subcommand(
    "confirm",
    "医院核实属实：录入其核实码（须非录入人）\nthe hospital confirms: its code, entered by another than the clerk who handed the bill in",
    REVIEWER,
  )
    .argument("<claim>")
    .requiredOption("--by <how>", `怎样核实 · ${Object.keys(ASKED).join(", ")}`, askedBy)
    .requiredOption("--answered-by <who>", "医院何人答复 · who answered there")
    .requiredOption("--code <code>", "医院的核实码，一码一单 · the hospital's code; it confirms one claim")
    .action(async (county: string, claimId: string, { by, answeredBy, code, ...options }: Options & Asked & { code: string }) => {
      const { confirmPaper, paperText } = await import("./papers.ts");
      const said = { askedBy: by, answeredBy, code };
      await answer(byReviewer(options, county), (who) => confirmPaper(who, { county, claimId }, said), paperText);
    });

  subcommand("deny", "医院否认：补偿单被拒\nthe hospital denies: the claim is refused", REVIEWER)
    .argument("<claim>")
    .argument("<reason>", "医院怎么说 · what the hospital says")
    .requiredOption("--by <how>", `怎样核实 · ${Object.keys(ASKED).join(", ")}`, askedBy)
    .requiredOption("--answered-by <who>", "医院何人答复 · who answered there")
    .option("--code <code>", "医院的文号，可无 · the hospital's reference, if it has given one", "")
    .action(
      async (county: string, claimId: string, denied: string, { by, answeredBy, code, ...options }: Options & Asked & { code: string }) => {
        const { confirmPaper, paperText } = await import("./papers.ts");
        const said = { askedBy: by, answeredBy, code, denied };
        await answer(byReviewer(options, county), (who) => confirmPaper(who, { county, claimId }, said), paperText);
      },
    );

  subcommand("approve", "审核通过已核实的单据：付至户账户\napprove a bill that its hospital has confirmed: the household is paid", REVIEWER)
    .argument("<claim>")
    .action(async (county: string, claimId: string, options: Options) => {
      const { decidePaper, paperText } = await import("./papers.ts");
      await answer(byReviewer(options, county), (who) => decidePaper(who, { county, claimId }, undefined), paperText);
    });

  subcommand("refuse", "审核不通过，说明原因\nrefuse a bill that waits, with a reason", REVIEWER)
    .argument("<claim>")
    .argument("<reason>")
    .action(async (county: string, claimId: string, reason: string, options: Options) => {
      const { decidePaper, paperText } = await import("./papers.ts");
      await answer(byReviewer(options, county), (who) => decidePaper(who, { county, claimId }, reason), paperText);
    });

  subcommand(
    "void",
    "撤销已审核通过的单据：已付的由该户以后抵扣\ntake an approved bill back: what was paid is owed by the household, and its next payments are less by it",
    REVIEWER,
  )
    .argument("<claim>")
    .argument("<reason>")
    .action(async (county: string, claimId: string, reason: string, options: Options) => {
      const { paperText, voidPaper } = await import("./papers.ts");
      await answer(byReviewer(options, county), (who) => voidPaper(who, { county, claimId }, reason), paperText);
    });

  subcommand("show", "一份单据现在的状态与下一步\na bill as it stands, and whose turn it is", REVIEWER)
    .argument("<claim>")
    .action(async (county: string, claimId: string, options: Options) => {
      const { paperText, showPaper } = await import("./papers.ts");
      await answer(byReviewer(options, county), (who) => showPaper(who, claimId), paperText);
    });

  subcommand("list", "本县的纸质单据，先新后旧，至多 200\na county's bills on paper, the newest first, at most 200", CLERK)
    .option("--state <state>", `状态 · ${STATES.join(", ")}`, aState, ClaimState.UNSPECIFIED)
    .action(async (county: string, options: Options & { state: ClaimState }) => {
      const { listPapers, papersText } = await import("./papers.ts");
      await answer(byClerk(options, county), (who) => listPapers(who, county, options.state), papersText);
    });

  subcommand(
    "account",
    "登记一户的收款账户（一卡通），户名须为家庭成员\nname the account on which a household is paid; its name is a member's",
    CLERK,
  )
    .argument("<household>")
    .requiredOption("--bank <code>", "开户行号 · the bank's code")
    .requiredOption("--account <number>", "账号 · the account's number")
    .requiredOption("--name <name>", "户名 · the account's name")
    .action(async (county: string, householdId: string, options: Options & { bank: string; account: string; name: string }) => {
      const { accountText, nameAccount } = await import("./papers.ts");
      const account = { bankCode: options.bank, accountNumber: options.account, accountName: options.name };
      await answer(byClerk(options, county), (who) => nameAccount(who, { county, householdId, account }), accountText);
    });
}

interface Asked {
  readonly by: ConfirmedBy;
  readonly answeredBy: string;
}

function askedBy(text: string): ConfirmedBy {
  const found = Object.hasOwn(ASKED, text) ? ASKED[text] : undefined;
  if (found) return found;
  throw new InvalidArgumentError(`须为 ${Object.keys(ASKED).join(", ")} 之一 · must be one of them`);
}

function aState(text: string): ClaimState {
  const found = STATES.find((state) => state === text.toUpperCase());
  if (found) return found;
  throw new InvalidArgumentError(`须为 ${STATES.join(", ")} 之一 · must be one of them`);
}

const EXAMPLE = `
文件 the file (金额为整数分 amounts in whole fen):
  claim_id: P-640522-2011-0001
  person_id: "6405220000000101"
  visit_kind: INPATIENT
  diagnosis: J18.9
  admitted_on: 2011-11-01
  discharged_on: 2011-11-08
  lines:                       # quantity_e4: 10000 为一 is one
    - { item_code: B0020, day: 2011-11-08, quantity_e4: 70000, unit_price_fen: 3000, billed_fen: 21000 }
    - { item_code: O0140, day: 2011-11-02, unit_price_fen: 800000, billed_fen: 800000 }
  total_fen: 821000
  hospital: { name: 西安某医院, city: 西安, level: OUT_OF_PROVINCE }   # 或 or { institution_id: H640104901 }
  issued_on: 2011-11-08
  invoices:
    - { invoice_number: "0012345", total_fen: 821000 }
另可有 and also: referral_id, tcm, procedures, newborn`;
