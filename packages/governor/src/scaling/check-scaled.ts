import { checkCrew } from '../crew/check-crew.ts'
import { GovernorError } from '../governor-error.ts'
import type { Service, ServiceSpec } from '../service.ts'

/** Throws `BAD_SERVICE` for a service that cannot be scaled as it says. */
export const checkScaled = (service: Service, said: ServiceSpec): void => {
  const { name, autoscale, ready } = service
  if (!autoscale) return
  const bad = (is: string, use: string) =>
    new GovernorError('BAD_SERVICE', `service "${name}": autoscale ${is}`, use)
  if (said.replicas !== undefined)
    throw bad(
      `decides how many there are, and replicas is ${said.replicas}`,
      'use autoscale.min, or leave one of them out',
    )
  if (ready && 'exit' in ready)
    throw bad('is for a service that goes on, and this one is a job', 'leave it out')
  checkCrew({ ...service, replicas: autoscale.max })
}
