import { dirname, resolve } from 'node:path'
import type { ServiceSpec } from '@holdfast/governor'
import { argv } from './config/argv.ts'
import { probe } from './config/probe.ts'
import type { Config, ServiceConfig } from './config/schema.ts'
import { controlVariable, serviceVariable } from './edge-contract.ts'
import { present } from './present.ts'

/** Where services are run from, and where their governor listens. */
export interface ServicePlace {
  readonly file: string
  readonly governor: string
}

/** The services of a checked configuration, as the governor runs them; paths are taken from the file's folder. */
export function serviceSpecs(config: Config, { file, governor }: ServicePlace): ServiceSpec[] {
  return Object.entries(config.services).map(([name, service]) => {
    const announced = { [controlVariable]: governor, [serviceVariable]: name }
    const spec = serviceSpec(name, service, dirname(file))
    return { ...spec, env: { ...announced, ...spec.env } }
  })
}

function serviceSpec(name: string, service: ServiceConfig, folder: string): ServiceSpec {
  const { listen, needs, startTimeout, stopGrace, backoff } = service
  const ready = probe(service.ready, listen)
  const where = listen ? { HOST: listen.host, PORT: String(listen.port) } : {}
  return {
    name,
    command: argv(service.command),
    cwd: resolve(folder, service.cwd ?? '.'),
    env: { ...where, ...service.env },
    ...(needs && { needs }),
    ...(ready && { ready }),
    ...(startTimeout !== undefined && { startTimeout }),
    ...(stopGrace !== undefined && { stopGrace }),
    ...(backoff && { backoff: present(backoff) }),
  }
}
