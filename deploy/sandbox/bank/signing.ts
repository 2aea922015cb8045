/**
 * The bank's side of signatures: detached JWS, ES256, the payload's own bytes (RFC 7515 appendix F, RFC 7797), put together by hand from the RFCs,
 * so that the payment centre's library has something other than itself to agree with.
 */
import { createPrivateKey, sign, verify, X509Certificate } from "node:crypto";

export const SIGNATURE_HEADER = "x-jws-signature";

export interface Signing {
  sign(document: Uint8Array, atMs: number): string;
  /** Whether the customer has signed these bytes. */
  isCustomers(document: Uint8Array, signature: string): boolean;
}

export function openSigning(own: { readonly key: Buffer; readonly certificate: Buffer }, customer: Buffer): Signing {
  const key = createPrivateKey(own.key);
  const thumbprint = thumbprintOf(new X509Certificate(own.certificate));
  const theirs = new X509Certificate(customer);
  return {
    sign(document, atMs) {
      const header = { alg: "ES256", b64: false, crit: ["b64"], "x5t#S256": thumbprint, iat: Math.floor(atMs / 1000) };
      const head = Buffer.from(JSON.stringify(header)).toString("base64url");
      const signature = sign("sha256", inputOf(head, document), { key, dsaEncoding: "ieee-p1363" });
      return `${head}..${signature.toString("base64url")}`;
    },
    isCustomers(document, text) {
      const [head = "", middle, tail = "", ...more] = text.split(".");
      if (middle !== "" || more.length > 0) return false;
      try {
        const header = JSON.parse(Buffer.from(head, "base64url").toString("utf8")) as Record<string, unknown>;
        if (header.alg !== "ES256" || header.b64 !== false || header["x5t#S256"] !== thumbprintOf(theirs)) return false;
        const signature = Buffer.from(tail, "base64url");
        return verify("sha256", inputOf(head, document), { key: theirs.publicKey, dsaEncoding: "ieee-p1363" }, signature);
      } catch (error) {
        // A header that is no JSON is no signature.
        if (error instanceof SyntaxError) return false;
        throw error;
      }
    },
  };
}

function inputOf(head: string, document: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${head}.`, "ascii"), document]);
}

function thumbprintOf(certificate: X509Certificate): string {
  return Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
}
