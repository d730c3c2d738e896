import { dirname, resolve } from 'node:path'
import type { ServiceSpec } from '@holdfast/governor'
import { argv } from './config/argv.ts'
import { probe } from './config/probe.ts'
import type { Config, ServiceConfig } from './config/schema.ts'
import { present } from './present.ts'

/** The services of a checked configuration, as the governor runs them; paths are taken from the file's folder. */
export function serviceSpecs(config: Config, file: string): ServiceSpec[] {
  return Object.entries(config.services).map(([name, service]) => serviceSpec(name, service, dirname(file)))
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
