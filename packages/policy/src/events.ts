import type { BreakerEvent } from './breaker.ts'
import type { BudgetError } from './errors.ts'

/** Something that happened inside a pipeline: `type` is a past fact, `policy` the name of the one it happened to. */
export type PolicyEvent =
  | { type: 'retry.waited'; policy: string; attempt: number; delay: number; error: unknown }
  | { type: 'retry.gave-up'; policy: string; attempts: number; reason: GiveUpReason; error: unknown }
  | { type: 'budget.exhausted'; policy: string; error: BudgetError }
  | { type: 'timeout.passed'; policy: string; after: number }
  | { type: 'fallback.taken'; policy: string; from: string; to: string; error: unknown }
  | BreakerEvent

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

/** A channel of its own. */
export function channel<E>(): Channel<E> {
  let listeners: readonly ((event: E) => void)[] = []
  return {
    get heard() {
      return listeners.length > 0
    },
    on(listener) {
      const own = (event: E) => listener(event)
      listeners = [...listeners, own]
      return () => {
        listeners = listeners.filter((each) => each !== own)
      }
    },
    emit(event) {
      for (const listener of listeners) tell(listener, event)
    },
  }
}

/** Everything that every policy of this process does. Free while nobody listens. */
export const events: Channel<PolicyEvent> = channel()

function tell<E>(listener: (event: E) => unknown, event: E): void {
  try {
    const told = listener(event)
    if (told instanceof Promise) told.catch(() => {})
  } catch {
    // A listener watches calls; it must not be able to break one.
  }
}
