import { GovernorError } from '../governor-error.ts'
import type { Probe } from '../probe/probe.ts'
import type { Group, Service } from '../service.ts'
import { isSeatName } from './seat.ts'

/** What counts for being several processes. */
export type Crewed = Pick<
  Service,
  'name' | 'replicas' | 'enough' | 'surge' | 'spare' | 'ready' | 'onGovernorDeath'
> & {
  readonly listen: readonly { readonly port: number }[]
  readonly group?: Group | undefined
  readonly alive?: { readonly probe: Probe } | undefined
}

/** Why a service cannot be several processes as it says: which option is wrong, how it is, and what to use. */
export interface CrewFlaw {
  readonly option: 'name' | 'replicas' | 'enough' | 'surge' | 'spare' | 'group' | 'ready' | 'alive'
  readonly is: unknown
  readonly use: string
}

/** Finds what is wrong with the processes of a service, if anything is. Pure. */
export const crewFlaw = (service: Crewed): CrewFlaw | undefined => {
  const { name, replicas, enough, surge, spare, group, ready, alive } = service
  if (isSeatName(name))
    return { option: 'name', is: name, use: 'one that does not end in # and a number, as processes do' }
  for (const [option, value] of Object.entries({ replicas, enough, surge } as const))
    if (!isCount(value)) return { option: option as 'replicas', is: value, use: '1 or more' }
  if (enough > replicas)
    return { option: 'enough', is: enough, use: `no more than there are replicas, ${replicas}` }
  if (spare !== 0 && spare !== 1) return { option: 'spare', is: spare, use: '0 or 1' }
  if (replicas === 1 && spare === 0) return undefined
  if (group && group.strategy !== 'one-for-one')
    return {
      option: 'group',
      is: group.name,
      use: 'one process for a service that falls and rises with others',
    }
  const use = 'notify, line or command: on a socket that they share any replica may answer for another'
  if (ready && answersForAll(service, ready)) return { option: 'ready', is: ready, use }
  if (alive && answersForAll(service, alive.probe)) return { option: 'alive', is: alive.probe, use }
  if (spare && ready && 'exit' in ready) return { option: 'spare', is: spare, use: '0 for a job' }
  // The pipe on which it waits breaks with the governor that made it.
  if (spare && service.onGovernorDeath === 'adopt')
    return { option: 'spare', is: spare, use: 'onGovernorDeath: kill with it' }
  return undefined
}

/** Throws `BAD_SERVICE` for a service that cannot be several processes as it says. */
export const checkCrew = (service: Crewed): void => {
  const flaw = crewFlaw(service)
  if (!flaw) return
  const { option, is, use } = flaw
  throw new GovernorError(
    'BAD_SERVICE',
    `service "${service.name}": ${option} is ${JSON.stringify(is) ?? String(is)}`,
    `use ${use}`,
  )
}

/** Whether its processes are replaced one beside the other: the sockets are held for both, and who is ready can be told. */
export const rolls = (service: Service): boolean =>
  service.listen.length > 0 &&
  !(service.group && service.group.strategy !== 'one-for-one') &&
  !(service.ready && answersForAll(service, service.ready))

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1

/** Whether who answers such a probe may be any of its processes. */
const answersForAll = ({ listen }: Pick<Crewed, 'listen'>, probe: Probe): boolean => {
  const port = 'http' in probe ? Number(new URL(probe.http).port) : 'tcp' in probe ? probe.tcp.port : 0
  return listen.some((held) => held.port === port)
}
