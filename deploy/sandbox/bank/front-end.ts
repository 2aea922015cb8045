/**
 * The bank's front-end machine (前置机): takes order files and requests for statements from `out/`, leaves results, notices and statements in `in/`.
 * What it has taken is moved to `taken/` only after its result is there; a crash between makes it take the file again, to the same result.
 */
import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { dayOf, isDay } from "../../../services/values/days.ts";
import type { Bank } from "./bank.ts";
import type { Signing } from "./signing.ts";

const LOOK_MS = 200;

export interface FrontEndParts {
  readonly folder: string;
  readonly bank: Bank;
  readonly signing: Signing | undefined;
  readonly log: Logger;
}

/** Writes a message where the payment centre looks for it. */
export async function leave(folder: string, name: string, document: string, signature: string | undefined): Promise<void> {
  await mkdir(join(folder, "in"), { recursive: true });
  if (signature !== undefined) await writeWhole(join(folder, "in", `${name}.jws`), signature);
  await writeWhole(join(folder, "in", name), document);
}

/** Looks again and again until the signal aborts. */
export async function runFrontEnd(parts: FrontEndParts, signal: AbortSignal): Promise<void> {
  const { folder, bank, log } = parts;
  for (const name of ["out", "taken", "in"]) await mkdir(join(folder, name), { recursive: true });
  while (!signal.aborted) {
    if (!bank.behaviour.down)
      for (const name of (await readdir(join(folder, "out"))).sort())
        try {
          await take(parts, name);
        } catch (error) {
          log.error({ err: error, file: name }, "the front-end could not take a file, tried again");
        }
    try {
      await sleep(LOOK_MS, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function take({ folder, bank, signing, log }: FrontEndParts, name: string): Promise<void> {
  const from = join(folder, "out", name);
  const day = /^statement-(\d{4}-\d{2}-\d{2})\.req$/.exec(name)?.[1];
  if (day !== undefined && isDay(day)) {
    const document = await bank.statement(day, dayOf(bank.books.now()));
    if (document === undefined) return;
    const at = bank.books.now();
    await leave(folder, `statement-${day}-${at}.txt`, document, signing?.sign(Buffer.from(document), at));
    return await rename(from, join(folder, "taken", name));
  }
  const of = /^status-(.{1,64})\.req$/.exec(name)?.[1];
  if (of !== undefined) {
    const document = await bank.status(of);
    if (document !== undefined) await leave(folder, `${of}.result.txt`, document, signing?.sign(Buffer.from(document), bank.books.now()));
    return await rename(from, join(folder, "taken", name));
  }
  if (!name.endsWith(".txt")) return;
  const bytes = await readFile(from);
  const signature = signing ? await readFile(`${from}.jws`, "latin1") : "";
  if (signing && !signing.isCustomers(bytes, signature.trim())) {
    log.error({ file: name }, "an order file is not signed by the customer: left where it is");
    return;
  }
  const taken = async () => {
    if (signing) await rename(`${from}.jws`, join(folder, "taken", `${name}.jws`));
    await rename(from, join(folder, "taken", name));
  };
  if (bytes.toString("latin1", 0, 12) === "NRCMS-CANCEL") {
    const answer = await bank.cancel(bytes);
    if (typeof answer === "string")
      await leave(folder, `${name.slice(0, -4)}.resolution.txt`, answer, signing?.sign(Buffer.from(answer), bank.books.now()));
    else log.error({ file: name, why: answer.unreadable }, "a cancellation cannot be read");
    return await taken();
  }
  const outcome = await bank.take(bytes);
  if ("unreadable" in outcome) {
    log.error({ file: name, why: outcome.unreadable }, "an order file cannot be read: left where it is");
    return;
  }
  // What would leave a caller waiting in vain leaves no result here: it is asked for.
  if (!outcome.hang)
    await leave(
      folder,
      `${name.slice(0, -4)}.result.txt`,
      outcome.document,
      signing?.sign(Buffer.from(outcome.document), bank.books.now()),
    );
  await taken();
}

async function writeWhole(path: string, content: string): Promise<void> {
  const file = await open(`${path}.part`, "w", 0o640);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
