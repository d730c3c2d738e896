import { WireFailure } from '../failure.ts'

/**
 * Sees to it that what may only be done once is not sent again, whatever pipeline stands around it: no retry after a time-out, and no hedge.
 *
 * One for each call, shared by its attempts.
 */
export class Once {
  readonly #idempotent: boolean
  #unsure = false
  #why: WireFailure | undefined

  constructor(idempotent: boolean) {
    this.#idempotent = idempotent
  }

  /** Throws if an earlier attempt may have been done, or still may be. */
  demand(): void {
    if (!this.#unsure) return
    const message =
      'An earlier attempt of this call may have been done, and it may not be done twice: it is not made again.'
    throw new WireFailure({ class: 'broken', code: 'POSTGRES_MAY_BE_DONE', message, cause: this.#why })
  }

  /** From now on it may be done. */
  sent(): void {
    this.#unsure = !this.#idempotent
  }

  /** It was done, or certainly was not. */
  settled(): void {
    this.#unsure = false
  }

  /** It failed; perhaps that says that it was not done. */
  failed(failure: WireFailure): void {
    this.#why = failure
    if (failure.retryable || failure.class === 'permanent') this.#unsure = false
  }
}
