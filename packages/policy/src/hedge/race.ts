import type { Allowance } from '../budget/account.ts'
import { HedgeLostError, RejectedError } from '../errors.ts'
import { events } from '../events.ts'
import { atOnce } from '../options.ts'
import { Attempt } from '../pipeline/attempt.ts'
import { type Interruption, Run } from '../pipeline/run.ts'
import type { Call, Work } from '../pipeline/work.ts'
import { withhold } from '../retry/withheld.ts'
import { Timer } from '../time/timer.ts'
import type { Hedging } from './hedging.ts'

/*
 * One call under a hedge: the same work, once or more at a time.
 *
 * I1  It settles once: with the first success, or with the last failure when every attempt has failed.
 * I2  No attempt begins after it has settled, was interrupted or has passed its deadline.
 * I3  When it settles or is interrupted, every attempt that goes on is told to stop, and no timer and no listener is left.
 * I4  What it begins with its budget it ends once, and what it takes it releases once: when that attempt ends or is told to stop.
 */
export class Race<T> extends Run {
  readonly #hedging: Hedging
  readonly #work: Work<T>
  readonly #running = new Set<Entrant>()
  #allowance: Allowance | undefined = undefined
  #pause: Pause | undefined = undefined
  #over = false
  /** Whether there will be no further attempt. */
  #full = false
  #settle: { resolve(value: T | PromiseLike<T>): void; reject(error: unknown): void } | undefined = undefined

  constructor(hedging: Hedging, work: Work<T>, call: Call) {
    super(hedging.plan, call)
    this.#hedging = hedging
    this.#work = work
  }

  run(): Promise<T> {
    this.#hedging.counts.calls++
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      if (this.interruption !== undefined) return this.#end(this.interruption.error)
      this.#allowance = this.#hedging.settings.budget?.begin(this)
      this.#begin()
      this.#await()
    })
  }

  override interrupt(interruption: Interruption, atOnce: boolean): void {
    super.interrupt(interruption, atOnce)
    // The caller may have left before there was anything to stop.
    if (#running in this) this.#stop(interruption.error, interruption.is === 'abort' ? undefined : true)
  }

  #begin(): void {
    this.attempt++
    const entrant = new Entrant(this, this.#hedging.now())
    this.#running.add(entrant)
    this.#answer(entrant).then(
      (value) => this.#succeeded(entrant, value),
      (error) => this.#failed(entrant, error),
    )
  }

  #answer(entrant: Entrant): Promise<T> {
    try {
      return Promise.resolve(this.#work(entrant))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Waits for an answer, and no longer than it is worth. By a promise, so that what follows is in the call's own context. */
  #await(): void {
    this.#pause?.disarm()
    this.#pause = undefined
    if (this.#full || this.attempt > this.#hedging.settings.max) return
    const delay = this.#hedging.delay
    if (delay === undefined) return
    const passed = new Promise<Pause>((resolve) => {
      this.#pause = new Pause(delay, resolve)
      this.#pause.arm(this.clock)
    })
    passed.then((pause) => {
      if (this.#pause === pause) this.#again('delay', false)
    })
  }

  /** Begins another attempt, if there may be one; whether it did. */
  #again(reason: 'delay' | 'failure', failed: boolean, error?: unknown): boolean {
    const { settings, name, counts } = this.#hedging
    if (this.#full || this.attempt > settings.max || this.#late()) return false
    if (this.#allowance !== undefined && !this.#allowance.withdraw('hedge', failed)) {
      counts.refused++
      this.#cease()
      const { operation } = this.options as Call
      withhold({ budget: settings.budget!, allowance: this.#allowance, operation }, error)
      return false
    }
    counts.hedges++
    this.#begin()
    if (events.heard) events.emit({ type: 'hedge.started', policy: name, attempt: this.attempt, reason })
    this.#await()
    return true
  }

  #late(): boolean {
    return this.callerDeadline !== Infinity && this.clock.now() >= this.callerDeadline
  }

  #succeeded(entrant: Entrant, value: T): void {
    if (this.#over) return
    const [eldest] = this.#running
    this.#hedging.took(eldest!)
    this.#running.delete(entrant)
    this.#release(entrant)
    if (entrant.order > 1) this.#won(entrant.order)
    this.#over = true
    this.close()
    this.#stop(this.#running.size > 0 ? new HedgeLostError(this.#hedging.name) : undefined, false)
    this.#settle!.resolve(value)
  }

  #won(attempt: number): void {
    const { name, counts } = this.#hedging
    counts.won++
    if (events.heard) events.emit({ type: 'hedge.won', policy: name, attempt })
  }

  #failed(entrant: Entrant, error: unknown): void {
    if (this.#over) return
    this.#running.delete(entrant)
    this.#release(entrant)
    if (this.interruption !== undefined) {
      if (this.#running.size === 0) this.#end(this.interruption.error)
      return
    }
    const failed = error instanceof RejectedError ? undefined : true
    try {
      if (atOnce('hedge.when', this.#hedging.settings.when(error))) {
        if (this.#again('failure', failed === true, error)) return
      } else this.#cease()
    } catch (thrown) {
      this.#stop(thrown, failed)
      return this.#end(thrown)
    }
    if (this.#running.size === 0) {
      this.#stop(undefined, failed)
      return this.#end(error)
    }
    if (failed) this.#allowance?.failed()
  }

  #cease(): void {
    this.#full = true
    this.#pause?.disarm()
    this.#pause = undefined
  }

  /** Stops what goes on, and settles with the budget. */
  #stop(reason: unknown, failed: boolean | undefined): void {
    this.#cease()
    for (const entrant of this.#running) this.#release(entrant)
    this.#allowance?.end(failed)
    this.#allowance = undefined
    for (const entrant of this.#running) entrant.stop(reason, false) // last, since whoever is told may do anything
  }

  #release(entrant: Entrant): void {
    if (entrant.order > 1) this.#allowance?.release()
  }

  #end(error: unknown): void {
    this.#over = true
    this.close()
    this.#settle!.reject(error)
  }
}

/** One attempt, and when it began. */
export class Entrant extends Attempt {
  /** 1 for the first attempt, and for each one more. */
  readonly order: number
  readonly since: number

  constructor(race: Run, since: number) {
    super(race)
    this.order = race.attempt
    this.since = since
  }
}

class Pause extends Timer {
  readonly ms: number
  readonly #passed: (self: Pause) => void

  constructor(ms: number, passed: (self: Pause) => void) {
    super()
    this.ms = ms
    this.#passed = passed
  }

  fire(): void {
    this.#passed(this)
  }
}
