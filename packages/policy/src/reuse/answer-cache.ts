import { OptionError, TimeoutError } from '../errors.ts'
import { events } from '../events.ts'
import { atOnce, isNumber } from '../options.ts'
import type { Call, Work } from '../pipeline/work.ts'
import { roughNow } from '../time/clock.ts'
import type { CacheSettings, CacheStatus } from './cache.ts'
import { type Flight, Flights } from './flights.ts'
import { Lru } from './lru.ts'

/** What an answer of that age is good for: to be given, given while another is fetched, given when the work fails, nothing. */
export type Standing = 'fresh' | 'stale' | 'spare' | 'gone'

/** Decides by age, in ms. */
export function standing(
  age: number,
  terms: Pick<CacheSettings, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'>,
): Standing {
  if (age < terms.ttl) return 'fresh'
  if (age < terms.ttl + terms.staleWhileRevalidate) return 'stale'
  return age < terms.ttl + terms.staleIfError ? 'spare' : 'gone'
}

interface Answer {
  readonly value: unknown
  /** When it came, in ms on the cache's clock. */
  readonly since: number
}

/** What a flight brings: a new value, or the old one and why there is no new one. */
type Fetched =
  | { readonly is: 'new'; readonly value: unknown }
  | { readonly is: 'old'; readonly value: unknown; readonly error: unknown }

/*
 * I1  A key has at most one flight that can write its answer, be it a miss or a refresh.
 * I2  What was dropped does not come back: a flight that began before its key was dropped writes nothing.
 * I3  Only an answer of the work is ever written, and a failure takes none away.
 * I4  A refresh is no caller's: nobody's leaving ends it, its failure reaches nobody, and it is given up in the end.
 * I5  Every call with a key is one of hits, staleHits and misses.
 */
export class AnswerCache {
  readonly #name: string
  readonly #settings: CacheSettings
  readonly #kept: Lru<Answer>
  readonly #flights = new Flights()
  #counts = none()

  constructor(name: string, settings: CacheSettings) {
    this.#name = name
    this.#settings = settings
    this.#kept = new Lru(settings.max, settings.maxSize)
  }

  answer<T>(key: string, call: Call, work: Work<T>): T | Promise<T> {
    const known = this.#kept.get(key)
    const is = known === undefined ? 'gone' : this.#standing(known)
    if (known !== undefined && (is === 'fresh' || is === 'stale')) {
      if (is === 'fresh') this.#counts.hits++
      else {
        this.#counts.staleHits++
        this.#refresh(key, call, work)
      }
      this.#tell(key, is)
      return known.value as T
    }
    if (is === 'gone') this.#kept.delete(key)
    this.#counts.misses++
    return this.#fetched(key, call, work) as Promise<T>
  }

  invalidate(key: string): boolean {
    const flew = this.#flights.has(key)
    this.#flights.letGo(key)
    return this.#kept.delete(key) || flew
  }

  clear(): void {
    this.#flights.letAllGo()
    this.#kept.clear()
  }

  reset(): void {
    this.clear()
    this.#counts = none()
  }

  status(): CacheStatus {
    const { size, total: totalSize } = this.#kept
    return { name: this.#name, size, totalSize, inFlight: this.#flights.size, ...this.#counts }
  }

  async #fetched(key: string, call: Call, work: Work<unknown>): Promise<unknown> {
    const fetched = await this.#flights.join(key, call, (flight) => this.#fetch(key, flight, work))
    if (fetched.is === 'old') {
      this.#counts.errorsAnswered++
      this.#tell(key, 'stale-if-error')
    }
    return fetched.value
  }

  /** Does the work on behalf of all who wait for the flight. */
  async #fetch(key: string, flight: Flight, work: Work<unknown>): Promise<Fetched> {
    let value: unknown
    try {
      value = await work(flight)
    } catch (error) {
      const old = this.#kept.peek(key)
      if (old === undefined || this.#age(old) >= this.#settings.ttl + this.#settings.staleIfError) throw error
      return { is: 'old', value: old.value, error }
    }
    if (flight.joinable && atOnce('cache.cacheable', this.#settings.cacheable(value))) this.#keep(key, value)
    return { is: 'new', value }
  }

  #refresh(key: string, call: Call, work: Work<unknown>): void {
    if (this.#flights.has(key)) return
    this.#counts.refreshes++
    const { clock, staleWhileRevalidate } = this.#settings
    const patience = new AbortController()
    const cancel = clock.after(staleWhileRevalidate, () => {
      patience.abort(new TimeoutError(`${this.#name}: refresh`, staleWhileRevalidate))
    })
    const failed = (error: unknown) => {
      cancel()
      this.#counts.refreshesFailed++
      if (events.heard) events.emit({ type: 'cache.refresh-failed', policy: this.#name, key, error })
    }
    this.#flights
      .join(key, unattended(call, patience.signal), (flight) => this.#fetch(key, flight, work))
      .then((fetched) => {
        if (fetched.is === 'old') failed(fetched.error)
        else cancel()
      }, failed)
  }

  #keep(key: string, value: unknown): void {
    const size = atOnce('cache.sizeOf', this.#settings.sizeOf(value))
    if (!isNumber(size) || !(size >= 0))
      throw new OptionError('cache.sizeOf(value)', size, 'a number, at least 0')
    this.#kept.set(key, { value, since: roughNow(this.#settings.clock) }, size)
  }

  #standing(answer: Answer): Standing {
    return standing(this.#age(answer), this.#settings)
  }

  #age({ since }: Answer): number {
    return roughNow(this.#settings.clock) - since
  }

  #tell(key: string, state: 'fresh' | 'stale' | 'stale-if-error'): void {
    if (events.heard) events.emit({ type: 'cache.answered', policy: this.#name, key, state })
  }
}

/** The call, but nobody waits for it. */
function unattended({ attempt, key, operation, priority, headers }: Call, signal: AbortSignal): Call {
  return { signal, deadline: Infinity, attempt, key, operation, priority, headers }
}

function none() {
  return { hits: 0, staleHits: 0, misses: 0, errorsAnswered: 0, refreshes: 0, refreshesFailed: 0 }
}
