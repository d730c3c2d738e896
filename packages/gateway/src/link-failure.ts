import { BreakerOpenError } from '@holdfast/policy'
import { classOfError } from '@holdfast/transport'
import type { LinkFailure } from './journey.ts'
import { ProviderFailure } from './provider-failure.ts'

/** What a link failed with, in the words that go to the client. */
export function linkFailure(link: string, error: unknown, attempts: number): LinkFailure {
  if (error instanceof BreakerOpenError) {
    return {
      link,
      class: 'open',
      message: 'its breaker is open after repeated failures',
      attempts,
      retryAfter: error.retryAfter,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ProviderFailure)) return { link, class: classOfError(error), message, attempts }
  const failed = error.code === 'DIVERGED' ? 'diverged' : error.blame === 'wire' ? 'unable' : error.class
  return { link, class: failed, message, attempts, status: error.status, retryAfter: error.retryAfter }
}
