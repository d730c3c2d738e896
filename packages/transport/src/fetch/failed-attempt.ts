import { classOfStatus, type FailureFacts, mayRepeat, retryAfterMs, WireFailure } from '../failure.ts'
import { HttpRefusal } from './http-refusal.ts'

/** An attempt that failed, as the pipeline sees it; in its place the caller gets the `response`, or the `cause`. */
export class FailedAttempt extends WireFailure {
  override readonly retryable: boolean
  readonly response: Response | undefined

  /** `again`: whether the request could be sent once more at all. */
  constructor(facts: FailureFacts, again: boolean, response?: Response) {
    super(facts)
    this.retryable = again && mayRepeat(facts.class, facts.idempotent === true)
    this.response = response
  }

  /** What the caller of a `fetch` is given for what the pipeline threw: the answer, or a throw. */
  static answerOf(error: unknown): Response {
    if (error instanceof HttpRefusal && error.code === 'HTTP_MAY_BE_DONE') throw error.cause ?? error
    if (!(error instanceof FailedAttempt)) throw error
    if (error.response === undefined) throw error.cause
    return error.response
  }
}

/** An answer that is a failure. */
export function failedAnswer(
  what: string,
  response: Response,
  { idempotent, again }: { readonly idempotent: boolean; readonly again: boolean },
): FailedAttempt {
  const { status, headers } = response
  const facts = {
    class: classOfStatus(status),
    message: `${what} answered ${status}`,
    status,
    retryAfter: retryAfterMs(headers.get('retry-after'), Date.now()),
    idempotent,
  }
  return new FailedAttempt(facts, again, response)
}
