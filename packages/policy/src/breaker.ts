import { growth } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'
import { BreakerOpenError, BudgetError, demand, retryAfterOf } from './errors.ts'
import { channel, events } from './events.ts'
import { named } from './registry.ts'
import type { Run } from './run.ts'
import type { Stage } from './stage.ts'

/** When a breaker opens, for how long, and how it finds out that it may close. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures?: number
  /** How long it stays open, in ms; growing with each failed probe if given as a range (`factor` is 2 if left out). */
  readonly openFor?: number | { readonly initial: number; readonly max: number; readonly factor?: number }
  /** Calls admitted at the same time while half-open. */
  readonly probes?: number
  /** Successful probes that close it. */
  readonly successes?: number
  /** Whether an error speaks against the work. One that does not counts as nothing, neither failure nor success. */
  readonly isFailure?: (error: unknown) => boolean
  readonly clock?: Clock
}

/** What a breaker is, and what it has counted since it was made. */
export interface BreakerStatus {
  readonly name: string
  readonly is: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Failures in a row, while closed. */
  readonly failures: number
  /** Ms until it may admit a call: 0 if it would now, `Infinity` while isolated. */
  readonly retryAfter: number
  readonly counts: BreakerCounts
}

/** `calls` were admitted, `rejected` were not; `ignored` outcomes counted as neither success nor failure. */
export interface BreakerCounts {
  readonly calls: number
  readonly successes: number
  readonly failures: number
  readonly ignored: number
  readonly rejected: number
}

/** What happens to a breaker. `openFor` and `retryAfter` are ms; `error` is the failure that opened it. */
export type BreakerEvent =
  | { type: 'breaker.opened'; policy: string; openFor: number; error: unknown }
  | { type: 'breaker.half-opened'; policy: string }
  | { type: 'breaker.closed'; policy: string }
  | { type: 'breaker.isolated'; policy: string }
  | { type: 'breaker.rejected'; policy: string; retryAfter: number }

/** A breaker: a stage for any number of pipelines, and the switch on it. */
export interface Breaker extends Stage {
  status(): BreakerStatus
  /** Closes it and forgets every failure. */
  reset(): void
  /** Admits nothing until `reset`. */
  isolate(): void
  /** Listens to this breaker alone; the answer stops that. */
  on(listener: (event: BreakerEvent) => void): () => void
}

/**
 * Stops calling what keeps failing: closed, open for a while, then half-open for a few probes.
 *
 * Refuses with `BreakerOpenError`. A timeout or a passed deadline is a failure; the caller's abort counts as nothing, and so, by
 * default, does a refusal by another breaker or a budget inside. An error with `retryAfter` (ms) that opens it keeps it
 * open at least that long. With a name it is the same breaker everywhere in the process, without one it is the caller's own.
 * Throws `BreakerConflictError` if the name exists with other options (functions are compared by identity).
 */
export function breaker(name: string, options?: BreakerOptions): Breaker
export function breaker(options?: BreakerOptions): Breaker
export function breaker(first: string | BreakerOptions = {}, options?: BreakerOptions): Breaker {
  if (typeof first !== 'string') return new CircuitBreaker('breaker', settle(first))
  return named.breaker.claim(
    first,
    options && settle(options),
    (asked) => new CircuitBreaker(first, asked ?? settle({})),
  )
}

type Settings = ReturnType<typeof settle>

function settle(options: BreakerOptions) {
  const {
    failures = 5,
    openFor = 60_000,
    probes = 1,
    successes = 1,
    isFailure = isEvidence,
    clock = systemClock,
  } = options
  const {
    initial,
    max,
    factor = 2,
  } = typeof openFor === 'number' ? { initial: openFor, max: openFor } : openFor
  for (const [option, count] of Object.entries({ failures, probes, successes })) {
    demand(Number.isInteger(count) && count >= 1, `breaker.${option}`, count, 'a whole number from 1')
  }
  demand(initial > 0 && initial < Infinity, 'breaker.openFor', initial, 'a number of ms above 0')
  demand(max >= initial, 'breaker.openFor.max', max, `a number of ms, at least initial (${initial})`)
  demand(factor >= 1, 'breaker.openFor.factor', factor, 'a number, at least 1')
  return {
    failures,
    openFor: initial,
    openForMax: max,
    openForFactor: factor,
    probes,
    successes,
    isFailure,
    clock,
  }
}

function isEvidence(error: unknown): boolean {
  return !(error instanceof BreakerOpenError || error instanceof BudgetError)
}

type State =
  | { is: 'closed'; failures: number }
  | { is: 'open'; until: number }
  | { is: 'half-open'; probes: Set<Probe>; successes: number }
  | { is: 'isolated' }

interface Probe {
  readonly since: number
}

/** What an admitted call holds: the generation it was admitted in, or its place as a probe. */
type Permit = number | Probe

