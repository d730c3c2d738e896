import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import { Timer } from '../time/timer.ts'
import { type Place, Queue } from './queue.ts'

/*
 * I1  There are never more than `queue` calls waiting.
 * I2  A call that waits is let in, turned away or taken out, exactly once; after that it has no place and no timer.
 * I3  A call is only turned away for one of higher priority while the room is full.
 */

/**
 * Why a call was turned away: there was no place for it (`full`), it waited too long (`waited`), or its place in the queue went to a call of
 * higher priority (`outranked`).
 */
export type Reason = 'full' | 'waited' | 'outranked'

/** Whose room it is. `R` is what it turns calls away with. */
export interface Host<R extends Refusal> {
  /** The most that may wait, and for how many ms. */
  readonly settings: { readonly queue: number; readonly maxWait: number }
  /** Turns a call away that waited. */
  reject(reason: Reason): R
  /** Tells of it, in the context of the call that was turned away. */
  tell(rejection: R): void
  /** Somebody came to wait, or left. */
  changed(): void
  /** Lets in whose turn has come: asked before somebody is turned away whose turn may come at this very moment. */
  due(): void
}

/** Calls that wait at a stage's door, the highest priority first. */
export class WaitingRoom<R extends Refusal> {
  readonly #queue = new Queue<Waiting<R>>()
  readonly #host: Host<R>

  constructor(host: Host<R>) {
    this.#host = host
  }

  get size(): number {
    return this.#queue.size
  }

  /** The priority of who is next. */
  get priority(): number {
    return this.#queue.first!.rank
  }

  /** How many would be let in before a newcomer of that priority. */
  ahead(priority: number): number {
    return this.#queue.ahead(priority)
  }

  /** A place for the call, if there is one or if somebody of lower priority has to give way. */
  hold(run: Run): Hold | undefined {
    const priority = priorityOf(run)
    if (this.#crowded && !(this.#queue.last!.rank < priority)) return undefined
    return { hold: (go) => this.#wait(go, priority, run.clock) }
  }

  /** Lets in who is next. */
  admit(): void {
    this.#queue.first!.item.admit()
  }

  /** Takes a call out; used by those who wait. */
  leave(place: Place<Waiting<R>>): void {
    if (this.#queue.remove(place)) this.#host.changed()
  }

  reject(reason: Reason): R {
    return this.#host.reject(reason)
  }

  due(): void {
    this.#host.due()
  }

  get #crowded(): boolean {
    return this.#queue.size >= this.#host.settings.queue
  }

  #wait(go: (refusal?: Refusal) => void, priority: number, clock: Clock): () => void {
    if (this.#crowded) this.#queue.last!.item.turnAway('outranked')
    const { maxWait } = this.#host.settings
    // The answer of a promise comes in the context of the call, whoever turns it away.
    const told = Promise.withResolvers<R>()
    told.promise.then((rejection) => this.#host.tell(rejection))
    const waiting = new Waiting(this, maxWait, (rejection) => {
      if (rejection !== undefined) told.resolve(rejection)
      go(rejection)
    })
    waiting.place = this.#queue.add(waiting, priority)
    if (maxWait !== Infinity) waiting.arm(clock)
    this.#host.changed()
    return () => waiting.cancel()
  }
}

/** Priority 0 is ordinary, and so is what is no number. */
export function priorityOf(run: Run): number {
  return run.options?.priority || 0
}

class Waiting<R extends Refusal> extends Timer {
  readonly ms: number
  readonly #room: WaitingRoom<R>
  readonly #go: (rejection?: R) => void
  place!: Place<Waiting<R>>

  constructor(room: WaitingRoom<R>, ms: number, go: (rejection?: R) => void) {
    super()
    this.#room = room
    this.ms = ms
    this.#go = go
  }

  admit(): void {
    this.cancel()
    this.#go()
  }

  cancel(): void {
    this.disarm()
    this.#room.leave(this.place)
  }

  /** The rejection shows the room as it was while the call was in it. */
  turnAway(reason: Reason): void {
    const rejection = this.#room.reject(reason)
    this.cancel()
    this.#go(rejection)
  }

  fire(): void {
    this.#room.due()
    if (this.place.level !== undefined) this.turnAway('waited')
  }
}
