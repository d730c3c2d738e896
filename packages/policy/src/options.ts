import { demand, known, OptionError } from './errors.ts'

/** Options with nothing left out, and nothing undefined. */
export type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** Throws an `OptionError` unless `options` is an object, with no names but those in `names`. */
export function demandOptions(where: string, options: unknown, names: readonly string[]): void {
  const ok = typeof options === 'object' && options !== null && !Array.isArray(options)
  demand(ok, `${where}: options`, options, `an object with any of ${names.join(', ')}`)
  known(where, options as object, names)
}

/** Whether it is a number and no text that looks like one: text would be added up as text. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

/** Throws an `OptionError` unless `ms` is a number above 0, `Infinity` included. */
export function demandDuration(option: string, ms: unknown): void {
  demand(isNumber(ms) && ms > 0, option, ms, 'a number of ms above 0')
}

/** Throws an `OptionError` unless `value` is `true` or `false`. */
export function demandSwitch(option: string, value: unknown): void {
  demand(typeof value === 'boolean', option, value, 'true or false')
}

/** Throws an `OptionError` unless `fn` is a function. */
export function demandFunction(option: string, fn: unknown, allowed = 'a function'): void {
  demand(typeof fn === 'function', option, fn, allowed)
}

/** Throws an `OptionError` unless `clock` can tell the time and wait. */
export function demandClock(option: string, clock: unknown): void {
  const { now, after } = (clock ?? {}) as { readonly now?: unknown; readonly after?: unknown }
  const ok = typeof now === 'function' && typeof after === 'function'
  demand(ok, option, clock, 'a clock, with now() and after(ms, fn)')
}

/**
 * What a function of the caller's has answered with, which is asked for at once.
 *
 * A promise would pass for yes, and its failure would be nobody's: it is an `OptionError`.
 */
export function atOnce<T>(option: string, answer: T): T {
  if (!isPromise(answer)) return answer
  unheard(answer)
  throw new OptionError(option, 'one that answers with a promise', 'a function that answers at once')
}

/** Drops what a promise of the caller's rejects with: nobody waits for it. */
export function unheard(answer: unknown): void {
  if (isPromise(answer)) answer.then(undefined, () => {})
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}
