/** A stranger's gRPC client with exactly the channel options that the README prints, asking over and over; nothing is repeated but what gRPC itself repeats. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, type ClientOptions, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { ROOT } from "../../deploy/local/binaries.ts";
import { pause } from "../../services/mesh/clock.ts";
import { gatewayAddresses } from "../../services/nrcms/gateway-client.ts";
import { until } from "./faults.ts";
import type { RegionMesh } from "./region-mesh.ts";

const CALLERS = 4;
const PAUSE_MS = 20;
const DEADLINE_MS = 10_000;
const ASKED = "/nrcms.administration.v1.AdministrationService/ListCounties";

export interface Strangers {
  readonly failures: readonly string[];
  /** Waits for so many more answers. */
  until(more: number): Promise<void>;
  stop(): Promise<void>;
}

/** The options of the README's example, as they stand there. Throws where it has none. */
function options(): ClientOptions {
  const text = readFileSync(join(ROOT, "README.md"), "utf8");
  const object = /new Client\("ipv4:[^"]*", credentials, (\{[\s\S]*?\n\})\);/.exec(text)?.[1];
  if (!object) throw new Error("the README shows no client");
  return new Function(`return ${object}`)() as ClientOptions;
}

export function readmeClient(mesh: RegionMesh, { callers: count = CALLERS, pauseMs = PAUSE_MS } = {}): Strangers {
  const file = (name: string) => readFileSync(join(mesh.run, "certs", name));
  const secure = credentials.createSsl(file("authority.pem"), file("operator.key"), file("operator.pem"));
  const client = new Client(`ipv4:${gatewayAddresses(mesh.topology).join(",")}`, secure, options());
  const failures: string[] = [];
  const stopping = new AbortController();
  let answered = 0;
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const same = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(ASKED, same, same, Buffer.alloc(0), { deadline: Date.now() + DEADLINE_MS }, (error: ServiceError | null) => {
        if (error) failures.push(`${status[error.code]} ${error.details}`);
        else answered += 1;
        resolve();
      });
    });
  const caller = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await ask();
      await pause(pauseMs, stopping.signal);
    }
  };
  const callers = Promise.all(Array.from({ length: count }, caller));
  return {
    failures,
    until(more) {
      const wanted = answered + more;
      return until(`${more} more answers; failures: ${failures.slice(0, 3).join("; ")}`, async () => answered >= wanted, 60_000);
    },
    async stop() {
      stopping.abort();
      await callers;
      client.close();
    },
  };
}
