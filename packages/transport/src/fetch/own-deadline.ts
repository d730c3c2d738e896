import { type CallOptions, type Clock, systemClock } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'

/** The caller's own deadline on `clock`, what stands around it included; `Infinity` if there is none. */
export function ownDeadline({ deadline = Infinity, within = Infinity }: CallOptions, clock: Clock): number {
  const around = context().deadline ?? Infinity
  const nearest =
    around === Infinity || clock === systemClock ? around : around - systemClock.now() + clock.now()
  return Math.min(deadline, within === Infinity ? Infinity : clock.now() + within, nearest)
}
