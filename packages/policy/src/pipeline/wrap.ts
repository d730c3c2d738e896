import { OptionError } from '../errors.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import type { Outcome } from './outcome.ts'
import { drive, outcomeOf, valueOrThrow } from './pipeline.ts'
import type { Decorator, Hooks, Plan, Stage, Traits } from './stage.ts'
import type { CallOptions, Work } from './work.ts'

export type { Decorator } from './stage.ts'

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
  return pipeline(
    link(flat, false, { clock: clockOf(flat as readonly Partial<Stage>[]), hasty, patient }),
  ) as Pipeline<FallbackOf<P[number]>>
}

/** Stages up to the first user's function make one plan; that function and all behind it are what is inside it. */
function link(policies: readonly (Stage<unknown> | Decorator)[], nested: boolean, traits: Traits): Plan {
  const { clock, hasty, patient } = traits
  const cut = policies.findIndex((policy) => typeof policy === 'function')
  const stages = (cut === -1 ? policies.slice() : policies.slice(0, cut)) as readonly Stage<unknown>[]
  const inside =
    cut === -1
      ? undefined
      : { decorate: policies[cut] as Decorator, plan: link(policies.slice(cut + 1), true, traits) }
  return { stages, hooks: hooksOf(stages), nested, clock, hasty, patient, inside }
}

/** Pipelines are made by the thousand with the same kinds of stages; those made in a row share their hooks. */
let latest: Hooks = { enter: [], leave: [] }

function hooksOf(stages: readonly Stage<unknown>[]): Hooks {
  const { enter, leave } = latest
  const same = ({ enter: into, leave: out }: Stage<unknown>, at: number) =>
    into === enter[at] && out === leave[at]
  if (stages.length !== enter.length || !stages.every(same)) {
    latest = { enter: stages.map(({ enter }) => enter), leave: stages.map(({ leave }) => leave) }
  }
  return latest
}

function clockOf(policies: readonly { readonly clock?: Clock }[]): Clock {
  const clocks = new Set(policies.flatMap(({ clock }) => clock ?? []))
  if (clocks.size > 1)
    throw new OptionError('wrap: clock', `${clocks.size} clocks`, 'the same in all policies')
  const [clock = systemClock] = clocks
  return clock
}

/** A function with the methods of a pipeline. There may be very many: nothing is made for one that can be shared, or made when it is wanted. */
function pipeline(plan: Plan): unknown {
  const ask = call.bind(undefined, plan)
  Object.setPrototypeOf(ask, methods)
  return Object.assign(ask, { plan })
}

function call(plan: Plan, work: Work<unknown>, options?: CallOptions): Promise<unknown> {
  return drive(plan, work, options, valueOrThrow)
}

function attempt(plan: Plan, work: Work<unknown>, options?: CallOptions): Promise<Outcome<unknown>> {
  return drive(plan, work, options, outcomeOf)
}

const methods: object = Object.create(Function.prototype, {
  attempt: {
    get(this: { readonly plan: Plan }) {
      const value = attempt.bind(undefined, this.plan)
      Object.defineProperty(this, 'attempt', { value })
      return value
    },
  },
  policies: {
    get(this: { readonly plan: Plan }) {
      return flattened(this.plan)
    },
  },
})

function flattened({ stages, inside }: Plan): readonly (Stage<unknown> | Decorator)[] {
  return inside === undefined ? stages : [...stages, inside.decorate, ...flattened(inside.plan)]
}
