import { ConflictError, UnknownNameError } from './errors.ts'
import { claim, status as statusOfAll } from './registry.ts'
import { type CallCounts, type Durations, isStatistics, type Statistics, statistics } from './statistics.ts'
import type { CallOptions, Work } from './work.ts'
import { type Pipeline, type Policy, wrap } from './wrap.ts'

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
 * Given policies, outermost first, it makes it; given only the name, it finds it, and throws `UnknownNameError` if there is none. It counts its calls
 * by a `statistics` stage, its own unless the first policy is one. Throws `ConflictError` if the name has other policies (compared by identity).
 */
export function policy<const P extends Policies>(name: string, ...policies: P): NamedPolicy<Fallback<P>>
export function policy<F = never>(name: string): NamedPolicy<F>
export function policy(name: string, ...policies: Policy<unknown>[]): NamedPolicy<unknown> {
  let made = false
  const found = claim('policy', name, undefined, (): Named => {
    if (policies.length === 0) {
      const names = statusOfAll('policy').map((each) => each.name)
      throw new UnknownNameError('policy', name, names)
    }
    made = true
    return named(name, policies)
  })
  if (!made && policies.length > 0) demandSame(found, policies)
  return found
}

interface Named extends NamedPolicy<unknown> {
  readonly settings: { readonly statistics: Statistics }
}

function named(name: string, policies: readonly Policy<unknown>[]): Named {
  const [first] = policies
  const own = isStatistics(first)
  const counted = own ? first : statistics({ name })
  const pipeline: Pipeline<unknown> = own ? wrap(...policies) : wrap(counted, ...policies)
  // A function that is born with its name is a quarter of the size of one that is given it.
  const call = { [name]: (work: Work<unknown>, options?: CallOptions) => pipeline(work, options) }[name]!
  const { attempt, policies: all } = pipeline
  return Object.assign(call, {
    attempt,
    policies: all,
    settings: { statistics: counted },
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

function demandSame(existing: Named, asked: readonly Policy<unknown>[]): void {
  const [first] = asked
  const { policies } = wrap(...asked)
  const same = isStatistics(first) ? existing.policies : inside(existing)
  if (policies.length === same.length && policies.every((each, at) => each === same[at])) return
  throw new ConflictError('policy', existing.name, namesOf(same), namesOf(policies))
}

function namesOf(policies: readonly unknown[]): string {
  return `policies: ${policies.map((each) => (each as Partial<Told>).name || 'a function').join(', ')}`
}
