import { Cron } from 'croner'
import type { Moment } from './life.ts'

/**
 * When to do something again: at the times of a cron pattern (minutes first; seconds may stand before them; in
 * `timezone`, or in that of this machine), or `every` so many ms after it was last done. Up to `jitter` ms later, at
 * random.
 */
export type Schedule =
  | { readonly cron: string; readonly timezone?: string; readonly jitter?: number }
  | { readonly every: number; readonly jitter?: number }

/** A moment to come: on the wall, which may be set, or on the governor's clock, which only goes on. */
export type Due = { readonly on: 'wall'; readonly at: number } | { readonly on: 'clock'; readonly at: number }

/** The next time of a schedule after a moment; undefined when there is none. Pure. */
export const nextDue = (schedule: Schedule, { at, wall, chance }: Moment): Due | undefined => {
  const late = chance * (schedule.jitter ?? 0)
  if ('every' in schedule) return { on: 'clock', at: at + schedule.every + late }
  const next = pattern(schedule).nextRun(new Date(wall))
  return next ? { on: 'wall', at: next.getTime() + late } : undefined
}

/** How long there is still to wait for a moment, in ms; a little at a time on the wall, whose clock may be set meanwhile. */
export const remaining = (due: Due, { at, wall }: Moment): number =>
  due.on === 'clock' ? Math.max(0, due.at - at) : Math.min(Math.max(0, due.at - wall), longest)

const longest = 60_000

/** What is wrong with a schedule, as a sentence, or undefined. */
export const scheduleFlaw = (schedule: Schedule): string | undefined => {
  const { jitter = 0 } = schedule
  if (!(Number.isFinite(jitter) && jitter >= 0)) return `its jitter is ${jitter}, and not 0 ms or more`
  if ('every' in schedule)
    return Number.isFinite(schedule.every) && schedule.every > 0
      ? undefined
      : `it is every ${schedule.every}, and not every 1 ms or more`
  try {
    // A time zone that there is not shows only when a time is asked for.
    return pattern(schedule).nextRun(new Date(0)) ? undefined : `"${schedule.cron}" is never`
  } catch (error) {
    return (error as Error).message
  }
}

const pattern = ({ cron, timezone }: { readonly cron: string; readonly timezone?: string }): Cron =>
  new Cron(cron, { paused: true, ...(timezone !== undefined && { timezone }) })
