import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** One span, as OTLP has it in JSON, with the service that it was made in. */
export interface CollectedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly Attribute[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[]
  readonly status: { readonly code: number; readonly message?: string }
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly Omit<CollectedSpan, 'service'>[] }[]
  }[]
}

export interface TraceCollector extends AsyncDisposable {
  readonly url: string
  /** All that was sent, as it came. */
  readonly bodies: readonly string[]
  spans(): CollectedSpan[]
  /** Resolves when more has come in. */
  more(): Promise<void>
}

/** A collector that takes OTLP over HTTP, as JSON, and keeps it. */
export async function traceCollector(): Promise<TraceCollector> {
  const bodies: string[] = []
  let came = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    bodies.push(await text(request))
    response.setHeader('content-type', 'application/json').end('{}')
    came.resolve()
    came = Promise.withResolvers()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    bodies,
    spans: () => bodies.flatMap((body) => spansOf(JSON.parse(body) as Batch)),
    more: () => came.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function spansOf({ resourceSpans }: Batch): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? ''
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })))
  })
}
