/** Who calls: the client certificate's name, role and scope. Issued by the mesh's own authority; everything else was refused in the handshake. */
import type { PeerCertificate } from "node:tls";
import { Role } from "../../proto/generated/nrcms/values/v1/access.ts";
import type { Caller } from "../values/decision.ts";

const ROLES = new Set<string>(Object.values(Role));
const KNOWN_LIMIT = 2_000;
const known = new Map<string, Caller>();

/** The caller of a certificate: its common name and the one URI `nrcms://<ROLE>/<scope>` among its alternative names; undefined where it names none. */
export function callerOf(certificate: PeerCertificate | undefined): Caller | undefined {
  if (!certificate?.fingerprint256) return undefined;
  const before = known.get(certificate.fingerprint256);
  if (before) return before;
  const uris = (certificate.subjectaltname ?? "").split(", ").filter((name) => name.startsWith("URI:nrcms://"));
  const match = uris.length === 1 ? /^URI:nrcms:\/\/([A-Z]+)\/([A-Za-z0-9-]{1,32})$/.exec(uris[0] ?? "") : null;
  const [, role, scope] = match ?? [];
  const name = [certificate.subject?.CN].flat()[0];
  // A certificate of the mesh's own twins opens no door from outside.
  if (!role || !scope || !name || role === Role.SERVICE || role === Role.UNSPECIFIED || !ROLES.has(role)) return undefined;
  const caller: Caller = Object.freeze({ name, role, scope });
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(certificate.fingerprint256, caller);
  return caller;
}
