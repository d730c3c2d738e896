import { crewFlaw, type Probe } from '@holdfast/governor'
import { isHeld } from '../held-sockets.ts'
import type { Contradiction } from './contradiction.ts'
import { probe } from './probe.ts'
import type { Config, ServiceConfig } from './schema.ts'

/** What cannot be about the processes and the held socket of one service of a file. */
export function* ofCrew(name: string, service: ServiceConfig, { groups }: Config): Generator<Contradiction> {
  const { listen, hold, replicas = 1, enough = 1, surge = 1, spare = 0, group, restart } = service
  const at = (key: string, message: string): Contradiction => ({ path: ['services', name, key], message })
  const held = isHeld(service)
  for (const key of ['hold', 'surge'] as const)
    if (service[key] && listen === undefined)
      yield at(key, 'is about a socket that is held, and it has none: add `listen: 127.0.0.1:PORT`')
  if (hold === false && listen !== undefined && (replicas > 1 || spare > 0 || service.surge !== undefined))
    yield at(
      'hold',
      `its processes share ${listen.host}:${listen.port}, which has to be held for them: remove it`,
    )
  if (held && service.onGovernorDeath === 'adopt')
    yield at('onGovernorDeath', 'its socket ends with the governor that holds it: use kill')
  const ready = understood(service.ready, service) ?? (restart === 'never' ? { exit: true } : undefined)
  if (held && ready && 'tcp' in ready && ready.tcp.port === listen?.port)
    yield at(
      'ready',
      'proves nothing on a socket that is held, where the system accepts for it: use notify or line',
    )
  const alive = understood(service.alive?.check, service)
  const strategy = group === undefined ? undefined : groups[group]
  const flaw = crewFlaw({
    name,
    replicas,
    enough,
    surge,
    spare,
    group: strategy && { name: group!, strategy },
    ...(ready && { ready }),
    ...(alive && { alive: { probe: alive } }),
    listen: held ? [listen!] : [],
    onGovernorDeath: service.onGovernorDeath ?? 'kill',
  })
  if (flaw)
    yield flaw.option === 'name'
      ? { path: ['services', name], message: `use ${flaw.use}` }
      : at(flaw.option, `use ${flaw.use}`)
}

/** A probe, unless what it says is wrong, which is told elsewhere. */
function understood(said: string | undefined, { listen }: ServiceConfig): Probe | undefined {
  try {
    return probe(said, listen)
  } catch {
    return undefined
  }
}
