/**
 * Every error that Holdfast raises by itself.
 *
 * `code` is stable and made for programs. `message` says what happened and why; `hint` says what to try.
 */
export class HoldfastError extends Error {
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }

  override get name(): string {
    return this.constructor.name
  }

  override set name(name: string) {
    Object.defineProperty(this, 'name', { value: name, writable: true, configurable: true })
  }

  /** What a log should hold of it. */
  toJSON(): object {
    const { name, code, message, hint } = this
    return { name, code, message, hint }
  }
}

/** A timeout policy's time ran out. `after` is its length in ms; `cause` is what the work made of it, if it said. */
export class TimeoutError extends HoldfastError {
  declare readonly code: 'TIMEOUT'
  readonly after: number

  constructor(policy: string, after: number, options?: ErrorOptions) {
    super(
      'TIMEOUT',
      `${policy}: no answer within ${after} ms`,
      'Allow more time, or find out what is slow.',
      options,
    )
    this.after = after
  }
}

/** The caller's own deadline passed. `deadline` is in ms on the pipeline's clock; `cause` is the last failure, if any. */
export class DeadlineError extends HoldfastError {
  declare readonly code: 'DEADLINE_PASSED'
  readonly deadline: number

  constructor(deadline: number) {
    super('DEADLINE_PASSED', "the caller's deadline passed", 'Start with more time, or ask for less work.')
    this.deadline = deadline
  }
}

/**
 * A policy turned the call away, and the work was not called.
 *
 * `retryAfter` is the ms after which it may be let in, if the policy can tell. It has no stack, since turning away must be cheap when everything
 * fails, and the stack would only ever show the pipeline.
 */
export abstract class RejectedError extends HoldfastError {
  readonly retryAfter: number | undefined

  constructor(code: string, message: string, hint: string, retryAfter?: number) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(code, message, hint)
    Error.stackTraceLimit = limit
    this.retryAfter = retryAfter
  }
}

/** A breaker turned the call away. `retryAfter` is `Infinity` while it is isolated. */
export class BreakerOpenError extends RejectedError {
  declare readonly code: 'BREAKER_OPEN'
  declare readonly retryAfter: number
  readonly breaker: string

  constructor(breaker: string, retryAfter: number) {
    super(
      'BREAKER_OPEN',
      refusal(breaker, retryAfter),
      'Wait, or put a fallback outside the breaker.',
      retryAfter,
    )
    this.breaker = breaker
  }
}

function refusal(breaker: string, retryAfter: number): string {
  if (retryAfter === Infinity) return `breaker '${breaker}' is isolated and admits nothing until it is reset`
  return `breaker '${breaker}' is open and may admit a call in ${Math.ceil(retryAfter)} ms`
}

/**
 * A budget has no retry and no hedge left. It is never thrown in place of the failure that wanted one: see `budgetErrorOf`.
 *
 * It has no stack, since it is made for every failure while everything fails.
 */
export class BudgetError extends HoldfastError {
  declare readonly code: 'BUDGET_EXHAUSTED'
  readonly budget: string

  /** `shortage`: what is used of what is allowed; `operation`: the kind of calls, if they are counted apart. */
  constructor(budget: string, shortage: string, operation?: string) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    const whose = operation === undefined ? '' : ` for '${operation}'`
    super(
      'BUDGET_EXHAUSTED',
      `budget '${budget}'${whose}: ${shortage}`,
      'Mend what fails; more retries would only add load.',
    )
    Error.stackTraceLimit = limit
    this.budget = budget
  }
}

/** How full it was when a call was turned away, and why the call was. */
export interface Crowd {
  readonly policy: string
  readonly reason: 'full' | 'waited' | 'outranked'
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly maxWait: number
  readonly key?: string | undefined
  /** The number of keys in use, if there may be no more. */
  readonly keys?: number | undefined
}

/** A bulkhead turned the call away. The numbers are those of that moment; `key` is the call's, if the bulkhead has keys. */
export class BulkheadFullError extends RejectedError {
  declare readonly code: 'BULKHEAD_FULL'
  readonly bulkhead: string
  readonly reason: Crowd['reason']
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly key: string | undefined

