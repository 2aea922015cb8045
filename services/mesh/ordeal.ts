/**
 * An input that was at hand when a process ended is decided in a process apart first (protocols 7): this twin's own program with nothing to lose, neither engines nor
 * callers, over what was read for it. What ends that one is parked; what it survives is decided here, alone. So a bad input ends one process of a pair, not three.
 */
import { deserialize, serialize } from "node:v8";
import { runInNewContext } from "node:vm";
import { answerApart, runApart } from "./apart.ts";
import { systemClock } from "./clock.ts";
import { readTwinConfig } from "./config.ts";
import type { Input } from "./input.ts";
import { askedInput, toldInput } from "./inputs.ts";
import { type Logger, logger } from "./log.ts";
import { decideBatch, type Loads, type StageSettings } from "./stage.ts";
import type { Parts, Service, Wiring } from "./wiring.ts";

/** `died`: also where the decision came to no end. `not tried`: it cannot be tried apart (time brought it), or the process did not come so far. */
export type Ordeal = "survived" | "died" | "not tried";

/** Tries an input over what was read for it. Never rejects. */
export type TryApart = (input: Input, loads: Loads, stage: StageSettings) => Promise<Ordeal>;

const WHAT = "an ordeal";
/** The word on the command line by which a twin's program knows that it is wanted for this. */
const WORD = "ordeal";
/** A process starts within a second, where the processors are not all at work. */
const START_MS = 8_000;
/** A decision takes milliseconds. */
const DECISION_MS = 4_000;
const LIMIT_MS = START_MS + DECISION_MS + 3_000;
/** As a twin has (deploy/local/programs.ts): what exhausts the one exhausts the other. */
const HEAP_MB = 160;
const YOUNG_MB = 2;

/** What the process apart needs, packed: amounts are bigint, documents have dates and bytes. */
interface Packed {
  readonly input: Omit<Input, "decision" | "encode" | "settle">;
  readonly loads: Loads;
  readonly stage: Pick<StageSettings, "head" | "instance" | "published" | "nowMs" | "epoch" | "alwaysFenced">;
}

/** Tries inputs by a twin's program, one at a time. */
export function ordealBy(program: string, log: Logger): TryApart {
  let turn: Promise<unknown> = Promise.resolve();
  return (input, loads, stage) => {
    // What time brings is known by its decision only, which is found where it was found due.
    if (input.from === "due") return Promise.resolve("not tried");
    const mine = turn.then(() => tryOne(program, input, loads, stage, log));
    turn = mine;
    return mine;
  };
}

async function tryOne(program: string, input: Input, loads: Loads, stage: StageSettings, log: Logger): Promise<Ordeal> {
  let begun = false;
  const given = new AbortController();
  const late = setTimeout(() => begun || given.abort(), START_MS);
  try {
    const wanted = { packed: serialize(pack(input, loads, stage)) };
    const onProgress = () => {
      begun = true;
    };
    const limits = { heapMb: HEAP_MB, youngMb: YOUNG_MB, limitMs: LIMIT_MS, signal: given.signal };
    await runApart({ program, parameters: [WORD], what: WHAT, wanted, ...limits, onProgress });
    return "survived";
  } catch (error) {
    log.warn({ err: error, input: input.id, begun }, "it did not survive its ordeal, or had none");
    return begun ? "died" : "not tried";
  } finally {
    clearTimeout(late);
  }
}

function pack(input: Input, loads: Loads, stage: StageSettings): Packed {
  const { decision: _decision, encode: _encode, settle: _settle, ...rest } = input;
  const { head, instance, published, nowMs, epoch, alwaysFenced } = stage;
  return { input: rest, loads, stage: { head, instance, published, nowMs, epoch, alwaysFenced } };
}

/** Whether this process was started to try an input. */
export function isOrdeal(): boolean {
  return process.argv[2] === WORD;
}

/** The life of the process apart: decides the one input that it is given and says that it still lives. */
export function answerOrdeal(service: Service): void {
  answerApart(WHAT, async ({ packed }: { readonly packed: Uint8Array }, tell: (progress: true) => Promise<void>) => {
    const { input: given, loads, stage } = deserialize(packed) as Packed;
    const { settings, topology } = readTwinConfig(service.name);
    const input = found(given, service.wire(inert({ settings, topology, log: logger(WORD) })));
    const all = { ...stage, tells: service.tells, park: new Set<string>(), faults: new Map(), lastChance: true };
    await tell(true);
    // A watchdog of V8's own ends what does not end, also where the parent is gone.
    runInNewContext("decide()", { decide: () => void decideBatch([input], loads, all) }, { timeout: DECISION_MS });
    // What it has left behind may throw.
    await new Promise(setImmediate);
    return "survived";
  });
}

/** The input with the decision of its command or its message. Throws where there is no such command. */
function found(given: Packed["input"], { calls, messages }: Wiring): Input {
  const settle = () => undefined;
  if (given.from === "event") {
    const [source = "", event = ""] = given.method.split(".");
    const rule = messages.find((one) => one.source === source && one.event === event);
    return toldInput(rule, { ...given, source, event, origin: given.origin ?? "", foreignId: given.id }, settle);
  }
  const call = calls.find(({ method }) => method.name === given.method);
  if (call?.act !== "command") throw new Error(`there is no command ${given.method}`);
  return askedInput(call, given, settle);
}

/** What a service is wired with where there are no engines: a decision uses none of it. */
function inert({ settings, topology, log }: Pick<Parts, "settings" | "topology" | "log">): Parts {
  const clock = systemClock(topology.clock_offset_ms);
  const none = (): never => {
    throw new Error("there are no engines where an input is tried");
  };
  const reader = { get: none, getAll: none, find: none, count: none };
  const files = { put: none, get: none };
  return { settings, topology, log, clock, reader, files, ask: none, presence: () => [], look: none, republish: none };
}
