import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAuthority } from "../../../deploy/local/authority.ts";
import { openSigning, type Signing } from "../../../services/payment/bank/signature.ts";

const AT_MS = Date.UTC(2011, 10, 25, 8);
const DOCUMENT = Buffer.from("<Document>支付 12.34</Document>");

let run: string;
let bank: Signing;
let centre: Signing;
const read = (name: string) => readFileSync(join(run, name));
const own = (name: string) => ({ key: read(`${name}.key`), certificate: read(`${name}.pem`) });

beforeAll(async () => {
  run = mkdtempSync(join(tmpdir(), "nrcms-signing-"));
  const authority = await openAuthority(run);
  for (const name of ["payment", "bank", "bank-next", "stranger"]) authority.issueClient({ name, role: "BANK", scope: "640000" });
  bank = openSigning(own("bank"), read("payment.pem"));
  // The bank's next certificate lies beside its present one.
  centre = openSigning(own("payment"), Buffer.concat([read("bank.pem"), read("bank-next.pem")]));
});

afterAll(() => rmSync(run, { recursive: true }));

describe("a detached signature", () => {
  test("of the bank, by its present key or its next one, is trusted and says when", async () => {
    const signature = await bank.sign(DOCUMENT, AT_MS);
    expect(signature).toMatch(/^[\w-]+\.\.[\w-]+$/);
    expect(await centre.check(DOCUMENT, signature)).toEqual({ trusted: true, signedAtMs: AT_MS });
    const next = openSigning(own("bank-next"), read("payment.pem"));
    expect(await centre.check(DOCUMENT, await next.sign(DOCUMENT, AT_MS))).toMatchObject({ trusted: true });
    expect(await bank.check(DOCUMENT, await centre.sign(DOCUMENT, AT_MS))).toMatchObject({ trusted: true });
  });

  test("under other bytes is FORGED, by one flipped bit of the document or of the signature", async () => {
    const signature = await bank.sign(DOCUMENT, AT_MS);
    const flipped = Buffer.from(DOCUMENT);
    flipped[12] = (flipped[12] ?? 0) ^ 1;
    expect(await centre.check(flipped, signature)).toEqual({ trusted: false, why: "FORGED" });
    const at = signature.length - 20;
    const other = `${signature.slice(0, at)}${signature[at] === "A" ? "B" : "A"}${signature.slice(at + 1)}`;
    expect(await centre.check(DOCUMENT, other)).toEqual({ trusted: false, why: "FORGED" });
  });

  test("that is missing, by a key that nobody told us, or by a certificate that has ended is told apart", async () => {
    expect(await centre.check(DOCUMENT, "")).toEqual({ trusted: false, why: "UNSIGNED" });
    const stranger = openSigning(own("stranger"), read("payment.pem"));
    expect(await centre.check(DOCUMENT, await stranger.sign(DOCUMENT, AT_MS))).toEqual({ trusted: false, why: "UNKNOWN_KEY" });
    const inTenYears = () => Date.now() + 10 * 365 * 86_400_000;
    const late = openSigning(own("payment"), read("bank.pem"), inTenYears);
    expect(await late.check(DOCUMENT, await bank.sign(DOCUMENT, AT_MS))).toEqual({ trusted: false, why: "EXPIRED_KEY" });
  });

  test("that is no signature at all never throws", async () => {
    const none = Buffer.from(JSON.stringify({ alg: "none", b64: false, crit: ["b64"] })).toString("base64url");
    const signature = await bank.sign(DOCUMENT, AT_MS);
    const attached = Buffer.from(JSON.stringify({ alg: "ES256", iat: 1 })).toString("base64url");
    for (const text of [
      "x",
      "..",
      "a..b",
      `${none}..`,
      `${none}..AAAA`,
      `${attached}..AAAA`,
      signature.replace("..", "."),
      `${signature}.x`,
      "é..é",
      "A".repeat(100_000),
    ])
      expect(await centre.check(DOCUMENT, text), text.slice(0, 40)).toMatchObject({ trusted: false });
  });

  test("needs a certificate of the bank to be there", () => {
    expect(() => openSigning(own("payment"), "")).toThrow("no certificate");
  });
});
