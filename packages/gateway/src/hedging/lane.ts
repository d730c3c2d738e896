import type { UpstreamLink } from '../link.ts'

/** One link that is asked for one request, and what became of it. */
export interface Lane {
  readonly link: UpstreamLink
  /** Whether it is asked beside another that is late. */
  readonly hedge: boolean
  /** Aborts when its client goes away, or when another lane has the reply. */
  readonly signal: AbortSignal
  /** Makes the reply its own, from now on; to be called before anything is written. Throws where another lane has it. */
  readonly claim: () => void
  /** Calls that went out. */
  attempts: number
  /** When the call began that is out now, on the chain's clock. */
  since: number | undefined
}

/** A lane that has come to its end, with what it failed with, or nothing. */
export interface LaneOver {
  readonly lane: Lane
  readonly error: unknown
}
