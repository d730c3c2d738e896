import { type Clock, systemClock } from './clock.ts'
import { DeadlineError, demand, TimeoutError } from './errors.ts'
import { events } from './events.ts'
import type { Run } from './run.ts'
import type { Stage } from './stage.ts'

/** How a timeout ends a call, what it is called in events and errors, and its clock. */
export interface TimeoutOptions {
  readonly mode?: 'aggressive' | 'cooperative'
  readonly name?: string
  readonly clock?: Clock
}

/**
 * Allows what is inside it `ms` milliseconds, then fails with `TimeoutError`.
 *
 * Aggressive (the default): the signal is aborted and the call settles at once; what the work does later is ignored.
 * Cooperative: the signal is aborted and the call waits for the work. If the work still succeeds its value stands; if it
 * fails, its failure is the `cause` of the `TimeoutError`.
 */
export function timeout(ms: number, options: TimeoutOptions = {}): Stage {
  const { mode = 'aggressive', name = 'timeout', clock = systemClock } = options
  demand(ms > 0, 'timeout: ms', ms, 'a number of ms above 0')
  demand(
    mode === 'aggressive' || mode === 'cooperative',
    'timeout: mode',
    mode,
    "'aggressive' or 'cooperative'",
  )
  const passed = (cause?: unknown): TimeoutError => {
    if (events.heard) events.emit({ type: 'timeout.passed', policy: name, after: ms })
    return new TimeoutError(name, ms, cause === undefined ? undefined : { cause })
  }
  const atOnce = mode === 'aggressive'
  return {
    name,
    clock,
    mode,
    enter(run, slot) {
      const now = clock.now()
      const at = now + ms
      const cancel = clock.after(
        ms,
        () => run.interrupt({ is: 'timeout', slot, error: passed() }, atOnce),
        now,
      )
      run.memo[slot] = { at, outer: run.deadline, cancel } satisfies Armed
      run.deadline = Math.min(run.deadline, at)
    },
    leave(run, slot) {
      const { at, outer, cancel } = run.memo[slot] as Armed
      cancel()
      run.deadline = outer
      if (overtaken(run) && clock.now() >= at) run.fail(passed(run.error))
      return undefined
    },
  }
}

interface Armed {
  readonly at: number
  /** The deadline outside this timeout. */
  readonly outer: number
  readonly cancel: () => void
}

/** A pipeline inside, given this timeout's limit as its deadline, may notice first that it passed. */
function overtaken(run: Run): boolean {
  return run.failed && run.interruption === undefined && run.error instanceof DeadlineError
}
