/** The contracts as they are written: who may call what stands in each method's option, what it answers in its comment, and what it refuses in a closed list. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../../deploy/local/binaries.ts";
import { Act, Role, Scope } from "../../proto/generated/nrcms/values/v1/access.ts";
import { publicServices } from "../../services/gateway/methods.ts";
import { accessOf } from "../../services/mesh/access.ts";
import type { Refusal, RefusalDetail } from "../../services/values/outcome.ts";
import { readContracts } from "../harness/contracts.ts";

const SERVICES = ["administration", "claims", "enrollment", "monitoring", "payment", "settlement"];
const STATUSES = ["INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "FAILED_PRECONDITION", "UNAUTHENTICATED"];
const MORE_STATUSES = ["RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE"];
/** What every method may refuse with: the mesh's own codes, and those of the gateway. */
const SHARED = ["BAD_REQUEST", "UNKNOWN_CALLER", "WRONG_ROLE", "WRONG_SCOPE", "TOO_LARGE", "REQUEST_REUSED", "PARKED", "INTERNAL"];
/** Whole numbers of a thing that is counted, numbered or versioned: they have no unit. */
const COUNTED =
  /^((seen_|order_)?version|year|decision|heads|members_enrolled|approved|held|refused|paid|covered_members|cross_region|events_folded|pid|(over_|waiting_)?epoch|committed|queued|parked|unpublished|invariant|checked|orders|attempts|entries|obligations|payables|payables_open|payables_held|(from_|to_)?sequence|newborn|compensated_stays|golden_cases|line|column|page|lines|plan|claims|pages|pages_granted|weight|age_days|bills|revision|breaks_left|unpaid|times|rows|disputed_rows|disputes|households|members|entitled|late_days|number|last_year|right|wrong|found|left)$/;
/** Estimates count these, besides. A margin's value and step are in the unit that it names. */
const COUNTED_IN_ESTIMATES =
  /^(households|households_total|claimants|better|worse|same|differing_claims|parameters_left|month|value|step)$/;
const WITH_UNIT = /(_fen|(^|_)fen_per_head|_bp|_points_bp|_e4|_ms|_bytes)$/;
const INTEGERS = ["TYPE_INT32", "TYPE_INT64", "TYPE_UINT32", "TYPE_UINT64"];

const contracts = await readContracts();
const methods = contracts.services.flatMap((contract) =>
  contract.methods.map((method) => {
    const definition = Object.values(contract.definition.methods).find((one) => one.name === method.name);
    if (!definition) throw new Error(`${method.name} has no generated definition`);
    return { ...method, title: `${contract.service}.${method.name}`, contract, access: accessOf(definition) };
  }),
);
const offered = methods.filter((method) => method.access.public);

test("there is a contract for each of the six services, and the gateway offers all of their public methods", () => {
  expect(contracts.services.map(({ service }) => service).toSorted()).toEqual(SERVICES);
  const atGateway = publicServices.flatMap((one) => one.methods.map((method) => `${one.service}.${method.name}`));
  expect(atGateway.toSorted()).toEqual(offered.map(({ title }) => title).toSorted());
});

describe("who may call", () => {
  test.each(methods)("$title says its act, its roles and its scope", ({ access }) => {
    expect([Act.QUERY, Act.COMMAND]).toContain(access.act);
    expect(access.roles).not.toContain(Role.UNSPECIFIED);
    expect(access.roles.length).toBeGreaterThan(0);
    expect(new Set(access.roles).size).toBe(access.roles.length);
    expect(access.scope).not.toBe(Scope.UNSPECIFIED);
  });

  test.each(methods.filter(({ access }) => access.scopeField !== ""))(
    "$title's scope field is a text of its request",
    ({ access, requestType }) => {
      const steps = access.scopeField.split(".");
      let type = requestType;
      for (const [index, step] of steps.entries()) {
        const field = contracts.messages.get(type)?.field.find((one) => one.name === step);
        expect(field, `${type} has ${step}`).toBeDefined();
        expect(field?.type).toBe(index === steps.length - 1 ? "TYPE_STRING" : "TYPE_MESSAGE");
        type = (field?.typeName ?? "").slice(1);
      }
    },
  );

  test.each(methods)("$title carries a request_id exactly where it is a command", ({ access, requestType }) => {
    const id = contracts.messages.get(requestType)?.field.find((field) => field.name === "request_id");
    expect(id?.type).toBe(access.act === Act.COMMAND ? "TYPE_STRING" : undefined);
  });

  test("the roles that change something are kept apart: nobody bills and reviews, makes and checks, or sets the rules and uses them", () => {
    const commandsOf = (role: Role) =>
      offered.filter(({ access }) => access.act === Act.COMMAND && access.roles.includes(role)).map(({ title }) => title);
    const acting = [
      Role.HOSPITAL,
      Role.CLERK,
      Role.REVIEWER,
      Role.MAKER,
      Role.CHECKER,
      Role.TREASURER,
      Role.ADMINISTRATOR,
      Role.BANK,
      Role.OPERATOR,
    ];
    for (const one of acting) {
      expect(commandsOf(one), `${one} has something to do`).not.toEqual([]);
      const others = acting.filter((role) => role !== one).flatMap(commandsOf);
      expect(
        commandsOf(one).filter((title) => others.includes(title)),
        one,
      ).toEqual([]);
    }
    expect(commandsOf(Role.SUPERVISOR), "a supervisor only looks").toEqual([]);
  });
});

