import type { Clock } from '@holdfast/policy'

/**
 * One limit at a time on how long the other side may be silent.
 * A sign of life costs one clock reading, not a timer: the timer looks, when it fires, how long ago the last sign was.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #late: (waitingFor: string, limit: number) => void
  #limit = 0
  #waitingFor = ''
  #since = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, late: (waitingFor: string, limit: number) => void) {
    this.#clock = clock
    this.#late = late
  }

  /** From now on `limit` ms may pass without `alive()`; replaces the limit before. */
  expect(waitingFor: string, limit: number): void {
    this.stop()
    this.#waitingFor = waitingFor
    this.#limit = limit
    this.#since = this.#clock.now()
    this.#cancel = this.#clock.after(limit, this.#look)
  }

  alive(): void {
    this.#since = this.#clock.now()
  }

  /** Expects again, from now on, what was expected when it was stopped. */
  resume(): void {
    this.expect(this.#waitingFor, this.#limit)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  readonly #look = (): void => {
    const left = this.#since + this.#limit - this.#clock.now()
    if (left > 0) this.#cancel = this.#clock.after(left, this.#look)
    else {
      this.#cancel = undefined
      this.#late(this.#waitingFor, this.#limit)
    }
  }
}
