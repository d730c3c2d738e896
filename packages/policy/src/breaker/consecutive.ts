import { demand } from '../errors.ts'
import type { Gauge, Trip, TripCounts } from './trip.ts'

/** Opens a breaker after `failures` failures in a row (5). The cheapest trip, and the one to take where calls are few. */
export function consecutive(failures = 5): Trip {
  demand(
    Number.isInteger(failures) && failures >= 1,
    'consecutive: failures',
    failures,
    'a whole number from 1',
  )
  return { kind: 'consecutive', settings: { failures }, gauge }
}

/** One function for all, so that equal trips can be told to be equal. */
function gauge(this: Trip): Gauge {
  return new Row((this.settings as { readonly failures: number }).failures)
}

class Row implements Gauge {
  #most: number
  #failures = 0

  constructor(most: number) {
    this.#most = most
  }

  get timed(): boolean {
    return false
  }

  record(failed: boolean): boolean {
    if (!failed) {
      this.#failures = 0
      return false
    }
    return ++this.#failures >= this.#most
  }

  counts(): TripCounts {
    const failures = this.#failures
    return { calls: failures, failures, slow: 0, inARow: failures, rate: failures > 0 ? 1 : 0, slowRate: 0 }
  }

  retune(fresh: Gauge): boolean {
    if (!(fresh instanceof Row)) return false
    this.#most = fresh.#most
    return true
  }

  clear(): void {
    this.#failures = 0
  }
}