describe("what it answers", () => {
  const known = new Set([...STATUSES, ...MORE_STATUSES, ...SHARED]);

  test.each(offered)("$title is documented, with its errors, each of which exists", ({ comment, contract }) => {
    const [what = "", errors = ""] = comment.split("Errors");
    expect(what.trim()).toMatch(/^[A-Z].*[.:]$/);
    expect(errors, "says its errors").not.toBe("");
    for (const [code] of errors.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)) expect([...known, ...contract.refusals]).toContain(code);
  });

  test.each(offered)("$title says INVALID_ARGUMENT if there is anything in its request that could be wrong", ({ comment, requestType }) => {
    const fields = contracts.messages.get(requestType)?.field ?? [];
    expect(comment.includes("INVALID_ARGUMENT")).toBe(fields.length > 0);
  });

  test("every whole number of the contracts has a unit in its name, or counts something", () => {
    const without = [...contracts.messages]
      .filter(([name]) => name.startsWith("nrcms."))
      .flatMap(([name, { field }]) =>
        field.filter((one) => INTEGERS.includes(one.type ?? "")).map((one) => [name, one.name ?? ""] as const),
      )
      .filter(([, name]) => !WITH_UNIT.test(name) && !COUNTED.test(name) && !COUNTED_IN_ESTIMATES.test(name));
    expect(without).toEqual([]);
  });

  test("no amount, rate or time is a floating-point number", () => {
    const floating = [...contracts.messages]
      .filter(([name]) => name.startsWith("nrcms."))
      .flatMap(([name, { field }]) => field.filter((one) => /FLOAT|DOUBLE/.test(one.type ?? "")).map((one) => `${name}.${one.name}`));
    expect(floating).toEqual([]);
  });

  test("the codes that all methods share are listed where a caller reads what a refusal is", () => {
    const source = readFileSync(join(ROOT, "proto", "nrcms", "values", "v1", "refused.proto"), "utf8");
    for (const code of SHARED) expect(source).toMatch(new RegExp(`\\b${code}\\b`));
  });
});

describe("what it refuses", () => {
  const catalogueOf = async (service: string) => {
    const file = join(ROOT, "services", service, "domain", "refusals.ts");
    const { refuse } = (await import(file)) as { refuse: (code: string, detail?: RefusalDetail) => Refusal };
    const codes = [...readFileSync(file, "utf8").matchAll(/^ {2}([A-Z_]+): \{/gm)].map((match) => match[1] ?? "");
    return { refuse, codes };
  };
  const placeholders = (sentence: string) => new Set([...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""));

  test.each(contracts.services)("$service's catalogue is the contract's enum, code by code", async ({ service, refusals }) => {
    const { codes } = await catalogueOf(service);
    expect(codes.toSorted()).toEqual(refusals.toSorted());
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each(contracts.services)(
    "each of $service's refusals is said in Chinese and in English, of the same things",
    async ({ service, refusals }) => {
      const { refuse } = await catalogueOf(service);
      for (const code of refusals) {
        // What a sentence is made of is left as it stands; `zh` and `en` alone are sentences of their own.
        const { zh, en, status } = refuse(code, { zh: "理由", en: "the reason" });
        expect(zh, code).toMatch(/\p{Script=Han}/u);
        expect(en, code).toMatch(/^[\x20-\x7e]+$/);
        expect(en, code).not.toMatch(/\p{Script=Han}/u);
        expect(placeholders(zh), code).toEqual(placeholders(en));
        expect([...STATUSES, ...MORE_STATUSES]).toContain(status);
      }
    },
  );
});

describe("buf", () => {
  const scratch = mkdtempSync(join(tmpdir(), "nrcms-contracts-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const buf = (folder: string, ...parameters: string[]) => {
    const run = spawnSync(process.execPath, [join(ROOT, "node_modules", "@bufbuild", "buf", "bin", "buf"), ...parameters], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status: run.status, words: `${run.stdout}${run.stderr}` };
  };
  const released = join(ROOT, "proto", "released.binpb");

  test("lint finds nothing", () => {
    expect(buf(ROOT, "lint")).toEqual({ status: 0, words: "" });
  });

  test("nothing that was released is broken", () => {
    expect(buf(ROOT, "breaking", "--against", released)).toEqual({ status: 0, words: "" });
  });

  test.each([
    ["a field that is gone", "string claim_id = 1;\n  string institution_id = 2;", "string claim_id = 1;"],
    ["a field of another type", "int64 total_fen = 12;", "string total_fen = 12;"],
    ["a method that is gone", /rpc GetClaim[\s\S]*?\n {2}\}\n/, ""],
    ["a refusal of another number", "CLAIMS_REFUSAL_NOT_COVERED = 4;", "CLAIMS_REFUSAL_NOT_COVERED = 99;"],
  ])("%s is noticed", (_, from, to) => {
    const folder = mkdtempSync(join(scratch, "planted-"));
    cpSync(join(ROOT, "proto", "nrcms"), join(folder, "proto", "nrcms"), { recursive: true });
    cpSync(join(ROOT, "buf.yaml"), join(folder, "buf.yaml"));
    const file = join(folder, "proto", "nrcms", "claims", "v1", "claims.proto");
    const before = readFileSync(file, "utf8");
    const planted = before.replace(from, to);
    expect(planted).not.toBe(before);
    writeFileSync(file, planted);
    const { status, words } = buf(folder, "breaking", "--against", released);
    expect(words).toContain("claims.proto");
    expect(status).not.toBe(0);
  });
});
