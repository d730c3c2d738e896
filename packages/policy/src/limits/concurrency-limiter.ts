import { ConcurrencyLimitError, type Crowd, DeadlineError, TimeoutError } from '../errors.ts'
import { events } from '../events.ts'
import { atOnce } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import { NONE } from './compartment.ts'
import type {
  ConcurrencyLimit,
  ConcurrencyLimitSettings,
  ConcurrencyLimitStatus,
} from './concurrency-limit.ts'
import { Door } from './door.ts'
import { Gradient } from './gradient.ts'
import { priorityOf, type Reason } from './waiting-room.ts'

/*
 * I1  The limit of the door is the one that was learned.
 * I2  A call that waited is measured from when it was let in.
 * I3  A place is given back whatever learning makes of the outcome.
 * I4  Nothing is learned from a call that did not get to the work: it only says how it is on the way there.
 */

/** The only kind of concurrency limit there is. */
export class ConcurrencyLimiter extends Door<Crowded> implements ConcurrencyLimit {
  readonly name: string
  readonly settings: ConcurrencyLimitSettings
  readonly clock: Clock
  #gradient: Gradient
  #rejected = { ...NONE }

  constructor(name: string, settings: ConcurrencyLimitSettings) {
    super(settings.initial)
    this.name = name
    this.settings = settings
    this.clock = settings.clock
    this.#gradient = new Gradient(settings)
  }

  /** One place at least is open to everyone: a limit that nobody uses lets anybody in. */
  override get reserve(): number {
    return this.limit - Math.max(1, Math.floor(this.limit * this.settings.lowPriorityShare))
  }

  override enter(run: Run, slot: number): Refusal | Hold | undefined {
    const answer = super.enter(run, slot)
    if (this.inFlight >= this.#openTo(run)) this.#gradient.press()
    if (answer === undefined) run.memo[slot] = this.clock.now()
    else if ('hold' in answer) return this.#timed(answer, run, slot)
    return answer
  }

  override leave(run: Run, slot: number): undefined {
    try {
      if (run.reached(slot)) this.#learn(run, run.memo[slot] as number)
    } finally {
      super.leave(run, slot)
    }
  }

  status(): ConcurrencyLimitStatus {
    const { name, limit, inFlight, waiting } = this
    const { latency, baseline } = this.#gradient
    return { name, limit, inFlight, waiting, latency, baseline, rejected: { ...this.#rejected } }
  }

  reset(): void {
    this.#gradient = new Gradient(this.settings)
    this.#rejected = { ...NONE }
    this.resize(this.#gradient.limit)
  }

  reject(reason: Reason): Crowded {
    this.#rejected[reason]++
    const { name: policy, limit, inFlight, waiting, settings } = this
    return new Crowded({ policy, reason, limit, inFlight, waiting, maxWait: settings.maxWait })
  }

  tell({ crowd }: Crowded): void {
    if (!events.heard) return
    const { policy, reason, limit, inFlight, waiting } = crowd
    events.emit({ type: 'concurrency-limit.rejected', policy, reason, limit, inFlight, waiting })
  }

  /** The places that such a call may use. */
  #openTo(run: Run): number {
    return priorityOf(run) < 0 ? this.limit - this.reserve : this.limit
  }

  #timed({ hold }: Hold, run: Run, slot: number): Hold {
    return {
      hold: (go) =>
        hold((refusal) => {
          if (refusal === undefined) run.memo[slot] = this.clock.now()
          go(refusal)
        }),
    }
  }

  #learn(run: Run, began: number): void {
    if (run.failed && (run.refused || run.interruption?.is === 'abort')) return
    const now = this.clock.now()
    if (!run.failed) this.#gradient.answered(began, now)
    else if (this.#speaksOfOverload(run.error, now - began)) this.#gradient.overloaded(began, now)
    const [from, to] = [this.limit, this.#gradient.limit]
    if (to === from) return
    this.resize(to)
    if (!events.heard) return
    const { latency, baseline } = this.#gradient
    events.emit({ type: 'concurrency-limit.changed', policy: this.name, from, to, latency, baseline })
  }

  /** Time that was too short for any answer says nothing about what is behind. */
  #speaksOfOverload(error: unknown, ms: number): boolean {
    if (error instanceof TimeoutError || error instanceof DeadlineError)
      return ms >= (this.#gradient.baseline ?? 0)
    return atOnce('concurrencyLimit.isOverload', this.settings.isOverload(error))
  }
}

/** How full it was when a call was turned away. */
class Crowded implements Refusal {
  readonly crowd: Crowd

  constructor(crowd: Crowd) {
    this.crowd = crowd
  }

  refuse(): ConcurrencyLimitError {
    return new ConcurrencyLimitError(this.crowd)
  }
}
