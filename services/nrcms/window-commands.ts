/** `nrcms windows …`: clearing windows at the command line, for a county's treasurer and for the province's centre. */
import { type Command, InvalidArgumentError } from "commander";
import { DisputeState } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { AS, type Asking, answering, JSON_WORDS, type Tools } from "./command-parts.ts";

const STATES = Object.values(DisputeState).filter((state) => state !== DisputeState.UNSPECIFIED);
const AS_COUNTY = `${AS}；默认为该县基金会计 · by default treasurer-<county>`;

export function addWindowCommands(program: Command, tools: Tools): void {
  const answer = answering(tools);
  const windows = program
    .command("windows")
    .description("异地结算清算期：明细、确认、异议、裁定、轧差\nclearing windows: rows, confirming, disputing, rulings, the netting");
  const centre = (name: string, description: string) =>
    windows.command(name).description(description).option("--as <person>", AS, "treasurer").option("--json", JSON_WORDS);
  /** In the name of the county that owes. */
  const county = (name: string, description: string) =>
    windows
      .command(name)
      .description(description)
      .argument("<window>")
      .argument("<county>", "参保县 · the county that owes")
      .option("--as <person>", AS_COUNTY)
      .option("--json", JSON_WORDS);

  centre("list", "各清算期，先新后旧\nthe windows, newest first").action(async (options: Asking) => {
    const { listWindows, windowsText } = await import("./windows.ts");
    await answer(options, (who) => listWindows(who), windowsText);
  });

  centre("show", "一个清算期：各县应付与答复、双边与轧差、划拨\na window: what each county owes and said, bilateral debts, nets, transfers")
    .argument("<window>")
    .option("--verify", "由双边债务复算轧差并比对摘要 · compute the netting again from the pairs, and compare the hash")
    .action(async (windowId: string, options: Asking & { verify?: boolean }) => {
      const { isVerified, showWindow, verifiedText, windowText } = await import("./windows.ts");
      await answer(
        options,
        async (who) => {
          const found = await showWindow(who, windowId);
          if (options.verify && isVerified(found) === false) throw new Error(verifiedText(found));
          return found;
        },
        options.verify ? verifiedText : windowText,
      );
    });

  centre("close", "关闭当前清算期\nclose the open window")
    .argument("<window>")
    .action(async (windowId: string, options: Asking) => {
      const { closeWindow, windowsText } = await import("./windows.ts");
      await answer(
        options,
        (who) => closeWindow(who, windowId),
        (window) => windowsText([window]),
      );
    });

  county("rows", "该县在清算期中的应付明细\nwhat the county owes in a window, row by row").action(
    async (windowId: string, code: string, options: Answering) => {
      const { rowsOf, rowsText } = await import("./windows.ts");
      await answer(named(code, options), (who) => rowsOf(who, windowId, code), rowsText);
    },
  );

  county("confirm", "确认其余明细（须先看过 rows）\nconfirm the rows that are left, as `windows rows` shows them").action(
    async (windowId: string, code: string, options: Answering) => {
      const { confirmRows, windowsText } = await import("./windows.ts");
      await answer(
        named(code, options),
        (who) => confirmRows(who, windowId, code),
        (window) => windowsText([window]),
      );
    },
  );

  county("dispute", "对明细提出异议：转入当前开放的清算期\ndispute rows: they go to the window that is open now")
    .requiredOption("--row <row...>", "明细 · rows")
    .requiredOption("--reason <reason>", "原因 · why")
    .action(async (windowId: string, code: string, options: Answering & { row: string[]; reason: string }) => {
      const { disputeRows, windowsText } = await import("./windows.ts");
      await answer(
        named(code, options),
        (who) => disputeRows(who, windowId, code, options.row, options.reason),
        (window) => windowsText([window]),
      );
    });

  county("retract", "撤回确认，或撤回对这些明细的异议\ntake the confirmation back, or the disputes of these rows")
    .option("--row <row...>", "明细；不填为撤回确认 · rows; the confirmation where they are left out")
    .action(async (windowId: string, code: string, options: Answering & { row?: string[] }) => {
      const { retractAnswer, windowsText } = await import("./windows.ts");
      await answer(
        named(code, options),
        (who) => retractAnswer(who, windowId, code, options.row ?? []),
        (window) => windowsText([window]),
      );
    });

  centre("disputes", "某状态的异议\nthe disputes in a state")
    .option("--state <state>", `状态 · ${STATES.join(", ")}`, aState, DisputeState.DISPUTED)
    .option("--county <county>", "参保县；不填为全区 · the county that owes; all where it is left out", "")
    .action(async (options: Asking & { state: DisputeState; county: string }) => {
      const { disputesText, listDisputes } = await import("./windows.ts");
      await answer(options, (who) => listDisputes(who, options.state, options.county), disputesText);
    });

  centre(
    "rule",
    "省级中心裁定：uphold 支持异议（待冲正），overrule 应付\nthe centre rules: uphold (the claim is to be reversed) or overrule (it is owed)",
  )
    .argument("<row>")
    .argument("<ruling>", "uphold, overrule", aRuling)
    .argument("<reason>")
    .action(async (rowId: string, ruling: "UPHELD" | "OVERRULED", reason: string, options: Asking) => {
      const { disputesText, ruleDispute } = await import("./windows.ts");
      await answer(
        options,
        (who) => ruleDispute(who, rowId, ruling, reason),
        (dispute) => disputesText([dispute]),
      );
    });
}

type Answering = Omit<Asking, "as"> & { readonly as?: string };

function named(county: string, options: Answering): Asking {
  return { ...options, as: options.as ?? `treasurer-${county}` };
}

function aState(text: string): DisputeState {
  const state = STATES.find((one) => one === text.toUpperCase());
  if (state) return state;
  throw new InvalidArgumentError(`须为其一 · must be one of ${STATES.join(", ")}`);
}

function aRuling(text: string): "UPHELD" | "OVERRULED" {
  if (text === "uphold") return "UPHELD";
  if (text === "overrule") return "OVERRULED";
  throw new InvalidArgumentError("须为 uphold 或 overrule · must be uphold or overrule");
}
