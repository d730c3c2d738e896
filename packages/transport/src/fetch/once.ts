import type { WireFailure } from '../failure.ts'
import { mayBeDone } from './http-refusal.ts'

/*
 * Sees to it that a request is not sent again that may only be sent once, whatever its pipeline asks for: no retry after a time-out, no hedge. One for
 * each call, shared by its attempts.
 *
 * O1  A request that may not be done twice is sent only if it is known that no earlier attempt of it was done.
 * O2  A request whose body cannot be read twice is sent once.
 */
export class Once {
  readonly #idempotent: boolean
  readonly #replayable: boolean
  #is: 'free' | 'sent' = 'free'
  #ended: unknown

  constructor(idempotent: boolean, replayable: boolean) {
    this.#idempotent = idempotent
    this.#replayable = replayable
  }

  /** An attempt begins. Throws if there may not be one. */
  begin(): void {
    if (this.#is === 'sent') throw mayBeDone(this.#ended)
    if (!this.#idempotent || !this.#replayable) this.#is = 'sent'
  }

  /** An answer says what has become of it. */
  settled(): void {
    if (this.#replayable) this.#is = 'free'
  }

  /** It got no answer; perhaps that says that it was not done. */
  failed(failure: WireFailure, { aborted, reason }: AbortSignal): WireFailure {
    this.#ended = aborted ? reason : failure.cause
    if (failure.retryable) this.#is = 'free'
    return failure
  }
}
