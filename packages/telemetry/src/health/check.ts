import { type Clock, cache, coalesce, timeout, wrap } from '@holdfast/policy'
import { redact } from '../lines/redact.ts'
import { redactText } from '../lines/redact-text.ts'

/** How well something is. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

/** How well one thing is; `unknown` where nobody can tell, which counts for nothing in the whole. */
export type ComponentStatus = HealthStatus | 'unknown'

/** What a check may answer in detail. */
export interface CheckAnswer {
  readonly status: ComponentStatus
  readonly reason?: string | undefined
  /** Numbers and names worth knowing; told without secrets. */
  readonly details?: object | undefined
  /** How old that knowledge is already, in ms; 0 by default. */
  readonly age?: number | undefined
}

/**
 * Finds out how something is: nothing or `true` is healthy, `false` and a failure are unhealthy.
 *
 * `signal` is aborted when the time is up; a check should heed it.
 */
export type Check = (call: { readonly signal: AbortSignal }) => unknown

/** How a check is made. */
export interface CheckOptions {
  /** How long it may take, in ms; 2,000 by default. */
  readonly timeout?: number | undefined
  /** For how long its answer is good, in ms; 1,000 by default, 0 asks every time. */
  readonly cache?: number | undefined
  /** Whether nothing works without it: if it is unhealthy all is, and not merely degraded. `true` by default. */
  readonly critical?: boolean | undefined
  /** Whether it is about this process itself, so that a restart would help: such checks alone decide `live()`. `false` by default. */
  readonly live?: boolean | undefined
  /** Critical checks with the same word stand in for each other: `ready()` says no only when all of them are unhealthy. By default each counts. */
  readonly oneOf?: string | undefined
}

/** How one thing is. */
export interface Component {
  readonly name: string
  readonly status: ComponentStatus
  /** Why it is not healthy. */
  readonly reason?: string
  readonly critical: boolean
  /** How long the check took, in ms. */
  readonly took: number
  /** How old the check's answer was when it was given, in ms: above 0 if it was kept, here or by the check. */
  readonly age: number
  readonly details?: unknown
}

/** A check that has been added. */
export interface AddedCheck {
  readonly name: string
  readonly live: boolean
  readonly critical: boolean
  readonly oneOf: string | undefined
  run(): Promise<Component>
}

const mostAtOnce = 3

/*
 * I1  `run` never rejects, and settles within `timeout` of its beginning, whatever the check does.
 * I2  Callers at the same time share one run, and for `cache` ms its answer, a bad one included.
 * I3  No more than three runs of a check that does not come back are ever there at once.
 */
export function addedCheck(name: string, check: Check, options: CheckSettings, clock: Clock): AddedCheck {
  const { critical, live, oneOf, timeout: ms } = options
  const limited = wrap(timeout(ms, { name, clock }))
  const shared = wrap(options.cache > 0 ? cache({ ttl: options.cache, max: 1, clock }) : coalesce())
  let running = 0

  /** The check itself, counted until it really ends. */
  const counted = async (signal: AbortSignal): Promise<unknown> => {
    running++
    try {
      return await check({ signal })
    } finally {
      running--
    }
  }
  const once = async (): Promise<Kept> => {
    const began = clock.now()
    const answer =
      running >= mostAtOnce
        ? bad(`${running} earlier checks have not come back`)
        : await limited(({ signal }) => counted(signal))
            .then(judged)
            .catch(failed)
    const at = clock.now()
    return { ...answer, name, critical, took: at - began, at }
  }
  return {
    name,
    live,
    critical,
    oneOf,
    async run() {
      const { at, ...component } = await shared(once, { key: name })
      return { ...component, age: component.age + clock.now() - at }
    },
  }
}

/** A check's options, all of them given and checked. */
export type CheckSettings = Required<Defined<Omit<CheckOptions, 'oneOf'>>> & Pick<CheckOptions, 'oneOf'>

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }
type Answer = Pick<Component, 'status' | 'reason' | 'details' | 'age'>
type Kept = Component & { readonly at: number }

const statuses = new Set<unknown>(['healthy', 'degraded', 'unhealthy', 'unknown'] satisfies ComponentStatus[])

function judged(answer: unknown): Answer {
  if (answer === false) return bad('the check said no')
  if (typeof answer !== 'object' || answer === null) return { status: 'healthy', age: 0 }
  const { status = 'healthy', reason, details, age = 0 } = answer as Partial<CheckAnswer>
  if (!statuses.has(status)) {
    return bad(`the check answered with the status ${redactText(JSON.stringify(redact(status)) ?? '')}`)
  }
  return {
    status,
    age: typeof age === 'number' && age > 0 ? age : 0,
    ...(reason !== undefined && { reason: redactText(String(reason)) }),
    ...(details !== undefined && { details: redact(details) }),
  }
}

function failed(error: unknown): Answer {
  return bad(reasonOf(error))
}

function bad(reason: string): Answer {
  return { status: 'unhealthy', reason, age: 0 }
}

/** What an error says, or, if it says nothing, what it is. */
export function reasonOf(error: unknown): string {
  const told = redact(error)
  if (typeof told === 'string') return told
  const { message, code, type } = Object(told) as { readonly [key: string]: unknown }
  const said = [message, code, type].find((part) => typeof part === 'string' && part !== '')
  return typeof said === 'string' ? said.slice(0, 500) : 'it failed without a reason'
}
