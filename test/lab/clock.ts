/** A machine's clock that can be set: libfaketime before every program of the machine (nats-server, a static program, keeps the true time). */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../deploy/local/binaries.ts";
import { sha256 } from "../../deploy/local/wheel.ts";
import { sh } from "./shell.ts";

const PACKAGE = "libfaketime";
const VERSION = "0.9.10-2.1";
const ARCHIVE = "b09481e7690680966005330c3f907bba4b5eefc35e1faaea4783cc55655d1150";
const LIBRARY = "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/** Where the library lies; fetched from Debian's archive where it is not installed, and not installed. Throws why it cannot be had. */
export async function faketime(): Promise<string> {
  if (existsSync(`/${LIBRARY}`)) return `/${LIBRARY}`;
  const folder = join(cacheFolder(), "faketime", VERSION);
  const library = join(folder, LIBRARY);
  if (existsSync(library)) return library;
  mkdirSync(folder, { recursive: true });
  try {
    sh("sh", "-c", 'cd "$1" && apt-get download -q "$2"', "apt-get", folder, `${PACKAGE}=${VERSION}`);
    const archive = join(folder, `${PACKAGE}_${VERSION}_amd64.deb`);
    const got = await sha256(archive);
    if (got !== ARCHIVE) throw new Error(`wrong checksum of ${archive}: ${got}`);
    sh("dpkg-deb", "--extract", archive, folder);
    return library;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export class FakeClock {
  readonly #file: string;
  readonly environment: Readonly<Record<string, string>>;

  /** `folder` must not be on the machine's own disk: it is read again and again. */
  constructor(library: string, folder: string, name: string) {
    this.#file = join(folder, `${name}.clock`);
    this.set(0);
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: "1",
      DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NRCMS_PASS: "LD_PRELOAD,FAKETIME_TIMESTAMP_FILE,FAKETIME_CACHE_DURATION,DONT_FAKE_MONOTONIC,FAKETIME_DONT_FAKE_MONOTONIC",
    };
  }

  /** The clock is so much before (above 0) or behind the true time, from within a second on. */
  set(offsetSeconds: number): void {
    writeFileSync(this.#file, `${offsetSeconds < 0 ? "-" : "+"}${Math.abs(offsetSeconds)}s\n`);
  }
}

const SHARED = "/dev/shm";
/** What the library keeps there for a process and those that it starts. */
const OF_PROCESS = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/;

/** Takes away what killed processes have left of the library's. */
export function sweepClocks(): void {
  for (const name of existsSync(SHARED) ? readdirSync(SHARED) : []) {
    const pid = OF_PROCESS.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(SHARED, name), { force: true });
  }
}
