/*
 * I1  The limit is a number from `min` to `max`; the one in force is whole, and at least 1.
 * I2  There is one decision a window, and a window counts only calls that began in it: none is judged by a limit that it was not under.
 * I3  The baseline is only learned from a probe: a window with so few calls inside that none of them waits for another.
 * I4  The limit only grows when all of it was in use, or all that calls of low priority may use when such a call came.
 */

/** Calls that a window needs at least; as many as the limit, if that is more, so that it sees the slow ones too. */
const SAMPLES = 20
/** Windows from one probe to the next. */
const WINDOWS = 40
/** Means that differ by less than this part are equal; so are those that differ by less than chance alone often makes them. */
const EQUAL = 0.1
/** Means that differ by more than this part are not equal, whatever chance may do. */
const UNEQUAL = 0.4
/** No call takes less, in ms: two that take no time at all could not be compared. */
const SHORTEST = 0.001
/** What is left of the limit after a sign of overload. */
const BACKOFF = 0.8

/** The bounds of a limit, and where it begins. */
export interface GradientBounds {
  readonly initial: number
  readonly min: number
  readonly max: number
}

/** Learning goes on (`settled`), or fewer are let in for a while to see how fast an answer comes without a queue. `last` is the mean of the window before. */
type Phase = { is: 'settled' } | { is: 'probing'; limit: number; last: number | undefined }

/**
 * Learns from how long calls take how many may be inside at the same time.
 *
 * After each window the limit becomes `limit * baseline / mean + sqrt(limit)`, where `baseline` is the mean duration without a queue and the quotient is at
 * least 0.5: by Little's law `limit * baseline / mean` of the calls are served while the others queue, so that at rest `sqrt(limit)` of them do.
 * Sources: the gradient of Netflix's concurrency-limits (its first one, `GradientLimit`) and of Envoy's adaptive concurrency filter, from which the
 * measuring of the baseline under a lowered limit comes.
 */
export class Gradient {
  readonly #bounds: GradientBounds
  #limit: number
  #phase: Phase
  #baseline: number | undefined = undefined
  #latency: number | undefined = undefined
  /** The window: when it began, what it has counted, and whether all of the limit was in use. */
  #since = -Infinity
  #count = 0
  #sum = 0
  #squares = 0
  #pressed = false
  /** Windows since the last probe, and the highest limit since then. */
  #windows = 0
  #highest: number

  constructor(bounds: GradientBounds) {
    this.#bounds = bounds
    this.#limit = this.#highest = bounds.initial
    this.#phase = { is: 'probing', limit: bounds.initial, last: undefined }
  }

  /** The limit in force. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#phase.is === 'probing' ? this.#phase.limit : this.#limit))
  }

  /** The mean duration without a queue, in ms, once it is known. */
  get baseline(): number | undefined {
    return this.#baseline
  }

  /** The mean duration in the last window, in ms. */
  get latency(): number | undefined {
    return this.#latency
  }

  /** All of the limit is in use that the call which came may use. */
  press(): void {
    this.#pressed = true
  }

  /** A call has been answered. */
  answered(began: number, now: number): void {
    if (began < this.#since) return
    const ms = Math.max(now - began, SHORTEST)
    this.#count++
    this.#sum += ms
    this.#squares += ms * ms
    if (this.#count >= Math.max(SAMPLES, this.limit)) this.#close(this.#sum / this.#count, now)
  }

  /** A call has shown that what is behind is overloaded. */
  overloaded(began: number, now: number): void {
    if (began < this.#since) return
    this.#become(this.#limit * BACKOFF)
    this.#phase = this.#baseline === undefined ? this.#probe(this.#limit) : { is: 'settled' }
    this.#open(now)
  }

  #close(mean: number, now: number): void {
    this.#latency = mean
    if (this.#phase.is === 'probing') this.#probed(this.#phase, mean)
    else this.#settle(mean)
    this.#open(now)
  }

  #open(now: number): void {
    this.#since = now
    this.#count = this.#sum = this.#squares = 0
    this.#pressed = false
  }

  #settle(mean: number): void {
    if (!this.#pressed) return
    const gradient = Math.min(1, Math.max(0.5, this.#baseline! / mean))
    this.#become(this.#limit * gradient + Math.sqrt(this.#limit))
    // A limit that falls far may do so because answers take longer by nature now.
    if (++this.#windows >= WINDOWS || this.#limit < this.#highest / 2)
      this.#phase = this.#probe(this.#limit / 2)
  }

  /** Goes on halving while that makes answers faster: there still was a queue. */
  #probed({ limit, last }: { limit: number; last: number | undefined }, mean: number): void {
    const before = last ?? this.#baseline
    const noise = Math.max(EQUAL, this.#uncertainty(mean))
    const faster = before === undefined || mean < before * (1 - noise)
    const slower = last === undefined && before !== undefined && mean > before * (1 + noise)
    if (this.#pressed && limit > this.#bounds.min && (faster || slower)) {
      this.#phase = this.#probe(limit / 2, mean)
      return
    }
    this.#baseline = faster || slower ? mean : (before! + mean) / 2
    this.#phase = { is: 'settled' }
    this.#windows = 0
    this.#highest = this.#limit
  }

  /** Twice the standard error of the window's mean, as a part of it; less than half, since half is what halving the limit brings in an overload. */
  #uncertainty(mean: number): number {
    const variance = Math.max(0, this.#squares / this.#count - mean * mean)
    return Math.min(UNEQUAL, (2 * Math.sqrt(variance / this.#count)) / mean)
  }

  #probe(limit: number, last?: number): Phase {
    return { is: 'probing', limit: Math.max(limit, this.#bounds.min), last }
  }

  #become(limit: number): void {
    const { min, max } = this.#bounds
    this.#limit = Math.min(max, Math.max(min, limit))
    this.#highest = Math.max(this.#highest, this.#limit)
  }
}
