import type { ClientKeys } from './client-keys.ts'
import type { Contradiction } from './contradiction.ts'
import { freeRide } from './price-contradictions.ts'
import type { Config } from './schema.ts'
import { addressText, isLoopback } from './units.ts'
import { unknown } from './unknown-name.ts'

/** What cannot be about the keys of clients, wherever they are written. */
export function* ofKeys(clients: ClientKeys, config: Config): Generator<Contradiction> {
  const { chains, gateway } = config
  const { replicas = 1 } = gateway
  const owners = new Map<string, string>()
  for (const [name, key] of Object.entries(clients)) {
    const { sha256, chains: asked = [], requests, tokens, concurrent } = key
    const owner = owners.get(sha256)
    if (owner !== undefined)
      yield {
        path: [name, 'secret'],
        message: `is the secret of '${owner}' already: give each client its own`,
      }
    else owners.set(sha256, name)
    for (const [index, chain] of asked.entries())
      if (!Object.hasOwn(chains, chain))
        yield { path: [name, 'chains', index], message: unknown('chain', chain, chains) }
    const free = freeRide(key, config)
    if (free !== undefined) yield { path: [name, 'spend'], message: free }
    const limits = { requests: requests?.limit, tokens: tokens?.limit, concurrent }
    for (const [limit, most = replicas] of Object.entries(limits))
      if (most < replicas)
        yield {
          path: [name, limit],
          message: `cannot be shared out among ${replicas} replicas: it must be at least ${replicas}`,
        }
  }
}

/** What cannot be about where the gateway listens, and who may ask. */
export function* ofGateway(config: Config): Generator<Contradiction> {
  const { listen, keys } = config.gateway
  if (!isLoopback(listen) && keys === undefined)
    yield {
      path: ['gateway', 'listen'],
      message: `${addressText(listen)} can be reached from outside, and whoever reaches it may ask: say with \`gateway.keys\` who may, or listen on 127.0.0.1`,
    }
  for (const { path, message } of ofKeys(keys?.clients ?? {}, config))
    yield { path: ['gateway', 'keys', ...path], message }
}
