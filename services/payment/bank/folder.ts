/**
 * A bank that is reached by a folder on its front-end machine (前置机), which both our servers see. `out/` holds what we ask, `taken/` what the front-end has taken
 * of it and never deletes, `in/` what it gives back; what we have read goes to `done/` or, with a `.why` beside it, to `refused/`.
 * A file is whole when its name ends in `.txt`: it is written under another name, forced to the disk and renamed. Its signature lies beside it as `.jws`, there first.
 */
import { access, mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { wordsOf } from "../../values/thrown.ts";
import type { Arrival, BankReply, Channel, Mailbox } from "./channel.ts";
import type { Signing } from "./signature.ts";

const OUT = "out";
const TAKEN = "taken";
const IN = "in";
const DONE = "done";
const REFUSED = "refused";
export const FOLDERS = [OUT, TAKEN, IN, DONE, REFUSED] as const;
export const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 4_096;
/** Files taken in at one look. */
const MAX_LOOK = 20;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\.txt$/;

export interface FolderParts {
  readonly folder: string;
  readonly signing?: Signing | undefined;
  /** The time that stands in our signatures. */
  readonly nowMs?: () => number;
}

export function openFolder({ folder, signing, nowMs = Date.now }: FolderParts): Channel {
  const place = (...parts: readonly string[]) => join(folder, ...parts);
  const guarded = async (work: () => Promise<BankReply>): Promise<BankReply> => {
    try {
      return await work();
    } catch (error) {
      return { kind: "silent", why: wordsOf(error) };
    }
  };
  /** Puts a file where the front-end takes it, once. */
  const ask = async (name: string, bytes: Uint8Array): Promise<BankReply> => {
    for (const where of [OUT, TAKEN]) {
      const there = await contentOf(place(where, name));
      if (!there) continue;
      if (!there.equals(bytes)) throw new Error(`${where}/${name} is there with other content`);
      return { kind: "taken" };
    }
    if (signing) await writeWhole(place(OUT, `${name}.jws`), Buffer.from(await signing.sign(bytes, nowMs())));
    await writeWhole(place(OUT, name), bytes);
    return { kind: "taken" };
  };
  return {
    send: (batchId, bytes) => guarded(() => ask(`${batchId}.txt`, bytes)),
    cancel: (caseId, bytes) => guarded(() => ask(`${caseId}.txt`, bytes)),
    // Its answer comes as a file. Here only whether the front-end can have ours; where it has, its result is asked for once more.
    enquire: (batchId) =>
      guarded(async () => {
        const name = `${batchId}.txt`;
        // The mailbox must be there, or nothing could be concluded from what is not.
        await access(place(TAKEN));
        if (await contentOf(place(OUT, name))) return { kind: "taken" };
        if (!(await contentOf(place(TAKEN, name)))) return { kind: "absent" };
        await writeWhole(place(OUT, `status-${batchId}.req`), Buffer.from(`${batchId}\n`));
        return { kind: "taken" };
      }),
    // Asked for by a file that says so; the statement comes as a file.
    statement: (day) =>
      guarded(async () => {
        await writeWhole(place(OUT, `statement-${day}.req`), Buffer.from(`${day}\n`));
        return { kind: "taken" };
      }),
    mailbox: mailboxIn(place),
  };
}

function mailboxIn(place: (...parts: readonly string[]) => string): Mailbox {
  return {
    async look() {
      for (const name of FOLDERS) await mkdir(place(name), { recursive: true });
      const names = (await readdir(place(IN))).filter((name) => NAME.test(name)).sort();
      const arrivals: Arrival[] = [];
      for (const name of names.slice(0, MAX_LOOK)) {
        try {
          const document = await contentOf(place(IN, name));
          // Put aside meanwhile, by a twin that led before.
          if (!document) continue;
          const signature = await contentOf(place(IN, `${name}.jws`), MAX_SIGNATURE_BYTES);
          arrivals.push({ name, document, signature: signature?.toString("latin1").trim() ?? "" });
        } catch (error) {
          if (!(error instanceof TooLarge)) throw error;
          arrivals.push({ name, document: new Uint8Array(), signature: "", oversize: error.message });
        }
      }
      return arrivals;
    },
    async putAside(name, refused) {
      const to = refused === undefined ? DONE : REFUSED;
      if (refused !== undefined) await writeWhole(place(REFUSED, `${name}.why`), Buffer.from(`${refused}\n`));
      for (const file of [`${name}.jws`, name])
        try {
          await rename(place(IN, file), place(to, file));
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
    },
  };
}

class TooLarge extends Error {}

/** The file's bytes, or undefined where it is not there. Throws TooLarge. */
async function contentOf(path: string, limit = MAX_FILE_BYTES): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size > limit) throw new TooLarge(`${basename(path)} has ${size} bytes, more than ${limit}`);
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Written aside, forced to the disk, renamed: whoever sees the name sees the whole. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const aside = `${path}.part`;
  const file = await open(aside, "w", 0o640);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
