import { OptionError } from '../errors.ts'
import { type Complete, demandOptions, unheard } from '../options.ts'
import type { Random } from '../time/clock.ts'
import { type BackoffOptions, backoff } from './backoff.ts'

/**
 * How long to wait before each retry, in ms: an exponential backoff, a function, or a list.
 *
 * A function is told the number of the retry from 0, the wait before it (0 if there was none) and the failure. Of a list (or anything that can be
 * iterated, once) the last wait is used over and over.
 */
export type Waits =
  | BackoffOptions
  | ((n: number, previous: number, error: unknown) => number)
  | Iterable<number>

/** Waits, made into a function; `first` is what counts as the wait before the first, `longest` what an error may ask for. */
export interface Schedule {
  readonly wait: (n: number, previous: number, error: unknown) => number
  readonly first: number
  readonly longest: number
}

/** The longest wait, in ms, that an error may ask for, unless a backoff has a `max` of its own. */
const LONGEST = 10_000

/** Whatever was given as waits, checked. */
export function schedule(waits: Waits, random: Random): Schedule {
  if (typeof waits === 'function') {
    const wait = (n: number, previous: number, error: unknown) => checked(waits(n, previous, error), error)
    return { wait, first: 0, longest: LONGEST }
  }
  if (isIterable(waits)) {
    const list = Array.isArray(waits) ? waits.map((each: number) => checked(each)) : []
    const wait = listed(list, Array.isArray(waits) ? [] : waits)
    return { wait, first: 0, longest: Math.max(LONGEST, ...list) }
  }
  demandOptions('backoff', waits, ['initial', 'max', 'factor', 'jitter'])
  const settings = complete(waits)
  return { wait: backoff(settings, random), first: settings.initial, longest: settings.max }
}

/** A backoff with its defaults: 1 to 10 s, twice as long each time, with full jitter. */
export function complete(options: BackoffOptions): Complete<BackoffOptions> {
  const { initial = 1_000, max = 10_000, factor = 2, jitter = 'full' } = options
  return { initial, max, factor, jitter }
}

export function isIterable(waits: Waits): waits is Iterable<number> {
  return Symbol.iterator in waits
}

/** The waits of `known`, then those of `more`, each asked for when it is needed first. */
function listed(known: number[], more: Iterable<number>): (n: number) => number {
  const rest = more[Symbol.iterator]()
  return (n) => {
    while (known.length <= n) {
      const next = rest.next()
      if (next.done) break
      known.push(checked(next.value))
    }
    return known[Math.min(n, known.length - 1)] ?? 0
  }
}

function checked(wait: unknown, cause?: unknown): number {
  if (typeof wait === 'number' && wait >= 0 && wait < Infinity) return wait
  unheard(wait)
  const error = new OptionError('retry.backoff', wait, 'numbers of ms, at least 0')
  if (cause !== undefined) error.cause = cause
  throw error
}
