import { ConflictError, UnknownNameError } from '../errors.ts'
import { accompanied, isEscorted } from '../pipeline/escort.ts'
import type { CallOptions, Work } from '../pipeline/work.ts'
import { type Pipeline, type Policy, wrap } from '../pipeline/wrap.ts'
import { type PolicyOptions, policiesOf } from './policy-options.ts'
import { claim, status as statusOfAll } from './registry.ts'
import { isPlain, same } from './same.ts'
import { type CallCounts, type Durations, isStatistics, type Statistics, statistics } from './statistics.ts'

/** How a named policy's calls went, and how the policies inside it are. */
export interface PolicyStatus {
  readonly name: string
  readonly counts: CallCounts
  /** Undefined if none are kept, or no call was timed in the last minutes. */
  readonly durations: Durations | undefined
  /** Outermost first; `status` is what each tells of itself, if it does. */
  readonly policies: readonly { readonly name: string; readonly status?: unknown }[]
}

/** A pipeline that has a name, and counts its calls. */
export interface NamedPolicy<F = never> extends Pipeline<F> {
  readonly name: string
  status(): PolicyStatus
  /** Begins to count anew, and resets every policy inside that can be reset. */
  reset(): void
}

type Policies = readonly [Policy<unknown>, ...Policy<unknown>[]]
type Fallback<P extends Policies> = ReturnType<typeof wrap<P>> extends Pipeline<infer F> ? F : never

/**
 * Policies in force under one name, which is the same pipeline everywhere in the process.
 *
 * Given policies, outermost first, or options, it makes it; given only the name, it finds it, and throws `UnknownNameError` if there is none. It
 * counts its calls by a `statistics` stage, its own unless the first policy is one. Throws `ConflictError` if the name has other policies (compared by
 * identity) or other options (compared by what they say).
 */
export function policy(name: string, options: PolicyOptions): NamedPolicy
export function policy<const P extends Policies>(name: string, ...policies: P): NamedPolicy<Fallback<P>>
export function policy<F = never>(name: string): NamedPolicy<F>
export function policy(name: string, ...asked: Policy<unknown>[] | [PolicyOptions]): NamedPolicy<unknown> {
  let made = false
  const found = claim('policy', name, undefined, (): Named => {
    if (asked.length === 0) {
      const names = statusOfAll('policy').map((each) => each.name)
      throw new UnknownNameError('policy', name, names)
    }
    made = true
    return isOptions(asked) ? named(name, policiesOf(name, asked[0]), asked[0]) : named(name, asked)
  })
  if (!made && asked.length > 0) demandSame(found, asked)
  return found
}

interface Named extends NamedPolicy<unknown> {
  readonly settings: { readonly statistics: Statistics; readonly options: PolicyOptions | undefined }
}

type Asked = readonly Policy<unknown>[] | readonly [PolicyOptions]

function isOptions(asked: Asked): asked is readonly [PolicyOptions] {
  return asked.length === 1 && isPlain(asked[0]) && !('enter' in asked[0])
}

function named(name: string, policies: readonly Policy<unknown>[], options?: PolicyOptions): Named {
  const [first] = policies
  const own = isStatistics(first)
  const counted = own ? first : statistics({ name })
  const pipeline: Pipeline<unknown> = own ? wrap(...policies) : wrap(counted, ...policies)
  // A function that is born with its name is a quarter of the size of one that is given it; one that binds keeps no call's arguments for a closure.
  const call = {
    [name]: (work: Work<unknown>, own?: CallOptions) =>
      isEscorted() ? accompanied(name, pipeline.bind(undefined, work, own), 'value') : pipeline(work, own),
  }[name]!
  const attempt: Named['attempt'] = <T>(work: Work<T>, own?: CallOptions) =>
    isEscorted()
      ? accompanied(name, pipeline.attempt.bind(undefined, work, own), 'outcome')
      : pipeline.attempt(work, own)
  return Object.assign(call, {
    attempt,
    policies: pipeline.policies,
    settings: { statistics: counted, options },
    status,
    reset,
  }) as Named
}

function status(this: Named): PolicyStatus {
  const { counts, durations } = this.settings.statistics.status()
  const policies = inside(this).map((each) => {
    const { name, status } = each as Partial<Told>
    return { name: name ?? '', ...(typeof status === 'function' && { status: status.call(each) }) }
  })
  return { name: this.name, counts, durations, policies }
}

function reset(this: Named): void {
  this.settings.statistics.reset()
  for (const each of inside(this)) (each as Partial<Told>).reset?.()
}

/** What any policy may offer. */
interface Told {
  readonly name: string
  status(): unknown
  reset(): void
}

function inside({ policies, settings }: Named): readonly unknown[] {
  return policies.filter((each) => each !== settings.statistics)
}

function demandSame(existing: Named, asked: Asked): void {
  const { options } = existing.settings
  if (isOptions(asked)) {
    if (options !== undefined && same(options, asked[0])) return
    throw new ConflictError('policy', existing.name, shown(options, inside(existing)), shown(asked[0], []))
  }
  const there = isStatistics(asked[0]) ? existing.policies : inside(existing)
  const { policies } = wrap(...asked)
  if (policies.length === there.length && policies.every((each, at) => each === there[at])) return
  throw new ConflictError('policy', existing.name, shown(undefined, there), shown(undefined, policies))
}

function shown(options: PolicyOptions | undefined, policies: readonly unknown[]): string {
  if (options !== undefined)
    return Object.entries(options)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join(', ')
  return `policies: ${policies.map((each) => (each as Partial<Told>).name || 'a function').join(', ')}`
}
