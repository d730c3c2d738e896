import type { ExitCause } from '../governor-event.ts'
import { isJob } from '../service.ts'
import type { Effect, Life, LifeEvent, Moment, Step, Timer } from './life.ts'
import {
  announce,
  comeBack,
  failure,
  fell,
  isUp,
  precede,
  reap,
  renew,
  rest,
  same,
  spawn,
  stopping,
  terminate,
} from './life-moves.ts'
import { nextDue, remaining } from './schedule.ts'
import { noSpare } from './spare-moves.ts'
import { endedWell, verdict } from './verdict.ts'

/** What something that an effect set going reports; the generation is that of the life already. */
export type Report = Extract<LifeEvent, { readonly generation: number }>

/** What a report means for a service. Pure. */
export const reported = (life: Life, event: Report, moment: Moment): Step => {
  switch (event.is) {
    case 'spawned':
      return spawned(life, event.pid, moment)
    case 'unspawned':
      return unspawned(life, event.why, moment)
    case 'probed':
      return probed(life, moment)
    case 'checked':
      return checked(life, event.why, moment)
    case 'weighed':
      return weighed(life, event.bytes, moment)
    case 'exited':
      return exited(life, event, moment)
    case 'gone':
      return gone(life, moment)
    case 'survived':
      return survived(life, moment)
    case 'waited':
      return waited(life, event.timer, moment)
  }
}

const spawned = (life: Life, pid: number, { at }: Moment): Step => {
  const { generation, service, state, role } = life
  if (life.run || !(isUp(life) || state.is === 'stopping' || state.is === 'tidying')) return same(life)
  const next: Life = { ...life, run: { pid, at } }
  const started: Effect[] =
    role === 'command' ? [announce({ type: 'service.started', service: service.name, pid })] : []
  const wait = (timer: Timer, ms: number): Effect[] =>
    Number.isFinite(ms) ? [{ do: 'wait', generation, timer, ms }] : []
  if (state.is === 'stopping') return { life: next, effects: [...started, ...terminate(life, pid)] }
  if (role !== 'command') return { life: next, effects: wait('hook', service.hookTimeout) }
  if (life.replica === undefined)
    return { life: { ...next, state: { is: 'spare', since: at } }, effects: [...started, ...overhear(life)] }
  const late = wait('ready', service.startTimeout)
  if (isJob(service))
    return {
      life: { ...next, state: { is: 'running', since: at } },
      effects: [...started, ...late, ...watch(life)],
    }
  return { life: next, effects: [...started, ...late, { do: 'probe', generation }] }
}

const watch = ({ service, generation }: Life): Effect[] =>
  service.alive ? [{ do: 'watch', generation }] : []

const unspawned = (life: Life, why: string, moment: Moment): Step => {
  if (life.run) return same(life)
  const { state } = life
  const told = life.role === 'command' ? why : `${life.role}: ${why}`
  const failed = { ...life, lastError: told }
  if (state.is === 'stopping') return rest(failed, state.next, moment)
  if (state.is === 'tidying') return precede([failure(life, told)], rest(failed, state.next, moment))
  if (!isUp(life)) return same(life)
  const judged = verdict(life, { reason: 'start', why: told }, moment.at)
  return precede([failure(life, told), ...judged.effects], rest(judged.life, judged.next, moment))
}

/** One that says it is ready before it was let in does not wait. */
const overhear = ({ service: { ready }, generation }: Life): Effect[] =>
  ready && ('line' in ready || 'notify' in ready) ? [{ do: 'probe', generation }] : []

const probed = (life: Life, moment: Moment): Step => {
  if (life.state.is === 'spare') return noSpare(life, moment)
  if (life.state.is !== 'starting' || !life.run) return same(life)
  const { service, generation } = life
  const due = service.restartAt && nextDue(service.restartAt, moment)
  return {
    life: { ...life, due, state: { is: 'ready', since: moment.at } },
    effects: [
      { do: 'cancel-wait' },
      announce({ type: 'service.ready', service: service.name, after: moment.at - life.run.at }),
      ...watch(life),
      ...(due ? [{ do: 'wait', generation, timer: 'schedule', ms: remaining(due, moment) } as const] : []),
    ],
  }
}

const isWorking = ({ state }: Life): boolean => state.is === 'ready' || state.is === 'running'

const checked = (life: Life, why: string | undefined, moment: Moment): Step => {
  const { service, ailing } = life
  const { name, alive } = service
  if (!isWorking(life) || !alive) return same(life)
  if (why === undefined)
    return ailing
      ? {
          life: { ...life, ailing: undefined },
          effects: [announce({ type: 'service.recovered', service: name })],
        }
      : same(life)
  const failures = (ailing?.failures ?? 0) + 1
  const told: Effect[] = ailing ? [] : [announce({ type: 'service.ailing', service: name, why })]
  if (failures < alive.failures)
    return { life: { ...life, ailing: { since: moment.at, ...ailing, failures, why } }, effects: told }
  const times = failures === 1 ? 'a check' : `${failures} checks in a row`
  return precede(told, fell(life, { reason: 'unhealthy', why: `${times} failed: ${why}` }, moment))
}

const weighed = (life: Life, bytes: number, moment: Moment): Step => {
  const { maxMemory } = life.service
  if (!isUp(life) || life.role !== 'command' || maxMemory === undefined) return same(life)
  if (bytes <= maxMemory) return same(life.heavy ? { ...life, heavy: false } : life)
  if (!life.heavy) return same({ ...life, heavy: true })
  const why = `it has ${inMegabytes(bytes)} of memory, more than its ${inMegabytes(maxMemory)}`
  return fell(life, { reason: 'memory', why }, moment)
}

const inMegabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

const exited = (life: Life, cause: ExitCause, moment: Moment): Step => {
  if (!life.run || life.state.is === 'failed') return same(life)
  const { service, state, run, role } = life
  const { code, signal, death } = cause
  const { at } = moment
  const exit = { code, signal, ...(death && { death }) }
  const clear: Effect[] = [{ do: 'cancel-probe' }, { do: 'cancel-wait' }]
  if (role !== 'command') return hookExited(life, cause, { moment, clear })
  const seen: Life = { ...life, lastExit: { ...exit, at } }
  const well = endedWell(service, cause)
  const wanted = well || !isUp(life)
  const effects: Effect[] = [
    ...clear,
    announce({ type: 'service.exited', service: service.name, ...exit, wanted, after: at - run.at }),
    ...reap(life),
  ]
  if (!isUp(life)) return { life: seen, effects }
  if (well && service.restart !== 'always' && state.is !== 'spare')
    return { life: stopping(seen, 'done', moment), effects }
  const ended = worded(cause)
  const early =
    state.is === 'starting' ? ' before it was ready' : state.is === 'spare' ? ' before it was let in' : ''
  const why = `${ended}${early}`
  const judged = verdict(seen, { reason: early ? 'start' : 'exit', why }, at)
  const told = early ? [failure(life, why)] : []
  return {
    life: stopping(judged.life, judged.next, moment),
    effects: [...told, ...effects, ...judged.effects],
  }
}

interface HookEnd {
  readonly moment: Moment
  readonly clear: readonly Effect[]
}

const hookExited = (life: Life, cause: ExitCause, { moment, clear }: HookEnd): Step => {
  const effects = [...clear, ...reap(life)]
  if (cause.code === 0 || (life.state.is !== 'preparing' && life.state.is !== 'tidying'))
    return { life, effects }
  const why = `${life.role}: ${worded(cause)}`
  const told = failure(life, why)
  if (life.state.is === 'tidying') return { life: { ...life, lastError: why }, effects: [told, ...effects] }
  const judged = verdict(life, { reason: 'start', why }, moment.at)
  return {
    life: stopping(judged.life, judged.next, moment),
    effects: [told, ...effects, ...judged.effects],
  }
}

const worded = ({ code, signal, death }: ExitCause): string => {
  if (death) return death.why
  if (signal) return `killed by ${signal}`
  // Only its parent is told the code, and that was a governor before this one.
  return code === null ? 'exited' : `exited with code ${code}`
}

const gone = (life: Life, moment: Moment): Step => {
  const { state, service, role, run } = life
  if (!run) return same(life)
  const since = moment.at
  if (state.is === 'preparing') return spawn(life, 'command', { is: 'starting', since })
  if (state.is === 'tidying') return rest(life, state.next, moment)
  if (state.is !== 'stopping') return same(life)
  // It may have been asked to end when only its leader was gone.
  const cancel: Effect[] = [{ do: 'cancel-wait' }]
  return role === 'command' && service.after
    ? precede(cancel, spawn(life, 'after', { is: 'tidying', since, next: state.next }))
    : precede(cancel, rest(life, state.next, moment))
}

const survived = (life: Life, { at }: Moment): Step => {
  const { is } = life.state
  if ((is !== 'stopping' && is !== 'preparing' && is !== 'tidying') || !life.run) return same(life)
  const why = `it does not end, not even when it is killed (${life.run.pid})`
  return {
    life: { ...life, cause: undefined, lastError: why, state: { is: 'failed', since: at, why } },
    effects: [{ do: 'cancel-wait' }, failure(life, why)],
  }
}

const waited = (life: Life, timer: Timer, moment: Moment): Step => {
  const { state, service } = life
  switch (timer) {
    case 'backoff':
      return state.is === 'backing-off' ? comeBack(life, moment) : same(life)
    case 'grace':
      return state.is === 'stopping' ? { life, effects: reap(life) } : same(life)
    case 'schedule':
      return state.is === 'ready' ? scheduled(life, moment) : same(life)
    case 'hook':
      return state.is === 'preparing' || state.is === 'tidying'
        ? late(life, service.hookTimeout, moment)
        : same(life)
    case 'ready':
      return state.is === 'starting' || state.is === 'running'
        ? late(life, service.startTimeout, moment)
        : same(life)
  }
}

/** What takes too long is killed; what it was to bring about has failed. */
const late = (life: Life, within: number, moment: Moment): Step => {
  const { role, state } = life
  const wanted = role === 'command' && state.is === 'starting' ? 'not ready' : 'not done'
  const why = `${role === 'command' ? '' : `${role}: `}${wanted} within ${within} ms`
  const effects: Effect[] = [{ do: 'cancel-probe' }, failure(life, why), ...reap(life)]
  if (state.is === 'tidying') return { life: { ...life, lastError: why }, effects }
  const judged = verdict(life, { reason: 'start', why }, moment.at)
  return {
    life: stopping(judged.life, judged.next, moment),
    effects: [...effects, ...judged.effects],
  }
}

const scheduled = (life: Life, moment: Moment): Step => {
  const { due, generation } = life
  if (!due) return same(life)
  const ms = remaining(due, moment)
  if (ms > 0) return { life, effects: [{ do: 'wait', generation, timer: 'schedule', ms }] }
  return renew(life, 'schedule', { why: 'it was time', moment })
}
