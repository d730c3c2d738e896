import { growth } from './backoff.ts'
import type { Breaker, BreakerEvent, BreakerSettings, BreakerStatus } from './breaker.ts'
import type { Clock } from './clock.ts'
import { BreakerOpenError, retryAfterOf } from './errors.ts'
import { channel, events } from './events.ts'
import type { Run } from './run.ts'
import type { Refusal } from './stage.ts'

/*
 * I1  Closed, it admits every call; the failure that makes `failures` in a row opens it.
 * I2  Open, it admits nothing before `until`; the first call after that finds it half-open.
 * I3  Half-open, at most `probes` calls hold a place, and only their outcomes count.
 * I4  Each transition starts a generation; the outcome of a call admitted in an earlier one changes nothing.
 * I5  A probe keeps its place for one open time at most; then a newcomer may take it, and its outcome changes nothing.
 * I6  counts: calls = successes + failures + ignored + calls in flight.
 */

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

/** The only kind of breaker there is. */
export class CircuitBreaker implements Breaker {
  readonly name: string
  readonly settings: BreakerSettings
  readonly clock: Clock
  readonly #channel = channel<BreakerEvent>()
  readonly #counts = { calls: 0, successes: 0, failures: 0, ignored: 0, rejected: 0 }
  #state: State = { is: 'closed', failures: 0 }
  #generation = 0
  /** Probes that failed since it was last closed. */
  #relapses = 0

  constructor(name: string, settings: BreakerSettings) {
    this.name = name
    this.settings = settings
    this.clock = settings.clock
  }

  enter(run: Run, slot: number): Refusal | undefined {
    const permit = this.#state.is === 'closed' ? this.#generation : this.#probe()
    if (permit === undefined) return this
    run.memo[slot] = permit
    this.#counts.calls++
    return undefined
  }

  refuse(): BreakerOpenError {
    return new BreakerOpenError(this.name, this.#retryAfter())
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

  #probe(): Probe | undefined {
    const retryAfter = this.#retryAfter()
    if (retryAfter > 0) {
      this.#rejected(retryAfter)
      return undefined
    }
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

  #rejected(retryAfter: number): void {
    this.#counts.rejected++
    if (this.#channel.heard || events.heard)
      this.#tell({ type: 'breaker.rejected', policy: this.name, retryAfter })
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
