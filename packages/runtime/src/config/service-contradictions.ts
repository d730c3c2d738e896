import { scheduleFlaw } from '@holdfast/governor'
import { edgeName } from '../edge-contract.ts'
import { argv } from './argv.ts'
import type { Contradiction } from './contradiction.ts'
import { ofCrew } from './crew-contradictions.ts'
import { probe } from './probe.ts'
import { schedule } from './restart-schedule.ts'
import { ofScaling } from './scaling-contradictions.ts'
import type { Config, ServiceConfig } from './schema.ts'
import { unknown } from './unknown-name.ts'

/** What cannot be about one service of a file. */
export function* ofService(name: string, service: ServiceConfig, config: Config): Generator<Contradiction> {
  const { services, groups } = config
  const { group, listen, alive, autoscale, restartAt } = service
  const at = (message: string | undefined, ...path: PropertyKey[]): Contradiction[] =>
    message === undefined ? [] : [{ path: ['services', name, ...path], message }]
  if (name === edgeName) yield* at(`'${name}' is the gateway's own process; call the service something else`)
  for (const [index, need] of service.needs?.entries() ?? [])
    if (!Object.hasOwn(services, need)) yield* at(unknown('service', need, services), 'needs', index)
  if (group !== undefined && !Object.hasOwn(groups, group))
    yield* at(`${unknown('group', group, groups)}: name it under \`groups:\`, with its strategy`, 'group')
  for (const key of ['command', 'before', 'after'] as const) {
    const words = service[key]
    yield* at(words === undefined ? undefined : complaint(() => argv(words)), key)
  }
  yield* at(
    complaint(() => probe(service.ready, listen)),
    'ready',
  )
  yield* at(
    complaint(() => probe(alive?.check, listen)),
    'alive',
  )
  if (alive?.check === 'exit') yield* at("'exit' is a sign of its end, not of life", 'alive')
  // One that is scaled must be able to be as many as it may become.
  yield* ofCrew(name, autoscale ? { ...service, replicas: autoscale.max } : service, config)
  yield* ofScaling(name, service)
  if (restartAt)
    yield* at(complaint(() => schedule(restartAt)) ?? scheduleFlaw(schedule(restartAt)), 'restartAt')
}

/** What a step that throws a sentence complains about, if it does. */
function complaint(step: () => unknown): string | undefined {
  try {
    step()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
