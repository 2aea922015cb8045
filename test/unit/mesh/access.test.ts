import { describe, expect, test } from "vitest";
import { Access, Act, Role, Scope } from "../../../proto/generated/nrcms/values/v1/access.ts";
import { accessOf, checkRole, checkScope } from "../../../services/mesh/access.ts";
import type { Method } from "../../../services/mesh/wiring.ts";
import { codec, tillDefinition } from "../../harness/till.ts";

function method(access: Parameters<typeof Access.encode>[0] | undefined): Method<object, object> {
  const bytes = access ? Access.encode(access).finish() : undefined;
  const fields = bytes ? { [(50_001 << 3) | 2]: [Uint8Array.from([bytes.length, ...bytes])] } : undefined;
  return { name: "Do", requestType: codec(), responseType: codec(), options: fields ? { _unknownFields: fields } : {} };
}
const rule = (scope: Scope, scopeField = "", roles: Role[] = [Role.HOSPITAL]): Parameters<typeof Access.encode>[0] => ({
  act: Act.COMMAND,
  roles,
  scope,
  scopeField,
  public: true,
});
const hospital = (scope: string) => ({ name: "h", role: "HOSPITAL", scope });

describe("who may call", () => {
  test("the rule is read from the contract's bytes", () => {
    expect(accessOf(tillDefinition.methods.deposit)).toMatchObject({ act: Act.COMMAND, roles: [Role.TREASURER], scopeField: "county" });
  });

  test.each([
    ["no rule", method(undefined)],
    ["no roles", method(rule(Scope.PROVINCE, "", []))],
    ["no scope", method(rule(Scope.UNSPECIFIED))],
    ["no act", method({ ...rule(Scope.PROVINCE), act: Act.UNSPECIFIED })],
    ["a county's scope without its field", method(rule(Scope.COUNTY))],
  ])("a method with %s cannot be served", (_, broken) => {
    expect(() => accessOf(broken)).toThrow();
  });

  test("a role that the rule does not name is refused; the mesh's own twins may everything", () => {
    const one = method(rule(Scope.PROVINCE));
    expect(checkRole(one, hospital("x"))).toBeUndefined();
    expect(checkRole(one, { ...hospital("x"), role: "SERVICE" })).toBeUndefined();
    for (const role of ["CLERK", "UNSPECIFIED", "hospital", ""])
      expect(checkRole(one, { ...hospital("x"), role })).toMatchObject({ code: "WRONG_ROLE", status: "PERMISSION_DENIED" });
  });

  test("the scope is compared with the field that the rule names, also inside messages", () => {
    const one = method(rule(Scope.INSTITUTION, "bill.institution_id"));
    const ask = (request: object, scope = "640521-H01") => checkScope(one, hospital(scope), request);
    expect(ask({ bill: { institutionId: "640521-H01" } })).toBeUndefined();
    expect(ask({ bill: { institutionId: "640521-H02" } })).toMatchObject({ code: "WRONG_SCOPE", field: "bill.institution_id" });
    for (const request of [
      {},
      { bill: undefined },
      { bill: null },
      { institutionId: "640521-H01" },
      { bill: { institutionId: ["640521-H01"] } },
    ])
      expect(ask(request)).toMatchObject({ code: "WRONG_SCOPE" });
    expect(ask({ bill: { institutionId: "640521-H02" } }, "640000")).toBeUndefined();
  });

  test("what a caller wrote is not echoed without measure", () => {
    const one = method(rule(Scope.COUNTY, "county"));
    expect(checkScope(one, hospital("640521"), { county: "x".repeat(4_000_000) })?.en.length).toBeLessThan(200);
  });
});
