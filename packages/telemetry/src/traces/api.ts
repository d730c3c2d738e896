import { createRequire } from 'node:module'
import type * as Api from '@opentelemetry/api'

/** OpenTelemetry, if it is installed: nobody has to. All copies of it in a process share what is registered with one of them. */
export const api: typeof Api | undefined = load()

function load(): typeof Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as typeof Api
  } catch {
    return undefined
  }
}

let provider: unknown
let tracer: Api.Tracer | undefined

/** What makes spans: `undefined` while no SDK is registered, so that nothing need be done. */
export function currentTracer(): Api.Tracer | undefined {
  if (api === undefined) return undefined
  const registered = api.trace.getTracerProvider() as Partial<Api.ProxyTracerProvider> & Api.TracerProvider
  const own = registered.getDelegate?.() ?? registered
  if (own !== provider) {
    provider = own
    const get = registered.getDelegateTracer ?? registered.getTracer
    tracer = get.call(registered, '@holdfast/telemetry')
  }
  return tracer
}
