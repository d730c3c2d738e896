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
 * A breaker refused the call, and the work was not called.
 *
 * `retryAfter` is the ms after which it may admit one: `Infinity` while it is isolated. It has no stack, since a breaker
 * must be cheap when everything fails and the stack would only ever show the pipeline.
 */
export class BreakerOpenError extends HoldfastError {
  declare readonly code: 'BREAKER_OPEN'
  readonly breaker: string
  readonly retryAfter: number

  constructor(breaker: string, retryAfter: number) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super('BREAKER_OPEN', refusal(breaker, retryAfter), 'Wait, or put a fallback outside the breaker.')
    Error.stackTraceLimit = limit
    this.breaker = breaker
    this.retryAfter = retryAfter
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

/** One name was given two meanings. The message shows the settings that differ, of both. */
export class ConflictError extends HoldfastError {
  constructor(kind: 'breaker' | 'budget', name: string, existing: string, asked: string) {
    const message = `${kind} '${name}' already exists with { ${existing} } and was asked for again with { ${asked} }`
    super(
      `${kind.toUpperCase()}_CONFLICT`,
      message,
      'Give the options once, and only the name elsewhere; or choose another name.',
    )
  }
}

/** A breaker was asked for by name with options other than those it has. */
export class BreakerConflictError extends ConflictError {
  declare readonly code: 'BREAKER_CONFLICT'
}

/** A budget was asked for by name with options other than those it has. */
export class BudgetConflictError extends ConflictError {
  declare readonly code: 'BUDGET_CONFLICT'
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
