import { demand } from '../errors.ts'
import { type Complete, isNumber } from '../options.ts'
import type { Random } from '../time/clock.ts'

/** How long to wait between attempts, in ms. */
export interface BackoffOptions {
  /** The wait before the second attempt. */
  readonly initial?: number | undefined
  /** No wait is longer. */
  readonly max?: number | undefined
  /** Each wait is this many times the one before. */
  readonly factor?: number | undefined
  readonly jitter?: Jitter | undefined
}

/**
 * How chance shortens (or moves) a wait, so that callers who failed together do not come back together.
 *
 * `full`: from 0 to the wait. `equal`: from half of it to all of it. `none`: the wait itself. `decorrelated`: from `initial`
 * to three times the wait before, whatever `factor` says.
 */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none'

/** The wait before retry `n`, counted from 0; `previous` is the wait before that, `initial` if there was none. */
export type Backoff = (n: number, previous: number) => number

const jitters: Record<Exclude<Jitter, 'decorrelated'>, (wait: number, random: Random) => number> = {
  none: (wait) => wait,
  full: (wait, random) => wait * random(),
  equal: (wait, random) => (wait / 2) * (1 + random()),
}

/**
 * Exponential backoff with jitter: `min(initial * factor^n, max)`, or `min(random(initial, previous * 3), max)`.
 *
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoff(options: Complete<BackoffOptions>, random: Random): Backoff {
  const { initial, max, factor, jitter } = options
  demand(
    isNumber(initial) && initial >= 0 && initial < Infinity,
    'backoff.initial',
    initial,
    'a number of ms, at least 0',
  )
  demand(isNumber(max) && max >= initial, 'backoff.max', max, `a number of ms, at least initial (${initial})`)
  demand(
    isNumber(factor) && factor >= 1 && factor < Infinity,
    'backoff.factor',
    factor,
    'a number, at least 1',
  )
  demand(
    jitter === 'decorrelated' || Object.hasOwn(jitters, jitter),
    'backoff.jitter',
    jitter,
    "'full', 'equal', 'decorrelated' or 'none'",
  )
  if (jitter === 'decorrelated') {
    return (_, previous) => Math.min(initial + (previous * 3 - initial) * random(), max)
  }
  return (n, _) => jitters[jitter](growth({ initial, max, factor }, n), random)
}

/** `min(initial * factor^n, max)`, for any `n`. */
export function growth(
  { initial, max, factor }: { initial: number; max: number; factor: number },
  n: number,
): number {
  return initial === 0 ? 0 : Math.min(initial * factor ** n, max)
}
