import { createRequire } from 'node:module'
import { HoldfastError } from '@holdfast/policy'
import { context, propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type * as Exporting from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { tracePolicies } from '../traces/trace-policies.ts'
import { Contexts } from './contexts.ts'
import { ExportQueue } from './export-queue.ts'
import type { TraceRecord } from './kept-trace.ts'
import { LocalTracers } from './local-tracers.ts'
import { sampler } from './sampler.ts'
import { Tail } from './tail.ts'
import { TraceCounts, type TraceStatistics } from './trace-counts.ts'
import { TraceRing, type TracesAsked } from './trace-ring.ts'
import { type TracingOptions, type TracingSettings, tracingSettings } from './tracing-options.ts'

/** The tracing of this process. */
export interface Tracing extends AsyncDisposable {
  /** The traces that were kept last, the latest first: all, or those that are asked for. */
  traces(asked?: TracesAsked): readonly TraceRecord[]
  /** The identities of the traces that were kept last. */
  kept(): ReadonlySet<string>
  statistics(): TraceStatistics
  /** Sends what waits to be sent, for as long as the collector may take for one batch. */
  flush(): Promise<void>
  /** Takes everything back that was registered, then flushes. A second call waits for the first. */
  shutdown(): Promise<void>
}

/** Spans that kept traces, and open ones, may have on average, all together. */
const SPANS_A_TRACE = 10

/**
 * Registers tracing with OpenTelemetry in this process: spans are made, follow asynchronous calls, and are kept where they can be listed and exported.
 *
 * Sampling is decided where a trace begins, and heeded by all after it. With `keep`, every trace is recorded, and decided again when its local root
 * ends: what failed or was slow is kept though it was not sampled. Throws a `HoldfastError` of code `TRACING_REGISTERED` if somebody registered
 * tracing before.
 */
export function tracing(options: TracingOptions): Tracing {
  const settings = tracingSettings(options)
  const { otlp, clock, keep, mostOpen, mostSpans } = settings
  const counts = new TraceCounts()
  const mostTogether = Math.max(mostOpen * SPANS_A_TRACE, mostSpans)
  const ring = new TraceRing(settings.ring, Math.max(settings.ring * SPANS_A_TRACE, mostSpans))
  const exporter = otlp && exporterTo(otlp)
  const queue = exporter && new ExportQueue({ exporter, clock, most: settings.queue, timeout: otlp.timeout })
  const exported = queue ? queue.push.bind(queue) : () => {}
  const tail = new Tail({ ring, counts, exported, ...keep, mostOpen, mostSpans, mostTogether })
  register(settings, tail)
  const stopPolicies = settings.policies ? tracePolicies() : () => {}
  let over: Promise<void> | undefined
  const shutdown = () => {
    over ??= (async () => {
      stopPolicies()
      unregister()
      await queue?.flush()
      // It waits for requests that the queue has given up.
      exporter?.shutdown().catch(() => {})
    })()
    return over
  }
  return {
    traces: (asked) => [...ring.records(asked)],
    kept: () => ring.ids(),
    statistics: () => counts.statistics(queue?.counts ?? { waiting: 0, sent: 0, failed: 0, dropped: 0 }),
    flush: async () => queue?.flush(),
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  }
}

/** What sends is loaded where something is sent: it is a fifth of all that tracing needs. */
function exporterTo({ url, headers, timeout }: NonNullable<TracingSettings['otlp']>): SpanExporter {
  const { OTLPTraceExporter } = createRequire(import.meta.url)(
    '@opentelemetry/exporter-trace-otlp-http',
  ) as typeof Exporting
  return new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeout })
}

function register({ service, sample, keep, clock, random }: TracingSettings, tail: Tail): void {
  const keeps = keep.failed || keep.slowerThan < Infinity
  const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': service }))
  const tracers = new LocalTracers({ tail, resource, lucky: sampler(sample, { clock, random }), keeps })
  if (!trace.setGlobalTracerProvider(tracers)) {
    throw new HoldfastError(
      'TRACING_REGISTERED',
      'tracing: this process has a tracer provider already',
      'Call tracing() once, or shut the other one down first.',
    )
  }
  context.setGlobalContextManager(new Contexts())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
}

function unregister(): void {
  trace.disable()
  context.disable()
  propagation.disable()
}
