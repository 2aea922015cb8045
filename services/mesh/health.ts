/** Liveness, readiness and metrics over HTTP: /live, /ready (200 or 503 with the reason), /metrics, /status (JSON). On loopback, or the machine's own address. */
import { createServer } from "node:http";
import type { Registry } from "prom-client";

export interface HealthAnswers {
  /** Empty when ready; otherwise the reason. */
  fault(): string;
  status(): object;
  readonly registry: Registry;
}

export interface Health {
  /** Stops at once: whoever has asked half a question, or has not read its answer, holds nobody up. */
  close(closed: () => void): void;
}

/** Serves until closed. Throws where the port is taken. */
export async function openHealth(host: string, port: number, answers: HealthAnswers): Promise<Health> {
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" });
      response.end(body);
    };
    const path = (request.url ?? "/").split("?")[0];
    if (path === "/live") return send(200, "text/plain", "live\n");
    if (path === "/ready") {
      const fault = answers.fault();
      return send(fault === "" ? 200 : 503, "text/plain", `${fault === "" ? "ready" : fault}\n`);
    }
    if (path === "/status") return send(200, "application/json", JSON.stringify(answers.status()));
    if (path === "/metrics") {
      answers.registry.metrics().then(
        (text) => send(200, answers.registry.contentType, text),
        (error: unknown) => send(500, "text/plain", `${String(error)}\n`),
      );
      return;
    }
    send(404, "text/plain", "not found: /live /ready /metrics /status\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  server.keepAliveTimeout = 5_000;
  return {
    close(closed) {
      server.close(() => closed());
      server.closeAllConnections();
    },
  };
}
