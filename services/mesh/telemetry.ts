/**
 * Traces (OpenTelemetry) and metrics (Prometheus). Spans go out by OTLP where OTEL_EXPORTER_OTLP_ENDPOINT says; without it nothing is recorded,
 * but the trace context still travels: gRPC → NATS → journal → events → the next service. A span per batch with links, per claim by sampling.
 */
import { randomBytes } from "node:crypto";
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { wordsOf } from "../values/thrown.ts";

/** Share of traces that are recorded where the caller brought none: OTEL_TRACES_SAMPLER_ARG, default 0.05. */
function sampleShare(): number {
  const share = Number(process.env.OTEL_TRACES_SAMPLER_ARG ?? "0.05");
  return Number.isFinite(share) && share >= 0 && share <= 1 ? share : 0.05;
}

const SHARE = sampleShare();
const EXPORTING = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);

/** A new W3C traceparent; sampled by the share, never where nothing is exported. */
export function newTraceparent(): string {
  const flag = EXPORTING && Math.random() < SHARE ? "01" : "00";
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-${flag}`;
}

/** The traceparent as it came, or a new one where it is none. */
export function traceparentOr(text: string): string {
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text) ? text : newTraceparent();
}

export interface Telemetry {
  /** Runs `work` in a span that follows a traceparent; the work gets the traceparent to hand on. Costs nothing where the trace is not sampled. */
  span<T>(
    name: string,
    kind: "server" | "consumer" | "producer" | "client" | "internal",
    traceparent: string,
    attributes: Readonly<Record<string, string | number>>,
    work: (traceparent: string) => Promise<T>,
  ): Promise<T>;
  /** A span that has ended: for batches, with links to the sampled inputs among them. */
  batch(
    name: string,
    startMs: number,
    endMs: number,
    traceparents: readonly string[],
    attributes: Readonly<Record<string, string | number>>,
  ): void;
  readonly metrics: Metrics;
  shutdown(): Promise<void>;
}

export interface Metrics {
  readonly registry: Registry;
  readonly calls: Counter<"method" | "outcome">;
  readonly callSeconds: Histogram<"method">;
  readonly commitSeconds: Histogram<string>;
  readonly batchInputs: Histogram<string>;
  gauge(name: string, help: string, value: () => number): void;
}

function makeMetrics(process_: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process: process_ });
  const registers = [registry];
  const gauge: Metrics["gauge"] = (name, help, value) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  // The usual collectors watch the event loop with timers of their own, which in an idle twin is most of its work: these read only when asked.
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  gauge("process_cpu_seconds_total", "CPU time, user and system", () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6);
  gauge("nodejs_heap_size_used_bytes", "Heap in use", () => process.memoryUsage().heapUsed);
  gauge("process_start_time_seconds", "When the process started", () => Math.round((Date.now() - process.uptime() * 1000) / 1000));
  return {
    registry,
    calls: new Counter({ name: "nrcms_calls_total", help: "Calls answered, by outcome", labelNames: ["method", "outcome"], registers }),
    callSeconds: new Histogram({
      name: "nrcms_call_seconds",
      help: "Time to answer a call",
      labelNames: ["method"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    commitSeconds: new Histogram({
      name: "nrcms_commit_seconds",
      help: "Time of one batch, reads to commit",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    }),
    batchInputs: new Histogram({
      name: "nrcms_batch_inputs",
      help: "Inputs in one batch",
      buckets: [1, 2, 5, 10, 25, 50, 100, 200, 400, 1000],
      registers,
    }),
    gauge,
  };
}

const KINDS = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;

function parentOf(traceparent: string): Context {
  const [, traceId = "", spanId = "", flags = "00"] = traceparent.split("-");
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags.endsWith("1") ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** Telemetry of one process. The SDK is loaded only where something is exported. */
export async function openTelemetry(process_: string, service: string, twin: string): Promise<Telemetry> {
  const metrics = makeMetrics(process_);
  if (!EXPORTING) {
    return {
      metrics,
      span: (_name, _kind, traceparent, _attributes, work) => work(traceparent),
      batch: () => undefined,
      shutdown: async () => undefined,
    };
  }
  const [{ BatchSpanProcessor, ParentBasedSampler, AlwaysOffSampler, TracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
      import("@opentelemetry/resources"),
    ]);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": `nrcms-${service}`, "service.instance.id": process_, "nrcms.twin": twin }),
    // The decision to sample is made once, where the trace begins; here it is only followed.
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer: Tracer = provider.getTracer("nrcms");
  return {
    metrics,
    async span(name, kind, traceparent, attributes, work) {
      if (!traceparent.endsWith("1")) return await work(traceparent);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, parentOf(traceparent));
      try {
        return await work(traceparentOf(span));
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: wordsOf(error) });
        throw error;
      } finally {
        span.end();
      }
    },
    batch(name, startMs, endMs, traceparents, attributes) {
      const sampled = traceparents.filter((text) => text.endsWith("1"));
      const [first, ...others] = sampled;
      if (!first) return;
      const links: Link[] = others.slice(0, 128).flatMap((text) => {
        const linked = trace.getSpanContext(parentOf(text));
        return linked ? [{ context: linked }] : [];
      });
      tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, links, startTime: startMs }, parentOf(first)).end(endMs);
    },
    async shutdown() {
      await provider.shutdown();
      context.disable();
      propagation.disable();
    },
  };
}
