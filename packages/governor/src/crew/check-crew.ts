import { GovernorError } from '../governor-error.ts'
import type { Probe } from '../probe/probe.ts'
import type { Service } from '../service.ts'
import { isSeatName } from './seat.ts'

/** Throws `BAD_SERVICE` for a service that cannot be several processes as it says. */
export const checkCrew = (service: Service): void => {
  const { name, replicas, enough, surge, spare, group } = service
  const bad = (option: string, value: unknown, allowed: string) =>
    new GovernorError(
      'BAD_SERVICE',
      `service "${name}": ${option} is ${JSON.stringify(value)}`,
      `use ${allowed}`,
    )
  if (isSeatName(name)) throw bad('name', name, 'one that does not end in # and a number, as replicas do')
  for (const [option, value] of Object.entries({ replicas, enough, surge }))
    if (!(Number.isInteger(value) && value >= 1)) throw bad(option, value, '1 or more')
  if (enough > replicas) throw bad('enough', enough, `no more than its replicas, ${replicas}`)
  if (spare !== 0 && spare !== 1) throw bad('spare', spare, '0 or 1')
  if (replicas === 1 && spare === 0) return
  const several = spare ? { spare } : { replicas }
  const [[option, value] = []] = Object.entries(several)
  if (group && group.strategy !== 'one-for-one')
    throw bad('group', group.name, `no ${option} (${value}) with a group that falls and rises together`)
  if (sharesProbe(service))
    throw bad(
      service.alive && answersForAll(service, service.alive.probe) ? 'alive.probe' : 'ready',
      'on a socket that it shares',
      'notify, line or command: there any replica may answer for another',
    )
  if (spare && service.ready && 'exit' in service.ready) throw bad('spare', spare, '0 for a job')
  // The pipe on which it waits breaks with the governor that made it.
  if (spare && service.onGovernorDeath === 'adopt') throw bad('spare', spare, 'onGovernorDeath: kill')
}

/** Whether its processes are replaced one beside the other: the sockets are held for both, and who is ready can be told. */
export const rolls = (service: Service): boolean =>
  service.listen.length > 0 &&
  !(service.group && service.group.strategy !== 'one-for-one') &&
  !(service.ready && answersForAll(service, service.ready))

const sharesProbe = (service: Service): boolean =>
  [service.ready, service.alive?.probe].some((probe) => probe && answersForAll(service, probe))

/** Whether who answers such a probe may be any of its processes. */
const answersForAll = ({ listen }: Service, probe: Probe): boolean => {
  const port = 'http' in probe ? Number(new URL(probe.http).port) : 'tcp' in probe ? probe.tcp.port : 0
  return listen.some((held) => held.port === port)
}
