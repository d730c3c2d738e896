/** How long an answer takes of late, in ms, and when that was measured last. */
export interface Pace {
  readonly mean: number
  readonly at: number
}

/** A mean of the last few: each one counts for a fifth, and what is older than `halfLife` for less than what came after it. */
const weight = 1 / 5

/** How long it takes until half of what was known is forgotten, in ms. */
export const halfLife = 60_000

/**
 * The pace after one more answer: an exponentially weighted mean whose old value fades with the time that has passed, as that of Finagle's Peak EWMA does
 * (https://github.com/twitter/finagle, `PeakEwma.scala`), but without its leap to every single slow answer: first tokens of models have a long tail.
 */
export function paceAfter(pace: Pace | undefined, ms: number, now: number): Pace {
  if (pace === undefined) return { mean: ms, at: now }
  const share = Math.max(weight, 1 - fresh(pace, now))
  return { mean: pace.mean + share * (ms - pace.mean), at: now }
}

/** How much of what was measured still holds, from 1 down to 0. */
export function fresh({ at }: Pace, now: number): number {
  return 2 ** (-Math.max(0, now - at) / halfLife)
}
