import { Buckets } from '@holdfast/telemetry/buckets'
import type { FailureClass } from '@holdfast/transport'
import type { Journey } from './journey.ts'
import type { Booking } from './usage/account.ts'

/** What a chain did since the process began; all counts only grow. */
export interface ChainCounts {
  readonly requests: number
  /** Nobody could answer whole. */
  readonly failed: number
  /** A provider said that the request is at fault. */
  readonly refused: number
  readonly cancelled: number
  /** Answers by link. */
  readonly answered: Readonly<Record<string, number>>
  /** Links passed over, as `link → class → count`. */
  readonly passedOver: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** How a request to a chain ended, in the words of the label `outcome`. */
export const outcomes = ['answered', 'refused', 'exhausted', 'broke-off', 'cancelled'] as const

/** A request to a chain that is over. */
export interface Ended {
  readonly outcome: (typeof outcomes)[number]
  /** Who answered it, or refused to. */
  readonly link?: string | undefined
  readonly ms: number
  readonly journey: Pick<Journey, 'attempts' | 'failures' | 'cut'>
  /** The trace in which to see it. */
  readonly traceId?: string | undefined
}

/** The tokens that a provider says an answer took. */
export interface Tokens {
  readonly input: number
  readonly output: number
}

/** Upper bounds of the buckets, in seconds. */
const durations = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const gaps = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const attempts = [0, 1, 2, 3, 5, 8]

/*
 * I1  Whatever is counted by name is counted by a name of the configuration, or by a word of ours: no request can make the counts grow in number.
 */

/** Keeps the counts of one chain. Nothing here decides anything. */
export class Tally {
  requests = 0
  inFlight = 0
  /** Streams that broke off after their beginning had gone out, and those of them that were brought to their end. */
  readonly streams = { cut: 0, mended: 0 }
  /** Links that were asked beside one that was late, and those of them that were first to bring content. */
  readonly hedges = { sent: 0, won: 0 }
  readonly tokens = new Map<string, Tokens>()
  /** By link, in millionths of the currency of the prices: what answers cost, and what was paid in vain. */
  readonly costs = new Map<string, { answer: number; waste: number }>()
  readonly seconds = Object.fromEntries(outcomes.map((each) => [each, new Buckets(durations)])) as Readonly<
    Record<Ended['outcome'], Buckets>
  >
  /** From the last byte of a request to the first content of its answer, of streams. */
  readonly toFirstChunk = new Buckets(durations)
  readonly attempts = new Buckets(attempts)
  readonly #answered: Record<string, number> = {}
  readonly #passedOver: Record<string, Record<string, number>> = {}

  began(): void {
    this.requests++
    this.inFlight++
  }

  ended({ outcome, link, ms, journey, traceId }: Ended): void {
    if (outcome === 'answered' && link !== undefined) this.#answered[link] = (this.#answered[link] ?? 0) + 1
    for (const { link: passed, class: reason } of journey.failures) {
      this.#passedOver[passed] ??= {}
      this.#passedOver[passed][reason] = (this.#passedOver[passed][reason] ?? 0) + 1
    }
    if (journey.cut) {
      this.streams.cut++
      if (outcome === 'answered') this.streams.mended++
    }
    this.attempts.observe(journey.attempts)
    this.seconds[outcome].observe(ms / 1_000, traceId)
  }

  used(link: string, { input, output }: Tokens): void {
    const before = this.tokens.get(link)
    this.tokens.set(link, { input: input + (before?.input ?? 0), output: output + (before?.output ?? 0) })
  }

  spent({ link, as, micros }: Pick<Booking, 'link' | 'as' | 'micros'>): void {
    if (micros === 0) return
    const costs = this.costs.get(link) ?? { answer: 0, waste: 0 }
    costs[as] += micros
    this.costs.set(link, costs)
  }

  counts(): ChainCounts {
    const { refused, exhausted, cancelled, 'broke-off': brokeOff } = this.seconds
    return {
      requests: this.requests,
      failed: exhausted.count + brokeOff.count,
      refused: refused.count,
      cancelled: cancelled.count,
      answered: { ...this.#answered },
      passedOver: structuredClone(this.#passedOver),
    }
  }
}

/** The calls that went out to one upstream, retries included, and how many of them failed, by class. */
export class UpstreamTally {
  attempts = 0
  readonly failures: Partial<Record<FailureClass, number>> = {}
  /** How long a call took, however it ended. */
  readonly seconds = new Buckets(durations)
  /** From a call to the first content of its answer, of streams. */
  readonly toFirstChunk = new Buckets(durations)
  /** From content to content, the mean of a stream. */
  readonly betweenChunks = new Buckets(gaps)

  failed(as: FailureClass): void {
    this.failures[as] = (this.failures[as] ?? 0) + 1
  }
}
