/**
 * Two small services without insurance in them, to test the mesh with: a till takes deposits and tells them, a tally hears them.
 * Run as a process (NRCMS_SERVICE=till or tally) it is a twin that can be killed; imported, it is a service for `startTwin`.
 */
import { flushCompileCache } from "node:module";
import { Access, Act, Role, Scope } from "../../proto/generated/nrcms/values/v1/access.ts";
import { pause } from "../../services/mesh/clock.ts";
import { type Codec, command, type Method, query, type Service, type ServiceDefinition, told } from "../../services/mesh/wiring.ts";
import { type Decision, type Doc, kind } from "../../services/values/decision.ts";
import { badRequest, refusals, unavailable } from "../../services/values/outcome.ts";

interface Account extends Doc {
  readonly fen: bigint;
  readonly deposits: number;
}
export const accounts = kind<Account>("accounts");
interface Seen extends Doc {
  readonly account: string;
  readonly fen: bigint;
  readonly withdrawn: boolean;
}
export const seen = kind<Seen>("seen");
interface Gate extends Doc {
  readonly closed: boolean;
  /** The account's deposits when it was closed. */
  readonly deposits: number;
}
/** An account with a gate takes deposits until the gate is closed. */
export const gates = kind<Gate>("gates");
interface Stamp extends Doc {
  readonly number: number;
}
/** Has a unique index beside its `_id`. */
export const stamps = kind<Stamp>("stamps");
export const totals = kind<Account>("totals");

/** JSON in place of protobuf: the mesh does not care what the bytes say. */
export function codec<T>(): Codec<T> {
  return {
    encode: (message) => ({
      finish: () =>
        new TextEncoder().encode(JSON.stringify(message, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))),
    }),
    decode: (bytes) =>
      JSON.parse(new TextDecoder().decode(bytes), (_, value: unknown) =>
        typeof value === "string" && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
      ) as T,
  };
}

function method<Q, A>(name: string, act: Act): Method<Q, A> {
  const access = Access.encode({ act, roles: [Role.TREASURER], scope: Scope.COUNTY, scopeField: "county", public: true }).finish();
  return {
    name,
    requestType: codec<Q>(),
    responseType: codec<A>(),
    options: { _unknownFields: { [(50_001 << 3) | 2]: [Uint8Array.from([access.length, ...access])] } },
  };
}

export interface Deposit {
  readonly requestId: string;
  readonly county: string;
  readonly account: string;
  readonly fen: bigint;
  /**
   * "bug" throws in the decision (as long as the account has no deposit), "needs" throws in needs, "unnamed" looks at what needs did not name,
   * "poison" throws in the decision, "hang" never returns, and "crash" ends the process until somebody has mended them (NRCMS_MENDED), "heard poison" and "heard crash" do so at the tally,
   * "absent" waits for weather, "huge" makes a document that MongoDB does not take, "stamp" violates a unique index, "reply" answers more than the bus carries.
   */
  readonly trouble?: string;
}
export interface Asked {
  readonly county: string;
  readonly account: string;
  /** The answer takes that long. */
  readonly waitMs?: number;
}
export interface Balance {
  readonly fen: bigint;
  readonly deposits: number;
}
export interface Deposited {
  readonly depositId: string;
  readonly account: string;
  readonly fen: bigint;
  readonly trouble?: string;
}
/** A fact: it follows the deposit that it takes back. */
export interface Withdrawn {
  readonly depositId: string;
}

const refuse = refusals({
  TOO_MUCH: { status: "FAILED_PRECONDITION", zh: "超过上限", en: "over the limit" },
  CLOSED: { status: "FAILED_PRECONDITION", zh: "账户已关闭", en: "the account is closed" },
});

/** More than MongoDB takes in one document. */
const HUGE = 17 * 1024 * 1024;
/** A trouble that the deposit itself does not have: who hears of it has. */
const HEARD = "heard ";
/** Less than that, and more than the bus carries. */
const LARGE = 9 * 1024 * 1024;

/** The faults of a program, until there is another program. */
function faulty(trouble: string | undefined): void {
  if (process.env.NRCMS_MENDED) return;
  if (trouble === "poison") throw new Error("a bug that somebody will mend");
  if (trouble === "crash") process.kill(process.pid, "SIGKILL");
  while (trouble === "hang") Math.random();
}

const deposit: Decision<Deposit, Balance, { Deposited: Deposited }> = {
  needs(input) {
    if (input.trouble === "needs") throw new Error("a bug in needs");
    return [accounts.key(input.account), gates.key(input.account), stamps.key(input.requestId)];
  },
  decide(input, state, change, context) {
    const before = state.get(accounts.key(input.account));
    if (input.trouble === "bug" && !before) throw new Error("a bug in the decision");
    faulty(input.trouble);
    if (input.trouble === "unnamed") state.get(accounts.key("not named"));
    if (input.trouble === "absent") return unavailable("what it follows is not here", 20);
    if (input.trouble === "stamp") change.put(stamps.key(input.requestId), { county: input.county, number: 1 });
    if (input.fen > 1_000_000n) return refuse("TOO_MUCH", { field: "fen" });
    const gate = state.get(gates.key(input.account));
    if (gate?.closed) return refuse("CLOSED", { field: "account" });
    if (gate) change.guard(gates.key(input.account));
    const after = { county: input.county, fen: (before?.fen ?? 0n) + input.fen, deposits: (before?.deposits ?? 0) + 1 };
    change.put(accounts.key(input.account), input.trouble === "huge" ? { ...after, padding: "x".repeat(HUGE) } : after);
    const trouble = input.trouble?.startsWith(HEARD) ? { trouble: input.trouble.slice(HEARD.length) } : {};
    change.tell("Deposited", input.county, { depositId: context.id, account: input.account, fen: input.fen, ...trouble });
    change.about(input.account);
    return { fen: after.fen, deposits: after.deposits, ...(input.trouble === "reply" ? { padding: "x".repeat(LARGE) } : {}) };
  },
};

