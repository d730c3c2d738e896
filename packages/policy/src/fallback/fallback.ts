import { demand } from '../errors.ts'
import { missing } from '../named/missing.ts'
import { claim } from '../named/registry.ts'
import { demandFunction, demandOptions } from '../options.ts'
import type { Call, CallOptions } from '../pipeline/work.ts'
import { type Fallback, FallbackChain } from './fallback-chain.ts'

/** Work to do instead, which is also told the error that made it necessary. */
export type Link<F> = (call: Call, error: unknown) => F | PromiseLike<F>

/** A link that has a name of its own, and may be passed over. */
export interface NamedLink<F> {
  readonly name: string
  readonly do: Link<F>
  /** Whether it is for what failed with this error; if not, the next link is looked at. */
  readonly when?: ((error: unknown) => boolean) | undefined
}

/** Links in the order they are tried, and for which errors the next one is. */
export interface FallbackOptions<F> {
  readonly links: readonly (Link<F> | NamedLink<F>)[]
  /** Whether to go on to the next link. By default always. */
  readonly when?: ((error: unknown) => boolean) | undefined
  /** Is told who answered a call (a link's name, or `'work'`), and what that call's caller had brought. What it throws, or its promise rejects with, is dropped. */
  readonly tell?: ((link: string, call: CallOptions | undefined) => void) | undefined
  /** What it is called in events and errors, if it is nobody else's. */
  readonly name?: string | undefined
}

type Links = readonly (Link<unknown> | NamedLink<unknown>)[]
type Chain<L> = Omit<FallbackOptions<unknown>, 'links' | 'name'> & { readonly links: L }
type OwnName = Pick<FallbackOptions<unknown>, 'name'>

/** What any of the links may answer. */
type AnswerOf<L extends Links> = Answer<L[number]>
type Answer<L> = L extends (...args: never[]) => infer R
  ? Awaited<R>
  : L extends { do(...args: never[]): infer R }
    ? Awaited<R>
    : never

/**
 * Answers with the next link's value when what is inside fails: each link is tried when the one before it failed.
 *
 * An error that `when` turns down is passed on as it is, and so is an interruption from outside. When the last link has failed
 * too, the call fails with a `FallbackError`. A link runs under the signal and deadline of what is around the fallback, and not under what is inside
 * it. A link goes by its own name, or its function's, or else its number.
 * With a name it is the same everywhere in the process; throws `ConflictError` if the name exists with other options (functions are compared by
 * identity), and `UnknownNameError` if it does not exist and none are given.
 */
export function fallback<F>(name: string): Fallback<F>
export function fallback<const L extends Links>(name: string, options?: Chain<L>): Fallback<AnswerOf<L>>
export function fallback<const L extends Links>(options: Chain<L> & OwnName): Fallback<AnswerOf<L>>
export function fallback<const L extends Links>(...links: L): Fallback<AnswerOf<L>>
export function fallback<F>(
  first?: string | FallbackOptions<F> | Link<F> | NamedLink<F>,
  ...rest: (Omit<FallbackOptions<F>, 'name'> | Link<F> | NamedLink<F> | undefined)[]
): Fallback<F> {
  if (typeof first === 'string') {
    const [options] = rest as [Omit<FallbackOptions<F>, 'name'>?]
    const settings = options === undefined ? undefined : settle(options, ['links', 'when', 'tell'])
    return claim('fallback', first, settings, (asked) => {
      return new FallbackChain<F>(first, asked ?? missing('fallback', first))
    })
  }
  const options =
    typeof first === 'object' && first !== null && 'links' in first
      ? first
      : { links: first === undefined ? [] : [first, ...(rest as Link<F>[])] }
  const settings = settle(options, ['links', 'when', 'tell', 'name'])
  return new FallbackChain(options.name ?? 'fallback', settings)
}

/** A fallback's options, all of them given and checked; each link has a name. */
export interface FallbackSettings<F> {
  readonly links: readonly NamedLink<F>[]
  readonly when: (error: unknown) => boolean
  readonly tell: FallbackOptions<F>['tell']
}

function settle<F>(options: FallbackOptions<F>, names: readonly string[]): FallbackSettings<F> {
  demandOptions('fallback', options, names)
  const { links, when = always, tell } = options
  demand(Array.isArray(links) && links.length > 0, 'fallback.links', links, 'at least one function')
  demandFunction('fallback.when', when, 'a function from an error to whether to go on')
  if (tell !== undefined) demandFunction('fallback.tell', tell)
  return { links: links.map(named), when, tell }
}

function named<F>(link: Link<F> | NamedLink<F>, at: number): NamedLink<F> {
  if (typeof link === 'function') return { name: link.name || `link ${at + 1}`, do: link }
  demand(typeof link?.do === 'function', 'fallback.links', link, 'functions only')
  demandOptions('fallback.links', link, ['name', 'do', 'when'])
  demand(typeof link.name === 'string' && link.name !== '', 'fallback.links: name', link.name, 'a name')
  const { when = always } = link
  demandFunction('fallback.links: when', when, 'a function from an error to whether to try')
  return link
}

const always = () => true
