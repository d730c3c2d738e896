import type { GovernorEvent, RestartReason } from '../governor-event.ts'
import type { Service } from '../service.ts'
import type { AfterStop, Effect, Life, Moment, RestartCause, Role, Step } from './life.ts'
import { verdict } from './verdict.ts'

// The moves of which the life of a service is made; lifecycle.ts has the invariants and says when each is made.

export const same = (life: Life): Step => ({ life, effects: [] })

/** Nothing failed yet: the first restart waits `backoff.initial` at most. */
export const fresh = (service: Service) => ({
  attempt: 0,
  ceiling: service.backoff.initial,
  failures: [],
})

/** Whether it runs, or is about to. */
export const isUp = ({ state }: Life): boolean =>
  state.is === 'preparing' ||
  state.is === 'starting' ||
  state.is === 'running' ||
  state.is === 'ready' ||
  state.is === 'spare'

/** Ends what runs, and remembers what shall come after. */
export const halt = (life: Life, next: AfterStop, moment: Moment): Step => {
  switch (life.state.is) {
    case 'stopped':
      return same(life)
    case 'waiting':
    case 'done':
      return rest(life, next, moment)
    case 'backing-off':
      return precede([{ do: 'cancel-wait' }], rest(life, next, moment))
    case 'preparing':
    case 'starting':
    case 'running':
    case 'ready':
    case 'spare':
      return {
        life: stopping(life, next, moment),
        effects: [
          { do: 'cancel-probe' },
          { do: 'cancel-wait' },
          ...(life.run ? terminate(life, life.run.pid) : []),
        ],
      }
    case 'stopping':
    case 'tidying':
      return same({ ...life, state: { ...life.state, next } })
    case 'failed':
      return life.run ? { life: stopping(life, next, moment), effects: reap(life) } : rest(life, next, moment)
  }
}

export const stopping = (life: Life, next: AfterStop, { at }: Moment): Life => ({
  ...life,
  ailing: undefined,
  heavy: false,
  due: undefined,
  state: { is: 'stopping', since: at, next },
})

/** No group lives: what comes after it. */
export const rest = (life: Life, next: AfterStop, moment: Moment): Step => {
  const { run: _, ...bare } = life
  const { name } = life.service
  const since = moment.at
  switch (next) {
    case 'backing-off':
      return backOff(bare, moment)
    case 'waiting':
      return again({ ...bare, state: { is: 'waiting', since } }, moment)
    case 'stopped':
      return {
        life: { ...bare, cause: undefined, state: { is: 'stopped', since } },
        effects: [announce({ type: 'service.stopped', service: name })],
      }
    case 'done':
      return {
        life: { ...bare, state: { is: 'done', since } },
        effects: [announce({ type: 'service.done', service: name })],
      }
    case 'failed': {
      const { lastError: why = 'failed' } = life
      return {
        life: { ...bare, state: { is: 'failed', since, why } },
        effects: [announce({ type: 'service.gave-up', service: name, why })],
      }
    }
  }
}

/** Tells of a restart that waits for nothing, if this is one. */
const again = (life: Life, { at }: Moment): Step => {
  const { cause } = life
  if (!cause) return same(life)
  return {
    life: counted(life, cause, at),
    effects: [
      announce({ type: 'service.restarting', service: life.service.name, delay: 0, attempt: 0, ...cause }),
    ],
  }
}

const backOff = (life: Life, moment: Moment): Step => {
  const { name, backoff } = life.service
  const cause: RestartCause = life.cause ?? { reason: 'start', why: life.lastError ?? 'failed' }
  const delay = moment.chance * Math.min(life.ceiling, backoff.max)
  const next: Life = {
    ...tried(life, cause, moment),
    state: { is: 'backing-off', since: moment.at, until: moment.at + delay },
  }
  const { attempt } = next
  const restarting = announce({ type: 'service.restarting', service: name, delay, attempt, ...cause })
  if (delay === 0) return precede([restarting], comeBack(next, moment))
  return {
    life: next,
    effects: [restarting, { do: 'wait', generation: life.generation, timer: 'backoff', ms: delay }],
  }
}

/** One attempt more, and longer to wait before another. */
export const tried = (life: Life, cause: RestartCause, { at }: Moment): Life => {
  const { initial, max, factor } = life.service.backoff
  return {
    ...counted(life, cause, at),
    attempt: life.attempt + 1,
    ceiling: life.ceiling === 0 ? initial : Math.min(life.ceiling * factor, max),
  }
}

const counted = (life: Life, cause: RestartCause, at: number): Life => ({
  ...life,
  cause: undefined,
  lastRestart: { ...cause, at },
  restarts: life.restarts + (cause.reason === 'asked' ? 0 : 1),
  reasons: { ...life.reasons, [cause.reason]: (life.reasons[cause.reason] ?? 0) + 1 },
})

/** The backoff is over. One that shares its fate with others waits until they have ended too. */
export const comeBack = (life: Life, moment: Moment): Step => {
  const { group } = life.service
  return group && group.strategy !== 'one-for-one'
    ? same({ ...life, state: { is: 'waiting', since: moment.at } })
    : begin(life, moment)
}

/** Starts it: with its `before`, if it has one. */
export const begin = (life: Life, moment: Moment): Step =>
  life.service.before
    ? spawn(life, 'before', { is: 'preparing', since: moment.at })
    : spawn(life, 'command', { is: 'starting', since: moment.at })

export const spawn = (life: Life, role: Role, state: Life['state']): Step => {
  const { run: _, ...bare } = life
  const generation = life.generation + 1
  return {
    life: { ...bare, generation, role, ailing: undefined, heavy: false, due: undefined, state },
    effects: [{ do: 'spawn', generation, role, replica: life.replica }],
  }
}

/** It failed in a way that the process itself need not have noticed: it is asked to end. */
export const fell = (life: Life, cause: RestartCause, moment: Moment): Step => {
  const judged = verdict(life, cause, moment.at)
  return {
    life: stopping(judged.life, judged.next, moment),
    effects: [
      { do: 'cancel-probe' },
      { do: 'cancel-wait' },
      failure(life, cause.why),
      ...judged.effects,
      ...(life.run ? terminate(life, life.run.pid) : []),
    ],
  }
}

/** As `halt` with a new start after it, and why. */
export const renew = (life: Life, reason: RestartReason, { why, moment }: Why): Step =>
  halt({ ...life, cause: { reason, why } }, 'waiting', moment)

interface Why {
  readonly why: string
  readonly moment: Moment
}

export const announce = (event: GovernorEvent): Effect => ({ do: 'announce', event })

export const failure = (life: Life, why: string): Effect =>
  announce({ type: 'service.failed', service: life.service.name, why })

export const terminate = ({ generation, service }: Life, pid: number): Effect[] => [
  { do: 'signal', pid, signal: service.stopSignal },
  { do: 'wait', generation, timer: 'grace', ms: service.stopGrace },
]

export const reap = ({ generation, run }: Life): Effect[] =>
  run ? [{ do: 'reap', generation, pid: run.pid }] : []

export const precede = (effects: readonly Effect[], next: Step): Step => ({
  life: next.life,
  effects: [...effects, ...next.effects],
})