export interface SetGate {
  readonly requestId: string;
  readonly county: string;
  readonly account: string;
  readonly closed: boolean;
}

/** Opens or closes an account's gate. What it writes down of the account it guards, so that no deposit comes between. */
const setGate: Decision<SetGate, { deposits: number }> = {
  needs: (input) => [accounts.key(input.account), gates.key(input.account)],
  decide(input, state, change) {
    const account = state.get(accounts.key(input.account));
    if (account) change.guard(accounts.key(input.account));
    const deposits = account?.deposits ?? 0;
    change.put(gates.key(input.account), { county: input.county, closed: input.closed, deposits });
    return { deposits };
  },
};

const tallyDown: Decision<Withdrawn, undefined> = {
  needs: (input, loaded) => {
    const key = seen.key(input.depositId);
    const account = loaded.get(key)?.account;
    return account ? [key, totals.key(account)] : [key];
  },
  decide(input, state, change) {
    const key = seen.key(input.depositId);
    const before = state.get(key);
    if (!before) return unavailable(`the deposit ${input.depositId} has not been heard`);
    if (before.withdrawn) return undefined;
    const total = state.must(totals.key(before.account));
    change.put(key, { ...before, withdrawn: true });
    change.put(totals.key(before.account), { ...total, fen: total.fen - before.fen, deposits: total.deposits - 1 });
    return undefined;
  },
};

const tallyUp: Decision<Deposited, undefined> = {
  needs: (input) => [seen.key(input.depositId), totals.key(input.account)],
  decide(input, state, change) {
    if (state.get(seen.key(input.depositId))) return undefined;
    faulty(input.trouble);
    const before = state.get(totals.key(input.account));
    change.put(seen.key(input.depositId), { county: "640000", account: input.account, fen: input.fen, withdrawn: false });
    change.put(totals.key(input.account), {
      county: "640000",
      fen: (before?.fen ?? 0n) + input.fen,
      deposits: (before?.deposits ?? 0) + 1,
    });
    return undefined;
  },
};

export const tillDefinition = {
  name: "TillService",
  fullName: "nrcms.till.v1.TillService",
  methods: {
    deposit: method<Deposit, Balance>("Deposit", Act.COMMAND),
    setGate: method<SetGate, { deposits: number }>("SetGate", Act.COMMAND),
    balance: method<Asked, Balance>("Balance", Act.QUERY),
  },
} as const satisfies ServiceDefinition;

export function till(): Service {
  return {
    name: "till",
    indexes: { accounts: [], gates: [], stamps: [{ keys: { number: 1 }, unique: true }] },
    tells: { Deposited: codec<Deposited>(), Withdrawn: codec<Withdrawn>() },
    hearsBeats: "all",
    wire: ({ reader }) => ({
      calls: [
        command(tillDefinition.methods.deposit, {
          check: (request) =>
            typeof request.fen === "bigint" && request.fen > 0n ? undefined : badRequest("fen", "金额须为正", "fen must be positive"),
          input: (request) => request,
          decision: deposit,
          reply: (balance) => balance,
        }),
        command(tillDefinition.methods.setGate, { input: (request) => request, decision: setGate, reply: (result) => result }),
        query(
          tillDefinition.methods.balance,
          async (request) => {
            const account = await reader.get(accounts.key(request.account));
            if (request.waitMs) await pause(request.waitMs);
            return { fen: account?.fen ?? 0n, deposits: account?.deposits ?? 0 };
          },
          ({ deposits }) => deposits === 0,
        ),
      ],
      messages: [],
    }),
  };
}

export function tally(): Service {
  return {
    name: "tally",
    indexes: { seen: [], totals: [] },
    tells: {},
    wire: () => ({
      calls: [],
      messages: [
        told("till", "Deposited", codec<Deposited>(), { input: (body) => body, decision: tallyUp }),
        told("till", "Withdrawn", codec<Withdrawn>(), { input: (body) => body, decision: tallyDown }),
      ],
    }),
  };
}

if (import.meta.main) {
  const { isOrdeal } = await import("../../services/mesh/ordeal.ts");
  if (!isOrdeal()) process.stdin.resume().once("end", () => process.exit(1));
  const { serve } = await import("../../services/mesh/twin.ts");
  await serve(process.env.NRCMS_SERVICE === "tally" ? tally() : till());
  flushCompileCache(); // Whoever is killed leaves nothing compiled to the next one.
}