  constructor(crowd: Crowd) {
    super(
      'BULKHEAD_FULL',
      crowded('bulkhead', crowd),
      'Call less at once, allow a queue, or raise the limit if what is behind it can take more.',
    )
    this.bulkhead = crowd.policy
    this.reason = crowd.reason
    this.limit = crowd.limit
    this.inFlight = crowd.inFlight
    this.waiting = crowd.waiting
    this.key = crowd.key
  }
}

/** A concurrency limit turned the call away. The numbers are those of that moment. */
export class ConcurrencyLimitError extends RejectedError {
  declare readonly code: 'CONCURRENCY_LIMITED'
  readonly concurrencyLimit: string
  readonly reason: Crowd['reason']
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number

  constructor(crowd: Crowd) {
    super(
      'CONCURRENCY_LIMITED',
      crowded('concurrency limit', crowd),
      'Try later or elsewhere; what is behind it would only get slower.',
    )
    this.concurrencyLimit = crowd.policy
    this.reason = crowd.reason
    this.limit = crowd.limit
    this.inFlight = crowd.inFlight
    this.waiting = crowd.waiting
  }
}

function crowded(kind: string, crowd: Crowd): string {
  const { policy, key, keys, reason, limit, inFlight, waiting, maxWait } = crowd
  const who = key === undefined ? `${kind} '${policy}'` : `${kind} '${policy}', key '${key}'`
  if (keys !== undefined) return `${who}: ${keys} keys are in use, and there may be no more`
  const used = `${inFlight} inside of ${limit}, ${waiting} waiting`
  if (reason === 'waited') return `${who}: no place came free within ${maxWait} ms (${used})`
  if (reason === 'outranked') return `${who}: a call of higher priority took the place in the queue (${used})`
  return `${who} is full (${used})`
}

/** A rate limit turned the call away. A call made exactly `retryAfter` ms later is let in, unless others come first. */
export class RateLimitError extends RejectedError {
  declare readonly code: 'RATE_LIMITED'
  declare readonly retryAfter: number
  readonly rateLimit: string
  readonly reason: Crowd['reason']
  readonly key: string | undefined

  constructor({ policy, key, reason, limit, per, paused, retryAfter }: RateExcess) {
    const who = key === undefined ? `rate limit '${policy}'` : `rate limit '${policy}', key '${key}'`
    const why = paused ? 'it is paused' : `${limit} calls per ${per} ms are used up`
    const lost = {
      full: '',
      waited: ', and the call may not wait that long',
      outranked: ', and a call of higher priority took the place in the queue',
    }[reason]
    super(
      'RATE_LIMITED',
      `${who}: ${why}; the next call may go in ${Math.ceil(retryAfter)} ms${lost}`,
      'Wait for retryAfter, call less, or allow a queue.',
      retryAfter,
    )
    this.rateLimit = policy
    this.reason = reason
    this.key = key
  }
}

/** What a rate limit says of itself when it turns a call away. */
export interface RateExcess {
  readonly policy: string
  readonly key: string | undefined
  readonly reason: Crowd['reason']
  readonly limit: number
  readonly per: number
  readonly paused: boolean
  readonly retryAfter: number
}

/** Another attempt of the same call answered first: what a hedge aborts the slower ones with. No caller ever gets it. */
export class HedgeLostError extends HoldfastError {
  declare readonly code: 'HEDGE_LOST'

  constructor(policy: string) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(
      'HEDGE_LOST',
      `${policy}: another attempt of this call answered first`,
      'Stop the work; nobody waits for it.',
    )
    Error.stackTraceLimit = limit
  }
}

/** The work failed, and so did every link of its fallback. `errors` holds all failures in order; `cause` is the last. */
export class FallbackError extends HoldfastError {
  declare readonly code: 'FALLBACK_EXHAUSTED'
  readonly errors: readonly unknown[]

  constructor(policy: string, errors: readonly unknown[]) {
    const list = errors.map(messageOf).join('; ')
    const cause = errors.at(-1)
    super(
      'FALLBACK_EXHAUSTED',
      `${policy}: the work and every link failed: ${list}`,
      'End with a link that cannot fail.',
      {
        cause,
      },
    )
    this.errors = errors
  }
}

