/** `nrcms household …`: what happens in a household's life. */
import { type Command, InvalidArgumentError } from "commander";
import { yearOf } from "../values/days.ts";
import { readIdentityNumber } from "../values/identity.ts";
import { fenOf } from "../values/money.ts";
import { AS, aDay, answering, JSON_WORDS, type Tools } from "./command-parts.ts";

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

interface Evidenced extends Options {
  readonly evidence: string;
}

const CAUSES = { died: "DIED", "married-out": "MARRIED_OUT", "moved-out": "MOVED_OUT", "other-scheme": "OTHER_SCHEME" } as const;
const JOINS = { born: "BORN", "married-in": "MARRIED_IN", "moved-in": "MOVED_IN", returned: "RETURNED" } as const;
const CATEGORIES = { ordinary: "ORDINARY", "five-guarantees": "FIVE_GUARANTEES", "minimum-living": "MINIMUM_LIVING" } as const;

export function addHouseholdCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const household = program
    .command("household")
    .description("参合户：查看、变更记录、加入、离开、迁移、户主\na household: show, history, who joins, leaves, moves, its head");
  /** The clerk of the county that the id begins with. */
  const clerk = (id: string, { as, json: asJson }: Options) => ({ as: as ?? `clerk-${id.slice(0, 6)}`, json: asJson ?? false });
  const of = (name: string, argument: string, words: string) =>
    household.command(name).description(words).argument(argument).option("--as <person>", AS).option("--json", JSON_WORDS);
  const changes = (name: string, argument: string, words: string) =>
    of(name, argument, words).option("--evidence <text>", "凭证 · the document that proves it", "");

  of("show", "<household>", "一户及其成员\na household with its members").action(async (id: string, options: Options) => {
    const { householdText, showHousehold } = await import("./enrol.ts");
    await answer(clerk(id, options), (who) => showHousehold(who, id), householdText);
  });

  of("history", "<household>", "一户的全部变更\nall that has happened in a household").action(async (id: string, options: Options) => {
    const { historyOf, historyText } = await import("./enrol.ts");
    await answer(clerk(id, options), (who) => historyOf(who, id), historyText);
  });

  changes("leave", "<person>", "成员离户：死亡、婚出、迁出、转入其他保险\na member leaves: died, married out, moved out, another scheme")
    .addArgument(program.createArgument("<cause>").choices(Object.keys(CAUSES)))
    .argument("<day>", "末日（死亡日）· the last covered day, the day of death", aDay)
    .option("--head <no>", "户主离户时的新户主 · who follows where the head leaves", "")
    .action(async (personId: string, cause: keyof typeof CAUSES, lastDay: string, options: Evidenced & { head: string }) => {
      const { depart, departureText } = await import("./enrol.ts");
      const request = {
        county: personId.slice(0, 6),
        personId,
        cause: CAUSES[cause],
        lastDay,
        newHeadNo: options.head,
        evidence: options.evidence,
      };
      await answer(clerk(personId, options), (who) => depart(who, request), departureText);
    });

  changes("join", "<household>", "成员加入：出生、婚入、迁入、返回\na member joins: born, married in, moved in, returned")
    .addArgument(program.createArgument("<cause>").choices(Object.keys(JOINS)))
    .argument("<no>", "成员号 · member number")
    .argument("<name>")
    .argument("<identity>", "身份证号；性别与出生日期取自其中 · identity number; sex and birth date are read from it", identity)
    .argument("<from>", "参合首日；新生儿为出生日 · first covered day; the day of birth", aDay)
    .option("--mother <no>", "新生儿之母 · of one born", "")
    .option("--paid <yuan>", "缴费，元 · what was paid, in yuan", amount, 0n)
    .addOption(program.createOption("--category <category>", "类别 · category").choices(Object.keys(CATEGORIES)).default("ordinary"))
    .action(
      async (
        householdId: string,
        cause: keyof typeof JOINS,
        memberNo: string,
        name: string,
        number: { text: string; bornOn: string; sex: "FEMALE" | "MALE" },
        fromDay: string,
        options: Evidenced & { mother: string; paid: bigint; category: keyof typeof CATEGORIES },
      ) => {
        const { addMember } = await import("./enrol.ts");
        const { text: identityNumber, bornOn, sex } = number;
        const member = { memberNo, name, identityNumber, sex, bornOn, head: false, category: CATEGORIES[options.category] };
        const { mother: motherNo, paid: contributionFen, evidence } = options;
        const request = {
          county: householdId.slice(0, 6),
          householdId,
          member,
          cause: JOINS[cause],
          year: yearOf(fromDay),
          fromDay,
          motherNo,
          contributionFen,
          evidence,
        };
        await answer(
          clerk(householdId, options),
          (who) => addMember(who, request),
          ({ cover }) => `${cover?.personId} ${cover?.fromDay} – ${cover?.toDay}`,
        );
      },
    );

  changes("move", "<person>", "成员转到本县另一户，或另立一户\na member goes over to another household of the county, or founds one")
    .argument("<household>", "转入户 · where to")
    .argument("<no>", "在该户的成员号 · the member number there")
    .argument("<from>", "在该户的首日 · the first day there", aDay)
    .option("--head <no>", "原户的新户主 · who follows as head of the household that is left", "")
    .option("--township <name>", "另立一户的乡镇 · of a household that is founded", "")
    .option("--village <name>", "另立一户的村 · of a household that is founded", "")
    .action(
      async (
        personId: string,
        toHouseholdId: string,
        toMemberNo: string,
        fromDay: string,
        options: Evidenced & { head: string; township: string; village: string },
      ) => {
        const { moveMember } = await import("./enrol.ts");
        const { head: newHeadNo, township, village, evidence } = options;
        const request = {
          county: personId.slice(0, 6),
          personId,
          toHouseholdId,
          toMemberNo,
          fromDay,
          newHeadNo,
          township,
          village,
          evidence,
        };
        await answer(
          clerk(personId, options),
          (who) => moveMember(who, request),
          (moved) => moved.personId,
        );
      },
    );

  changes("head", "<household>", "变更户主\nanother member becomes the head")
    .argument("<no>", "成员号 · member number")
    .action(async (id: string, no: string, options: Evidenced) => {
      const { changeHead, householdText } = await import("./enrol.ts");
      await answer(clerk(id, options), (who) => changeHead(who, id, no, options.evidence), householdText);
    });

  changes("relocate", "<household>", "全户迁往本县另一村\nthe household goes to another village of the county")
    .argument("<township>")
    .argument("<village>")
    .argument("<day>", "迁移日 · the day", aDay)
    .action(async (id: string, township: string, village: string, day: string, options: Evidenced) => {
      const { householdText, moveHouse } = await import("./enrol.ts");
      await answer(clerk(id, options), (who) => moveHouse(who, id, { township, village }, day, options.evidence), householdText);
    });
}

function identity(text: string) {
  const said = readIdentityNumber(text);
  if (said) return { text, ...said };
  throw new InvalidArgumentError("须为 18 位，出生日期真实，校验码正确 · must be 18 digits with a real birth date and a right check digit");
}

function amount(text: string): bigint {
  const fen = fenOf(text);
  if (fen !== undefined && fen >= 0n) return fen;
  throw new InvalidArgumentError("须为不小于 0 的金额，至多两位小数 · must be an amount of 0 or more with at most two decimals");
}
