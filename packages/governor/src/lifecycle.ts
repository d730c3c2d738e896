import type { ExitCause, GovernorEvent } from './governor-event.ts'
import type { AfterStop, Effect, Life, LifeEvent, Moment, Step, Timer } from './life.ts'
import type { Service } from './service.ts'

/*
 * The life of one service, as a pure state machine. Time and chance come with each event; effects are data.
 *
 * I1  A stopped service stays stopped: only `start` and `restart` lead out of it.
 * I2  At most one process group lives: nothing is spawned while `run` is set or another spawn is unanswered.
 * I3  What an older generation reports never counts; each spawn begins a new generation.
 * I4  A restart waits at most `backoff.max`, and not at all after a stable run.
 * I5  A group is only forgotten when it is gone: `run` is unset in stopped, waiting and backing-off.
 * I6  A timer is armed only in starting, stopping and backing-off; a probe runs only in starting.
 *
 *   stopped ─start→ waiting ─cleared→ starting ─probed→ ready
 *                      ↑                  │ exited, late    │ exited
 *                      │                  ↓                 ↓
 *                   (next)  ←─gone──  stopping  ←──stop, restart──
 *      next: stopped, waiting, or backing-off ─waited→ starting;  survived → failed
 */

/** A service that was never started. */
export const unborn = (service: Service, at: number): Life => ({
  service,
  state: { is: 'stopped', since: at },
  generation: 0,
  restarts: 0,
  ...fresh(service),
})

/** Decides what an event means for a service. Pure; an event that means nothing here changes nothing. */
export const step = (life: Life, event: LifeEvent, moment: Moment): Step => {
  if ('generation' in event && event.generation !== life.generation) return same(life)
  switch (event.is) {
    case 'start':
      return start(life, moment)
    case 'stop':
      return halt(life, 'stopped', moment)
    case 'restart':
      return isUp(life) ? halt({ ...life, ...fresh(life.service) }, 'waiting', moment) : start(life, moment)
    case 'cleared':
      return life.state.is === 'waiting' ? spawn(life, moment) : same(life)
    case 'spawned':
      return spawned(life, event.pid, moment)
    case 'unspawned':
      return unspawned(life, event.why, moment)
    case 'probed':
      return probed(life, moment)
    case 'exited':
      return exited(life, event, moment)
    case 'gone':
      return life.state.is === 'stopping' && life.run ? rest(life, life.state.next, moment) : same(life)
    case 'survived':
      return survived(life, moment)
    case 'waited':
      return waited(life, event.timer, moment)
  }
}

const fresh = (service: Service) => ({ attempt: 0, ceiling: service.backoff.initial })

const same = (life: Life): Step => ({ life, effects: [] })

const isUp = ({ state }: Life): boolean => state.is === 'starting' || state.is === 'ready'

const start = (life: Life, moment: Moment): Step => {
  const again = { ...life, ...fresh(life.service) }
  switch (life.state.is) {
    case 'stopped':
      return rest(again, 'waiting', moment)
    case 'backing-off':
      return precede([{ do: 'cancel-wait' }], rest(again, 'waiting', moment))
    case 'stopping':
    case 'failed':
      return halt(again, 'waiting', moment)
    default:
      return same(life)
  }
}

/** Ends what runs, and remembers what shall come after. */
const halt = (life: Life, next: AfterStop, moment: Moment): Step => {
  const stopping = { ...life, state: { is: 'stopping', since: moment.at, next } as const }
  switch (life.state.is) {
    case 'stopped':
      return same(life)
    case 'waiting':
      return rest(life, next, moment)
    case 'backing-off':
      return precede([{ do: 'cancel-wait' }], rest(life, next, moment))
    case 'starting':
    case 'ready':
      return {
        life: stopping,
        effects: [
          { do: 'cancel-probe' },
          { do: 'cancel-wait' },
          ...(life.run ? terminate(life, life.run.pid) : []),
        ],
      }
    case 'stopping':
      return same({ ...life, state: { ...life.state, next } })
    case 'failed':
      return { life: stopping, effects: reap(life) }
  }
}

/** No group lives: what comes after it. */
const rest = (life: Life, next: AfterStop, moment: Moment): Step => {
  const { run: _, ...bare } = life
  if (next === 'backing-off') return restart(bare, moment)
  return {
    life: { ...bare, state: { is: next, since: moment.at } },
    effects: next === 'stopped' ? [announce({ type: 'service.stopped', service: life.service.name })] : [],
  }
}

