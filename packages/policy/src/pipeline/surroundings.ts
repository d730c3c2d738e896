import type { Clock } from '../time/clock.ts'
import type { CallOptions } from './work.ts'

/** What stands around a call beside what its caller said: answers with the limits of both, or with `options` if nothing does. */
export type Surroundings = (options: CallOptions | undefined, clock: Clock) => CallOptions | undefined

/** Asked at the begin of each call, once there is one. The door for Node puts one here, so that this side of the house needs no Node. */
export let surroundings: Surroundings | undefined

/** From now on, `by` tells what stands around calls. */
export function surround(by: Surroundings): void {
  surroundings = by
}
