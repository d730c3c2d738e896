import { byNumber } from './crew/foremost.ts'
import type { Life } from './life/life.ts'

/** How well one service is. */
export interface ServiceHealth {
  readonly service: string
  /** It is ready and no check of it has failed since one that did not; or it is a job that is done, or at work. */
  readonly healthy: boolean
  /** Why it is not. */
  readonly reason: string | undefined
}

/** How well a service is, from what is known of its replicas; it is healthy when each of them is. Pure. */
export const serviceHealth = (lives: readonly Life[]): ServiceHealth => {
  const replicas = lives.filter(({ replica }) => replica !== undefined).toSorted(byNumber)
  const ill = replicas.map((life) => ({ life, ...lifeHealth(life) })).find(({ healthy }) => !healthy)
  const { name: service } = lives[0]!.service
  if (!ill) return { service, healthy: true, reason: undefined }
  return { service, healthy: false, reason: ofReplica(ill.life, ill.reason, replicas.length) }
}

/** What ails one of several, with its number. */
export const ofReplica = (life: Life, reason: string | undefined, of: number): string | undefined =>
  of === 1 || reason === undefined ? reason : `replica ${life.replica}: ${reason}`

const lifeHealth = ({ service, state, ailing, lastError }: Life): ServiceHealth => {
  const ill = (reason: string): ServiceHealth => ({ service: service.name, healthy: false, reason })
  switch (state.is) {
    case 'ready':
    case 'running':
      return ailing ? ill(ailing.why) : { service: service.name, healthy: true, reason: undefined }
    case 'done':
      return { service: service.name, healthy: true, reason: undefined }
    case 'failed':
      return ill(`failed: ${state.why}`)
    default:
      return ill(lastError === undefined ? state.is : `${state.is}: ${lastError}`)
  }
}