const restart = (life: Life, moment: Moment): Step => {
  const { name, backoff } = life.service
  const delay = moment.chance * Math.min(life.ceiling, backoff.max)
  const attempt = life.attempt + 1
  const ceiling = life.ceiling === 0 ? backoff.initial : Math.min(life.ceiling * backoff.factor, backoff.max)
  const next: Life = {
    ...life,
    attempt,
    ceiling,
    restarts: life.restarts + 1,
    state: { is: 'backing-off', since: moment.at, until: moment.at + delay },
  }
  const restarting = announce({ type: 'service.restarting', service: name, delay, attempt })
  if (delay === 0) return precede([restarting], spawn(next, moment))
  return {
    life: next,
    effects: [restarting, { do: 'wait', generation: life.generation, timer: 'backoff', ms: delay }],
  }
}

const spawn = (life: Life, moment: Moment): Step => {
  const generation = life.generation + 1
  return {
    life: { ...life, generation, state: { is: 'starting', since: moment.at } },
    effects: [{ do: 'spawn', generation }],
  }
}

const spawned = (life: Life, pid: number, { at }: Moment): Step => {
  if (life.run || (life.state.is !== 'starting' && life.state.is !== 'stopping')) return same(life)
  const { generation, service } = life
  const started = announce({ type: 'service.started', service: service.name, pid })
  const next: Life = { ...life, run: { pid, at } }
  if (life.state.is === 'stopping') return { life: next, effects: [started, ...terminate(life, pid)] }
  return {
    life: next,
    effects: [
      started,
      { do: 'wait', generation, timer: 'ready', ms: service.startTimeout },
      { do: 'probe', generation },
    ],
  }
}

const unspawned = (life: Life, why: string, moment: Moment): Step => {
  if (life.run) return same(life)
  const failed = { ...life, lastError: why }
  if (life.state.is === 'starting') return precede([failure(life, why)], restart(failed, moment))
  return life.state.is === 'stopping' ? rest(failed, life.state.next, moment) : same(life)
}

const probed = (life: Life, { at }: Moment): Step => {
  if (life.state.is !== 'starting' || !life.run) return same(life)
  return {
    life: { ...life, state: { is: 'ready', since: at } },
    effects: [
      { do: 'cancel-wait' },
      announce({ type: 'service.ready', service: life.service.name, after: at - life.run.at }),
    ],
  }
}

const exited = (life: Life, { code, signal }: ExitCause, { at }: Moment): Step => {
  if (!life.run || life.state.is === 'failed') return same(life)
  const { service, state, run } = life
  const seen: Life = { ...life, lastExit: { code, signal, at } }
  const effects: Effect[] = [
    { do: 'cancel-probe' },
    { do: 'cancel-wait' },
    announce({ type: 'service.exited', service: service.name, code, signal, after: at - run.at }),
    ...reap(life),
  ]
  if (!isUp(life)) return { life: seen, effects }
  const cause = signal ? `killed by ${signal}` : `exited with code ${code}`
  const why = state.is === 'ready' ? cause : `${cause} before it was ready`
  const stable = state.is === 'ready' && at - state.since >= service.stableAfter
  return {
    life: {
      ...seen,
      ...(stable ? { attempt: 0, ceiling: 0 } : {}),
      lastError: why,
      state: { is: 'stopping', since: at, next: 'backing-off' },
    },
    effects: state.is === 'ready' ? effects : [failure(life, why), ...effects],
  }
}

const survived = (life: Life, { at }: Moment): Step => {
  if (life.state.is !== 'stopping' || !life.run) return same(life)
  const why = `process group ${life.run.pid} survives SIGKILL`
  return {
    life: { ...life, lastError: why, state: { is: 'failed', since: at, why } },
    effects: [{ do: 'cancel-wait' }, failure(life, why)],
  }
}

const waited = (life: Life, timer: Timer, moment: Moment): Step => {
  const { state, service } = life
  if (timer === 'backoff' && state.is === 'backing-off') return spawn(life, moment)
  if (timer === 'grace' && state.is === 'stopping') return { life, effects: reap(life) }
  if (timer !== 'ready' || state.is !== 'starting') return same(life)
  const why = `not ready within ${service.startTimeout} ms`
  return {
    life: { ...life, lastError: why, state: { is: 'stopping', since: moment.at, next: 'backing-off' } },
    effects: [{ do: 'cancel-probe' }, failure(life, why), ...reap(life)],
  }
}

const announce = (event: GovernorEvent): Effect => ({ do: 'announce', event })

const failure = (life: Life, why: string): Effect =>
  announce({ type: 'service.failed', service: life.service.name, why })

const terminate = ({ generation, service }: Life, pid: number): Effect[] => [
  { do: 'signal', pid, signal: 'SIGTERM' },
  { do: 'wait', generation, timer: 'grace', ms: service.stopGrace },
]

const reap = ({ generation, run }: Life): Effect[] => (run ? [{ do: 'reap', generation, pid: run.pid }] : [])

const precede = (effects: readonly Effect[], next: Step): Step => ({
  life: next.life,
  effects: [...effects, ...next.effects],
})
