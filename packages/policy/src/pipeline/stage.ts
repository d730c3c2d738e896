import type { Clock } from '../time/clock.ts'
import type { Run } from './run.ts'
import type { Work } from './work.ts'

/** What a stage makes of an outcome: come down again after some ms, or take other work's outcome instead. */
export type Verdict<F = never> = { readonly again: number } | { readonly instead: Work<F> }

/** A call is turned away at a stage's door. The error is only made if someone wants to see it. */
export interface Refusal {
  refuse(): unknown
}

/**
 * A call has to wait at a stage's door.
 *
 * `hold` is told how to let the call go on, once: into the stage, or away with a refusal. It answers with a function that takes the call out of the
 * queue, which is called when the call is interrupted first, and never after `go`.
 */
export interface Hold {
  hold(go: (refusal?: Refusal) => void): () => void
}

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
  /** A call comes down. Answer nothing to let it in; a stage that refused, or threw, is not left. */
  enter(run: Run, slot: number): Refusal | Hold | undefined
  /** A call comes back up, its outcome in `run`. Answer nothing to let it pass. */
  leave(run: Run, slot: number): Verdict<F> | undefined
}

/** A policy of a user's own: takes work, answers with work that does the same, more carefully. */
export type Decorator = <T>(work: Work<T>) => Work<T>

/** What all plans of one pipeline have in common. `hasty`: some interruption settles at once; `patient`: none does, the caller's included. */
export interface Traits {
  readonly clock: Clock
  readonly hasty: boolean
  readonly patient: boolean
}

/**
 * The two functions of each stage, in order, to be called with the stage as `this`.
 *
 * Looking them up at each call would cost more than what they do, in a program with many kinds of stages.
 */
export interface Hooks {
  readonly enter: readonly Stage<unknown>['enter'][]
  readonly leave: readonly Stage<unknown>['leave'][]
}

/** Stages linked for one pipeline, outermost first, up to a user's function if there is one; what is inside that has a plan of its own. */
export interface Plan extends Traits {
  readonly stages: readonly Stage<unknown>[]
  readonly hooks: Hooks
  /** Whether it is inside a user's function, as part of a larger pipeline. */
  readonly nested: boolean
  readonly inside: { readonly decorate: Decorator; readonly plan: Plan } | undefined
}
