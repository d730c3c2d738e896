import { type Channel, systemClock } from '@holdfast/policy'
import type { Governor, GovernorOptions } from '../governor.ts'
import type { GovernorEvent } from '../governor-event.ts'
import type { Usage } from '../process-usage.ts'
import { scalers } from '../scaling/scalers.ts'
import type { Service } from '../service.ts'
import { ofReplica, type ServiceHealth, serviceHealth } from '../service-health.ts'
import { type ServiceMetrics, serviceMetrics } from '../service-metrics.ts'
import { serviceStatus } from '../service-status.ts'
import { changing } from './changing.ts'
import type { Hands } from './hands.ts'
import { requests } from './requests.ts'
import { runLoop } from './run-loop.ts'
import { together } from './together.ts'

/** What makes a governor one of its kind. */
export interface Kind<Spec, S extends Service> {
  /** Checks a spec and fills in its defaults. */
  readonly service: (spec: Spec) => S
  readonly hands: Hands<S>
  /** Where the hands tell what they see, too. */
  readonly events: Channel<GovernorEvent>
}

/** How long a service that is asked how it is has for its answer, in ms. */
const askWithin = 40

/** A governor of the services that its hands can run. */
export const governing = <Spec, S extends Service>(
  { services, clock = systemClock, random = Math.random, ...options }: GovernorOptions<Spec>,
  { service, hands, events }: Kind<Spec, S>,
): Governor<Spec> => {
  const { wall = Date.now, weighEvery = 5_000 } = options
  const loop = runLoop({ hands, clock, random, wall, weighEvery })
  const asked = requests(loop, hands)
  const { known, withNeeds, begin, end, endAll } = asked
  const { apply, add, remove } = changing(loop, asked)

  loop.everyTurn(
    scalers({
      clock,
      usage: hands.usage,
      announce: (event) => events.emit(event),
      services: () => loop.crews.services().filter(({ name }) => loop.wanted.has(name)),
      lives: loop.crews.of,
      wanted: (name) => loop.crews.size(name).replicas,
      scale: (name, replicas) => void asked.scale(name, replicas).catch(() => {}),
    }),
  )

  const healthCheck = async (name?: string): Promise<readonly ServiceHealth[]> => {
    if (name === undefined) return names().map((each) => serviceHealth(loop.crews.of(each)))
    known(name)
    const asked = loop.crews.of(name).filter(({ replica }) => replica !== undefined)
    const flaws = await Promise.all(asked.map(({ id }) => loop.performer(id)!.ask(askWithin)))
    const health = serviceHealth(loop.crews.of(name))
    if (!health.healthy) return [health]
    const ill = asked.findIndex(
      ({ id, generation }, index) =>
        flaws[index] !== undefined && loop.lives.get(id)?.generation === generation,
    )
    if (ill === -1) return [health]
    return [{ ...health, healthy: false, reason: ofReplica(asked[ill]!, flaws[ill], asked.length) }]
  }
  const metrics = async (): Promise<readonly ServiceMetrics[]> => {
    const running = [...loop.lives.values()].flatMap(({ run }) => run?.pid ?? [])
    const used: ReadonlyMap<number, Usage> = await hands.usage(running).catch(() => new Map())
    return names().map((name) => serviceMetrics(loop.crews.of(name), clock.now(), used))
  }

  const names = () => loop.crews.services().map((each) => each.name)
  for (const each of together(services.map(service))) loop.take(each)

  return {
    on: (listener) => events.on(listener),
    start: async (name) => begin(name === undefined ? names() : withNeeds([name])),
    stop: (name) => (name === undefined ? endAll() : (async () => end([known(name).name]))()),
    restart: asked.restart,
    scale: asked.scale,
    status: () =>
      names().map((name) => {
        const { replicas: wanted } = loop.crews.size(name)
        return serviceStatus(loop.crews.of(name), { wanted, now: clock.now() })
      }),
    healthCheck,
    metrics,
    apply: async (specs) => apply(together(specs.map(service))),
    addHandler: async (spec) => add(service(spec)),
    removeHandler: remove,
    [Symbol.asyncDispose]: endAll,
  }
}
