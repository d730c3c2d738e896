import { type Clock, channel, type Random, systemClock } from '@holdfast/policy'
import type { ServiceLine } from './child.ts'
import { GovernorError } from './governor-error.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { Life, LifeEvent } from './life.ts'
import { step, unborn } from './lifecycle.ts'
import { startOrder } from './order.ts'
import { performer } from './performer.ts'
import { signalGroup } from './process-group.ts'
import { reapLeftovers, runRecord } from './run-record.ts'
import { type ServiceSpec, service } from './service.ts'
import { type ServiceStatus, serviceStatus } from './service-status.ts'
import { type StartResult, startResult } from './start-result.ts'
import { turns } from './turns.ts'

export interface GovernorOptions {
  readonly services: readonly ServiceSpec[]
  readonly clock?: Clock
  readonly random?: Random
  /**
   * Every line that a service writes, in order. A promise that it answers with means "no more for now": until it settles,
   * no more than 64 KiB of that output are read, so that a service which writes more is slowed down. What it throws is ignored.
   */
  readonly log?: (line: ServiceLine) => unknown
  /** Where `run.json` is kept, by which the next governor ends what a killed one left running. Without it, nowhere. */
  readonly stateDir?: string
}

export interface Governor extends AsyncDisposable {
  /** Hears every event from now on; the answer stops that. What a listener throws is ignored. */
  on(listener: (event: GovernorEvent) => void): () => void
  /**
   * Starts all services, or one with all that it needs, in order of need.
   *
   * Resolves when each is ready or has failed once, so it never hangs. One that backs off is tried at once. Rejects
   * with `ALREADY_RUNNING` when another governor lives in the same state directory.
   */
  start(name?: string): Promise<StartResult>
  /**
   * Stops all services in reverse order of need, or only one; resolves when no process of their groups is left and
   * their last lines were given out. Stops of all at the same time share one promise. A later start overtakes it.
   */
  stop(name?: string): Promise<void>
  /** Stops one service and starts it again, or just starts it; resolves as `start` does. */
  restart(name: string): Promise<StartResult>
  /** All services, in the order in which they were given. */
  status(): ServiceStatus[]
}

/*
 * One loop owns all state. What happens becomes an event in its queue; for each, `step` decides and a performer acts.
 *
 * I1  A life changes in the loop only, one event at a time; an event told during a step waits for its turn.
 * I2  A service is started only when all that it needs is ready, and stopped by `stop()` only after all that need it.
 * I3  No listener, log or disk can break the loop.
 * I4  The last call wins: what a start has not begun when a stop comes never begins, and the other way round.
 */

