import type { Clock } from '@holdfast/policy'
import { ProviderFailure } from '../provider-failure.ts'
import { Watchdog } from '../watchdog.ts'

interface LimitsOptions {
  readonly link: string
  readonly clock: Clock
  /** The call's own: its caller went away, or a time-out around it has passed. */
  readonly signal: AbortSignal
}

/**
 * What may end an attempt before its model does: a limit on silence, a time-out around it, its caller.
 *
 * I1  It ends once; whoever waits by `until` at that moment, or waits later, is told with the same failure.
 * I2  `signal` aborts when the attempt ends without an answer, and only then: a connection that did its part can be used again.
 */
export class AttemptLimits {
  readonly #link: string
  readonly #caller: AbortSignal
  readonly #own = new AbortController()
  readonly #watchdog: Watchdog
  #over = false
  #failure: ProviderFailure | undefined
  #giveUp: ((failure: ProviderFailure) => void) | undefined

  constructor({ link, clock, signal }: LimitsOptions) {
    this.#link = link
    this.#caller = signal
    this.#watchdog = new Watchdog(clock, this.#late)
    if (signal.aborted) this.#cancelled()
    else signal.addEventListener('abort', this.#cancelled, { once: true })
  }

  /** For the model. */
  get signal(): AbortSignal {
    return this.#own.signal
  }

  get over(): boolean {
    return this.#over
  }

  /** From now on so many ms may pass without `alive()`. */
  expect(waitingFor: string, limit: number): void {
    if (!this.#over) this.#watchdog.expect(waitingFor, limit)
  }

  alive(): void {
    this.#watchdog.alive()
  }

  /** It is not the model that is waited for. */
  pause(): void {
    this.#watchdog.stop()
  }

  resume(): void {
    if (!this.#over) this.#watchdog.resume()
  }

  /** The promise, or the failure that ends the attempt meanwhile (I1). */
  until<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      promise.then(resolve, reject)
      if (this.#failure) reject(this.#failure)
    })
  }

  /** The attempt is over. Without an answer, the model is told to stop. */
  end(answered: boolean): void {
    this.#over = true
    this.#watchdog.stop()
    this.#caller.removeEventListener('abort', this.#cancelled)
    if (!answered) this.#own.abort(this.#failure ?? new DOMException('no longer wanted', 'AbortError'))
  }

  readonly #late = (waitingFor: string, limit: number): void => {
    this.#fail(
      new ProviderFailure({
        class: 'timeout',
        message: `${this.#link} kept silent for ${limit} ms; waited for ${waitingFor}`,
        code: 'TIMEOUT',
      }),
    )
  }

  readonly #cancelled = (): void => {
    const { reason } = this.#caller
    const late = reason instanceof Error && reason.name === 'TimeoutError'
    this.#fail(
      new ProviderFailure({
        class: late ? 'timeout' : 'cancelled',
        message: late ? `${this.#link} did not finish in time` : `the call to ${this.#link} was cancelled`,
        cause: reason,
      }),
    )
  }

  #fail(failure: ProviderFailure): void {
    if (this.#over) return
    this.#failure = failure
    this.end(false)
    this.#giveUp?.(failure)
  }
}
