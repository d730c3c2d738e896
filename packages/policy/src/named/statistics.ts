import { RejectedError } from '../errors.ts'
import { demandOptions, demandSwitch } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Stage } from '../pipeline/stage.ts'
import { systemClock } from '../time/clock.ts'
import { coarseNow } from '../time/tick.ts'
import { Histogram } from './histogram.ts'

/** What to keep beside the counts. */
export interface StatisticsOptions {
  /** Whether to keep durations: at most 500 bytes, 100 as a rule. */
  readonly durations?: boolean | undefined
  readonly name?: string | undefined
}

/**
 * How the calls ended that a pipeline was given.
 *
 * `rejected` were turned away by a policy, `aborted` were left by their caller, `failures` are all others that did not succeed; what a fallback saved
 * is a success.
 */
export interface CallCounts {
  readonly calls: number
  readonly successes: number
  readonly failures: number
  readonly rejected: number
  readonly aborted: number
  readonly inFlight: number
}

/** How long calls took of late, in ms, within 10 %: those that succeeded or failed, all waits and attempts included. */
export interface Durations {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface StatisticsStatus {
  readonly name: string
  readonly counts: CallCounts
  /** Undefined if none are kept, or no call was timed in the last minutes. */
  readonly durations: Durations | undefined
}

/** A stage that changes nothing, and knows how calls went. */
export interface Statistics extends Stage {
  status(): StatisticsStatus
  /** Begins to count anew; calls in flight stay in flight. */
  reset(): void
}

/**
 * Counts the calls of one pipeline and samples their durations; it belongs outermost, and `policy` puts one there.
 *
 * When calls come fast, one in each 8 ms is timed, now an early and now a late one, so that the others do not pay for it; on a clock other than
 * the system's every call is. Durations are kept for some minutes, the older ones with less and less weight.
 */
export function statistics(options: StatisticsOptions = {}): Statistics {
  demandOptions('statistics', options, ['durations', 'name'])
  const { durations = true, name = 'statistics' } = options
  demandSwitch('statistics.durations', durations)
  return new Watch(name, durations)
}

/** Whether a policy is such a stage. */
export function isStatistics(policy: unknown): policy is Statistics {
  return policy instanceof Watch
}

/** Integers of 30 bits stay in place; others would be objects of their own. */
const WHOLE = 2 ** 30
/** Steps of this length, the golden section, fall evenly on a circle, however many there are. */
const STEP = Math.floor((WHOLE * (Math.sqrt(5) - 1)) / 2)

/*
 * I1  calls = successes + failures + rejected + aborted + in flight, at any moment.
 * I2  Of the calls of one tick at most one is timed; of a tick after one with a single call, the first.
 * I3  A call that is neither timed nor failed costs counts only: no clock of its own, no allocation.
 */
class Watch implements Statistics {
  readonly name: string
  readonly #histogram: Histogram | undefined
  #clock = systemClock
  #calls = 0
  #successes = 0
  #failures = 0
  #rejected = 0
  #aborted = 0
  /** The time at which it began, in 64ths of a ms, without the high bits. */
  #tick = -1
  /** Calls in the tick that is on, and how many of them to let pass before one is timed. */
  #seen = 0
  #skip = 0
  #phase = 0

  constructor(name: string, durations: boolean) {
    this.name = name
    this.#histogram = durations ? new Histogram() : undefined
  }

  enter(run: Run, slot: number): undefined {
    this.#calls++
    run.memo[slot] = this.#histogram !== undefined && this.#picks(run) ? run.clock.now() : undefined
  }

  leave(run: Run, slot: number): undefined {
    if (!run.failed) this.#successes++
    else if (run.interruption?.is === 'abort') {
      this.#aborted++
      return
    } else if (run.refused || run.error instanceof RejectedError) {
      this.#rejected++
      return
    } else this.#failures++
    const began = run.memo[slot] as number | undefined
    if (began === undefined) return
    this.#clock = run.clock
    const now = this.#clock.now()
    this.#histogram!.record(now - began, now)
  }

  status(): StatisticsStatus {
    const counts = {
      calls: this.#calls,
      successes: this.#successes,
      failures: this.#failures,
      rejected: this.#rejected,
      aborted: this.#aborted,
      inFlight: this.#inFlight(),
    }
    return { name: this.name, counts, durations: this.#durations() }
  }

  reset(): void {
    this.#calls = this.#inFlight()
    this.#successes = this.#failures = this.#rejected = this.#aborted = 0
    this.#histogram?.clear()
  }

  /** Whether to time this call. */
  #picks({ clock }: Run): boolean {
    if (clock !== systemClock) return true
    const tick = (coarseNow() * 64) & (WHOLE - 1)
    if (tick === this.#tick) this.#seen++
    else {
      this.#phase = (this.#phase + STEP) & (WHOLE - 1)
      this.#skip = Math.floor((this.#phase / WHOLE) * this.#seen)
      this.#seen = 1
      this.#tick = tick
    }
    return this.#skip-- === 0
  }

  #inFlight(): number {
    return this.#calls - this.#successes - this.#failures - this.#rejected - this.#aborted
  }

  #durations(): Durations | undefined {
    const now = this.#clock.now()
    const at = (q: number): number | undefined => this.#histogram?.quantile(q, now)
    const max = at(1)
    return max === undefined ? undefined : { p50: at(0.5)!, p90: at(0.9)!, p99: at(0.99)!, max }
  }
}
