import { demand } from '../errors.ts'
import { atOnce, demandFunction, demandOptions } from '../options.ts'
import type { Call, CallOptions } from '../pipeline/work.ts'
import { type Pipeline, type Policy, wrap } from '../pipeline/wrap.ts'

/** What to tell the policy of a call, from the arguments of the function. */
export interface ResilientOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** What the call is about, or for whom. */
  readonly key?: ((...args: A) => string | undefined) | undefined
  /** The caller's own signal, if one of the arguments holds it. */
  readonly signal?: ((...args: A) => AbortSignal | undefined) | undefined
  /** The kind of call, for budgets that count each kind by itself. */
  readonly operation?: string | undefined
  /** 0 is ordinary; calls of higher priority are the last to be shed. */
  readonly priority?: number | undefined
}

/** It says nothing of `this`, so that a function without one can be called anywhere. */
type AnyFunction = (...args: never[]) => unknown

/** The arguments of a function that takes the call first, or those of one that does not. */
type Own<A extends readonly unknown[], W> = W extends true ? (A extends [Call, ...infer B] ? B : never) : A

/**
 * The same function under a policy: the same `this` and arguments, and a promise.
 *
 * Nothing is added to the arguments unless `withCall` asks for it: then the function is given the call first (its `signal` aborts when the call is
 * interrupted), and its callers do not see that argument. A retry calls it again with the same arguments.
 */
export function resilient<Fn extends AnyFunction, F = never, const W extends boolean = false>(
  fn: Fn,
  policy: Policy<F>,
  options?: ResilientOptions<Own<Parameters<Fn>, W>> & {
    /** Whether the function takes the call before its own arguments. */
    readonly withCall?: W
  },
): (this: ThisParameterType<Fn>, ...args: Own<Parameters<Fn>, W>) => Promise<Awaited<ReturnType<Fn>> | F> {
  demandFunction('resilient: fn', fn)
  if (options !== undefined) demandOptions('resilient', options, [...told, 'withCall'])
  return guard(fn, policy, options as Guarding) as never
}

/**
 * The same for methods, as a decorator of the standard: `@under(policy('jira')) async issue(id: string) { … }`.
 *
 * All instances share the policy. The method is an asynchronous one; a method cannot take the call, since a decorator does not change what its
 * callers see. Throws `OptionError` for anything but a method, and under TypeScript's `experimentalDecorators`.
 */
export function under<A extends unknown[], F = never>(
  policy: Policy<F>,
  options?: ResilientOptions<A>,
): <This, B extends [...A, ...unknown[]], R>(
  method: (this: This, ...args: B) => Promise<R>,
  context: ClassMethodDecoratorContext,
) => (this: This, ...args: B) => Promise<R | F> {
  if (options !== undefined) demandOptions('under', options, told)
  return (method, context) => {
    const kind: unknown = (context as { kind?: unknown } | undefined)?.kind
    demand(
      kind === 'method',
      'under',
      kind,
      'on a method, as a decorator of the standard (without experimentalDecorators)',
    )
    return guard(method, policy, options as Guarding) as never
  }
}

const told = ['key', 'signal', 'operation', 'priority'] as const

type Guarding = (ResilientOptions<unknown[]> & { readonly withCall?: boolean }) | undefined

function guard(
  fn: (...args: never[]) => unknown,
  policy: Policy<unknown>,
  { withCall = false, ...options }: Guarding = {},
): (...args: unknown[]) => Promise<unknown> {
  const pipeline = pipelineOf(policy)
  const work = fn as (...args: unknown[]) => unknown
  const tell = teller(options)
  function guarded(this: unknown, ...args: unknown[]): Promise<unknown> {
    try {
      return pipeline(
        (call) => (withCall ? work.call(this, call, ...args) : work.apply(this, args)),
        tell?.apply(this, args),
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }
  Object.defineProperties(guarded, {
    name: { value: fn.name, configurable: true },
    length: { value: Math.max(0, fn.length - (withCall ? 1 : 0)), configurable: true },
  })
  return guarded
}

function pipelineOf<F>(policy: Policy<F>): Pipeline<F> {
  if (typeof policy === 'function' && 'policies' in policy) return policy
  return wrap(policy) as Pipeline<F>
}

/** What tells the policy of a call; nothing if there is nothing to tell. */
function teller(
  options: ResilientOptions<unknown[]>,
): ((this: unknown, ...args: unknown[]) => CallOptions) | undefined {
  const { key, signal, operation, priority } = options
  if (key !== undefined) demandFunction('resilient.key', key)
  if (signal !== undefined) demandFunction('resilient.signal', signal)
  if (key === undefined && signal === undefined && operation === undefined && priority === undefined)
    return undefined
  return function (...args) {
    return {
      key: atOnce('resilient.key', key?.apply(this, args)),
      signal: atOnce('resilient.signal', signal?.apply(this, args)),
      operation,
      priority,
    }
  }
}
