import { HoldfastError } from '@holdfast/policy'
import type { Journey, LinkFailure } from '../journey.ts'
import { refusal } from '../refusal.ts'

/** No model of a chain could answer, or go on with an answer that broke off. */
export class ExhaustedError extends HoldfastError {
  declare readonly code: 'CHAIN_EXHAUSTED'
  /** Each link that was asked, and why it did not answer. */
  readonly links: readonly LinkFailure[]
  /** Whether the caller has the beginning of an answer. */
  readonly brokeOff: boolean
  // What `APICallError.isInstance` looks for, and what the AI SDK reads to decide that it must not ask again: everybody has been asked.
  readonly url = ''
  readonly requestBodyValues = undefined
  readonly statusCode = 503
  readonly isRetryable = false
  readonly responseHeaders: Readonly<Record<string, string>>

  constructor(
    journey: Journey,
    { brokeOff, cause }: { readonly brokeOff: boolean; readonly cause: unknown },
  ) {
    const { error, headers } = refusal(journey)
    super(
      'CHAIN_EXHAUSTED',
      brokeOff ? `The answer broke off. ${error.message}` : error.message,
      'See `links` for each reason; add a model of another provider to the chain, or try again later.',
      { cause },
    )
    this.links = journey.failures
    this.brokeOff = brokeOff
    this.responseHeaders = headers as Readonly<Record<string, string>>
    for (const marker of ['vercel.ai.error', 'vercel.ai.error.AI_APICallError'])
      Object.defineProperty(this, Symbol.for(marker), { value: true })
  }
}
