import type { Clock } from '../time/clock.ts'
import type { BreakerEvent } from './breaker.ts'
import type { BreakerSettings } from './breaker-options.ts'
import type { Gauge } from './trip.ts'

/** The breaker that a circuit is of. */
export interface Owner {
  readonly name: string
  /** Its options, as they are now. */
  readonly rules: BreakerSettings
  readonly clock: Clock
  readonly heard: boolean
  gauge(): Gauge
  tell(event: BreakerEvent): void
}
