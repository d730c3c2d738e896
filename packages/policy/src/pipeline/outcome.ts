import type { Refusal } from './stage.ts'

/** How a call ended, as a value: see `attempt` of a pipeline. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly error?: undefined }
  | { readonly ok: false; readonly error: unknown; readonly value?: undefined }

/** The outcome of a call that was turned away: its error is made when it is first looked at. */
export class Refused {
  readonly ok = false
  #refusal: Refusal | undefined
  #error: unknown

  constructor(refusal: Refusal) {
    this.#refusal = refusal
  }

  get error(): unknown {
    if (this.#refusal !== undefined) {
      this.#error = this.#refusal.refuse()
      this.#refusal = undefined
    }
    return this.#error
  }

  /** As any other failed outcome is shown. */
  toJSON(): object {
    return { ok: this.ok, error: this.error }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}
