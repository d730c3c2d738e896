import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import {
  BreakerOpenError,
  DeadlineError,
  HoldfastError,
  RejectedError,
  retryAfterOf,
  TimeoutError,
} from '@holdfast/policy'
import { type FailureClass, WireFailure } from '../failure.ts'

const codes: Readonly<Record<FailureClass, status>> = {
  // What was not done elsewhere says nothing of what the handler has done before.
  throttled: status.UNAVAILABLE,
  unsent: status.UNAVAILABLE,
  transient: status.UNAVAILABLE,
  broken: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  permanent: status.INTERNAL,
  cancelled: status.CANCELLED,
}

/**
 * What a server says when it failed with `error`, for a handler to answer with: `answer(statusOf(error))`.
 *
 * A wire's failure keeps its class, but for what was not done elsewhere: that is UNAVAILABLE, since the handler may have done something before. What a policy
 * refused says when to come back (`grpc-retry-pushback-ms`), and what is none of ours is UNKNOWN without a word of its text.
 */
export function statusOf(error: unknown): StatusObject {
  return told(codeOf(error), error)
}

/** What a server says of a call that it did not let in: nothing of it was done. */
export function refusalOf(error: unknown): StatusObject {
  const full = error instanceof RejectedError && !(error instanceof BreakerOpenError)
  return told(full ? status.RESOURCE_EXHAUSTED : codeOf(error), error)
}

function told(code: status, error: unknown): StatusObject {
  const metadata = new Metadata()
  const retryAfter = retryAfterOf(error)
  if (retryAfter !== undefined) metadata.set('grpc-retry-pushback-ms', String(Math.ceil(retryAfter)))
  const details = error instanceof HoldfastError ? error.message : 'the handler failed'
  return { code, details, metadata }
}

function codeOf(error: unknown): status {
  if (error instanceof WireFailure) return codes[error.class]
  if (error instanceof TimeoutError || error instanceof DeadlineError) return status.DEADLINE_EXCEEDED
  if (error instanceof RejectedError) return status.UNAVAILABLE
  return (error as { name?: unknown } | undefined)?.name === 'AbortError' ? status.CANCELLED : status.UNKNOWN
}
