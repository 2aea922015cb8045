/** Callers of a gateway with every kind of certificate: those of the sandbox, and those that the mesh's own authority would never give to one person. */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { issue } from "../../deploy/local/certificate.ts";
import type { Bill } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { gatewayAddresses } from "../../services/nrcms/gateway-client.ts";
import { type DoorMesh, sampleBills } from "./door-mesh.ts";
import { type Identity, openRaw, type RawClient } from "./raw-call.ts";

const HOUR_MS = 3_600_000;
const AUTHORITY = "NRCMS local authority";

export interface DoorCallers {
  /** A caller at gateway a (or b), by the name of a certificate of the sandbox or with one that is given. */
  as(who: string | Identity, gateway?: "a" | "b"): RawClient;
  /** A certificate of the mesh's own authority with any name and alternative names. */
  certified(
    commonName: string,
    alternativeNames: readonly string[],
    valid?: { readonly fromMs: number; readonly untilMs: number },
  ): Identity;
  close(): void;
}

export function doorCallers(mesh: DoorMesh): DoorCallers {
  const open: RawClient[] = [];
  return {
    as(who, gateway = "a") {
      const raw = openRaw(gatewayAddresses(mesh.topology, gateway)[0] ?? "", typeof who === "string" ? mesh.identity(who) : who);
      open.push(raw);
      return raw;
    },
    certified(commonName, alternativeNames, valid = { fromMs: Date.now() - HOUR_MS, untilMs: Date.now() + HOUR_MS }) {
      const key = createPrivateKey(readFileSync(join(mesh.run, "certs", "authority.key")));
      const made = issue({ commonName, usage: "client", alternativeNames, ...valid }, { commonName: AUTHORITY, key });
      return { ...mesh.identity("operator"), key: Buffer.from(made.key), certificate: Buffer.from(made.certificate) };
    },
    close() {
      for (const one of open) one.close();
    },
  };
}

/** The first `count` bills of an institution for people of its own county that no reviewer needs to see. Throws where there are fewer. */
export async function plainBills(institution: string, count: number): Promise<Bill[]> {
  const county = institution.slice(1, 7);
  const found = (await sampleBills()).filter(
    (bill) => bill.institutionId === institution && bill.personId.startsWith(county) && !/^[ST]/.test(bill.diagnosis),
  );
  if (found.length < count) throw new Error(`${institution} has ${found.length} such bills, ${count} are wanted`);
  return found.slice(0, count);
}
