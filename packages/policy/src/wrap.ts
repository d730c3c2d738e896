import { type Clock, systemClock } from './clock.ts'
import { OptionError } from './errors.ts'
import type { Outcome } from './outcome.ts'
import { drive, type Ending, outcomeOf, valueOrThrow } from './pipeline.ts'
import type { Plan, Stage } from './stage.ts'
import type { CallOptions, Work } from './work.ts'

/** A policy of a user's own: takes work, answers with work that does the same, more carefully. */
export type Decorator = <T>(work: Work<T>) => Work<T>

/** What `wrap` takes: a stage, a pipeline, or a function from work to work. */
export type Policy<F = never> = Stage<F> | Pipeline<F> | Decorator

/**
 * Policies in force: call it with work, and perhaps a signal and a deadline.
 *
 * It always answers with a promise. `F` is what fallbacks may answer in the work's place.
 */
export interface Pipeline<F = never> {
  <T>(work: Work<T>, options?: CallOptions): Promise<T | F>
  /** The same, but how the call ended is its value: it never rejects, and being turned away costs next to nothing. */
  attempt<T>(work: Work<T>, options?: CallOptions): Promise<Outcome<T | F>>
  readonly policies: readonly (Stage<F> | Decorator)[]
}

type FallbackOf<P> = P extends { leave(...args: never): infer V }
  ? V extends { readonly instead: Work<infer F> }
    ? F
    : never
  : P extends { readonly policies: readonly (infer S)[] }
    ? S extends Stage<infer F>
      ? F
      : never
    : never

/**
 * Links policies, outermost first, into one function to call work with.
 *
 * The caller's abort rejects with `signal.reason` as it is; the caller's deadline rejects with `DeadlineError`. Both settle
 * the call at once, unless its timeouts (one or more) are all cooperative: then it waits for the work to settle. A user's
 * function is applied anew to each attempt that reaches it.
 * Throws `OptionError` for anything that is no policy, and for policies on different clocks.
 */
export function wrap<const P extends readonly Policy<unknown>[]>(
  ...policies: P
): Pipeline<FallbackOf<P[number]>> {
  const flat = policies.flatMap((policy): readonly (Stage<unknown> | Decorator)[] => {
    if (typeof policy === 'function') return 'policies' in policy ? policy.policies : [policy]
    if (typeof policy?.enter === 'function' && typeof policy.leave === 'function') return [policy]
    throw new OptionError('wrap: each policy', policy, 'a policy, a pipeline or a function from work to work')
  })
  const stages = flat.filter((policy) => typeof policy !== 'function')
  const hasty = stages.some(({ mode }) => mode === 'aggressive')
  const patient = !hasty && stages.some(({ mode }) => mode === 'cooperative')
  const plan = { stages: [], clock: clockOf(stages), hasty, patient }
  const pipeline = link(flat, plan, valueOrThrow) as Pipeline<FallbackOf<P[number]>>
  return Object.assign(pipeline, { attempt: link(flat, plan, outcomeOf), policies: flat })
}

type Driver<R> = (work: Work<unknown>, options?: CallOptions) => Promise<R>

/** Stages up to the first user's function make one segment; that function and all behind it are the segment's work. */
function link<R>(
  policies: readonly (Stage<unknown> | Decorator)[],
  plan: Plan,
  ending: Ending<R>,
): Driver<R> {
  const cut = policies.findIndex((policy) => typeof policy === 'function')
  const stages = (cut === -1 ? policies : policies.slice(0, cut)) as readonly Stage<unknown>[]
  const segment = { ...plan, stages }
  if (cut === -1) return (work, options) => drive(segment, work, options, ending)
  const decorate = policies[cut] as Decorator
  const inner = link(policies.slice(cut + 1), plan, valueOrThrow)
  return (work, options) =>
    drive(segment, (call) => decorate((own) => inner(work, own))(call), options, ending)
}

function clockOf(stages: readonly Stage<unknown>[]): Clock {
  const clocks = new Set(stages.flatMap(({ clock }) => clock ?? []))
  if (clocks.size > 1)
    throw new OptionError('wrap: clock', `${clocks.size} clocks`, 'the same in all policies')
  const [clock = systemClock] = clocks
  return clock
}
