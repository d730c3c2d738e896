import { BulkheadFullError, demand } from '../errors.ts'
import { events } from '../events.ts'
import type { Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'
import type { Bulkhead, BulkheadSettings, BulkheadStatus, RejectedCounts } from './bulkhead.ts'
import { Door } from './door.ts'
import type { Reason } from './waiting-room.ts'

/** A bulkhead without keys, or what one with keys has for each of them. There may be very many: every field counts. */
export class Compartment extends Door<Full> implements Bulkhead {
  readonly name: string
  readonly settings: BulkheadSettings
  readonly #part: Part | undefined
  #rejected: Record<Reason, number> | undefined

  constructor(name: string, settings: BulkheadSettings, part?: Part) {
    super(part?.limit ?? settings.limit)
    this.name = name
    this.settings = settings
    this.#part = part
    this.#rejected = part?.rejected
  }

  // A stage without a clock of its own takes the pipeline's; the type of the interface does not know `undefined`.
  get clock(): Clock {
    return this.settings.clock as Clock
  }

  get key(): string | undefined {
    return this.#part?.key
  }

  /** Whether it is as good as new. */
  get idle(): boolean {
    return this.inFlight === 0 && this.waiting === 0
  }

  status(): BulkheadStatus {
    const { name, limit, inFlight, waiting } = this
    return { name, limit, inFlight, waiting, rejected: { ...(this.#rejected ?? NONE) } }
  }

  override resize(limit: number): void {
    demand(Number.isInteger(limit) && limit >= 0, 'resize: limit', limit, 'a whole number from 0')
    super.resize(limit)
  }

  reset(): void {
    this.#rejected = undefined
    super.resize(this.settings.limit)
  }

  reject(reason: Reason, keys?: number): Full {
    this.#rejected ??= { ...NONE }
    this.#rejected[reason]++
    return new Full(this, reason, keys)
  }

  override changed(): void {
    this.#part?.changed(this)
  }

  tell(full: Full): void {
    if (!events.heard) return
    const { policy, reason, limit, inFlight, waiting, key } = full
    events.emit({ type: 'bulkhead.rejected', policy, reason, limit, inFlight, waiting, key })
  }
}

/** What one of many knows of the whole: its key, the limit of the day, and where to count whom it turns away. */
export interface Part {
  readonly key: string
  readonly limit: number
  readonly rejected: Record<Reason, number>
  /** Somebody came to wait, or left. */
  changed(compartment: Compartment): void
}

/** No call was turned away yet. */
export const NONE: RejectedCounts = { full: 0, waited: 0, outranked: 0 }

/** How full it was when a call was turned away. */
export class Full implements Refusal {
  readonly policy: string
  readonly reason: Reason
  readonly key: string | undefined
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly maxWait: number
  /** The keys in use, if there may be no more. */
  readonly keys: number | undefined

  constructor(compartment: Compartment, reason: Reason, keys?: number) {
    const { name, key, limit, inFlight, waiting, settings } = compartment
    this.policy = name
    this.reason = reason
    this.key = key
    this.limit = limit
    this.inFlight = inFlight
    this.waiting = waiting
    this.maxWait = settings.maxWait
    this.keys = keys
  }

  refuse(): BulkheadFullError {
    return new BulkheadFullError(this)
  }
}
