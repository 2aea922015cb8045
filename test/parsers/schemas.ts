/**
 * Whether a document is valid against the standard's own schema, by libxml2. For the tests alone: in operation our own reader is stricter where money hangs on an
 * element and lets through the rest, because banks are no better at the schema than anybody.
 */
import { readFile } from "node:fs/promises";
import { XmlDocument, XmlLibError, XsdValidator } from "libxml2-wasm";
import { type SchemaName, schemaFile } from "./packages.ts";

export const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:";

const schemas = new Map<SchemaName, Promise<XsdValidator>>();

async function load(name: SchemaName): Promise<XsdValidator> {
  const schema = XmlDocument.fromBuffer(await readFile(await schemaFile(name)));
  try {
    return XsdValidator.fromDoc(schema);
  } finally {
    schema.dispose();
  }
}

/** The schema, ready; fetched and compiled once. Its validators live as long as the process. */
async function schemaOf(name: SchemaName): Promise<XsdValidator> {
  const loading = schemas.get(name) ?? load(name);
  schemas.set(name, loading);
  return await loading;
}

/** What is wrong with the document; empty where it is valid. */
export async function validate(xml: Uint8Array | string, name: SchemaName): Promise<string[]> {
  const schema = await schemaOf(name);
  let document: XmlDocument | undefined;
  try {
    document = typeof xml === "string" ? XmlDocument.fromString(xml) : XmlDocument.fromBuffer(xml);
    schema.validate(document);
    return [];
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    return error.message.trim().split("\n");
  } finally {
    document?.dispose();
  }
}

/** The message that a document says it is: `pain.002.001.12`. */
export function messageOf(xml: string): SchemaName {
  const name = /xmlns="urn:iso:std:iso:20022:tech:xsd:([a-z]+(?:\.\d+)+)"/.exec(xml)?.[1];
  if (!name) throw new Error(`no message's namespace in ${xml.slice(0, 120)}`);
  return name as SchemaName;
}
