/**
 * Files beside the documents, in GridFS: pictures that are too large for a document. A file's name is the hash of its content, so that storing it twice is storing it once, and a file that no
 * document names any more harms nobody. Stored before the document that names it, outside of its transaction.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Db, GridFSBucket, MongoServerError } from "mongodb";
import { Weather } from "./store.ts";
import { cased } from "./store-mongo-cases.ts";
import type { Files } from "./wiring.ts";

const BUCKET = "attachments";
const DUPLICATE = 11_000;
/** Another twin may be storing the same file this moment. */
const LOOKS = 10;
const LOOK_MS = 100;

/** The collections that a bucket makes. */
export const FILE_KINDS: readonly string[] = [`${BUCKET}.files`, `${BUCKET}.chunks`];

export function filesOver(db: Db): Files {
  // Made when the first file comes: few services have any.
  let made: GridFSBucket | undefined;
  const bucket = () => (made ??= new GridFSBucket(db, { bucketName: BUCKET }));
  const isThere = async (hash: string) =>
    (
      await bucket()
        .find({ _id: hash as never }, { limit: 1 })
        .toArray()
    ).length > 0;
  return {
    put: (hash, content) =>
      cased(async () => {
        if (await isThere(hash)) return;
        try {
          await upload(bucket(), hash, content);
        } catch (error) {
          if (!(error instanceof MongoServerError && error.code === DUPLICATE)) throw error;
          for (let look = 0; look < LOOKS; look += 1) {
            if (await isThere(hash)) return;
            await pause(LOOK_MS);
          }
          // Pieces without a whole: who stored them died over it. They are cleared away, and the next try stores it.
          await db.collection(FILE_KINDS[1] as string).deleteMany({ files_id: hash });
          throw new Weather(`file ${hash} was left half stored`);
        }
      }),
    get: (hash) =>
      cased(async () => {
        if (!(await isThere(hash))) return undefined;
        const pieces: Buffer[] = [];
        for await (const piece of bucket().openDownloadStream(hash as never)) pieces.push(piece as Buffer);
        return Buffer.concat(pieces);
      }),
  };
}

function upload(bucket: GridFSBucket, hash: string, content: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = bucket.openUploadStreamWithId(hash as never, hash);
    stream.once("error", reject);
    stream.once("finish", () => resolve());
    stream.end(content);
  });
}
