import { classOfStatus, type FailureFacts, mayRepeat, retryAfterMs, WireFailure } from '../failure.ts'
import { MayBeDoneError } from '../once.ts'

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
    const told = error instanceof MayBeDoneError ? (error.cause ?? error) : error
    if (!(told instanceof FailedAttempt)) throw told
    if (told.response === undefined) throw told.cause
    return told.response
  }
}

/** Whether an answer says that what was asked for was certainly not done. */
export function isUndone(status: number): boolean {
  return status >= 400 && ['throttled', 'permanent'].includes(classOfStatus(status))
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
