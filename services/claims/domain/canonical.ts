import { createHash } from "node:crypto";

/** One text for one content: object keys sorted, amounts as digits. What its hash names is the content, not the way that it came. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, held]) => held !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, held]) => `${JSON.stringify(name)}:${canonical(held)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of the canonical content, in hexadecimal digits. */
export function hashOf(content: unknown): string {
  return createHash("sha256").update(canonical(content)).digest("hex");
}