/** The work answered, and a `failWhen` takes that answer for a failure. `value` is the answer. It has no stack, which would only show the pipeline. */
export class AnswerError extends HoldfastError {
  declare readonly code: 'ANSWER_REFUSED'
  readonly value: unknown

  constructor(policy: string, value: unknown) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(
      'ANSWER_REFUSED',
      `${policy}: the work answered, and its answer counts as a failure`,
      'Look at value; to say more, have judge answer with an error of your own.',
    )
    Error.stackTraceLimit = limit
    this.value = value
  }
}

/** What chaos makes a call fail with, unless it is told another fault. It passes for a failure of the work, so it is retried and counted as one. */
export class ChaosError extends HoldfastError {
  declare readonly code: 'CHAOS'

  constructor(policy: string) {
    super('CHAOS', `${policy}: this call was made to fail`, 'Nothing is broken; halt the chaos to end it.')
  }
}

/** A name was asked for again with options other than it has. The message shows those that differ, of both. */
export class ConflictError extends HoldfastError {
  declare readonly code: 'NAME_CONFLICT'

  constructor(kind: string, name: string, existing: string, asked: string) {
    super(
      'NAME_CONFLICT',
      `${kind} '${name}' already exists with { ${existing} } and was asked for again with { ${asked} }`,
      'Give the options once, and only the name elsewhere; or choose another name.',
    )
  }
}

/** Nothing of that kind has that name. `known` are the names there are. */
export class UnknownNameError extends HoldfastError {
  declare readonly code: 'NAME_UNKNOWN'
  readonly known: readonly string[]

  constructor(kind: string, name: string, known: readonly string[]) {
    const there = known.length === 0 ? `there is no ${kind} yet` : `there is ${listed(known)}`
    super(
      'NAME_UNKNOWN',
      `there is no ${kind} '${name}'; ${there}`,
      `Correct the name, or make the ${kind} before it is asked for.`,
    )
    this.known = known
  }
}

/** Names for a message, the first dozen of them. */
function listed(names: readonly string[]): string {
  const rest = names.length > 12 ? ` and ${names.length - 12} more` : ''
  return names.slice(0, 12).join(', ') + rest
}

/** There are too many names of one kind. */
export class RegistryFullError extends HoldfastError {
  declare readonly code: 'REGISTRY_FULL'

  constructor(kind: string, name: string, most: number) {
    super(
      'REGISTRY_FULL',
      `${kind} '${name}' would be one more than the ${most} that may have names`,
      'Name what there is a fixed number of; for ids, give one policy a key for each call.',
    )
  }
}

/** An option is not usable. The message names the option, what was received and what is allowed. */
export class OptionError extends HoldfastError {
  declare readonly code: 'OPTION_INVALID'
  readonly option: string
  readonly received: unknown

  constructor(option: string, received: unknown, allowed: string) {
    super('OPTION_INVALID', `${option} must be ${allowed}, not ${show(received)}`, `Correct ${option}.`)
    this.option = option
    this.received = received
  }
}

/** Throws an `OptionError` unless `ok`. */
export function demand(ok: boolean, option: string, received: unknown, allowed: string): void {
  if (!ok) throw new OptionError(option, received, allowed)
}

/** Throws an `OptionError` if `options` has a name that is not in `names`: a misspelt option must not be silently ignored. */
export function known(where: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new OptionError(
        `${where}.${name}`,
        Reflect.get(options, name),
        `left out; there is ${names.join(', ')}`,
      )
    }
  }
}

/** Whether an error comes from Holdfast, and so has `code` and `hint`. */
export function isHoldfastError(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError
}

/** The ms that an error asks to wait (a finite `retryAfter`, at least 0), or undefined when it asks for nothing. */
export function retryAfterOf(error: unknown): number | undefined {
  const asked = (error as { retryAfter?: unknown } | null | undefined)?.retryAfter
  return typeof asked === 'number' && Number.isFinite(asked) && asked >= 0 ? asked : undefined
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message
  try {
    return String(error)
  } catch {
    return 'an object that cannot be shown'
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
