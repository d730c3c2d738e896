import { apart } from '../pipeline/apart.ts'
import type { Call } from '../pipeline/work.ts'

/*
 * Calls that want the same thing at the same time wait for one run of the work: a flight.
 *
 * I1  A key has at most one flight that can be joined.
 * I2  A flight that nobody waits for any more is aborted, and cannot be joined from that moment on.
 * I3  Who waits is settled once: by what the flight came to, or at once by the reason of its own signal. No listener stays on that signal.
 * I4  What can be joined is in the air: a flight that has landed, was aborted or was let go is not kept.
 */

/** What is in the air, by key. */
export class Flights {
  readonly #joinable = new Map<string, Flight>()

  get size(): number {
    return this.#joinable.size
  }

  /** How many calls wait for a flight that can be joined. */
  get waiting(): number {
    let sum = 0
    for (const { waiting } of this.#joinable.values()) sum += waiting
    return sum
  }

  has(key: string): boolean {
    return this.#joinable.get(key) !== undefined
  }

  /** Waits, until `call.signal` aborts, for the flight of that key; `work` starts one if there is none. */
  join<T>(key: string, call: Call, work: (flight: Flight) => T | PromiseLike<T>): Promise<T> {
    if (call.signal.aborted) return Promise.reject(call.signal.reason)
    const known = this.#joinable.get(key)
    if (known !== undefined) return known.wait(call.signal) as Promise<T>
    const flight = new Flight(call, () => {
      if (this.#joinable.get(key) === flight) this.#joinable.delete(key)
    })
    this.#joinable.set(key, flight)
    const landed = flight.wait(call.signal) as Promise<T>
    flight.start(work)
    return landed
  }

  /** Whoever waits goes on waiting, but nobody joins the flight of that key any more. */
  letGo(key: string): void {
    this.#joinable.get(key)?.close()
  }

  letAllGo(): void {
    for (const flight of this.#joinable.values()) flight.close()
  }
}

interface Waiter {
  readonly signal: AbortSignal
  /** The signal was aborted. */
  handleEvent(): void
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The call that shared work is given: as its first caller's, but with a signal of its own, and no deadline since a later one may join. */
export class Flight implements Call {
  readonly deadline = Infinity
  readonly #first: Call
  readonly #controller = new AbortController()
  readonly #waiters = new Set<Waiter>()
  readonly #closed: () => void
  #joinable = true

  constructor(first: Call, closed: () => void) {
    this.#first = first
    this.#closed = closed
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get attempt(): number {
    return this.#first.attempt
  }

  get key(): string | undefined {
    return this.#first.key
  }

  get operation(): string | undefined {
    return this.#first.operation
  }

  get priority(): number | undefined {
    return this.#first.priority
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#first.headers
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Whether a newcomer would be given what this flight comes to. */
  get joinable(): boolean {
    return this.#joinable
  }

  start(work: (flight: Flight) => unknown): void {
    let answer: Promise<unknown>
    try {
      answer = Promise.resolve(apart(() => work(this)))
    } catch (error) {
      answer = Promise.reject(error)
    }
    answer.then(
      (value) => this.#land((waiter) => waiter.resolve(value)),
      (error) => this.#land((waiter) => waiter.reject(error)),
    )
  }

  wait(signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { signal, resolve, reject, handleEvent: () => this.#leave(waiter) }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', waiter)
    })
  }

  close(): void {
    this.#joinable = false
    this.#closed()
  }

  #leave(waiter: Waiter): void {
    const { reason } = waiter.signal
    this.#forget(waiter)
    waiter.reject(reason)
    if (this.#waiters.size > 0) return
    this.close()
    this.#controller.abort(reason)
  }

  #land(settle: (waiter: Waiter) => void): void {
    this.close()
    for (const waiter of this.#waiters) {
      this.#forget(waiter)
      settle(waiter)
    }
  }

  #forget(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    waiter.signal.removeEventListener('abort', waiter)
  }
}
