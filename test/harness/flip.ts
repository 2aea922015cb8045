/** Bits that flip on a disk: in the files in which a nats-server keeps a stream's messages. */
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What of a message is hit: its content, or the header that says whose event it is. */
export type Part = "body" | "origin";

/** Every other one is hit in its header. */
export const alternately = (id: string): Part => (Number(id.slice(-1)) % 2 === 0 ? "body" : "origin");

/** Flips one bit in the stored message of each of these Nats-Msg-Ids, at one server, while it runs or not. Gives how many it found. */
export async function flipBits(
  run: string,
  server: string,
  stream: string,
  ids: readonly string[],
  part: (id: string) => Part = () => "body",
): Promise<number> {
  const root = join(run, server, "store");
  const files = (await readdir(root, { recursive: true })).filter((name) => name.includes(`/${stream}/`) && name.endsWith(".blk"));
  let flipped = 0;
  for (const name of files) {
    const bytes = await readFile(join(root, name));
    const file = await open(join(root, name), "r+");
    try {
      for (const id of ids) {
        const at = bytes.indexOf(`Nats-Msg-Id: ${id}\r\n`);
        if (at < 0) continue;
        const position = place(bytes, at, part(id));
        await file.write(Uint8Array.of((bytes[position] ?? 0) ^ 1), 0, 1, position);
        flipped += 1;
      }
    } finally {
      await file.close();
    }
  }
  return flipped;
}

function place(bytes: Buffer, at: number, part: Part): number {
  const header = "nrcms-origin: a ";
  return part === "body" ? bytes.indexOf("\r\n\r\n", at) + 6 : bytes.indexOf("nrcms-origin: ", at) + header.length;
}
