import type { BreakerStatus } from '../breaker/breaker.ts'
import type { BudgetStatus } from '../budget/budget.ts'
import type { ChaosStatus } from '../chaos/chaos.ts'
import { ConflictError, RegistryFullError } from '../errors.ts'
import type { FallbackStatus } from '../fallback/fallback-chain.ts'
import type { HedgeStatus } from '../hedge/hedge.ts'
import type { BulkheadStatus } from '../limits/bulkhead.ts'
import type { ConcurrencyLimitStatus } from '../limits/concurrency-limit.ts'
import type { RateLimitStatus } from '../limits/rate-limit.ts'
import type { CacheStatus } from '../reuse/cache.ts'
import type { CoalesceStatus } from '../reuse/coalesce.ts'
import type { PolicyStatus } from './policy.ts'
import { isPlain, same } from './same.ts'

/*
 * Everything of this process that has a name.
 *
 * I1  One name of one kind is one thing, for as long as it is not forgotten.
 * I2  It has the settings it was made with; who asks for others is told so, and nothing changes.
 * I3  There are at most `MOST` of a kind: a name that holds an id would fill the memory, and is told so.
 */

/** The kinds of things that have names, and what each tells of itself. */
export interface Kinds {
  breaker: BreakerStatus
  budget: BudgetStatus
  bulkhead: BulkheadStatus
  cache: CacheStatus
  chaos: ChaosStatus
  coalesce: CoalesceStatus
  concurrencyLimit: ConcurrencyLimitStatus
  fallback: FallbackStatus
  hedge: HedgeStatus
  policy: PolicyStatus
  rateLimit: RateLimitStatus
}

export type Kind = keyof Kinds

/** What the registry keeps. `settings` are compared when the name is asked for again. */
export interface Registered<K extends Kind = Kind> {
  readonly name: string
  readonly settings: object
  status(): Kinds[K]
  reset(): void
  isolate?(): void
}

/** Named things of one kind that a process may have. */
const MOST = 10_000

const kinds = new Map<Kind, Map<string, Registered>>()

/** The one of that name, made if it is new; a `ConflictError` if it is not, and `settings` differ from its own. */
export function claim<K extends Kind, T extends Registered<K>, S extends object>(
  kind: K,
  name: string,
  settings: S | undefined,
  make: (settings: S | undefined) => T,
): T {
  const all = of(kind)
  const existing = all.get(name)
  if (existing !== undefined) {
    const differing = settings === undefined ? [] : differences(existing.settings, settings)
    if (differing.length === 0) return existing as unknown as T
    throw new ConflictError(kind, name, show(existing.settings, differing), show(settings!, differing))
  }
  if (all.size >= MOST) throw new RegistryFullError(kind, name, MOST)
  const made = make(settings)
  all.set(name, made as unknown as Registered)
  return made
}

/** The status of everything of that kind that has a name, in the order in which they were made. */
export function status<K extends Kind>(kind: K): Kinds[K][] {
  return [...of(kind).values()].map((each) => each.status() as Kinds[K])
}

/** The status of everything that has a name, by kind. */
export function statuses(): { [K in Kind]?: Kinds[K][] } {
  return Object.fromEntries([...kinds.keys()].map((kind) => [kind, status(kind)]))
}

/** Isolates what has that name and can be isolated, or only that of `kind`. Answers whether there was any. */
export function isolate(name: string, kind?: Kind): boolean {
  const found = withName(name, kind).filter((each) => each.isolate !== undefined)
  for (const each of found) each.isolate!()
  return found.length > 0
}

/** Resets what has that name, whatever its kind, or only that of `kind`. Answers whether there was any. */
export function reset(name: string, kind?: Kind): boolean {
  const found = withName(name, kind)
  for (const each of found) each.reset()
  return found.length > 0
}

/** Forgets what has that name, or only that of `kind`; who holds it keeps it. Answers whether there was any. */
export function forget(name: string, kind?: Kind): boolean {
  let found = false
  for (const [each, all] of kinds) if (kind === undefined || kind === each) found = all.delete(name) || found
  return found
}

function withName(name: string, kind: Kind | undefined): Registered[] {
  return [...kinds].flatMap(([each, all]) =>
    kind === undefined || kind === each ? (all.get(name) ?? []) : [],
  )
}

function of(kind: Kind): Map<string, Registered> {
  const known = kinds.get(kind)
  if (known !== undefined) return known
  const all = new Map<string, Registered>()
  kinds.set(kind, all)
  return all
}

function differences(existing: object, asked: object): string[] {
  return Object.keys(asked).filter((key) => !same(Reflect.get(existing, key), Reflect.get(asked, key)))
}

function show(settings: object, keys: string[]): string {
  return keys.map((key) => `${key}: ${describe(Reflect.get(settings, key))}`).join(', ')
}

function describe(value: unknown): string {
  if (typeof value === 'function') return value.name || 'a function'
  return isPlain(value) ? JSON.stringify(value) : typeof value === 'object' ? 'another' : String(value)
}
