import { BreakerOpenError, retryAfterOf } from '../errors.ts'
import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import { growth } from '../retry/backoff.ts'
import { roughNow } from '../time/clock.ts'
import { TICK } from '../time/tick.ts'
import type { BreakerCounts, BreakerEvent, CircuitState, CircuitStatus } from './breaker.ts'
import { isRefusal, matches } from './breaker-options.ts'
import type { Owner } from './owner.ts'
import { ProbeQueue } from './probe-queue.ts'
import { type HalfOpen, Open, Permit, type State } from './state.ts'
import type { Gauge } from './trip.ts'

/*
 * The states of one circuit: of a breaker, or of one key of it.
 *
 * I1  Closed, it admits every call; the outcome after which its gauge says so opens it.
 * I2  Open, it admits nothing before `until`; the first call after that finds it half-open.
 * I3  Half-open, at most `probes` calls hold a place, and only their outcomes count.
 * I4  Each transition starts a generation, a state of its own; the outcome of a call admitted in an earlier one changes nothing.
 * I5  A probe keeps its place for one open time at most; then a newcomer may take it, and its outcome changes nothing.
 * I6  counts: calls = successes + failures + ignored + calls in flight.
 * I7  Only while half-open do calls wait, at most `waiting` of them; the next transition lets each in or turns it away.
 */

/** The longest that a failure may ask a breaker to stay open, unless its own open time is longer. */
const HOUR = 3_600_000

/** The state in which all circuits begin, and which none comes back to. */
const NEW: State = { is: 'closed' }

/** One circuit. It is small, since there may be one for each key. */
export class Circuit implements Refusal {
  readonly #owner: Owner
  readonly #key: string | undefined
  #gauge: Gauge
  #state: State = NEW
  #calls = 0
  #probes = 0
  #successes = 0
  #failures = 0
  #ignored = 0
  #rejected = 0

  constructor(owner: Owner, key?: string) {
    this.#owner = owner
    this.#key = key
    this.#gauge = owner.gauge()
  }

  /** Whether somebody switched it by hand: that must not be forgotten. */
  get pinned(): boolean {
    const { is } = this.#state
    return is === 'isolated' || is === 'disabled' || is === 'observed'
  }

