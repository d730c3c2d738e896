import type { Dialect } from '../dialects/dialect.ts'
import type { OutHeaders } from '../headers.ts'

/** How a limit stands. */
export interface Standing {
  readonly limit: number
  readonly left: number
  /** Ms until all of it is there again. */
  readonly full: number
}

/** How the limits of a client stand; of those that it has. */
export interface Standings {
  readonly requests?: Standing | undefined
  readonly tokens?: Standing | undefined
}

/**
 * How its limits stand, in the headers that the client's libraries know: https://platform.openai.com/docs/guides/rate-limits (`6m0s`) and
 * https://platform.claude.com/docs/en/api/rate-limits (a moment in RFC 3339; `wallNow` is in ms of the epoch).
 */
export function limitHeaders(standings: Standings, dialect: Dialect, wallNow: number): OutHeaders {
  const headers: OutHeaders = {}
  for (const kind of ['requests', 'tokens'] as const) {
    const standing = standings[kind]
    if (!standing) continue
    const { limit, left, full } = standing
    if (dialect === 'anthropic') {
      headers[`anthropic-ratelimit-${kind}-limit`] = String(limit)
      headers[`anthropic-ratelimit-${kind}-remaining`] = String(left)
      headers[`anthropic-ratelimit-${kind}-reset`] = `${new Date(wallNow + full).toISOString().slice(0, 19)}Z`
    } else {
      headers[`x-ratelimit-limit-${kind}`] = String(limit)
      headers[`x-ratelimit-remaining-${kind}`] = String(left)
      headers[`x-ratelimit-reset-${kind}`] = span(full)
    }
  }
  return headers
}

/** Headers without what they say of limits: those of a provider are the gateway's, and no business of a client that has its own. */
export function withoutLimits(headers: OutHeaders): OutHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isLimit.test(name)))
}

const isLimit = /^(?:x|anthropic)-ratelimit-/

/** `120ms`, `1.5s`, `6m0s`, `2h0m0s`. */
function span(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 100) / 10
  const minutes = Math.floor(seconds / 60)
  const rest = `${Math.round((seconds - minutes * 60) * 10) / 10}s`
  if (minutes === 0) return rest
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`
}
