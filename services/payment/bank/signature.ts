/**
 * Signatures under what goes to the bank and what comes from it: a detached JWS (RFC 7515 appendix F, RFC 7797: the payload is the document's own bytes),
 * ES256, the signer's certificate named by its thumbprint. TLS says who is at the other end now; a signature says so to an auditor years later, and of a file that
 * came by a folder. Several certificates of the bank may lie side by side, so that it can change its key without a day of silence.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errors, FlattenedSign, flattenedVerify } from "jose";
import { bankName } from "../../values/banks.ts";
import type { Distrust } from "../domain/documents.ts";

export const SIGNATURE_HEADER = "x-jws-signature";
const ALGORITHM = "ES256";
/** A header and an ES256 signature are some 300 characters. */
const MAX_SIGNATURE = 2_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export type Checked = { readonly trusted: true; readonly signedAtMs: number } | { readonly trusted: false; readonly why: Distrust };

export interface Signing {
  /** Of these bytes at this time. */
  sign(bytes: Uint8Array, atMs: number): Promise<string>;
  /** Whether the bank has signed these bytes, and when. Never throws for what is in the signature. */
  check(bytes: Uint8Array, signature: string): Promise<Checked>;
}

interface Key {
  readonly key: KeyObject;
  readonly validTo: number;
}

/** Our key and certificate, and the certificates with which the bank signs. Throws where one cannot be read. `todayMs` is the machine's own clock: certificates live by it. */
export function openSigning(
  own: { readonly key: string | Buffer; readonly certificate: string | Buffer },
  banks: string | Buffer,
  todayMs: () => number = Date.now,
): Signing {
  const privateKey = createPrivateKey(own.key);
  const thumbprint = thumbprintOf(new X509Certificate(own.certificate));
  const keys = new Map<string, Key>();
  for (const pem of banks.toString("utf8").match(CERTIFICATE) ?? []) {
    const certificate = new X509Certificate(pem);
    keys.set(thumbprintOf(certificate), {
      key: createPublicKey(certificate.publicKey.export({ type: "spki", format: "pem" })),
      validTo: Date.parse(certificate.validTo),
    });
  }
  if (keys.size === 0) throw new Error("there is no certificate with which the bank signs");
  return {
    async sign(bytes, atMs) {
      const header = { alg: ALGORITHM, b64: false, crit: ["b64"], "x5t#S256": thumbprint, iat: Math.floor(atMs / 1000) };
      const { protected: head, signature } = await new FlattenedSign(bytes).setProtectedHeader(header).sign(privateKey);
      return `${head}..${signature}`;
    },
    async check(bytes, signature) {
      if (signature === "") return { trusted: false, why: "UNSIGNED" };
      const [head, middle, tail, ...more] = signature.length <= MAX_SIGNATURE ? signature.split(".") : [];
      if (!head || middle !== "" || !tail || more.length > 0) return { trusted: false, why: "FORGED" };
      let why: Distrust = "FORGED";
      try {
        const { protectedHeader } = await flattenedVerify(
          { protected: head, payload: bytes, signature: tail },
          (named) => {
            const known = keys.get(String(named?.["x5t#S256"] ?? ""));
            if (!known) why = "UNKNOWN_KEY";
            else if (known.validTo < todayMs()) why = "EXPIRED_KEY";
            if (!known || why !== "FORGED") throw new errors.JWKSNoMatchingKey();
            return known.key;
          },
          { algorithms: [ALGORITHM], crit: { b64: true } },
        );
        const { iat, b64 } = protectedHeader as { iat?: unknown; b64?: unknown };
        if (b64 !== false || typeof iat !== "number" || !Number.isSafeInteger(iat)) return { trusted: false, why: "FORGED" };
        return { trusted: true, signedAtMs: iat * 1000 };
      } catch (error) {
        // Whatever the library cannot make a signature of is none.
        if (error instanceof errors.JOSEError || error instanceof TypeError) return { trusted: false, why };
        throw error;
      }
    },
  };
}

function thumbprintOf(certificate: X509Certificate): string {
  return Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
}

/** The payment centre's signing key, and a bank's certificates, in the run directory. Throws where a file is missing. */
export function readSigning(run: string, bank: string): Signing {
  const read = (name: string) => readFileSync(join(run, "certs", name));
  const own = { key: read("payment-signing.key"), certificate: read("payment-signing.pem") };
  return openSigning(own, read(`${bankName(bank)}-signing.pem`));
}
