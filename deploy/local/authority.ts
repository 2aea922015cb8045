/**
 * The local certificate authority: made at the first start, it gives every program and person of a sandbox a certificate of their own.
 * A caller's role and scope are the one URI `nrcms://<ROLE>/<scope>` among the alternative names. Files: <name>.pem and <name>.key (0600).
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { bankName, MAIN_BANK } from "../../services/values/banks.ts";
import { PROVINCE } from "../../services/values/region.ts";
import { issue, type Wanted } from "./certificate.ts";
import { replaceFile } from "./durable.ts";
import { takeLock } from "./lock.mjs";

const AUTHORITY = "authority";
const COMMON_NAME = "NRCMS local authority";
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const LEAF_DAYS = 730;
/** A certificate with fewer days left is issued anew. */
const RENEW_DAYS = 30;
/** Back-dated, so that a machine whose clock is behind accepts it. */
const BACKDATED_MS = 3_600_000;
const LOCK_LIMIT_MS = 30_000;

export interface ClientName {
  /** Common name and file name. */
  readonly name: string;
  /** As in the contract's Role, without ROLE_. */
  readonly role: string;
  /** A county, an institution's id, or the province. */
  readonly scope: string;
}

export interface Authority {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  /** Issues <name>.pem and <name>.key, or leaves those that are there and still good. */
  issueClient(client: ClientName): void;
  issueServer(server: { name: string; hosts: readonly string[] }): void;
}

interface Pair {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

function read(directory: string, name: string): Pair | undefined {
  const [pem, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  if (!existsSync(pem) || !existsSync(key)) return undefined;
  try {
    return { certificate: new X509Certificate(readFileSync(pem)), key: createPrivateKey(readFileSync(key)) };
  } catch {
    return undefined; // Damaged: it is issued anew.
  }
}

function write(directory: string, name: string, pair: { certificate: string; key: string }): void {
  for (const [file, content, mode] of [
    [`${name}.key`, pair.key, 0o600],
    [`${name}.pem`, pair.certificate, 0o644],
  ] as const)
    replaceFile(join(directory, file), content, mode);
}

function isCurrent({ certificate, key }: Pair): boolean {
  return Date.parse(certificate.validTo) - Date.now() > RENEW_DAYS * DAY_MS && certificate.checkPrivateKey(key);
}

/** As Node prints them. */
function printed(names: readonly string[]): string {
  return names.map((name) => (name.includes("://") ? `URI:${name}` : isIP(name) ? `IP Address:${name}` : `DNS:${name}`)).join(", ");
}

/** Opens the authority in the directory, or makes one. Two processes that do so at once get the same one. */
export async function openAuthority(directory: string): Promise<Authority> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const release = await takeLock(join(directory, "authority.lock"), { waitMs: LOCK_LIMIT_MS });
  try {
    const found = read(directory, AUTHORITY);
    const fromMs = Date.now() - BACKDATED_MS;
    if (!found || !isCurrent(found))
      write(
        directory,
        AUTHORITY,
        issue({ commonName: COMMON_NAME, usage: "authority", fromMs, untilMs: fromMs + AUTHORITY_DAYS * DAY_MS }),
      );
  } finally {
    release();
  }
  const own = read(directory, AUTHORITY);
  if (!own) throw new Error(`${directory} holds no readable authority`);

  const ensure = (name: string, usage: Wanted["usage"], alternativeNames: readonly string[]): void => {
    const found = read(directory, name);
    const same = found && found.certificate.subject === `CN=${name}` && found.certificate.subjectAltName === printed(alternativeNames);
    if (same && isCurrent(found) && found.certificate.verify(own.certificate.publicKey)) return;
    const fromMs = Date.now() - BACKDATED_MS;
    const wanted = { commonName: name, usage, alternativeNames, fromMs, untilMs: fromMs + LEAF_DAYS * DAY_MS };
    write(directory, name, issue(wanted, { commonName: COMMON_NAME, key: own.key }));
  };
  return {
    certificate: own.certificate.toString(),
    issueClient: ({ name, role, scope }) => ensure(name, "client", [`nrcms://${role}/${scope}`]),
    issueServer: ({ name, hosts }) => ensure(name, "server", hosts),
  };
}

export interface SandboxPeople {
  readonly counties: readonly string[];
  readonly institutions: readonly string[];
  /** The other banks beside the main one, by their ids. */
  readonly banks?: readonly string[];
  /** Where the gateways and the banks are reached; loopback by default. */
  readonly hosts?: readonly string[];
}

/** Everybody of a sandbox, each with a certificate of their own; no one certificate can do everything. */
export async function ensureSandboxCertificates(directory: string, people: SandboxPeople): Promise<void> {
  const authority = await openAuthority(directory);
  const hosts = people.hosts ?? ["localhost", "127.0.0.1"];
  const banks = [MAIN_BANK, ...(people.banks ?? [])].map(bankName);
  for (const name of ["gateway-a", "gateway-b", ...banks]) authority.issueServer({ name, hosts: [name, ...hosts] });
  const province = (name: string, role = name.toUpperCase()) => authority.issueClient({ name, role, scope: PROVINCE });
  province("payment-client", "SERVICE");
  // What a bank and the payment centre sign their messages with: keys of their own, so that a door's certificate orders no payments.
  province("payment-signing", "SIGNER");
  for (const bank of banks) {
    province(`${bank}-client`, "BANK");
    province(`${bank}-signing`, "SIGNER");
  }
  for (const name of ["maker", "checker", "treasurer", "administrator", "operator", "supervisor"]) province(name);
  // A scheme is approved by two people, and so is a large batch of payments.
  province("deputy-checker", "CHECKER");
  province("director", "ADMINISTRATOR");
  for (const county of people.counties) {
    authority.issueClient({ name: `clerk-${county}`, role: "CLERK", scope: county });
    authority.issueClient({ name: `reviewer-${county}`, role: "REVIEWER", scope: county });
    // What one has passed at the first level another approves at the second.
    authority.issueClient({ name: `senior-${county}`, role: "REVIEWER", scope: county });
    authority.issueClient({ name: `treasurer-${county}`, role: "TREASURER", scope: county });
  }
  for (const id of people.institutions) authority.issueClient({ name: `hospital-${id}`, role: "HOSPITAL", scope: id });
}
