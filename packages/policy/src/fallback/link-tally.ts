import { messageOf } from '../errors.ts'

/** How one link of a fallback has done. */
export interface LinkStatus {
  readonly name: string
  /** How often it was its turn. */
  readonly tried: number
  readonly answered: number
  readonly failed: number
  /** The message of its last failure. */
  readonly lastError: string | undefined
  /** In ms on the pipeline's clock; for the work, up to 8 ms too early. */
  readonly lastAnsweredAt: number | undefined
  /** Of its answers, in ms; undefined for the work, which is not timed. */
  readonly meanDuration: number | undefined
}

/** Counts what becomes of one link. */
export class LinkTally {
  readonly name: string
  tried = 0
  #answered = 0
  #failed = 0
  #lastError: string | undefined
  #lastAnsweredAt: number | undefined
  #timed = 0
  #duration = 0

  constructor(name: string) {
    this.name = name
  }

  answer(now: number, duration?: number): void {
    this.#answered++
    this.#lastAnsweredAt = now
    if (duration === undefined) return
    this.#timed++
    this.#duration += duration
  }

  fail(error: unknown): void {
    this.#failed++
    this.#lastError = messageOf(error)
  }

  status(): LinkStatus {
    return {
      name: this.name,
      tried: this.tried,
      answered: this.#answered,
      failed: this.#failed,
      lastError: this.#lastError,
      lastAnsweredAt: this.#lastAnsweredAt,
      meanDuration: this.#timed === 0 ? undefined : this.#duration / this.#timed,
    }
  }
}
