import { createRequire } from 'node:module'
import type { Tracer } from '@opentelemetry/api'

interface Sdk {
  readonly TracerProvider: new (options: object) => { getTracer(name: string): Tracer }
  readonly AlwaysOnSampler: new () => object
  readonly AlwaysOffSampler: new () => object
  readonly ParentBasedSampler: new (options: { root: object }) => object
  readonly NoopSpanProcessor: new () => object
}

/** A tracer of the very SDK that `tracing` registers, with nothing of Holdfast about it. */
export function peer(sampled: boolean): Tracer {
  const telemetry = createRequire(import.meta.resolve('@holdfast/telemetry'))
  const sdk = telemetry('@opentelemetry/sdk-trace') as Sdk
  const root = sampled ? new sdk.AlwaysOnSampler() : new sdk.AlwaysOffSampler()
  const provider = new sdk.TracerProvider({
    sampler: new sdk.ParentBasedSampler({ root }),
    spanProcessors: [new sdk.NoopSpanProcessor()],
  })
  return provider.getTracer('benchmark')
}