  /** Whether a fresh one would do the same. */
  get idle(): boolean {
    if (this.#state.is !== 'closed') return false
    const { failures, slow } = this.#gauge.counts()
    return failures + slow === 0 && this.#calls === this.#successes + this.#failures + this.#ignored
  }

  enter(run: Run, slot: number): Refusal | Hold | undefined {
    const state = this.#state
    if (state.is === 'open' && this.#early(state.until)) return this.#turnedAway(state)
    if (state.is === 'open' || state.is === 'half-open' || state.is === 'isolated')
      return this.#knock(run, slot)
    const plain = this.#key === undefined && !this.#gauge.timed
    run.memo[slot] = plain
      ? state
      : new Permit(this, state, this.#gauge.timed ? this.#owner.clock.now() : Number.NaN)
    this.#calls++
    return undefined
  }

  leave(run: Run, slot: number): void {
    const permit = run.memo[slot] as Permit | State
    const counts = this.#redeem(permit)
    const verdict = counts && !run.failed ? 'success' : this.#verdict(counts, run, slot)
    if (verdict === 'nothing') return
    const failed = verdict === 'failure'
    if (failed) this.#failures++
    else this.#successes++
    const timed = this.#gauge.timed && permit instanceof Permit && !Number.isNaN(permit.since)
    this.#learn(failed, timed ? this.#owner.clock.now() - permit.since : 0, run)
  }

  /** What a call that failed, or no longer counts, says. It is counted as nothing also if a user's function throws. */
  #verdict(counts: boolean, run: Run, slot: number): 'success' | 'failure' | 'nothing' {
    let verdict: 'success' | 'failure' | 'nothing' = 'nothing'
    try {
      if (counts) verdict = this.#judge(run, slot)
      return verdict
    } finally {
      if (verdict === 'nothing') this.#unjudged(counts)
    }
  }

  /** The error of a call that was turned away while half-open or isolated. */
  refuse(): BreakerOpenError {
    return new BreakerOpenError(this.#owner.name, this.#retryAfter(this.#owner.clock.now()))
  }

  status(): CircuitStatus {
    const window = this.#gauge.counts()
    const retryAfter = this.#retryAfter(this.#owner.clock.now())
    return { is: this.#state.is, failures: window.failures, window, retryAfter, counts: this.#counts() }
  }

  save(): CircuitState {
    const state = this.#state
    if (state.is === 'half-open') return { is: 'open', remaining: 0, relapses: state.relapses }
    if (state.is !== 'open') return { is: state.is }
    const remaining = this.#retryAfter(this.#owner.clock.now())
    return { is: 'open', remaining, relapses: state.relapses }
  }

  restore(saved: CircuitState): void {
    if (saved.is === 'open') this.#open(saved.remaining, saved.relapses, undefined)
    else if (saved.is === 'closed') this.close()
    else this.set(saved.is)
  }

  close(): void {
    this.#gauge.clear()
    this.#become({ is: 'closed' }, { type: 'breaker.closed', ...this.#who() })
  }

  set(is: 'isolated' | 'disabled' | 'observed'): void {
    this.#gauge.clear()
    this.#become({ is }, { type: `breaker.${is}`, ...this.#who() })
  }

  /** The breaker has other settings: what was counted and decided stays, as far as the new ones can go on with it. */
  adjust(): void {
    const fresh = this.#owner.gauge()
    if (this.#gauge.retune?.(fresh) !== true) this.#gauge = fresh
    if (this.#state.is !== 'open') return
    const { until, relapses } = this.#state
    const latest = this.#owner.clock.now() + this.#openTime(relapses)
    this.#state = new Open(this.#owner, Math.min(until, latest), relapses)
  }

  /** A call comes while not everybody is let in. */
  #knock(run: Run, slot: number): Refusal | Hold | undefined {
    const half = this.#halfOpened()
    if (half === undefined) return this.#turnedAway(this)
    const now = this.#owner.clock.now()
    if (half.probes.size >= this.#owner.rules.probes) {
      const [eldest] = half.probes
      const free = eldest!.since + this.#openTime(half.relapses)
      if (free > now) {
        if (half.room.size >= this.#owner.rules.waiting) return this.#turnedAway(this)
        return half.room.hold(() => this.enter(run, slot), free - now)
      }
      half.probes.delete(eldest!)
    }
    const probe = new Permit(this, half, now)
    half.probes.add(probe)
    run.memo[slot] = probe
    this.#calls++
    this.#probes++
    return undefined
  }

  #halfOpened(): HalfOpen | undefined {
    const state = this.#state
    if (state.is === 'half-open') return state
    if (state.is !== 'open') return undefined
    const half: HalfOpen = {
      is: 'half-open',
      probes: new Set(),
      room: new ProbeQueue(this.#owner.clock),
      relapses: state.relapses,
      successes: 0,
    }
    this.#become(half, { type: 'breaker.half-opened', ...this.#who() })
    return half
  }

  #turnedAway(refusal: Refusal): Refusal {
    this.#rejected++
    if (this.#owner.heard) {
      const retryAfter = this.#retryAfter(this.#owner.clock.now())
      this.#owner.tell({ type: 'breaker.rejected', ...this.#who(), retryAfter })
    }
    return refusal
  }

  /** Whether it is too early for a probe. Near the end of the open time a rough look at the clock would not do: a caller was told when to come. */
  #early(until: number): boolean {
    const rough = roughNow(this.#owner.clock)
    if (rough >= until) return false
    return until - rough > TICK || this.#owner.clock.now() < until
  }

  /** A call's outcome says nothing. If it was a probe's, its place is free. */
  #unjudged(counts: boolean): void {
    this.#ignored++
    if (counts && this.#state.is === 'half-open') this.#state.room.next()
  }

  /** Gives a permit back; whether the outcome it stands for still counts. */
  #redeem(permit: Permit | State): boolean {
    if (!(permit instanceof Permit)) return permit === this.#state
    if (this.#state.is === 'half-open') return this.#state.probes.delete(permit)
    return permit.state === this.#state
  }

  #judge(run: Run, slot: number): 'success' | 'failure' | 'nothing' {
    if (run.interruption !== undefined && !run.reached(slot)) return 'nothing'
    if (run.interruption?.is === 'abort') return 'nothing'
    const { ignored, isFailure } = this.#owner.rules
    if (ignored === isRefusal ? run.refused || isRefusal(run.error) : matches(ignored, run.error))
      return 'nothing'
    return isFailure === undefined || matches(isFailure, run.error) ? 'failure' : 'success'
  }

  #learn(failed: boolean, ms: number, run: Run): void {
    const state = this.#state
    if (state.is === 'half-open') {
      if (failed || this.#gauge.isSlow?.(ms) === true) {
        const relapses = state.relapses + 1
        this.#open(this.#openTime(relapses), relapses, run.failed ? run.error : undefined)
      } else if (++state.successes >= this.#owner.rules.successes) this.close()
      else state.room.next()
    } else if (state.is !== 'disabled' && this.#gauge.record(failed, ms)) {
      const error = run.failed ? run.error : undefined
      // A user's function may have switched it while it judged.
      if (this.#state !== state) return
      if (state.is === 'closed') return this.#open(this.#openTime(0), 0, error)
      this.#gauge.clear()
      this.#owner.tell({ type: 'breaker.would-open', ...this.#who(), error })
    }
  }

  #open(time: number, relapses: number, error: unknown): void {
    const longest = Math.max(HOUR, this.#owner.rules.openFor.max)
    const openFor = Math.max(time, Math.min(retryAfterOf(error) ?? 0, longest))
    const until = this.#owner.clock.now() + openFor
    this.#become(new Open(this.#owner, until, relapses), {
      type: 'breaker.opened',
      ...this.#who(),
      openFor,
      error,
    })
  }

  #become(state: State, event: BreakerEvent): void {
    const old = this.#state
    this.#state = state
    this.#owner.tell(event)
    if (old.is === 'half-open') old.room.empty()
  }

  #openTime(relapses: number): number {
    return growth(this.#owner.rules.openFor, relapses)
  }

  /** Ms until it may admit a call. */
  #retryAfter(now: number): number {
    const state = this.#state
    if (state.is === 'isolated') return Infinity
    if (state.is === 'open') return Math.max(0, state.until - now)
    if (state.is !== 'half-open' || state.probes.size < this.#owner.rules.probes) return 0
    const [eldest] = state.probes
    return Math.max(0, eldest!.since + this.#openTime(state.relapses) - now)
  }

  #counts(): BreakerCounts {
    return {
      calls: this.#calls,
      probes: this.#probes,
      successes: this.#successes,
      failures: this.#failures,
      ignored: this.#ignored,
      rejected: this.#rejected,
    }
  }

  #who(): { policy: string; key?: string } {
    const { name } = this.#owner
    return this.#key === undefined ? { policy: name } : { policy: name, key: this.#key }
  }
}
