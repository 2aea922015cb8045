/**
 * X.509 certificates with EC P-256 keys, written byte by byte (RFC 5280): enough for a local authority and what it issues, and nothing else.
 * Built on node:crypto, because a start should not load an ASN.1 library to write two hundred small files.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

const SERIAL_BYTES = 16;
/** From this year on a time has four digits for its year. */
const GENERALIZED_FROM_YEAR = 2050;

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"), "hex");
  if (body.length > 0xffff) throw new Error(`too long for a certificate: ${body.length} bytes`);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const octets = (body: Buffer): Buffer => der(0x04, body);
const bits = (body: Buffer, unused = 0): Buffer => der(0x03, Buffer.from([unused]), body);
const yes = der(0x01, Buffer.from([0xff]));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "");
  return Number(digits.slice(0, 4)) < GENERALIZED_FROM_YEAR ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

const distinguishedName = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(commonName)))));

function extension(id: string, value: Buffer, critical = false): Buffer {
  return critical ? sequence(oid(id), yes, octets(value)) : sequence(oid(id), octets(value));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string) => text.split(":").filter((word) => word !== "");
  const missing = address.includes("::") ? 8 - words(head).length - words(tail).length : 0;
  return Buffer.from(
    [...words(head), ...Array<string>(missing).fill("0"), ...words(tail)].map((word) => word.padStart(4, "0")).join(""),
    "hex",
  );
}

function alternativeName(name: string): Buffer {
  if (/^[a-z]+:\/\//.test(name)) return der(0x86, Buffer.from(name));
  return isIPv4(name) || isIPv6(name) ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

export interface Wanted {
  readonly commonName: string;
  readonly usage: "authority" | "server" | "client";
  /** URIs, addresses and host names. */
  readonly alternativeNames?: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Issuer {
  readonly commonName: string;
  readonly key: KeyObject;
}

/** A certificate and its private key, both PEM. Without an issuer it signs itself. */
export function issue(wanted: Wanted, issuer?: Issuer): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const isAuthority = wanted.usage === "authority";
  const signer = issuer?.key ?? privateKey;
  const extensions = [
    extension(OID.basicConstraints, isAuthority ? sequence(yes, der(0x02, Buffer.from([0]))) : sequence(), true),
    // keyCertSign and cRLSign, or digitalSignature.
    extension(OID.keyUsage, isAuthority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7), true),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
    extension(OID.authorityKeyIdentifier, sequence(der(0x80, keyIdentifier(createPublicKey(signer))))),
  ];
  if (!isAuthority)
    extensions.push(extension(OID.extendedKeyUsage, sequence(oid(wanted.usage === "server" ? OID.serverAuth : OID.clientAuth))));
  const names = wanted.alternativeNames ?? [];
  if (names.length > 0) extensions.push(extension(OID.subjectAlternativeName, sequence(...names.map(alternativeName))));
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // Positive, and of full length.
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    distinguishedName(issuer?.commonName ?? wanted.commonName),
    sequence(time(wanted.fromMs), time(wanted.untilMs)),
    distinguishedName(wanted.commonName),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, algorithm, bits(sign("sha256", body, signer)));
  const lines = whole.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