/*
 * I1  Closed, it admits every call; the failure that makes `failures` in a row opens it.
 * I2  Open, it admits nothing before `until`; the first call after that finds it half-open.
 * I3  Half-open, at most `probes` calls hold a place, and only their outcomes count.
 * I4  Each transition starts a generation; the outcome of a call admitted in an earlier one changes nothing.
 * I5  A probe keeps its place for one open time at most; then a newcomer may take it, and its outcome changes nothing.
 * I6  counts: calls = successes + failures + ignored + calls in flight.
 */
class CircuitBreaker implements Breaker {
  readonly name: string
  readonly settings: Settings
  readonly clock: Clock
  readonly #channel = channel<BreakerEvent>()
  readonly #counts = { calls: 0, successes: 0, failures: 0, ignored: 0, rejected: 0 }
  #state: State = { is: 'closed', failures: 0 }
  #generation = 0
  /** Probes that failed since it was last closed. */
  #relapses = 0

  constructor(name: string, settings: Settings) {
    this.name = name
    this.settings = settings
    this.clock = settings.clock
  }

  enter(run: Run, slot: number): void {
    run.memo[slot] = this.#state.is === 'closed' ? this.#generation : this.#probe()
    this.#counts.calls++
  }

  leave(run: Run, slot: number): undefined {
    if (!this.#redeem(run.memo[slot] as Permit) || (run.failed && !this.#blames(run))) this.#counts.ignored++
    else if (run.failed) this.#failed(run.error)
    else this.#succeeded()
  }

  status(): BreakerStatus {
    const state = this.#state
    const failures = state.is === 'closed' ? state.failures : 0
    return {
      name: this.name,
      is: state.is,
      failures,
      retryAfter: this.#retryAfter(),
      counts: { ...this.#counts },
    }
  }

  reset(): void {
    this.#close()
  }

  isolate(): void {
    this.#become({ is: 'isolated' }, { type: 'breaker.isolated', policy: this.name })
  }

  on(listener: (event: BreakerEvent) => void): () => void {
    return this.#channel.on(listener)
  }

  #probe(): Probe {
    if (this.#retryAfter() > 0) this.#reject()
    const probes = this.#state.is === 'half-open' ? this.#state.probes : this.#halfOpen()
    if (probes.size >= this.settings.probes) probes.delete(oldest(probes)!)
    const probe = { since: this.clock.now() }
    probes.add(probe)
    return probe
  }

  #retryAfter(): number {
    const state = this.#state
    if (state.is === 'closed') return 0
    if (state.is === 'isolated') return Infinity
    if (state.is === 'open') return Math.max(0, state.until - this.clock.now())
    if (state.probes.size < this.settings.probes) return 0
    return Math.max(0, oldest(state.probes)!.since + this.#openFor() - this.clock.now())
  }

  #reject(): never {
    this.#counts.rejected++
    const retryAfter = this.#retryAfter()
    if (this.#channel.heard || events.heard)
      this.#tell({ type: 'breaker.rejected', policy: this.name, retryAfter })
    throw new BreakerOpenError(this.name, retryAfter)
  }

  /** Gives a permit back; whether the outcome it stands for still counts. */
  #redeem(permit: Permit): boolean {
    if (typeof permit === 'number') return permit === this.#generation
    return this.#state.is === 'half-open' && this.#state.probes.delete(permit)
  }

  #blames(run: Run): boolean {
    return run.interruption?.is !== 'abort' && this.settings.isFailure(run.error)
  }

  #succeeded(): void {
    this.#counts.successes++
    const state = this.#state
    if (state.is === 'closed') state.failures = 0
    else if (state.is === 'half-open' && ++state.successes >= this.settings.successes) this.#close()
  }

  #failed(error: unknown): void {
    this.#counts.failures++
    const state = this.#state
    if (state.is === 'closed' && ++state.failures >= this.settings.failures) this.#open(error)
    if (state.is === 'half-open') {
      this.#relapses++
      this.#open(error)
    }
  }

  #open(error: unknown): void {
    const openFor = Math.max(this.#openFor(), retryAfterOf(error) ?? 0)
    const until = this.clock.now() + openFor
    this.#become({ is: 'open', until }, { type: 'breaker.opened', policy: this.name, openFor, error })
  }

  #halfOpen(): Set<Probe> {
    const probes = new Set<Probe>()
    this.#become(
      { is: 'half-open', probes, successes: 0 },
      { type: 'breaker.half-opened', policy: this.name },
    )
    return probes
  }

  #close(): void {
    this.#relapses = 0
    this.#become({ is: 'closed', failures: 0 }, { type: 'breaker.closed', policy: this.name })
  }

  #become(state: State, event: BreakerEvent): void {
    this.#state = state
    this.#generation++
    this.#tell(event)
  }

  #openFor(): number {
    const { openFor, openForMax, openForFactor } = this.settings
    return growth({ initial: openFor, max: openForMax, factor: openForFactor }, this.#relapses)
  }

  #tell(event: BreakerEvent): void {
    this.#channel.emit(event)
    events.emit(event)
  }
}

function oldest(probes: Set<Probe>): Probe | undefined {
  for (const probe of probes) return probe
  return undefined
}
