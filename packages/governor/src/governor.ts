import { type Clock, channel, type Random, systemClock } from '@holdfast/policy'
import { type Changes, changes } from './changes.ts'
import type { ServiceLine } from './child.ts'
import { GovernorError } from './governor-error.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { Life, LifeEvent } from './life.ts'
import { isUp } from './life-moves.ts'
import { step, unborn } from './lifecycle.ts'
import { startOrder } from './order.ts'
import { type Performer, performer } from './performer.ts'
import type { ClaimedState } from './process/claimed-state.ts'
import { traces } from './process/traces.ts'
import { signalGroup } from './process-group.ts'
import { processUsage, type Usage, type UsageReader } from './process-usage.ts'
import { type Service, type ServiceSpec, type Strategy, service } from './service.ts'
import { type ServiceHealth, serviceHealth } from './service-health.ts'
import { type ServiceMetrics, serviceMetrics } from './service-metrics.ts'
import { type ServiceStatus, serviceStatus } from './service-status.ts'
import { type StartResult, startResult } from './start-result.ts'
import { touched } from './strategy.ts'
import { type Departure, turns } from './turns.ts'
import { weighing } from './weighing.ts'

export interface GovernorOptions {
  readonly services: readonly ServiceSpec[]
  readonly clock?: Clock
  readonly random?: Random
  /** The wall clock, in ms since 1970, for schedules. */
  readonly wall?: () => number
  /** How memory and CPU are read; by default from `/proc`, or `ps`. */
  readonly usage?: UsageReader
  /** How often services with a `maxMemory` are looked at, in ms. Default 5 000. */
  readonly weighEvery?: number
  /**
   * Every line that a service writes, in order. A promise that it answers with means "no more for now": until it settles,
   * no more than 64 KiB of that output are read, so that a service which writes more is slowed down. What it throws is ignored.
   */
  readonly log?: (line: ServiceLine) => unknown
  /** Where the next governor finds what this one left running, should it be killed. Without it, nowhere. */
  readonly state?: ClaimedState
}

export interface Governor extends AsyncDisposable {
  /** Hears every event from now on; the answer stops that. What a listener throws is ignored. */
  on(listener: (event: GovernorEvent) => void): () => void
  /**
   * Starts all services, or one with all that it needs, in order of need.
   *
   * Resolves when each is ready, or done if it is a job, or has failed once. One that backs off is tried at once, one
   * that was given up anew, and a job that is done is left alone.
   */
  start(name?: string): Promise<StartResult>
  /**
   * Stops all services in reverse order of need, or only one; resolves when no process of their groups is left and
   * their last lines were given out. Stops of all at the same time share one promise. A later start overtakes it.
   */
  stop(name?: string): Promise<void>
  /** Stops one service and starts it again, or just starts it, done or not; resolves as `start` does. */
  restart(name: string): Promise<StartResult>
  /** All services, in the order in which they were given. */
  status(): ServiceStatus[]
  /**
   * How well all services are, from what is known of them; or one, which is asked now by its `alive` or `ready` probe.
   *
   * An answer takes no longer than 40 ms: one that has not come by then changes nothing of what is known.
   */
  healthCheck(name?: string): Promise<readonly ServiceHealth[]>
  /** All services in numbers. */
  metrics(): Promise<readonly ServiceMetrics[]>
  /**
   * Changes the services to these: stops what is no longer there or is not the same, in reverse order of need, and starts
   * what is new or has changed and ran, in order. Everything else goes on untouched, what needs a changed one too.
   *
   * Resolves as `start` does, with what was changed. Throws what `governor` throws, and then changes nothing. Calls
   * follow one another.
   */
  apply(services: readonly ServiceSpec[]): Promise<StartResult & Changes>
}

/*
 * One loop owns all state. What happens becomes an event in its queue; for each, `step` decides and a performer acts.
 *
 * I1  A life changes in the loop only, one event at a time; an event told during a step waits for its turn.
 * I2  A service is started only when all that it needs is ready, and stopped by `stop()` only after all that need it.
 * I3  No listener, log or disk can break the loop.
 * I4  The last call wins: what a start has not begun when a stop comes never begins, and the other way round.
 * I5  A life is only forgotten or replaced when its service is at rest, and counts its generations on.
 */

