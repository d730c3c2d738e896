import { trimmed } from './traceparent.ts'

const KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const MOST = 32
const LONGEST = 8_192

/**
 * Reads a `tracestate` header: what each tracing system notes about a trace, the latest first.
 *
 * Source: W3C Trace Context, 3.3. What is not well-formed anywhere, has a key twice, or has more than 32 members is dropped as a whole, and the map
 * is empty; empty members are allowed. Headers that came in several lines are one, in their order.
 */
export function parseTracestate(header: string | readonly string[] | undefined): ReadonlyMap<string, string> {
  const text = typeof header === 'string' ? header : (header ?? []).join(',')
  const members = new Map<string, string>()
  if (text.length > LONGEST) return new Map()
  for (const piece of text.split(',')) {
    const member = trimmed(piece)
    if (member === '') continue
    const equals = member.indexOf('=')
    const key = member.slice(0, Math.max(0, equals))
    const value = member.slice(equals + 1)
    if (!KEY.test(key) || !VALUE.test(value) || members.has(key)) return new Map()
    members.set(key, value)
  }
  return members.size > MOST ? new Map() : members
}

/** Writes a `tracestate` header, without what would not be well-formed; `undefined` if nothing is left. */
export function formatTracestate(members: Iterable<readonly [string, string]>): string | undefined {
  const valid = [...new Map(members)].filter(([key, value]) => KEY.test(key) && VALUE.test(value))
  return valid.length === 0
    ? undefined
    : valid
        .slice(0, MOST)
        .map((member) => member.join('='))
        .join(',')
}