/** Keeps a set of services alive: starts them in order of need, restarts what dies, and stops them without a trace. */
export const governor = (options: GovernorOptions): Governor => {
  const { clock = systemClock, random = Math.random, log, stateDir } = options
  const services = distinct(options.services.map(service))
  const lives = new Map(services.map((each) => [each.name, unborn(each, clock.now())]))
  const wanted = new Set<string>()
  const leaving = new Map<string, 'asked' | 'told'>()
  const waiters = new Set<() => void>()
  const events = channel<GovernorEvent>()
  const queue: { readonly name: string; readonly event: LifeEvent }[] = []
  let looping = false

  const tell = (name: string, event: LifeEvent) => {
    queue.push({ name, event })
    if (!looping) loop()
  }

  const loop = () => {
    looping = true
    try {
      do {
        for (let next = queue.shift(); next; next = queue.shift()) take(next.name, next.event)
        giveTurns()
      } while (queue.length > 0)
    } finally {
      looping = false
    }
    for (const waiter of [...waiters]) waiter()
  }

  const take = (name: string, event: LifeEvent) => {
    const before = lives.get(name)!
    const { life, effects } = step(before, event, { at: clock.now(), chance: random() })
    lives.set(name, life)
    if (life.run !== before.run) remember(life)
    for (const effect of effects) performers.get(name)!.perform(effect)
  }

  const giveTurns = () => {
    const { tell: told, left } = turns(lives, leaving)
    for (const name of left) leaving.delete(name)
    for (const turn of told) {
      if (turn.event.is === 'stop') leaving.set(turn.name, 'told')
      queue.push(turn)
    }
  }

  const line = (written: ServiceLine): unknown => {
    try {
      return log?.(written)
    } catch {
      return undefined
    }
  }
  const performers = new Map(
    services.map((each) => [
      each.name,
      performer(each, {
        clock,
        announce: (event) => events.emit(event),
        line,
        tell: (event) => tell(each.name, event),
      }),
    ]),
  )

  const record = stateDir === undefined ? undefined : runRecord(stateDir)
  const remember = ({ service: { name }, run }: Life) => {
    // A governor that ends without stop() must not leave its children to nobody.
    process.off('exit', endAll)
    if ([...lives.values()].some((life) => life.run)) process.on('exit', endAll)
    try {
      if (run) record?.add(name, run.pid)
      else record?.remove(name)
    } catch (error) {
      events.emit({ type: 'record.failed', why: String(error) })
    }
  }
  const endAll = () => {
    for (const { run } of lives.values()) if (run) signalGroup(run.pid, 'SIGKILL')
  }

  /** Resolves with the answer of `look` once it has one; it looks again after every turn of the loop. */
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const waiter = () => {
        const answer = look()
        if (answer === undefined) return
        waiters.delete(waiter)
        resolve(answer)
      }
      waiters.add(waiter)
      waiter()
    })

  let takeover: Promise<void> | undefined
  /** Ends what an earlier governor left, once. */
  const takeOver = async () => {
    const found = stateDir === undefined ? undefined : await reapLeftovers(stateDir, clock)
    if (found?.is === 'running' && found.pid !== process.pid)
      throw new GovernorError(
        'ALREADY_RUNNING',
        `a governor already runs in ${stateDir} (pid ${found.pid})`,
        'stop it first',
      )
  }

  let stopping: Promise<void> | undefined
  const begin = async (names: readonly string[], restarted?: string): Promise<StartResult> => {
    stopping = undefined
    for (const name of names) {
      wanted.add(name)
      leaving.delete(name)
    }
    takeover ??= takeOver()
    await takeover.catch((error) => {
      takeover = undefined
      throw error
    })
    const before = new Map(names.map((name) => [name, lives.get(name)!.restarts]))
    for (const name of names)
      if (wanted.has(name)) tell(name, { is: name === restarted ? 'restart' : 'start' })
    return until(() => startResult(before, lives))
  }

  const end = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      wanted.delete(name)
      leaving.set(name, 'asked')
    }
    if (!looping) loop()
    await until(() => names.every((name) => !leaving.has(name)) || undefined)
    await Promise.all(names.map((name) => performers.get(name)!.drained()))
  }

  const known = (name: string): Life => {
    const life = lives.get(name)
    if (life) return life
    const names = [...lives.keys()].join(', ')
    throw new GovernorError('UNKNOWN_SERVICE', `there is no service "${name}"`, `name one of: ${names}`)
  }
  const withNeeds = (name: string): string[] => {
    const names = new Set([name])
    for (const each of names) for (const need of known(each).service.needs) names.add(need)
    return [...names]
  }

  const stopAll = (): Promise<void> => {
    stopping ??= end([...lives.keys()]).finally(() => {
      stopping = undefined
    })
    return stopping
  }
  const stopOne = async (name: string) => end([known(name).service.name])

  return {
    on: (listener) => events.on(listener),
    start: async (name) => begin(name === undefined ? [...lives.keys()] : withNeeds(name)),
    stop: (name) => (name === undefined ? stopAll() : stopOne(name)),
    restart: async (name) => begin(withNeeds(name), name),
    status: () => [...lives.values()].map((life) => serviceStatus(life, clock.now())),
    [Symbol.asyncDispose]: stopAll,
  }
}

const distinct = <T extends { readonly name: string; readonly needs: readonly string[] }>(
  services: readonly T[],
): readonly T[] => {
  startOrder(services)
  const twice = services.find(({ name }, i) => services.findIndex((other) => other.name === name) !== i)
  if (twice) throw new GovernorError('BAD_SERVICE', `two services are named "${twice.name}"`, 'rename one')
  return services
}
