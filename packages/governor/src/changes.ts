import { isDeepStrictEqual } from 'node:util'
import type { Service } from './service.ts'

/** What distinguishes two sets of services, by name. */
export interface Changes {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly replaced: readonly string[]
  readonly kept: readonly string[]
}

/**
 * Compares checked services: what means the same is kept, however it was written.
 *
 * Functions are the same when they are the same object. Pure.
 */
export const changes = (before: readonly Service[], after: readonly Service[]): Changes => {
  const old = new Map(before.map((service) => [service.name, service]))
  const names = new Set(after.map(({ name }) => name))
  const known = after.filter(({ name }) => old.has(name))
  const same = (service: Service) => isDeepStrictEqual(service, old.get(service.name))
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    replaced: known.filter((service) => !same(service)).map(({ name }) => name),
    kept: known.filter(same).map(({ name }) => name),
  }
}
