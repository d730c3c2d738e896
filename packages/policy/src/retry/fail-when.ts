import { AnswerError, demand, OptionError } from '../errors.ts'
import { demandOptions } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Stage } from '../pipeline/stage.ts'
import type { CallOptions } from '../pipeline/work.ts'

/**
 * Looks at an answer, and at what the caller brought: nothing (or `false`) lets it pass, `true` makes it an `AnswerError`, an error makes it that
 * error. It answers at once: a promise is refused.
 */
export type AnswerJudge<T> = (value: T, call: CallOptions | undefined) => boolean | Error | null | undefined

/** What becomes of an answer that was refused, and what the policy is called in errors. */
export interface FailWhenOptions<T> {
  /** Is given a refused answer when another attempt takes its place, to let go of what it holds. What it throws or rejects with is dropped. */
  readonly release?: ((value: T) => unknown) | undefined
  readonly name?: string | undefined
}

/**
 * Makes a failure of an answer that `judge` refuses, for all policies around it: put it innermost.
 *
 * The call fails with an `AnswerError`, whose `value` is the answer, or with the error that `judge` answers with or throws; the `retryAfter` and
 * `retryable` of that error are heeded as always. `T` must fit what the work answers: types cannot tell. Throws `OptionError` for unusable options,
 * and a call fails with one if `judge` answers with anything else.
 */
export function failWhen<T>(judge: AnswerJudge<T>, options: FailWhenOptions<T> = {}): Stage {
  demandOptions('failWhen', options, ['release', 'name'])
  const { release, name = 'failWhen' } = options
  demand(typeof judge === 'function', 'failWhen: judge', judge, 'a function')
  demand(release === undefined || typeof release === 'function', 'failWhen.release', release, 'a function')
  return new FailWhen(judge, release, name)
}

/*
 * I1  An answer that passes is the very same, and is never released.
 * I2  A refused answer is released once if another attempt comes down here after it, and not at all otherwise: then whoever has the error has it.
 * I3  A failure, and an interruption, is not judged.
 */
class FailWhen<T> implements Stage {
  readonly name: string
  readonly #judge: AnswerJudge<T>
  readonly #release: FailWhenOptions<T>['release']

  constructor(judge: AnswerJudge<T>, release: FailWhenOptions<T>['release'], name: string) {
    this.name = name
    this.#judge = judge
    this.#release = release
  }

  enter(run: Run, slot: number): undefined {
    const refused = run.memo[slot] as { readonly value: T } | undefined
    if (refused === undefined) return
    run.memo[slot] = undefined
    quietly(this.#release!, refused.value)
  }

  leave(run: Run, slot: number): undefined {
    if (run.failed) return
    const value = run.value as T
    try {
      const judged = this.#judge(value, run.options)
      if (!judged) return
      run.fail(this.#errorOf(judged, value))
    } catch (error) {
      run.fail(error)
    }
    if (this.#release !== undefined) run.memo[slot] = { value }
  }

  #errorOf(judged: unknown, value: T): Error {
    if (judged instanceof Error) return judged
    if (judged === true) return new AnswerError(this.name, value)
    Promise.resolve(judged).catch(() => undefined) // an asynchronous judge may fail later, and nobody would hear
    return new OptionError(`${this.name}: what judge answers`, judged, 'true, false, nothing or an error')
  }
}

async function quietly<T>(release: (value: T) => unknown, value: T): Promise<void> {
  try {
    await release(value)
  } catch {
    // The next attempt does not depend on it.
  }
}
