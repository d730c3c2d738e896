import { HoldfastError } from '@holdfast/policy'

/**
 * What a failure over a wire means to the caller, in one word.
 * `throttled`: come back later; `transient`: the same call may work again; `permanent`: it will not, sent unchanged;
 * `timeout`: nobody knows whether it was done; `cancelled`: the caller went away.
 */
export type FailureClass = 'throttled' | 'transient' | 'permanent' | 'timeout' | 'cancelled'

export interface FailureFacts {
  readonly class: FailureClass
  readonly message: string
  /** HTTP status, where there was an answer at all. */
  readonly status?: number | undefined
  /** Milliseconds from now, where the other side said when to come back. */
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
  readonly code?: string
}

const hints: Record<FailureClass, string> = {
  throttled: 'Send less, or wait as long as `retryAfter` says.',
  transient: 'Try again, or let the next link of a chain answer.',
  permanent: 'Change the request, its key or its address: sent again unchanged it fails again.',
  timeout: 'Raise the time-out, or let the next link of a chain answer.',
  cancelled: 'Nothing to do: the caller no longer wants the answer.',
}

/** A call over a wire that failed, classified once, where it happened. `code` is `WIRE_` and the class unless a more exact one is known. */
export class WireFailure extends HoldfastError {
  readonly class: FailureClass
  readonly status: number | undefined
  readonly retryAfter: number | undefined
  /** Whether the same call to the same place may work: what `retry` asks. */
  readonly retryable: boolean

  constructor(facts: FailureFacts) {
    const { message, code = `WIRE_${facts.class.toUpperCase()}`, cause } = facts
    super(code, message, hints[facts.class], cause === undefined ? undefined : { cause })
    this.class = facts.class
    this.status = facts.status
    this.retryAfter = facts.retryAfter
    this.retryable = facts.class === 'throttled' || facts.class === 'transient'
  }
}

/** The class of an HTTP status of 400 and above (RFC 9110 §15; 529 is "overloaded" at Anthropic). */
export function classOfStatus(status: number): FailureClass {
  if (status === 429) return 'throttled'
  if (status === 408 || status === 409 || status === 425) return 'transient'
  return status >= 500 && status !== 501 && status !== 505 ? 'transient' : 'permanent'
}

const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'TIMEOUT',
  'DEADLINE_PASSED',
])
const ours = new Set([
  'ERR_INVALID_URL',
  'ERR_INVALID_ARG_TYPE',
  'UND_ERR_INVALID_ARG',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** The class of what a socket, a resolver or an HTTP client threw; `fetch` hides the reason in `cause`, so that is looked at too. */
export function classOfError(error: unknown): FailureClass {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (at instanceof WireFailure) return at.class
    const { code } = at as NodeJS.ErrnoException
    if (at.name === 'TimeoutError' || (code !== undefined && timeouts.has(code))) return 'timeout'
    if (at.name === 'AbortError') return 'cancelled'
    if (code !== undefined && ours.has(code)) return 'permanent'
  }
  return 'transient'
}

/**
 * `Retry-After` as milliseconds from now, in both forms of RFC 9110 §10.2.3: seconds, or a date in any of the three forms of §5.6.7.
 * `undefined` where the header is absent or makes no sense; a date in the past is 0. `now` is the wall clock, since the date is.
 */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.round(Number(text) * 1_000), Number.MAX_SAFE_INTEGER)
  if (!httpDate.test(text)) return undefined
  // The oldest form names no zone; all three are UTC.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d\b/
