import type { ExitCause } from '../governor-event.ts'
import type { Service } from '../service.ts'
import type { AfterStop, Effect, Life, RestartCause } from './life.ts'

/** What is to come of a service whose run failed. */
export interface Verdict {
  readonly life: Life
  readonly next: AfterStop
  readonly effects: readonly Effect[]
}

/**
 * Decides whether a service that fell is tried again or given up, and what that means to its group. Pure.
 *
 * A service may fall `giveUp.restarts` times `within` that time and is restarted each time; the next time is one too
 * many. A run that was stable forgives the backoff, not the count.
 */
export const verdict = (life: Life, { reason, why }: RestartCause, at: number): Verdict => {
  const { restart, giveUp, stableAfter, group, name } = life.service
  const { state } = life
  const stable = state.is === 'ready' && at - state.since >= stableAfter
  const recent = giveUp ? [...life.failures.filter((each) => at - each < giveUp.within), at] : []
  const fallen: Life = {
    ...life,
    ...(stable ? { attempt: 0, ceiling: 0 } : {}),
    failures: recent,
    lastError: why,
  }
  if (restart === 'never') return { life: fallen, next: 'failed', effects: [] }
  const others = group && group.strategy !== 'one-for-one'
  if (giveUp && recent.length > giveUp.restarts) {
    const last = `${giveUp.restarts} restarts within ${giveUp.within} ms did not help: ${why}`
    return {
      life: { ...fallen, lastError: last },
      next: 'failed',
      effects: others ? [{ do: 'group', event: { is: 'stop', why: `"${name}" was given up` } }] : [],
    }
  }
  return {
    life: { ...fallen, cause: { reason, why } },
    next: 'backing-off',
    effects: others ? [{ do: 'group', event: { is: 'join', why: `"${name}" fell: ${why}` } }] : [],
  }
}

/** Whether a process ended well. */
export const endedWell = ({ successCodes }: Service, { code, signal }: ExitCause): boolean =>
  signal === null && code !== null && successCodes.includes(code)
