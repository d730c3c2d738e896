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

/** A budget has no retry left. It is never thrown in place of the failure that wanted the retry: see `budgetErrorOf`. */
export class BudgetError extends HoldfastError {
  declare readonly code: 'BUDGET_EXHAUSTED'
  readonly budget: string

  constructor(
    budget: string,
    { retries, allowed, window }: { retries: number; allowed: number; window: number },
  ) {
    const used = `${retries} of ${allowed} retries used in the last ${window / 1000} s`
    super(
      'BUDGET_EXHAUSTED',
      `budget '${budget}': ${used}`,
      'Mend what fails; more retries would only add load.',
    )
    this.budget = budget
  }
}

/** The work failed, and so did every link of its fallback. `errors` holds all failures in order; `cause` is the last. */
export class FallbackError extends HoldfastError {
  declare readonly code: 'FALLBACK_EXHAUSTED'
  readonly errors: readonly unknown[]

  constructor(policy: string, errors: readonly unknown[]) {
    const list = errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')
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

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
