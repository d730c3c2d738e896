import { HoldfastError } from '@holdfast/policy'

/**
 * What a failure over a wire means to the caller, in one word, and what it says about the work that was asked for:
 *
 * - `throttled`: the other side refused, come back later; not done.
 * - `unsent`: the request never left, or never reached who would do it (no connection, a queue that is full); not done.
 * - `transient`: the other side says that it failed, and the same call may work again.
 * - `broken`: the connection broke after the request had left; nobody knows whether it was done.
 * - `timeout`: no answer in time; nobody knows whether it was done.
 * - `permanent`: sent again unchanged it fails again.
 * - `cancelled`: the caller went away.
 */
export type FailureClass =
  | 'throttled'
  | 'unsent'
  | 'transient'
  | 'broken'
  | 'timeout'
  | 'permanent'
  | 'cancelled'

/** All classes, for those who list them. */
export const failureClasses: readonly FailureClass[] = [
  'throttled',
  'unsent',
  'transient',
  'broken',
  'timeout',
  'permanent',
  'cancelled',
]

/**
 * Whether the same call may be made once more. What was certainly not done may be, always; what may have been done only if doing it twice is as good
 * as once (RFC 9110 §9.2.2).
 */
export function mayRepeat(of: FailureClass, idempotent: boolean): boolean {
  switch (of) {
    case 'throttled':
    case 'unsent':
      return true
    case 'transient':
    case 'broken':
    case 'timeout':
      return idempotent
    case 'permanent':
    case 'cancelled':
      return false
  }
}

export interface FailureFacts {
  readonly class: FailureClass
  readonly message: string
  /** Whether the call may be made twice; false unless it is said. */
  readonly idempotent?: boolean | undefined
  /** HTTP status, where there was an answer at all. */
  readonly status?: number | undefined
  /** Milliseconds from now, where the other side said when to come back. */
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
  readonly code?: string | undefined
  /** What to try, where it is not what the class says. */
  readonly hint?: string | undefined
}

const hints: Record<FailureClass, string> = {
  throttled: 'Send less, or wait as long as `retryAfter` says.',
  unsent: 'See whether the other side runs, and whether its address is right; it is safe to try again.',
  transient: 'Try again, or let the next link of a chain answer.',
  broken: 'It may have been done: try again only what may be done twice, or say so with an idempotency key.',
  timeout: 'Raise the time-out, or let the next link of a chain answer; it may have been done all the same.',
  permanent: 'Change the request, its key or its address: sent again unchanged it fails again.',
  cancelled: 'Nothing to do: the caller no longer wants the answer.',
}

/** A call over a wire that failed, classified once, where it happened. `code` is `WIRE_` and the class unless a more exact one is known. */
export class WireFailure extends HoldfastError {
  readonly class: FailureClass
  readonly status: number | undefined
  readonly retryAfter: number | undefined
  /** Whether the same call to the same place may be made again: what `retry` asks. */
  readonly retryable: boolean

  constructor(facts: FailureFacts) {
    const { message, code = `WIRE_${facts.class.toUpperCase()}`, hint = hints[facts.class] } = facts
    const { cause, idempotent = false } = facts
    super(code, message, hint, cause === undefined ? undefined : { cause })
    this.class = facts.class
    this.status = facts.status
    this.retryAfter = facts.retryAfter
    this.retryable = mayRepeat(facts.class, idempotent)
  }
}

/** The class of an HTTP status of 400 and above (RFC 9110 §15; 529 is "overloaded" at Anthropic). */
export function classOfStatus(status: number): FailureClass {
  if (status === 429) return 'throttled'
  if (status === 408 || status === 409 || status === 425) return 'transient'
  return status >= 500 && status !== 501 && status !== 505 ? 'transient' : 'permanent'
}

const classes: ReadonlyMap<string, FailureClass> = new Map(
  Object.entries({
    unsent: [
      ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
      ...['ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOENT', 'UND_ERR_CONNECT_TIMEOUT'],
    ],
    timeout: [
      ...['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT', 'TIMEOUT', 'DEADLINE_PASSED'],
    ],
    broken: [
      ...['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'],
    ],
    cancelled: ['ABORT_ERR', 'UND_ERR_ABORTED'],
    permanent: [
      ...[
        'ERR_INVALID_URL',
        'ERR_INVALID_ARG_TYPE',
        'UND_ERR_INVALID_ARG',
        'UND_ERR_NOT_SUPPORTED',
        'EPROTO',
      ],
      ...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED'],
      ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'HOSTNAME_MISMATCH'],
      ...['ERR_TLS_CERT_ALTNAME_INVALID', 'EACCES'],
    ],
  } satisfies Partial<Record<FailureClass, string[]>>).flatMap(([of, codes]) =>
    codes.map((code) => [code, of as FailureClass] as const),
  ),
)

/**
 * The class of what a socket, a resolver or a client of HTTP threw; `fetch` hides the reason in `cause`, so that is looked at too.
 *
 * What nobody knows is `broken`: it may have been done.
 */
export function classOfError(error: unknown): FailureClass {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (at instanceof WireFailure) return at.class
    const { code } = at as NodeJS.ErrnoException
    if (at.name === 'TimeoutError') return 'timeout'
    if (at.name === 'AbortError') return 'cancelled'
    const known = code === undefined ? undefined : (classes.get(code) ?? tls(code))
    if (known !== undefined) return known
  }
  return 'broken'
}

/** What OpenSSL or Node's TLS makes of a handshake: the other side speaks something else, and will tomorrow. */
function tls(code: string): FailureClass | undefined {
  return /^ERR_(SSL|TLS)_/.test(code) ? 'permanent' : undefined
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
