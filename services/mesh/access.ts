/** Who may call what: read from the contract's access option and nowhere else. The role is checked at every door, the scope where the request is decoded. */
import { Access, Act, Role, Scope } from "../../proto/generated/nrcms/values/v1/access.ts";
import type { Caller } from "../values/decision.ts";
import type { Refusal } from "../values/outcome.ts";
import { PROVINCE } from "../values/region.ts";
import type { Method, ServiceDefinition } from "./wiring.ts";

/** Field 50001, length-delimited. */
const ACCESS_TAG = (50_001 << 3) | 2;
/** Of what a caller wrote, in a refusal. */
const SHOWN_LENGTH = 64;

// biome-ignore lint/suspicious/noExplicitAny: the messages do not matter here.
type AnyMethod = Method<any, any>;

const rules = new WeakMap<AnyMethod, Access>();

/** The access rule of a method. Throws where the contract gives none: such a method cannot be served. */
export function accessOf(method: AnyMethod): Access {
  const known = rules.get(method);
  if (known) return known;
  const field = method.options._unknownFields?.[ACCESS_TAG]?.at(-1);
  if (!field) throw new Error(`${method.name} has no access rule in its contract`);
  // The bytes begin with their own length, a varint.
  let start = 0;
  while ((field[start] as number) >= 0x80) start += 1;
  const rule = Access.decode(field.subarray(start + 1));
  if (rule.act === Act.UNSPECIFIED || rule.scope === Scope.UNSPECIFIED || rule.roles.length === 0)
    throw new Error(`${method.name}'s access rule is incomplete`);
  if ((rule.scope === Scope.COUNTY || rule.scope === Scope.INSTITUTION) && rule.scopeField === "")
    throw new Error(`${method.name}'s access rule names no scope field`);
  rules.set(method, rule);
  return rule;
}

/** `nrcms.claims.v1.ClaimsService` → `claims`. */
export function serviceOf(definition: ServiceDefinition): string {
  return definition.fullName.split(".")[1] ?? definition.fullName;
}

function denied(code: string, field: string, zh: string, en: string): Refusal {
  return { outcome: "refused", code, status: "PERMISSION_DENIED", field, zh, en };
}

/** A refusal where the caller's role may not call the method. */
export function checkRole(method: AnyMethod, caller: Caller): Refusal | undefined {
  return checkRoles(accessOf(method).roles, method.name, caller);
}

/** A refusal where the caller has none of the roles; the mesh's own twins have all. */
export function checkRoles(roles: readonly string[], method: string, caller: Caller): Refusal | undefined {
  if (roles.some((role) => role === caller.role) || caller.role === Role.SERVICE) return undefined;
  return denied(
    "WRONG_ROLE",
    "",
    `${caller.name} 的角色 ${caller.role} 不能调用 ${method}`,
    `${caller.name}'s role ${caller.role} may not call ${method}`,
  );
}

/** A refusal where the request reaches beyond the caller's scope. The province's callers and the mesh's own twins reach everywhere. */
export function checkScope(method: AnyMethod, caller: Caller, request: unknown): Refusal | undefined {
  const rule = accessOf(method);
  if (rule.scope === Scope.PROVINCE || rule.scope === Scope.BY_METHOD) return undefined;
  if (caller.scope === PROVINCE || caller.role === Role.SERVICE) return undefined;
  const wanted = fieldAt(request, rule.scopeField);
  if (wanted === caller.scope) return undefined;
  const shown = String(wanted).slice(0, SHOWN_LENGTH);
  return denied(
    "WRONG_SCOPE",
    rule.scopeField,
    `${caller.name} 只能办理 ${caller.scope} 的业务，不能办理 ${shown} 的`,
    `${caller.name} may act for ${caller.scope} only, not for ${shown}`,
  );
}

function fieldAt(request: unknown, path: string): unknown {
  let value = request;
  for (const part of path.split(".")) {
    const name = part.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}
