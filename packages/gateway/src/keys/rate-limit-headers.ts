import type { IncomingHttpHeaders } from 'node:http'
import { retryAfterMs } from '@holdfast/transport'
import { headerText } from '../headers.ts'
import { retryAfterOf } from '../retry-after.ts'

/** What a provider counts, and the names of its headers for it: what is left, how much there is, and when it is filled up again. Requests are given back one by one. */
const limits = [
  ...['requests', 'tokens'].map((of) => ({
    left: `x-ratelimit-remaining-${of}`,
    limit: `x-ratelimit-limit-${of}`,
    reset: `x-ratelimit-reset-${of}`,
    requests: of === 'requests',
  })),
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map((of) => ({
    left: `anthropic-ratelimit-${of}-remaining`,
    limit: `anthropic-ratelimit-${of}-limit`,
    reset: `anthropic-ratelimit-${of}-reset`,
    requests: of === 'requests',
  })),
  { left: 'x-ratelimit-remaining', limit: 'x-ratelimit-limit', reset: 'x-ratelimit-reset', requests: false },
]

/** What a provider says is used up may be misunderstood; that costs a minute at most, and what it asks for outright five. */
const longest = { usedUp: 60_000, asked: 300_000 } as const

/**
 * How long, in ms, a provider wants to be left alone with the key of a request, as its answer says: by `retry-after-ms`, by `Retry-After`, or because
 * something it counts is used up; for requests whose limit is told, `RequestAllowance` knows better. 0 where it does not say so. (OpenAI "Rate limits: headers"; Anthropic "Rate limits: response headers"; OpenRouter "Limits".)
 */
export function restAskedFor(status: number, headers: IncomingHttpHeaders, wallNow: number): number {
  let rest = 0
  if (status === 429 || status === 503 || status === 529) {
    rest = Math.min(retryAfterMs(retryAfterOf(headers), wallNow) ?? 0, longest.asked)
  }
  for (const { left, limit, reset, requests } of limits) {
    if (headers[left] === undefined || Number(headerText(headers[left])) > 0) continue
    if (headers[limit] !== undefined && (requests || !(Number(headerText(headers[limit])) > 0))) continue
    const wait = resetMs(headerText(headers[reset]) ?? '', wallNow)
    rest = Math.max(rest, Math.min(wait, longest.usedUp))
  }
  return rest
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time from now (`6m0s`, `20ms`, seconds) or a moment (RFC 3339, or the epoch in seconds or ms), as ms from now; 0 where it makes no sense. */
export function resetMs(text: string, wallNow: number): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text)
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text)
    if (number > 1e12) return Math.max(0, number - wallNow)
    return number > 1e9 ? Math.max(0, number * 1_000 - wallNow) : number * 1_000
  }
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? 0 : Math.max(0, at - wallNow)
}
