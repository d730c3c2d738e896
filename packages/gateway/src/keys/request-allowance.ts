import type { IncomingHttpHeaders } from 'node:http'
import { headerText } from '../headers.ts'
import { resetMs } from './rate-limit-headers.ts'

/** The headers that count requests, of providers that give them back one by one and not all at once. */
const counted = ['x-ratelimit-@-requests', 'anthropic-ratelimit-requests-@'].map((name) => {
  const [left, limit, reset] = ['remaining', 'limit', 'reset'].map((word) => name.replace('@', word))
  return { left: left!, limit: limit!, reset: reset! }
})

/** What a provider said may be misunderstood; for longer than this, in ms, it is not believed. */
const believed = 60_000

/*
 * I1  Of what a provider says is left, no more goes out than that, and what it gives back in the meantime.
 * I2  What is under way counts as gone, since no answer could tell of it yet; what came to nothing without an answer is not under way.
 */
/**
 * How many requests of one model a provider still takes from a key, as its answers say, so that a crowd is held back before it is refused. The time to
 * the reset is that until all are given back, one after the other (OpenAI "Rate limits in headers"; Anthropic "Rate limits", token bucket; Groq "Rate
 * limit headers").
 */
export class RequestAllowance {
  #left = Number.POSITIVE_INFINITY
  #underWay = 0
  #most = 0
  #every = 0
  #since = 0
  #until = 0

  /** Whether the head of an answer speaks of it. */
  static isToldIn(headers: IncomingHttpHeaders): boolean {
    return counted.some(({ left }) => headers[left] !== undefined)
  }

  /** What an answer says; `now` is on a clock of one's own, `wallNow` the time of day. */
  told(headers: IncomingHttpHeaders, now: number, wallNow: number): void {
    for (const names of counted) {
      if (headers[names.left] === undefined) continue
      const [left, limit] = [count(headers[names.left]), count(headers[names.limit])]
      const reset = resetMs(headerText(headers[names.reset]) ?? '', wallNow)
      if (!(limit > left && left >= 0 && reset > 0)) continue
      this.#left = left - this.#underWay
      this.#most = limit
      this.#every = reset / (limit - left)
      this.#since = now
      this.#until = now + believed
    }
  }

  /** Ms until one more may go out. */
  wait(now: number): number {
    this.#refill(now)
    return this.#left >= 1 ? 0 : Math.max(0, Math.min(this.#since + this.#every, this.#until) - now)
  }

  /** One more goes out. */
  take(): void {
    this.#left--
    this.#underWay++
  }

  /** One is no longer under way: its answer is here, or will not come. */
  back(): void {
    this.#underWay = Math.max(0, this.#underWay - 1)
  }

  #refill(now: number): void {
    if (now >= this.#until) this.#left = Number.POSITIVE_INFINITY
    if (this.#left === Number.POSITIVE_INFINITY) return
    const back = Math.floor((now - this.#since) / this.#every)
    this.#left = Math.min(this.#left + back, this.#most)
    this.#since += back * this.#every
  }
}

function count(said: string | string[] | undefined): number {
  return Number.parseInt(headerText(said) ?? '', 10)
}
