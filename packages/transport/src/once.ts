import { type Call, RejectedError } from '@holdfast/policy'
import type { FailureClass } from './failure.ts'

/** An attempt that was not made, since an earlier one of the same call may have been done, and it may not be done twice. `cause` is what ended that one. */
export class MayBeDoneError extends RejectedError {
  declare readonly code: 'WIRE_MAY_BE_DONE'
  readonly class: FailureClass = 'broken'

  constructor(cause: unknown) {
    super(
      'WIRE_MAY_BE_DONE',
      'an earlier attempt of this call may have been done, and it may not be done twice: it is not made again',
      'See whether it was done; what may be done twice can be said to be idempotent.',
    )
    this.cause = cause
  }
}

/*
 * Sees to it that what may only be done once is not sent again, whatever pipeline stands around it: no retry after a time-out, no hedge. One for each
 * call, shared by its attempts, each of which is known by its `Call`.
 *
 * O1  What may only be done once is sent only while no other attempt of it was done, may have been, or may yet be.
 * O2  Only the attempt that was sent can say that it was not done.
 */
export class Once {
  readonly #repeats: boolean
  /** The attempt that was done, may have been, or may yet be. */
  #sent: Call | undefined
  #why: unknown

  /** `repeats`: whether it may be sent as often as anybody likes. */
  constructor(repeats: boolean) {
    this.#repeats = repeats
  }

  /** Throws a `MayBeDoneError` if no attempt may be sent now. */
  demand(): void {
    if (this.#sent === undefined) return
    const { aborted, reason } = this.#sent.signal
    throw new MayBeDoneError(this.#why ?? (aborted ? reason : undefined))
  }

  /** An attempt is about to be sent: from now on it may be done. Throws a `MayBeDoneError` if it may not be sent. */
  begin(attempt: Call): void {
    this.demand()
    if (!this.#repeats) this.#sent = attempt
  }

  /** An attempt has ended: whether that says that it was certainly not done, and with what, if it failed. */
  ended(attempt: Call, undone: boolean, why?: unknown): void {
    if (this.#sent !== attempt) return
    if (undone) this.#sent = undefined
    else if (why !== undefined) this.#why ??= attempt.signal.aborted ? attempt.signal.reason : why
  }
}
