import { demand } from '../errors.ts'
import { type Complete, demandFunction } from '../options.ts'
import type { Random } from '../time/clock.ts'
import type { BackoffOptions } from './backoff.ts'
import type { RetryOptions } from './retry.ts'
import { isRetryable } from './retryable.ts'
import { complete, isIterable, type Schedule, schedule, type Waits } from './waits.ts'

/** What a retry goes by, checked. */
export interface RetryRules {
  readonly attempts: number
  readonly when: (error: unknown, attempt: number) => boolean
  readonly schedule: Schedule
}

interface Asked {
  readonly attempts: number
  readonly when: RetryRules['when']
  readonly random: Random
  readonly backoff: Waits
}

/** Retries made one after the other are mostly alike: those with equal rules share them. */
let latest: { readonly asked: Asked; readonly rules: RetryRules } | undefined

/** The rules in a retry's options, with their defaults. */
export function rulesOf({
  attempts,
  backoff = {},
  when = isRetryable,
  random = Math.random,
}: RetryOptions): RetryRules {
  const most = attempts === undefined ? (Array.isArray(backoff) ? backoff.length + 1 : 3) : attempts
  demand(
    most >= 1 && (Number.isInteger(most) || most === Infinity),
    'retry.attempts',
    most,
    'a whole number from 1',
  )
  demandFunction('retry.when', when)
  demandFunction('retry.random', random)
  demand(
    typeof backoff === 'function' || (typeof backoff === 'object' && backoff !== null),
    'retry.backoff',
    backoff,
    '{ initial, max, factor, jitter } in ms, a function that answers with ms, or a list of ms',
  )
  const asked: Asked = { attempts: most, when, random, backoff }
  if (latest !== undefined && alike(latest.asked, asked)) return latest.rules
  const rules: RetryRules = { attempts: most, when, schedule: schedule(backoff, random) }
  latest = isPlain(backoff) ? { asked: { ...asked, backoff: { ...backoff } }, rules } : undefined
  return rules
}

function alike(one: Asked, other: Asked): boolean {
  return (
    one.attempts === other.attempts &&
    one.when === other.when &&
    one.random === other.random &&
    isPlain(one.backoff) &&
    isPlain(other.backoff) &&
    equal(complete(one.backoff), complete(other.backoff))
  )
}

function isPlain(backoff: Waits): backoff is BackoffOptions {
  return typeof backoff === 'object' && !isIterable(backoff)
}

function equal(one: Complete<BackoffOptions>, other: Complete<BackoffOptions>): boolean {
  return (
    one.initial === other.initial &&
    one.max === other.max &&
    one.factor === other.factor &&
    one.jitter === other.jitter
  )
}
