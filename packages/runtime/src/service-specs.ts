import { dirname, resolve } from 'node:path'
import type { HeldListener, RuntimeEnvironment, ServiceSpec } from '@holdfast/governor'
import { argv } from './config/argv.ts'
import { probe } from './config/probe.ts'
import { schedule } from './config/restart-schedule.ts'
import type { Config, ServiceConfig } from './config/schema.ts'
import { controlVariable, serviceVariable } from './edge-contract.ts'
import { present } from './present.ts'

/** Where services are run from, and where their governor listens. */
export interface ServicePlace {
  /** The sockets that are held for a service. */
  readonly sockets?: (service: ServiceConfig) => readonly HeldListener[]
  readonly file: string
  readonly governor: string
}

/** The services of a checked configuration, as the governor runs them; paths are taken from the file's folder. */
export function serviceSpecs(
  config: Config,
  { file, governor, sockets = () => [] }: ServicePlace,
): ServiceSpec[] {
  return Object.entries(config.services).map(([name, service]) => {
    const announced = { [controlVariable]: governor, [serviceVariable]: name }
    const strategy = service.group === undefined ? undefined : config.groups[service.group]
    const spec = serviceSpec(name, service, dirname(file))
    const group = strategy && { group: { name: service.group!, strategy } }
    const held = sockets(service)
    const listen = held.length > 0 && { listen: held }
    return { ...spec, ...group, ...listen, env: { ...announced, ...spec.env } }
  })
}

/** The runtime environment of a service; paths are taken from the file's folder. */
function runtimeEnvironment(
  { user, ...paths }: NonNullable<ServiceConfig['environment']>,
  folder: string,
): RuntimeEnvironment {
  const found = Object.entries(present(paths)).map(([key, path]) => [key, resolve(folder, path)])
  return { ...Object.fromEntries(found), ...present({ user }) }
}

function serviceSpec(name: string, service: ServiceConfig, folder: string): ServiceSpec {
  const { listen, needs, autoscale, backoff, alive, before, after, restartAt } = service
  const { startTimeout, stopSignal, stopGrace, restart, successCodes, giveUp, hookTimeout, maxMemory } =
    service
  const { onGovernorDeath, replicas, enough, surge, spare } = service
  const check = probe(alive?.check, listen)
  const ready = probe(service.ready, listen)
  const where = listen ? { HOST: listen.host, PORT: String(listen.port) } : {}
  return {
    name,
    command: argv(service.command),
    cwd: resolve(folder, service.cwd ?? '.'),
    ...(service.environment && { environment: runtimeEnvironment(service.environment, folder) }),
    env: { ...where, ...service.env },
    ...(needs && { needs }),
    ...(ready && { ready }),
    ...present({
      startTimeout,
      stopSignal,
      stopGrace,
      restart,
      successCodes,
      giveUp,
      hookTimeout,
      maxMemory,
      onGovernorDeath,
      replicas,
      enough,
      surge,
      spare,
    }),
    ...(alive && check && { alive: { ...present({ ...alive, check: undefined }), probe: check } }),
    ...(before !== undefined && { before: argv(before) }),
    ...(after !== undefined && { after: argv(after) }),
    ...(restartAt && { restartAt: schedule(restartAt) }),
    ...(backoff && { backoff: present(backoff) }),
    ...(autoscale && { autoscale: present(autoscale) }),
  }
}
