import type { BreakerEvent } from './breaker/breaker.ts'
import type { BudgetError } from './errors.ts'
import type { BulkheadEvent } from './limits/bulkhead.ts'
import type { ConcurrencyLimitEvent } from './limits/concurrency-limit.ts'
import type { RateLimitEvent } from './limits/rate-limit.ts'

/** Something that happened inside a pipeline: `type` is a past fact, `policy` the name of the one it happened to. */
export type PolicyEvent =
  | { type: 'retry.waited'; policy: string; attempt: number; delay: number; error: unknown }
  | { type: 'retry.gave-up'; policy: string; attempts: number; reason: GiveUpReason; error: unknown }
  | { type: 'budget.exhausted'; policy: string; error: BudgetError }
  | { type: 'hedge.started'; policy: string; attempt: number; reason: 'delay' | 'failure' }
  | { type: 'hedge.won'; policy: string; attempt: number }
  | { type: 'timeout.passed'; policy: string; after: number }
  | { type: 'fallback.taken'; policy: string; from: string; to: string; error: unknown }
  | { type: 'fallback.answered'; policy: string; link: string }
  | { type: 'coalesce.joined'; policy: string; key: string }
  | { type: 'cache.answered'; policy: string; key: string; state: 'fresh' | 'stale' | 'stale-if-error' }
  | { type: 'cache.refresh-failed'; policy: string; key: string; error: unknown }
  | { type: 'chaos.injected'; policy: string; does: 'fault' | 'latency' | 'outcome' | 'behaviour' }
  | BreakerEvent
  | BulkheadEvent
  | ConcurrencyLimitEvent
  | RateLimitEvent

/** Why a retry did not try again. */
export type GiveUpReason = 'attempts' | 'not-retryable' | 'retry-after' | 'deadline' | 'budget'

/** Where facts are told to whoever listens. */
export interface Channel<E> {
  /** Whether anyone listens; ask before building an event. */
  readonly heard: boolean
  /** Adds a listener; the answer takes it away. What a listener throws or rejects with is dropped. */
  on(listener: (event: E) => void): () => void
  /** Tells every listener, in the order they came. */
  emit(event: E): void
}

/** Another place where facts are told, while somebody listens there; a channel of `node:diagnostics_channel` is one. */
export interface Outlet {
  readonly hasSubscribers: boolean
  publish(event: unknown): void
}

/** A channel of its own. */
export function channel<E>(): Channel<E> {
  return new Listeners()
}

class Listeners<E> implements Channel<E> {
  /** Where else it is told. */
  outlet: Outlet | undefined = undefined
  #listened = false
  #listeners: readonly ((event: E) => void)[] = []

  get heard(): boolean {
    return this.#listened || this.outlet?.hasSubscribers === true
  }

  on(listener: (event: E) => void): () => void {
    const own = (event: E) => listener(event)
    this.#become([...this.#listeners, own])
    return () => this.#become(this.#listeners.filter((each) => each !== own))
  }

  emit(event: E): void {
    for (const listener of this.#listeners) tell(listener, event)
    if (this.outlet?.hasSubscribers) this.outlet.publish(event)
  }

  #become(listeners: readonly ((event: E) => void)[]): void {
    this.#listeners = listeners
    this.#listened = listeners.length > 0
  }
}

const all = new Listeners<PolicyEvent>()

/** Everything that every policy of this process does. Free while nobody listens. */
export const events: Channel<PolicyEvent> = all

/** Tells all events at another place as well: the door for Node, on a diagnostics channel. */
export function alsoTo(outlet: Outlet): void {
  all.outlet = outlet
}

/** Calls a listener, and drops what it throws or rejects with. */
export function tell<E>(listener: (event: E) => unknown, event: E): void {
  try {
    const told = listener(event)
    if (told instanceof Promise) told.catch(() => {})
  } catch {
    // A listener watches calls; it must not be able to break one.
  }
}
