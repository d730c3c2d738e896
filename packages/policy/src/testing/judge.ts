import type { Gauge, Trip } from '../breaker/trip.ts'
import type { LoadShape } from './load-shapes.ts'
import type { Traffic } from './traffic.ts'

/** What came of one trip on one shape's traffic. */
export interface Judgement {
  /** When the closed breaker opened, in ms. */
  readonly opened: readonly number[]
  /** Times it opened while nothing was wrong. */
  readonly falseTrips: number
  /** Ms from the start of the fault until it opened, if it did while there was a fault. */
  readonly detectedAfter: number | undefined
  /** Calls that reached the work and failed. */
  readonly failed: number
  /** Calls turned away that would have succeeded. */
  readonly goodRefused: number
  /** Calls turned away that would have failed. */
  readonly badRefused: number
  /** Seconds beyond the first that calls spent in the work. */
  readonly wasted: number
}

/** What a refused call costs, as a share of a failed one: where it is simply lost, and where a fallback answers in its place. */
export const prices = { alone: 1, fallback: 0.05 } as const

/** Seconds wasted that count as one failed call. */
const PATIENCE = 10

/** How long an opened breaker stays open, in ms; the same for every trip. */
const OPEN_FOR = 10_000

/**
 * What was lost, in failed calls: those that failed in the work, those refused at their price, and 1 for each 10 s wasted.
 * Alone, refusing a call that would have failed anyway costs nothing; with a fallback each refused call costs the detour.
 */
export function losses(judged: Judgement, price: keyof typeof prices): number {
  const refused = judged.goodRefused + (price === 'fallback' ? judged.badRefused : 0)
  return judged.failed + refused * prices[price] + judged.wasted / PATIENCE
}

/**
 * Runs one trip through one shape's traffic, in no time.
 *
 * Around the trip's own gauge stands the least of breakers: open for 10 s, then one probe, which closes it or opens it again.
 */
export function judge(trip: Trip, shape: LoadShape, traffic: Traffic): Judgement {
  const { calls, start, took, failed, ending } = traffic
  const door = new Door(trip)
  const permits = new Int32Array(calls)
  const lost = { failed: 0, goodRefused: 0, badRefused: 0, wasted: 0 }
  let ended = 0
  const end = (until: number) => {
    for (; ended < calls; ended++) {
      const call = ending[ended]!
      const at = start[call]! + took[call]!
      if (at > until) return
      if (permits[call] !== REFUSED) door.leave(at, permits[call]!, failed[call] === 1, took[call]!)
    }
  }
  for (let call = 0; call < calls; call++) {
    end(start[call]!)
    const permit = door.enter(start[call]!)
    permits[call] = permit
    if (permit !== REFUSED) {
      lost.failed += failed[call]!
      lost.wasted += Math.max(0, took[call]! / 1_000 - 1)
    } else if (failed[call] === 1) lost.badRefused++
    else lost.goodRefused++
  }
  end(Infinity)
  const during = (time: number) =>
    shape.fault !== undefined && time >= shape.fault.from && time < shape.fault.until
  const detected = door.opened.find(during)
  return {
    ...lost,
    opened: door.opened,
    falseTrips: door.opened.filter((time) => !during(time)).length,
    detectedAfter: detected === undefined ? undefined : detected - shape.fault!.from,
  }
}

const REFUSED = -1

/** A breaker reduced to what a trip meets: each transition starts a generation, and older results change nothing. */
class Door {
  readonly opened: number[] = []
  readonly #gauge: Gauge
  #now = 0
  #is: 'closed' | 'open' | 'half-open' = 'closed'
  #until = 0
  #generation = 0

  constructor(trip: Trip) {
    this.#gauge = trip.gauge({ now: () => this.#now, after: () => () => {} })
  }

  enter(now: number): number {
    this.#now = now
    if (this.#is === 'closed') return this.#generation
    if (now < this.#until) return REFUSED
    // The probe: the next newcomer may take its place after one open time.
    this.#become('half-open', now + OPEN_FOR)
    return this.#generation
  }

  leave(now: number, permit: number, failed: boolean, ms: number): void {
    this.#now = now
    if (permit !== this.#generation) return
    if (this.#is === 'half-open') {
      const bad = failed || this.#gauge.isSlow?.(ms) === true
      this.#become(bad ? 'open' : 'closed', now + OPEN_FOR)
      if (!bad) this.#gauge.clear()
    } else if (this.#gauge.record(failed, this.#gauge.timed ? ms : 0)) {
      this.#become('open', now + OPEN_FOR)
      this.opened.push(now)
    }
  }

  #become(is: 'closed' | 'open' | 'half-open', until: number): void {
    this.#is = is
    this.#until = until
    this.#generation++
  }
}
