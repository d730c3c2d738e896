import type { Service } from '../service.ts'
import type { Life, LifeEvent, Moment, Step } from './life.ts'
import { begin, fresh, halt, isUp, precede, renew, rest, same } from './life-moves.ts'
import { reported } from './life-reports.ts'
import { hushed, letIn, stepBack } from './spare-moves.ts'

/*
 * The life of one service, as a pure state machine. Time and chance come with each event; effects are data.
 *
 * I1  A stopped service stays stopped: only `start` and `restart` lead out of it. One that is done or failed is not
 *     tried again by itself either.
 * I2  At most one process group lives: nothing is spawned while `run` is set or another spawn is unanswered.
 * I3  What an older generation reports never counts; each spawn begins a new generation.
 * I4  A restart waits at most `backoff.max`, and not at all after a stable run, on schedule, with its group, or asked for.
 * I5  A group is only forgotten when it is gone: `run` is unset in stopped, waiting, backing-off and done.
 * I6  A timer is armed only in preparing, starting, running, ready, stopping, tidying and backing-off, and in ready only
 *     for a schedule; a probe runs only in starting, running, ready and spare.
 * I7  Of the failures within any `giveUp.within` at most `giveUp.restarts` are answered with a restart.
 * I8  The command runs only after its `before` has ended well, and each run of it is followed by its `after`.
 * I9  A spare is never ready: it is let in first, as the replica that it is from then on; and it tells only of itself.
 *
 *   stopped ─start→ waiting ─cleared→ (preparing →) starting ─probed→ ready        running: a job, until it exits
 *                      ↑                    spare ─let-in↗ │ exited, late    │ exited, unhealthy, too heavy, due
 *                      │                                ↓                 ↓
 *                   (next)  ←─gone── (tidying ←) ─── stopping  ←──stop, restart──
 *      next: stopped, waiting, done, failed, or backing-off ─waited→ starting;  survived → failed
 */

/** A place among the replicas of a service. */
export type Seat = Pick<Life, 'id' | 'replica'>

/** A service that was never started. */
export const unborn = (
  service: Service,
  at: number,
  seat: Seat = { id: service.name, replica: 1 },
): Life => ({
  ...seat,
  service,
  state: { is: 'stopped', since: at },
  generation: 0,
  role: 'command',
  restarts: 0,
  reasons: {},
  heavy: false,
  ...fresh(service),
})

/** Decides what an event means for a service. Pure; an event that means nothing here changes nothing. */
export const step = (life: Life, event: LifeEvent, moment: Moment): Step => {
  const next = decided(life, event, moment)
  return next.life.replica === undefined ? hushed(next) : next
}

const decided = (life: Life, event: LifeEvent, moment: Moment): Step => {
  if ('generation' in event)
    return event.generation === life.generation ? reported(life, event, moment) : same(life)
  switch (event.is) {
    case 'start':
      return start(life, moment)
    case 'restart':
      return restart(life, moment)
    case 'stop':
      return stop(life, event.why, moment)
    case 'join':
      return isUp(life) ? renew(life, 'group', { why: event.why, moment }) : same(life)
    case 'cleared':
      return life.state.is === 'waiting' ? begin(life, moment) : same(life)
    case 'let-in':
      return letIn(life, event, moment)
    case 'step-back':
      return stepBack(life)
  }
}

/** What failed before somebody stopped it is over; where nobody asked, it stays known why it ended. */
const stop = (life: Life, why: string | undefined, moment: Moment): Step => {
  const { lastError: _, ...well } = life
  return halt(why === undefined ? well : { ...well, lastError: why }, 'stopped', moment)
}

const start = (life: Life, moment: Moment): Step => {
  const anew = forgiven(life)
  const { state } = life
  switch (state.is) {
    case 'stopped':
      return rest(anew, 'waiting', moment)
    case 'backing-off':
      return precede([{ do: 'cancel-wait' }], rest(anew, 'waiting', moment))
    case 'stopping':
    case 'tidying':
      return state.next === 'done' ? same(life) : halt(anew, 'waiting', moment)
    case 'failed':
      return halt(anew, 'waiting', moment)
    default:
      return same(life)
  }
}

const restart = (life: Life, moment: Moment): Step => {
  const { is } = life.state
  if (isUp(life) || is === 'done' || is === 'stopping' || is === 'tidying')
    return renew(forgiven(life), 'asked', { why: 'it was asked for', moment })
  return start(life, moment)
}

const forgiven = (life: Life): Life => ({ ...life, ...fresh(life.service), cause: undefined })
