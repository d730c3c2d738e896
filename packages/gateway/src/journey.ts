import type { FailureClass } from '@holdfast/transport'
import type { OutHeaders } from './headers.ts'
import type { Account } from './usage/account.ts'

/**
 * Why a link did not answer: the class of its last failure; `open` where its breaker kept the call from going out, `unable` where it cannot answer
 * such a request, `diverged` where it began another answer than the one that was to be gone on with.
 */
export type LinkFailureClass = FailureClass | 'open' | 'unable' | 'diverged'

/** One link of a chain that did not answer, in the words that go to the client. */
export interface LinkFailure {
  readonly link: string
  readonly class: LinkFailureClass
  readonly message: string
  readonly attempts: number
  readonly status?: number | undefined
  /** Milliseconds until the link may answer again, where that is known. */
  readonly retryAfter?: number | undefined
}

/** What one request went through: every answer carries it in its headers. */
export interface Journey {
  readonly chain: string
  readonly began: number
  /** Calls that went out to upstreams so far, over all links. */
  attempts: number
  readonly failures: LinkFailure[]
  /** The link that was asked beside one that was late. */
  hedged?: string | undefined
  /** Whether somebody in front of the gateway tries again what fails here. */
  retriedOutside?: boolean | undefined
  /** Whether its stream broke off after the client had been given the beginning. */
  cut: boolean
  /** What it takes. */
  readonly account?: Account | undefined
}

/** What of a journey every answer says. */
type Marked = Pick<Journey, 'chain' | 'attempts' | 'failures' | 'hedged'>

/** The headers that say who answered and after what. */
export function marks(journey: Marked, link: string | undefined): OutHeaders {
  const headers: OutHeaders = {
    'x-holdfast-chain': encodeURI(journey.chain),
    'x-holdfast-attempts': String(journey.attempts),
  }
  if (link !== undefined) headers['x-holdfast-link'] = encodeURI(link)
  if (journey.hedged !== undefined) headers['x-holdfast-hedged'] = encodeURI(journey.hedged)
  if (journey.failures.length > 0) {
    headers['x-holdfast-failed'] = journey.failures
      .map((failure) => `${encodeURI(failure.link)}=${failure.class}`)
      .join(',')
  }
  return headers
}
