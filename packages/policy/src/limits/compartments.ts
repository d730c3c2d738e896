import { demand } from '../errors.ts'
import type { Run } from '../pipeline/run.ts'
import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import type { Bulkhead, BulkheadSettings, BulkheadStatus } from './bulkhead.ts'
import { Compartment, NONE } from './compartment.ts'

/*
 * I1  A key with calls inside or waiting has one compartment, and keeps it until the last of them has left.
 * I2  A key without any has none: a fresh one would do the same.
 * I3  There are never more than `maxKeys`; the call of a key more is turned away, since dropping one in use would break its limit.
 */

/** A bulkhead with a compartment for each key. */
export class Compartments implements Bulkhead {
  readonly name: string
  readonly settings: BulkheadSettings
  readonly rejected = { ...NONE }
  readonly #all = new Map<string, Compartment>()
  #limit: number

  constructor(name: string, settings: BulkheadSettings) {
    this.name = name
    this.settings = settings
    this.#limit = settings.limit
  }

  get clock(): Clock {
    return this.settings.clock as Clock
  }

  enter(run: Run, slot: number): Refusal | Hold | undefined {
    const key = run.options?.key ?? ''
    const known = this.#all.get(key)
    const compartment = known ?? this.#open(key)
    if (known === undefined) {
      if (this.#all.size >= this.settings.maxKeys) return this.#refuse(compartment)
      this.#all.set(key, compartment)
    }
    run.memo[slot] = compartment
    const answer = compartment.enter(run, slot)
    if (answer !== undefined && 'refuse' in answer) this.#drop(compartment)
    return answer
  }

  leave(run: Run, slot: number): undefined {
    const compartment = run.memo[slot] as Compartment
    compartment.leave(run, slot)
    this.#drop(compartment)
  }

  status(key?: string): BulkheadStatus {
    if (key !== undefined) return (this.#all.get(key) ?? this.#open(key)).status()
    let inFlight = 0
    let waiting = 0
    for (const each of this.#all.values()) {
      inFlight += each.inFlight
      waiting += each.waiting
    }
    const { name, rejected } = this
    return { name, limit: this.#limit, inFlight, waiting, rejected: { ...rejected }, keys: this.#all.size }
  }

  resize(limit: number): void {
    demand(Number.isInteger(limit) && limit >= 0, 'resize: limit', limit, 'a whole number from 0')
    this.#limit = limit
    for (const each of this.#all.values()) each.resize(limit)
  }

  reset(): void {
    Object.assign(this.rejected, NONE)
    this.resize(this.settings.limit)
  }

  #open(key: string): Compartment {
    const changed = (compartment: Compartment) => {
      // One that is emptied only to make room for a newcomer is dropped, and comes back with it.
      if (!this.#drop(compartment)) this.#all.set(key, compartment)
    }
    return new Compartment(this.name, this.settings, {
      key,
      limit: this.#limit,
      rejected: this.rejected,
      changed,
    })
  }

  #drop(compartment: Compartment): boolean {
    return compartment.idle && this.#all.delete(compartment.key!)
  }

  #refuse(compartment: Compartment): Refusal {
    const full = compartment.reject('full', this.#all.size)
    compartment.tell(full)
    return full
  }
}
