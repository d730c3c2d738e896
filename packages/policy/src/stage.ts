import type { Clock } from './clock.ts'
import type { Run } from './run.ts'
import type { Work } from './work.ts'

/** What a stage makes of an outcome: come down again after some ms, or take other work's outcome instead. */
export type Verdict<F = never> = { readonly again: number } | { readonly instead: Work<F> }

/**
 * One policy's place in a pipeline.
 *
 * A stage serves many calls at once: what it must know about one of them it keeps in `run.memo[slot]`.
 * `F` is the type of value a call may get from it that is not the work's own.
 */
export interface Stage<F = never> {
  readonly name: string
  /** The clock it waits and measures on; a stage without one takes the pipeline's. */
  readonly clock?: Clock
  /** For a stage that interrupts: whether the call then settles at once or waits for the work. */
  readonly mode?: 'aggressive' | 'cooperative'
  /** A call comes down. To refuse it, throw; a stage that refused is not left. */
  enter(run: Run, slot: number): void
  /** A call comes back up, its outcome in `run`. Answer nothing to let it pass. */
  leave(run: Run, slot: number): Verdict<F> | undefined
}

/** Stages linked for one pipeline. `hasty`: some interruption settles at once; `patient`: none does, the caller's included. */
export interface Plan<F = unknown> {
  readonly stages: readonly Stage<F>[]
  readonly clock: Clock
  readonly hasty: boolean
  readonly patient: boolean
}
