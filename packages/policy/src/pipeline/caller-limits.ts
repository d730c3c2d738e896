import { DeadlineError, OptionError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { Attempt } from './attempt.ts'
import type { Interruption } from './run.ts'
import type { CallOptions } from './work.ts'

/** Whether anything a caller gave can end the call. */
export function isLimited(limits: CallOptions): boolean {
  const { signal, deadline = Infinity, within = Infinity } = limits
  return limits instanceof Attempt || Boolean(signal) || Math.min(deadline, within) !== Infinity
}

/** Ten years: a deadline further off was taken from another clock. */
const FAR = 10 * 365 * 86_400_000

/** What is wrong with the limits a caller gave, if anything is. */
export function wrong(
  { signal, deadline = Infinity, within = Infinity }: CallOptions,
  clock: Clock,
): OptionError | undefined {
  if (signal && typeof signal.addEventListener !== 'function') {
    return new OptionError('call.signal', signal, 'an AbortSignal')
  }
  if (typeof within !== 'number' || !(within > 0))
    return new OptionError('call.within', within, 'a number of ms above 0')
  const known = typeof deadline === 'number' && !Number.isNaN(deadline)
  if (known && (deadline === Infinity || deadline - clock.now() < FAR)) return undefined
  return new OptionError(
    'call.deadline',
    deadline,
    "a time in ms on the pipeline's clock, such as systemClock.now() + 2_000",
  )
}

/** What sort of end a signal's reason stands for. `AbortSignal.timeout` gives a `DOMException` of the same name as our own error. */
export function endOf(reason: unknown): Interruption['is'] {
  if (reason instanceof DeadlineError) return 'deadline'
  return (reason as { name?: unknown } | null | undefined)?.name === 'TimeoutError' ? 'timeout' : 'abort'
}