/** Keeps a set of services alive: starts them in order of need, restarts what dies, and stops them without a trace. */
export const governor = (options: GovernorOptions): Governor => {
  const { clock = systemClock, random = Math.random, log, state } = options
  const { wall = Date.now, usage = processUsage, weighEvery = 5_000 } = options
  const lives = new Map<string, Life>()
  const performers = new Map<string, Performer>()
  const wanted = new Set<string>()
  const leaving = new Map<string, Departure>()
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
    weigh()
    for (const waiter of [...waiters]) waiter()
  }

  const take = (name: string, event: LifeEvent) => {
    const before = lives.get(name)
    if (!before) return
    const { life, effects } = step(before, event, { at: clock.now(), wall: wall(), chance: random() })
    lives.set(name, life)
    if (life.run !== before.run) remember()
    for (const effect of effects)
      if (effect.do === 'group') tellGroup(name, effect.event)
      else performers.get(name)!.perform(effect)
  }

  /** The others of a group end with the one that fell, in turn. */
  const tellGroup = (name: string, event: Departure['event']) => {
    for (const other of touched(name, lives)) {
      const life = lives.get(other)!
      const { is } = life.state
      if (leaving.get(other)?.event.is === 'stop') continue
      if (event.is === 'join' ? !isUp(life) : is === 'stopped' || is === 'done' || is === 'failed') continue
      if (event.is === 'stop') wanted.delete(other)
      leaving.set(other, { is: 'asked', event })
    }
  }
  const weigh = weighing({ clock, every: weighEvery, usage, lives, tell })

  const giveTurns = () => {
    const { tell: told, left } = turns(lives, leaving)
    for (const name of left) leaving.delete(name)
    for (const turn of told) {
      const departure = leaving.get(turn.name)
      if (departure) leaving.set(turn.name, { ...departure, is: 'told' })
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
  const announce = (event: GovernorEvent) => events.emit(event)
  const left = traces({ state, clock, announce, line })
  /** Takes a service on, at rest; what an earlier one of its name still reports must not count. */
  const adopt = (each: Service, generation = 0) => {
    lives.set(each.name, { ...unborn(each, clock.now()), generation })
    const told = (event: LifeEvent) => tell(each.name, event)
    performers.set(each.name, performer(each, { clock, announce, line, tell: told, traces: left }))
  }

  const remember = () => {
    // A governor that ends without stop() must not leave its children to nobody.
    process.off('exit', endAll)
    if ([...lives.values()].some((life) => life.run)) process.on('exit', endAll)
  }
  const endAll = () => {
    for (const { run, service } of lives.values())
      if (run && service.onGovernorDeath === 'kill') signalGroup(run.pid, 'SIGKILL')
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

  let settled: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  const begin = async (names: readonly string[], restarted?: string): Promise<StartResult> => {
    stopping = undefined
    for (const name of names) {
      wanted.add(name)
      // What its group is about to do with it is not undone by asking for it.
      if (leaving.get(name)?.event.is === 'stop') leaving.delete(name)
    }
    settled ??= left.settle([...lives.values()].map((life) => life.service))
    await settled
    const before = new Map(names.map((name) => [name, lives.get(name)!.restarts]))
    for (const name of names)
      if (wanted.has(name)) tell(name, { is: name === restarted ? 'restart' : 'start' })
    return until(() => startResult(before, lives))
  }

  const end = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      wanted.delete(name)
      leaving.set(name, { is: 'asked', event: { is: 'stop' } })
    }
    if (!looping) loop()
    await until(() => names.every((name) => !leaving.has(name)) || undefined)
    await Promise.all(names.map((name) => performers.get(name)?.drained()))
    if (![...lives.values()].some((life) => life.run)) await left.rest()
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

  let applying: Promise<unknown> = Promise.resolve()
  const change = async (next: readonly Service[]): Promise<StartResult & Changes> => {
    stopping = undefined
    const found = changes(
      [...lives.values()].map((life) => life.service),
      next,
    )
    const ending = [...found.removed, ...found.replaced]
    const ran = found.replaced.filter((name) => wanted.has(name))
    const starting = [...ran, ...found.added]
    // A start may overtake the end of what is to be replaced: then it has to end once more.
    const atRest = (name: string) => ['stopped', 'failed'].includes(lives.get(name)!.state.is)
    do {
      const ended = end(ending)
      for (const name of starting) wanted.add(name)
      await ended
    } while (!ending.every(atRest))
    const before = new Map(lives)
    lives.clear()
    for (const each of next) {
      const was = before.get(each.name)
      if (was && (found.kept.includes(each.name) || was.run)) lives.set(each.name, was)
      else adopt(each, was?.generation)
    }
    for (const name of found.removed) {
      const was = before.get(name)!
      // What not even SIGKILL ends is not forgotten.
      if (was.run) lives.set(name, was)
      else performers.delete(name)
    }
    const names = new Set(starting.filter((name) => wanted.has(name)).flatMap(withNeeds))
    return { ...found, ...(names.size > 0 ? await begin([...names]) : { ready: [], failed: [] }) }
  }
  const apply = async (specs: readonly ServiceSpec[]): Promise<StartResult & Changes> => {
    const next = distinct(specs.map(service))
    const applied = applying.then(() => change(next))
    applying = applied.catch(() => {})
    return applied
  }

  const healthCheck = async (name?: string): Promise<readonly ServiceHealth[]> => {
    if (name === undefined) return [...lives.values()].map(serviceHealth)
    const { generation } = known(name)
    const flaw = await performers.get(name)!.ask(askWithin)
    const health = serviceHealth(known(name))
    return health.healthy && flaw !== undefined && known(name).generation === generation
      ? [{ ...health, healthy: false, reason: flaw }]
      : [health]
  }
  const metrics = async (): Promise<readonly ServiceMetrics[]> => {
    const running = [...lives.values()].flatMap(({ run }) => run?.pid ?? [])
    const used: ReadonlyMap<number, Usage> = await usage(running).catch(() => new Map())
    return [...lives.values()].map((life) =>
      serviceMetrics(life, clock.now(), life.run && used.get(life.run.pid)),
    )
  }

  const stopAll = (): Promise<void> => {
    wanted.clear()
    stopping ??= end([...lives.keys()]).finally(() => {
      stopping = undefined
    })
    return stopping
  }
  const stopOne = async (name: string) => end([known(name).service.name])

  for (const each of distinct(options.services.map(service))) adopt(each)

  return {
    on: (listener) => events.on(listener),
    start: async (name) => begin(name === undefined ? [...lives.keys()] : withNeeds(name)),
    stop: (name) => (name === undefined ? stopAll() : stopOne(name)),
    restart: async (name) => begin(withNeeds(name), name),
    status: () => [...lives.values()].map((life) => serviceStatus(life, clock.now())),
    healthCheck,
    metrics,
    apply,
    [Symbol.asyncDispose]: stopAll,
  }
}

/** How long a service that is asked how it is has for its answer, in ms. */
const askWithin = 40

/** Services that can be together: throws `BAD_SERVICE`, `UNKNOWN_NEED` and `NEED_CYCLE` for others. */
const distinct = (services: readonly Service[]): readonly Service[] => {
  startOrder(services)
  const names = new Set<string>()
  const strategies = new Map<string, Strategy>()
  for (const { name, group } of services) {
    if (names.has(name))
      throw new GovernorError('BAD_SERVICE', `two services are named "${name}"`, 'rename one')
    names.add(name)
    if (!group) continue
    const strategy = strategies.get(group.name) ?? group.strategy
    if (strategy !== group.strategy)
      throw new GovernorError(
        'BAD_SERVICE',
        `the group "${group.name}" is ${strategy}, and ${group.strategy} to the service "${name}"`,
        'give it one strategy',
      )
    strategies.set(group.name, strategy)
  }
  return services
}
