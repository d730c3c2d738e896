import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import { type Host, priorityOf, type Reason, WaitingRoom } from './waiting-room.ts'

/*
 * I1  There are never more than `limit` calls inside, except those who were inside when it shrank.
 * I2  Every call that was let in gives its place back once: in `leave`, which the pipeline calls once for each.
 * I3  Nobody waits while there is a place open to them.
 * I4  A place given back goes to who is next before any newcomer sees it.
 */

/** A number of places for calls to be in at the same time, and a bounded queue for them. */
export abstract class Door<R extends Refusal> implements Host<R> {
  abstract readonly settings: { readonly queue: number; readonly maxWait: number }
  #limit: number
  #inFlight = 0
  #room: WaitingRoom<R> | undefined = undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  abstract reject(reason: Reason): R
  abstract tell(rejection: R): void

  /** Places that only calls of priority 0 or more may take. */
  get reserve(): number {
    return 0
  }

  get limit(): number {
    return this.#limit
  }

  /** Calls inside. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Calls waiting. */
  get waiting(): number {
    return this.#room === undefined ? 0 : this.#room.size
  }

  /** From now on there are so many places. Who is inside stays; who waits comes in, if there are more than before. */
  resize(limit: number): void {
    this.#limit = limit
    if (this.#room !== undefined) this.#fill(this.#room)
  }

  enter(run: Run, _slot: number): Refusal | Hold | undefined {
    const free = this.#limit - this.#inFlight
    if (free > 0 && (free > this.reserve || priorityOf(run) >= 0)) {
      this.#inFlight++
      return undefined
    }
    if (this.settings.queue > 0) {
      this.#room ??= new WaitingRoom(this)
      const hold = this.#room.hold(run)
      if (hold !== undefined) return hold
    }
    const rejection = this.reject('full')
    this.tell(rejection)
    return rejection
  }

  leave(_run: Run, _slot: number): undefined {
    this.#inFlight--
    if (this.#room !== undefined) this.#fill(this.#room)
  }

  changed(): void {}

  due(): void {}

  #fill(room: WaitingRoom<R>): void {
    while (room.size > 0) {
      const free = this.#limit - this.#inFlight
      if (free <= 0 || (free <= this.reserve && room.priority < 0)) return
      this.#inFlight++
      room.admit()
    }
  }
}
