import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import { type Host, priorityOf, type Reason, WaitingRoom } from './waiting-room.ts'

/*
 * I1  A call goes when the meter lets it and no pause stands, and never before anyone who waits.
 * I2  While somebody waits there is one timer on the clock, for the next turn; while nobody waits there is none.
 * I3  `turn` is true: a call made at that very moment goes, if no other comes first.
 */

/** Counts calls, and knows when the next may go. Times are ms, and never go back. */
export interface Meter {
  /** When a call with so many ahead of it may go: now, if the answer is not later than `now`. */
  turn(now: number, ahead: number): number
  /** A call goes. */
  take(now: number): void
  /** How many might go now. */
  free(now: number): number
  /** Whether it has nothing to remember. */
  idle(now: number): boolean
}

/** What a turnstile needs to know of the rate limit it belongs to. */
export interface Attendant<R extends Refusal> {
  readonly settings: { readonly queue: number; readonly maxWait: number; readonly clock: Clock }
  /** Nobody goes before that. */
  readonly pausedUntil: number
  reject(reason: Reason, turnstile: Turnstile<R>): R
  tell(rejection: R): void
}

/** Lets one call after the other through, as a meter says. */
export class Turnstile<R extends Refusal> implements Host<R> {
  readonly key: string | undefined
  readonly #attendant: Attendant<R>
  #meter: Meter
  #room: WaitingRoom<R> | undefined = undefined
  #pausedUntil = -Infinity
  #stop: (() => void) | undefined = undefined

  constructor(attendant: Attendant<R>, meter: Meter, key?: string) {
    this.#attendant = attendant
    this.#meter = meter
    this.key = key
  }

  get settings(): Attendant<R>['settings'] {
    return this.#attendant.settings
  }

  get waiting(): number {
    return this.#room === undefined ? 0 : this.#room.size
  }

  /** Whether a fresh one would do the same. */
  get idle(): boolean {
    const now = this.settings.clock.now()
    return this.waiting === 0 && this.#pausedUntil <= now && this.#meter.idle(now)
  }

  enter(run: Run): Refusal | Hold | undefined {
    const now = this.settings.clock.now()
    if (this.waiting > 0) this.#admit(now)
    if (this.waiting === 0 && this.turn(now) <= now) {
      this.#meter.take(now)
      return undefined
    }
    const answer = this.settings.queue > 0 ? this.#wait(run, now) : 'full'
    if (typeof answer === 'object') return answer
    const rejection = this.reject(answer)
    this.tell(rejection)
    return rejection
  }

  /** When a newcomer might go who has so many ahead of it; not before `now`. */
  turn(now: number, ahead = this.waiting): number {
    const from = Math.max(now, this.pausedUntil)
    return Math.max(from, this.#meter.turn(from, ahead))
  }

  /** How many might go now. */
  free(now: number): number {
    return this.pausedUntil > now || this.waiting > 0 ? 0 : this.#meter.free(now)
  }

  get pausedUntil(): number {
    return Math.max(this.#pausedUntil, this.#attendant.pausedUntil)
  }

  /** Nobody goes before `time`; an earlier one than stands changes nothing. */
  pause(time: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time)
  }

  /** Starts anew with a fresh meter, and no pause of its own. */
  reset(meter: Meter): void {
    this.#meter = meter
    this.#pausedUntil = -Infinity
    this.#stop?.()
    this.#next()
  }

  reject(reason: Reason): R {
    return this.#attendant.reject(reason, this)
  }

  tell(rejection: R): void {
    this.#attendant.tell(rejection)
  }

  changed(): void {
    if (this.waiting === 0) {
      this.#stop?.()
      this.#stop = undefined
    } else if (this.#stop === undefined) this.#arm(this.settings.clock.now())
  }

  due(): void {
    this.#admit(this.settings.clock.now())
  }

  /** A place in the queue, unless there is none or the turn would come too late in any case. */
  #wait(run: Run, now: number): Hold | Reason {
    const { maxWait } = this.settings
    this.#room ??= new WaitingRoom(this)
    const turn = this.turn(now, this.#room.ahead(priorityOf(run)))
    // At its deadline a call is over; after exactly its longest wait it may still go.
    if (turn > now + maxWait || turn >= run.deadline) return 'waited'
    return this.#room.hold(run) ?? 'full'
  }

  #admit(now: number): void {
    while (this.waiting > 0 && this.turn(now, 0) <= now) {
      this.#meter.take(now)
      this.#room!.admit()
    }
  }

  #next(): void {
    const now = this.settings.clock.now()
    this.#admit(now)
    this.#stop = undefined
    if (this.waiting > 0) this.#arm(now)
  }

  #arm(now: number): void {
    this.#stop = this.settings.clock.after(this.turn(now, 0) - now, () => this.#next(), now)
  }
}
