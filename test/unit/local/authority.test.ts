import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureSandboxCertificates, openAuthority } from "../../../deploy/local/authority.ts";
import { issue } from "../../../deploy/local/certificate.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nrcms-authority-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const pem = (name: string) => readFileSync(join(directory, `${name}.pem`));
const key = (name: string) => readFileSync(join(directory, `${name}.key`));

/** What a server that asks for certificates sees of a client, or the error's code. */
async function handshake(server: string, client: { cert: Buffer; key: Buffer } | undefined, host = "127.0.0.1"): Promise<string> {
  const seen = Promise.withResolvers<string>();
  const options = {
    cert: pem(server),
    key: key(server),
    ca: pem("authority"),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3" as const,
  };
  const listening = createServer(options, (socket: TLSSocket) => {
    const { subject, subjectaltname } = socket.getPeerCertificate();
    seen.resolve(`${subject.CN} ${subjectaltname}`);
    socket.end();
  });
  listening.on("tlsClientError", (error: NodeJS.ErrnoException) => seen.resolve(error.code ?? error.message));
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const socket = dial((listening.address() as AddressInfo).port, "127.0.0.1");
  const caller = connect({ socket, ca: pem("authority"), host, servername: host === "127.0.0.1" ? "" : host, ...client });
  caller.on("error", (error: NodeJS.ErrnoException) => seen.resolve(error.code ?? error.message));
  caller.resume();
  const words = await seen.promise;
  caller.destroy();
  await new Promise((resolve) => listening.close(resolve));
  return words;
}

describe("a local authority", () => {
  test("the two sides of a call know each other by its certificates, and nobody else", async () => {
    const authority = await openAuthority(directory);
    authority.issueServer({ name: "gateway-a", hosts: ["gateway-a", "127.0.0.1", "::1"] });
    authority.issueClient({ name: "reviewer-640521", role: "REVIEWER", scope: "640521" });
    const reviewer = { cert: pem("reviewer-640521"), key: key("reviewer-640521") };
    expect(await handshake("gateway-a", reviewer)).toBe("reviewer-640521 URI:nrcms://REVIEWER/640521");
    expect(await handshake("gateway-a", reviewer, "gateway-a")).toBe("reviewer-640521 URI:nrcms://REVIEWER/640521");
    expect(await handshake("gateway-a", reviewer, "bank.example")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await handshake("gateway-a", undefined)).toBe("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE");
    const now = Date.now();
    const stranger = issue({ commonName: "reviewer-640521", usage: "client", fromMs: now - 1000, untilMs: now + 86_400_000 });
    const told = await handshake("gateway-a", { cert: Buffer.from(stranger.certificate), key: Buffer.from(stranger.key) });
    expect(told).toMatch(/SELF_SIGNED|ECONNRESET/); // The server says why, or just hangs up.
  });

  test("an authority cannot be played by one whom it has certified", async () => {
    const authority = await openAuthority(directory);
    authority.issueClient({ name: "maker", role: "MAKER", scope: "640000" });
    const own = new X509Certificate(pem("authority"));
    const maker = new X509Certificate(pem("maker"));
    expect(own.ca).toBe(true);
    expect(maker.ca).toBe(false);
    expect(maker.checkIssued(own)).toBe(true);
    expect(maker.verify(own.publicKey)).toBe(true);
  });

  test("keys are readable by their owner only", async () => {
    const authority = await openAuthority(directory);
    authority.issueClient({ name: "maker", role: "MAKER", scope: "640000" });
    for (const name of ["authority.key", "maker.key"]) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  test("what is there and good stays; what is damaged, renamed or of another authority is issued anew", async () => {
    const client = { name: "clerk-640104", role: "CLERK", scope: "640104" };
    (await openAuthority(directory)).issueClient(client);
    const first = pem("clerk-640104");
    (await openAuthority(directory)).issueClient(client);
    expect(pem("clerk-640104")).toEqual(first);
    (await openAuthority(directory)).issueClient({ ...client, scope: "640105" });
    const second = pem("clerk-640104");
    expect(second).not.toEqual(first);
    writeFileSync(join(directory, "clerk-640104.pem"), second.subarray(0, 200));
    (await openAuthority(directory)).issueClient(client);
    expect(new X509Certificate(pem("clerk-640104")).subjectAltName).toBe("URI:nrcms://CLERK/640104");
    rmSync(join(directory, "authority.key"));
    (await openAuthority(directory)).issueClient(client);
    expect(new X509Certificate(pem("clerk-640104")).verify(new X509Certificate(pem("authority")).publicKey)).toBe(true);
  });

  test("one that ends within thirty days is renewed", async () => {
    const now = Date.now();
    const old = issue({
      commonName: "NRCMS local authority",
      usage: "authority",
      fromMs: now - 86_400_000,
      untilMs: now + 29 * 86_400_000,
    });
    writeFileSync(join(directory, "authority.pem"), old.certificate);
    writeFileSync(join(directory, "authority.key"), old.key);
    const { certificate } = await openAuthority(directory);
    expect(Date.parse(new X509Certificate(certificate).validTo) - now).toBeGreaterThan(365 * 86_400_000);
  });

  test("two that open the same directory at once get the same authority", async () => {
    const [one, two] = await Promise.all([openAuthority(directory), openAuthority(directory)]);
    expect(one.certificate).toBe(two.certificate);
  });

  test("everybody of a sandbox has a certificate of their own role and scope", async () => {
    await ensureSandboxCertificates(directory, { counties: ["640104", "640521"], institutions: ["H640104001"] });
    const scopes = readdirSync(directory)
      .filter((name) => name.endsWith(".pem") && !["authority.pem", "gateway-a.pem", "gateway-b.pem", "bank.pem"].includes(name))
      .map((name) => `${name} ${new X509Certificate(readFileSync(join(directory, name))).subjectAltName?.replace("URI:nrcms://", "")}`);
    expect(scopes.sort()).toEqual([
      "administrator.pem ADMINISTRATOR/640000",
      "bank-client.pem BANK/640000",
      "bank-signing.pem SIGNER/640000",
      "checker.pem CHECKER/640000",
      "clerk-640104.pem CLERK/640104",
      "clerk-640521.pem CLERK/640521",
      "deputy-checker.pem CHECKER/640000",
      "director.pem ADMINISTRATOR/640000",
      "hospital-H640104001.pem HOSPITAL/H640104001",
      "maker.pem MAKER/640000",
      "operator.pem OPERATOR/640000",
      "payment-client.pem SERVICE/640000",
      "payment-signing.pem SIGNER/640000",
      "reviewer-640104.pem REVIEWER/640104",
      "reviewer-640521.pem REVIEWER/640521",
      "senior-640104.pem REVIEWER/640104",
      "senior-640521.pem REVIEWER/640521",
      "supervisor.pem SUPERVISOR/640000",
      "treasurer-640104.pem TREASURER/640104",
      "treasurer-640521.pem TREASURER/640521",
      "treasurer.pem TREASURER/640000",
    ]);
    expect(new X509Certificate(pem("gateway-b")).subjectAltName).toBe("DNS:gateway-b, DNS:localhost, IP Address:127.0.0.1");
  });
});
