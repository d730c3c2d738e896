import type { Life } from './life.ts'

/** How well one service is. */
export interface ServiceHealth {
  readonly service: string
  /** It is ready and no check of it has failed since one that did not; or it is a job that is done, or at work. */
  readonly healthy: boolean
  /** Why it is not. */
  readonly reason: string | undefined
}

/** How well a service is, from what is known of it. Pure. */
export const serviceHealth = ({ service, state, ailing, lastError }: Life): ServiceHealth => {
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
