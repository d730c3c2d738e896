import { demand, FallbackError } from './errors.ts'
import { events } from './events.ts'
import type { Stage } from './stage.ts'
import type { Call } from './work.ts'

/** Work to do instead, which is also told the error that made it necessary. */
export type Link<F> = (call: Call, error: unknown) => F | PromiseLike<F>

/** Links in the order they are tried, and for which errors the next one is. */
export interface FallbackOptions<F> {
  readonly links: readonly Link<F>[]
  readonly when?: (error: unknown) => boolean
  readonly name?: string
}

/**
 * Answers with the next link's value when what is inside fails: each link is tried when the one before it failed.
 *
 * An error that `when` turns down is passed on as it is, and so is an interruption from outside. When the last link has failed
 * too, the call fails with a `FallbackError`. In events a link goes by its function's name, or else its number.
 */
export function fallback<F>(options: FallbackOptions<F>): Stage<F>
export function fallback<F>(...links: Link<F>[]): Stage<F>
export function fallback<F>(first?: FallbackOptions<F> | Link<F>, ...rest: Link<F>[]): Stage<F> {
  const options = typeof first === 'object' ? first : { links: first === undefined ? [] : [first, ...rest] }
  const { links, when = () => true, name = 'fallback' }: FallbackOptions<F> = options
  demand(links.length > 0, 'fallback.links', links, 'at least one function')
  for (const link of links) demand(typeof link === 'function', 'fallback.links', link, 'functions only')
  const label = (n: number) => (n === 0 ? 'work' : links[n - 1]!.name || `link ${n}`)
  return {
    name,
    enter(run, slot) {
      run.memo[slot] = undefined
      return undefined
    },
    leave(run, slot) {
      if (!run.failed || run.interruption !== undefined) return undefined
      const { error } = run
      if (!when(error)) return undefined
      const errors = [...((run.memo[slot] as unknown[] | undefined) ?? []), error]
      run.memo[slot] = errors
      const link = links[errors.length - 1]
      if (link === undefined) {
        run.fail(new FallbackError(name, errors))
        return undefined
      }
      const n = errors.length
      if (events.heard)
        events.emit({ type: 'fallback.taken', policy: name, from: label(n - 1), to: label(n), error })
      return { instead: (call) => link(call, error) }
    },
  }
}
