/** The way to a bank that the configuration names. */
import type { PaymentBank } from "../config.ts";
import type { Channel } from "./channel.ts";
import { openFolder } from "./folder.ts";
import { ISO20022_PATHS, JSON_PATHS, openHttps, readCredentials } from "./https.ts";
import type { Signing } from "./signature.ts";

/** Throws where a certificate is missing. `nowMs` is the time that stands in our signatures. */
export function openChannel(bank: PaymentBank, run: string, signing: Signing | undefined, nowMs: () => number): Channel {
  const { format } = bank.terms;
  if (format === "batch-file") return openFolder({ folder: bank.folder, signing, nowMs });
  const paths = format === "json" ? JSON_PATHS : ISO20022_PATHS;
  return openHttps({ place: { host: bank.host, port: bank.port }, paths, credentials: readCredentials(run), signing, nowMs });
}
