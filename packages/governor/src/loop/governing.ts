import { type Channel, systemClock } from '@holdfast/policy'
import type { Governor, GovernorOptions } from '../governor.ts'
import type { GovernorEvent } from '../governor-event.ts'
import type { Usage } from '../process-usage.ts'
import type { Service } from '../service.ts'
import { type ServiceHealth, serviceHealth } from '../service-health.ts'
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

  const healthCheck = async (name?: string): Promise<readonly ServiceHealth[]> => {
    if (name === undefined) return [...loop.lives.values()].map(serviceHealth)
    const { generation } = known(name)
    const flaw = await loop.performer(name)!.ask(askWithin)
    const health = serviceHealth(known(name))
    return health.healthy && flaw !== undefined && known(name).generation === generation
      ? [{ ...health, healthy: false, reason: flaw }]
      : [health]
  }
  const metrics = async (): Promise<readonly ServiceMetrics[]> => {
    const running = [...loop.lives.values()].flatMap(({ run }) => run?.pid ?? [])
    const used: ReadonlyMap<number, Usage> = await hands.usage(running).catch(() => new Map())
    return [...loop.lives.values()].map((life) =>
      serviceMetrics(life, clock.now(), life.run && used.get(life.run.pid)),
    )
  }

  for (const each of together(services.map(service))) loop.take(each)

  return {
    on: (listener) => events.on(listener),
    start: async (name) => begin(name === undefined ? [...loop.lives.keys()] : withNeeds([name])),
    stop: (name) => (name === undefined ? endAll() : (async () => end([known(name).service.name]))()),
    restart: async (name) => begin(withNeeds([name]), name),
    status: () => [...loop.lives.values()].map((life) => serviceStatus(life, clock.now())),
    healthCheck,
    metrics,
    apply: async (specs) => apply(together(specs.map(service))),
    addHandler: async (spec) => add(service(spec)),
    removeHandler: remove,
    [Symbol.asyncDispose]: endAll,
  }
}
