import type { IncomingHttpHeaders } from 'node:http'
import type { Dialect } from './dialects/dialect.ts'

/** Headers as they go out: one value, or several of the same name. */
export type OutHeaders = Record<string, string | string[]>

const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
const notUpstream = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'accept-encoding',
  'expect',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'traceparent', // its successor goes along with each attempt
  'tracestate',
  'x-correlation-id', // as it was understood, which may be another than the client's
])
const notDownstream = new Set([
  ...hopByHop,
  'content-length',
  'set-cookie',
  'content-encoding',
  'alt-svc',
  'date',
  'x-trace-id',
  'x-correlation-id',
])

/** What the servers of one wire alone understand. */
const foreign: Readonly<Record<Dialect, string>> = { openai: 'anthropic-', anthropic: 'openai-' }

/** How a provider is asked: with this key, in this dialect. */
export interface Approach {
  readonly key: string | undefined
  readonly dialect: Dialect
  /** Whether the key is a bearer's in Anthropic's wire too. */
  readonly bearer?: boolean
}

/**
 * What goes up to a provider: all the client sent, but what belongs to the connection (RFC 9110 §7.6.1), to the other dialect, the client's own
 * credentials, and where it came from; with the provider's key instead. Compression is refused, since the answer is read on its way through.
 */
export function toUpstream(headers: IncomingHttpHeaders, { key, dialect, bearer }: Approach): OutHeaders {
  const named = connectionNames(headers)
  const other = foreign[dialect]
  const out: OutHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (
      value !== undefined &&
      !notUpstream.has(name) &&
      !named?.has(name) &&
      !name.startsWith('x-holdfast-') &&
      !name.startsWith(other)
    )
      out[name] = value
  }
  if (dialect === 'anthropic') out['anthropic-version'] ??= '2023-06-01'
  if (key !== undefined) {
    if (dialect === 'anthropic' && !bearer) out['x-api-key'] = key
    else out['authorization'] = `Bearer ${key}`
  }
  out['accept-encoding'] = 'identity'
  out['content-type'] = 'application/json'
  return out
}

/** What of a provider's headers goes down to the client: all but what belongs to the connection, and cookies. */
export function toClient(headers: IncomingHttpHeaders): OutHeaders {
  const named = connectionNames(headers)
  const out: OutHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (
      value !== undefined &&
      !notDownstream.has(name) &&
      !named?.has(name) &&
      !name.startsWith('x-holdfast-')
    )
      out[name] = value
  }
  return out
}

/** The first value of a header: some servers send one twice. */
export function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** A header may declare others as belonging to the connection. */
function connectionNames(headers: IncomingHttpHeaders): Set<string> | undefined {
  const { connection } = headers
  if (!connection || connection === 'keep-alive' || connection === 'close') return undefined
  const names = String(connection).toLowerCase()
  return new Set(names.split(/\s*,\s*/))
}
