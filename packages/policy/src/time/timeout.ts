import { DeadlineError, demand, TimeoutError } from '../errors.ts'
import { events } from '../events.ts'
import { demandOptions } from '../options.ts'
import { Limit } from '../pipeline/limit.ts'
import type { Run } from '../pipeline/run.ts'
import type { Stage } from '../pipeline/stage.ts'
import { type Clock, systemClock } from './clock.ts'

/** How a timeout ends a call, what it is called in events and errors, and its clock. */
export interface TimeoutOptions {
  readonly mode?: 'aggressive' | 'cooperative' | undefined
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
}

/**
 * Allows what is inside it `ms` milliseconds, then fails with `TimeoutError`.
 *
 * Aggressive (the default): the signal is aborted and the call settles at once; what the work does later is ignored.
 * Cooperative: the signal is aborted and the call waits for the work. If the work still succeeds its value stands; if it
 * fails, its failure is the `cause` of the `TimeoutError`.
 */
export function timeout(ms: number, options: TimeoutOptions = {}): Stage {
  demandOptions('timeout', options, ['mode', 'name', 'clock'])
  const { mode = 'aggressive', name = 'timeout', clock = systemClock } = options
  demand(typeof ms === 'number' && ms > 0, 'timeout: ms', ms, 'a number of ms above 0')
  demand(
    mode === 'aggressive' || mode === 'cooperative',
    'timeout: mode',
    mode,
    "'aggressive' or 'cooperative'",
  )
  return new Timeout(ms, mode, name, clock)
}

class Timeout implements Stage {
  readonly ms: number
  readonly mode: 'aggressive' | 'cooperative'
  readonly name: string
  readonly clock: Clock

  constructor(ms: number, mode: 'aggressive' | 'cooperative', name: string, clock: Clock) {
    this.ms = ms
    this.mode = mode
    this.name = name
    this.clock = clock
  }

  enter(run: Run, slot: number): undefined {
    const armed = new Armed(this, run, slot)
    armed.arm(this.clock)
    run.memo[slot] = run.limit = armed
  }

  leave(run: Run, slot: number): undefined {
    const armed = run.memo[slot] as Armed
    armed.disarm()
    run.limit = armed.outer
    if (!run.failed && run.interruption === undefined) return
    if (overtaken(run) && this.clock.now() >= armed.settle(this.clock)) {
      run.fail(new TimeoutError(this.name, this.ms, { cause: run.error }))
    } else if (run.interruption?.slot !== slot) return
    if (events.heard) events.emit({ type: 'timeout.passed', policy: this.name, after: this.ms })
  }
}

class Armed extends Limit {
  readonly #timeout: Timeout
  readonly #run: Run
  readonly #slot: number
  readonly outer: Limit | undefined

  constructor(timeout: Timeout, run: Run, slot: number) {
    super()
    this.#timeout = timeout
    this.#run = run
    this.#slot = slot
    this.outer = run.limit
  }

  get ms(): number {
    return this.#timeout.ms
  }

  fire(): void {
    const { name, ms, mode } = this.#timeout
    this.#run.interrupt(
      { is: 'timeout', slot: this.#slot, error: new TimeoutError(name, ms) },
      mode === 'aggressive',
    )
  }
}

/** A pipeline inside, given this timeout's limit as its deadline, may notice first that it passed. */
function overtaken(run: Run): boolean {
  return run.failed && run.interruption === undefined && !run.refused && run.error instanceof DeadlineError
}
