import { demand, RateLimitError, RejectedError, retryAfterOf } from '../errors.ts'
import { events } from '../events.ts'
import { Keyed } from '../named/keyed.ts'
import { isNumber } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import { NONE } from './compartment.ts'
import type { RateLimit, RateLimitSettings, RateLimitStatus } from './rate-limit.ts'
import { SlidingWindow } from './sliding-window.ts'
import { TokenBucket } from './token-bucket.ts'
import { type Attendant, type Meter, Turnstile } from './turnstile.ts'
import type { Reason } from './waiting-room.ts'

/** The only kind of rate limit there is: a turnstile, or one for each key. */
export class RateLimiter implements RateLimit, Attendant<Excess> {
  readonly name: string
  readonly settings: RateLimitSettings
  readonly clock: Clock
  readonly #all: Keyed<Turnstile<Excess>> | undefined
  /** That of all calls, or, with keys, one that stands for a new key. */
  readonly #one: Turnstile<Excess>
  #rejected = { ...NONE }
  #pausedUntil = -Infinity

  constructor(name: string, settings: RateLimitSettings) {
    this.name = name
    this.settings = settings
    this.clock = settings.clock
    this.#one = new Turnstile(this, this.#meter())
    const make = (key: string) => new Turnstile(this, this.#meter(), key)
    this.#all = settings.perKey ? new Keyed(settings.maxKeys, make) : undefined
  }

  get pausedUntil(): number {
    return this.#pausedUntil
  }

  enter(run: Run): Refusal | Hold | undefined {
    const turnstile = this.#all === undefined ? this.#one : this.#all.get(run.options?.key ?? '')
    return turnstile.enter(run)
  }

  leave(run: Run): undefined {
    if (!run.failed || run.refused || !this.settings.heed) return
    const ms = run.error instanceof RejectedError ? undefined : retryAfterOf(run.error)
    if (ms !== undefined) this.pause(ms, run.options?.key ?? '')
  }

  status(key?: string): RateLimitStatus {
    const { name, settings } = this
    const now = this.clock.now()
    const turnstile = (key === undefined ? undefined : this.#all?.peek(key)) ?? this.#one
    let waiting = turnstile.waiting
    if (key === undefined) for (const [, each] of this.#all?.entries() ?? []) waiting += each.waiting
    return {
      name,
      limit: settings.limit,
      per: settings.per,
      available: turnstile.free(now),
      retryAfter: turnstile.turn(now) - now,
      waiting,
      rejected: { ...this.#rejected },
      ...(this.#all && { keys: this.#all.size }),
    }
  }

  pause(ms: number, key?: string): void {
    demand(isNumber(ms) && ms >= 0 && ms < Infinity, 'pause: ms', ms, 'a number of ms from 0')
    const until = this.clock.now() + ms
    if (this.#all !== undefined && key !== undefined) this.#all.get(key).pause(until)
    else this.#pausedUntil = Math.max(this.#pausedUntil, until)
  }

  reset(): void {
    this.#pausedUntil = -Infinity
    this.#rejected = { ...NONE }
    this.#one.reset(this.#meter())
    for (const [, each] of this.#all?.entries() ?? []) each.reset(this.#meter())
  }

  reject(reason: Reason, turnstile: Turnstile<Excess>): Excess {
    this.#rejected[reason]++
    return new Excess(this, reason, turnstile)
  }

  tell(excess: Excess): void {
    if (!events.heard) return
    const { reason, retryAfter, waiting, key } = excess
    events.emit({ type: 'rate-limit.rejected', policy: this.name, reason, retryAfter, waiting, key })
  }

  #meter(): Meter {
    return this.settings.algorithm === 'token-bucket'
      ? new TokenBucket(this.settings)
      : new SlidingWindow(this.settings)
  }
}

/** How it stood when a call was turned away. */
class Excess implements Refusal {
  readonly #limiter: RateLimiter
  readonly #turn: number
  readonly #paused: boolean
  readonly reason: Reason
  readonly waiting: number
  readonly key: string | undefined

  constructor(limiter: RateLimiter, reason: Reason, turnstile: Turnstile<Excess>) {
    const now = limiter.clock.now()
    this.#limiter = limiter
    this.#turn = turnstile.turn(now)
    this.#paused = turnstile.pausedUntil > now
    this.reason = reason
    this.waiting = turnstile.waiting
    this.key = turnstile.key
  }

  /** Ms from now until its turn. Added to the time it must not fall short of it, which a rounded difference may: hence the little more. */
  get retryAfter(): number {
    const now = this.#limiter.clock.now()
    const ms = Math.max(0, this.#turn - now)
    return now + ms < this.#turn ? ms + 2 ** -10 : ms
  }

  refuse(): RateLimitError {
    const { name: policy, settings } = this.#limiter
    const { limit, per } = settings
    const { key, reason, retryAfter } = this
    return new RateLimitError({ policy, key, reason, limit, per, paused: this.#paused, retryAfter })
  }
}
