import { autoscaleFlaw } from '@holdfast/governor'
import { present } from '../present.ts'
import type { Contradiction } from './contradiction.ts'
import type { ServiceConfig } from './schema.ts'

/** What cannot be about the scaling of one service of a file. */
export function* ofScaling(name: string, service: ServiceConfig): Generator<Contradiction> {
  const { autoscale, replicas, enough = 1, ready, restart } = service
  if (!autoscale) return
  const at = (message: string, ...path: string[]): Contradiction => ({
    path: ['services', name, ...path],
    message,
  })
  const { min = 1 } = autoscale
  const flaw = autoscaleFlaw(present(autoscale))
  if (flaw) yield at(`${flaw.is}: ${flaw.use}`, 'autoscale', ...(flaw.option ? [flaw.option] : []))
  if (replicas !== undefined) yield at('is decided by `autoscale`: use `min` and `max` there', 'replicas')
  if (enough > min)
    yield at(`is more than there may be replicas: use ${min} or less, or a larger min`, 'enough')
  if (ready === 'exit' || (ready === undefined && restart === 'never'))
    yield at('is for a service that goes on, and this one is a job: leave it out', 'autoscale')
}
