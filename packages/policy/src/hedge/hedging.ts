import type { Plan } from '../pipeline/stage.ts'
import type { HedgeSettings, HedgeStatus } from './hedge.ts'
import { Quantile } from './quantile.ts'
import type { Entrant } from './race.ts'

/** Answers that must be known before a quantile of them is believed. */
const ENOUGH = 20

/** What all calls under one hedge share. */
export class Hedging {
  readonly name: string
  readonly settings: HedgeSettings
  readonly plan: Plan
  counts = { calls: 0, hedges: 0, won: 0, refused: 0 }
  readonly #quantile: Quantile | undefined

  constructor(name: string, settings: HedgeSettings) {
    const { delay, clock } = settings
    this.name = name
    this.settings = settings
    this.plan = {
      stages: [],
      hooks: { enter: [], leave: [] },
      nested: true,
      clock,
      hasty: false,
      patient: true,
      inside: undefined,
    }
    this.#quantile = typeof delay === 'number' ? undefined : new Quantile(delay.quantile)
  }

  /** How long to wait for an answer now, in ms; nothing, if nobody can tell yet. */
  get delay(): number | undefined {
    const { delay } = this.settings
    if (typeof delay === 'number') return delay
    const quantile = this.#quantile!
    if (quantile.known >= ENOUGH) return Math.min(delay.max, Math.max(delay.min, quantile.value!))
    return delay.max === Infinity ? undefined : delay.max
  }

  /** The time, if anyone has to know it. */
  now(): number {
    return this.#quantile === undefined ? 0 : this.settings.clock.now()
  }

  /**
   * A call is answered; `eldest` is the first of its attempts that goes on, the answering one included. Remembers how long the call's very first attempt
   * took, or, if it was overtaken, that it took at least so long.
   *
   * Without those that were overtaken the slow ones would never be seen, and the quantile would sink with each hedge that wins.
   */
  took(eldest: Entrant): void {
    if (eldest.order === 1) this.#quantile?.record(this.now() - eldest.since)
  }

  status(): HedgeStatus {
    return { name: this.name, ...this.counts, delay: this.delay }
  }

  reset(): void {
    this.counts = { calls: 0, hedges: 0, won: 0, refused: 0 }
    this.#quantile?.clear()
  }
}
