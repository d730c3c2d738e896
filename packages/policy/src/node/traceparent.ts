import type { Random } from '../time/clock.ts'
import type { Trace } from './context.ts'

/** Of version 00, with room for what later versions may put behind it. */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/**
 * Reads a `traceparent` header; `undefined` for whatever is not one, as the standard demands: then a new trace begins.
 *
 * Source: W3C Trace Context, 3.2. Version `ff` and identities of zeros alone are invalid; a later version is read as far as version 00 goes; spaces
 * and tabs around it are no part of it.
 */
export function parseTraceparent(header: unknown): Trace | undefined {
  if (typeof header !== 'string' || header.length > 512) return undefined
  const [, version, traceId, spanId, flags, more] = FORM.exec(trimmed(header)) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags!, 16) & 1) === 1 }
}

/** Writes a `traceparent` header, of version 00. */
export function formatTraceparent({ traceId, spanId, sampled }: Trace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** A new identity for a trace. */
export function traceId(random: Random = Math.random): string {
  return identity(32, random)
}

/** A new identity for a span. */
export function spanId(random: Random = Math.random): string {
  return identity(16, random)
}

/** Two digits for each byte: to write numbers out takes five times as long. */
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** As many hexadecimal digits, a multiple of 8, not all of them 0. */
function identity(digits: number, random: Random): string {
  let text = ''
  let any = 0
  while (text.length < digits) {
    const word = Math.floor(random() * 0x1_0000_0000)
    any |= word
    text += pair(word >>> 24) + pair(word >>> 16) + pair(word >>> 8) + pair(word)
  }
  return any === 0 ? `${text.slice(1)}1` : text
}

function pair(word: number): string {
  return PAIRS[word & 255]!
}

/** Without the spaces and tabs around it: those that HTTP allows there, and no other. */
export function trimmed(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')
}
